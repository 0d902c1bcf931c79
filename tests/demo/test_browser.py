"""The page in Chromium, loaded from a file: what it shows, what it says to screen readers, and what it does not do."""

import json
import random
import string
from pathlib import Path
from urllib.parse import parse_qsl

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from mnist1d_hf.demo import build_page
from mnist1d_hf.demo.contents import DRAW_RANGES, RANGES

from .browsing import IS_REQUIRED, WIDTHS, change, find_chromium, new_page, open_browser, play, visit

pytestmark = pytest.mark.browser

AXE = Path(__file__).with_name("axe.min.js")
TABS = ("shape", "beat", "harder", "results")
OWN = ("padding", "scale", "shift", "shear", "noise")
POINTS = "JSON.parse(document.getElementById('points').textContent)"

# What axe finds, as lines that say where.
RUN_AXE = """async () => {
  const { violations } = await axe.run();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target}: ${node.failureSummary}`));
}"""

# Elements with text of their own that is small, or wider than its box.
BAD_TEXT = """() => [...document.querySelectorAll("main *, header *")]
  .filter((node) => node.checkVisibility() && !node.closest(".spoken, svg, pre, select"))
  .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()))
  .filter((node) => parseFloat(getComputedStyle(node).fontSize) < 12 || node.scrollWidth > (node.clientWidth || 1e4) + 1)
  .map((node) => `${node.tagName} ${node.id} ${node.className}: ${node.textContent.slice(0, 40)}`)"""


def missing():
    """Return why the page cannot be shown here, None if it can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install 'mnist1d-hf[browser]'"
    return None if find_chromium() else "Chromium is not installed: apt-get install chromium"


@pytest.fixture(scope="module")
def browser():
    if reason := missing():
        if IS_REQUIRED:
            pytest.fail(reason)
        # `make test` must pass where there is nothing but Python and make; CI has Chromium, and fails without it.
        pytest.skip(reason)
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page as a file."""
    path = tmp_path_factory.mktemp("demo") / "index.html"
    path.write_bytes(build_page())
    return path.as_uri()


@pytest.fixture
def open_page(browser, address):
    """A function that returns the page; at the end, it must have said nothing and asked nobody for anything."""
    contexts, said, asked = [], [], []

    def open_page(fragment="", **options):
        page = new_page(browser, **options)
        contexts.append(page.context)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.context.on("request", lambda request: asked.append(request.url))
        visit(page, address, fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not said
    assert {url.partition("#")[0] for url in asked if not url.startswith(("data:", "blob:"))} <= {address}


@pytest.fixture
def page(open_page):
    return open_page()


def assert_accessible(page):
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(RUN_AXE) == []


def assert_tidy(page):
    """Check that nothing is cut, tiny or wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(BAD_TEXT) == []


def labels():
    """Return the digits of the questions in their order."""
    from mnist1d_hf.baselines.data import load_tensors
    from mnist1d_hf.experiments.human.questions import new_quiz

    y = load_tensors("default", "test")[1]
    return [int(y[row]) for row in new_quiz(0, len(y)).order]


# Every tab, in each width and scheme.


@pytest.fixture(
    params=[
        pytest.param((("desktop", "light"), ("phone", "dark")), id="desktop-light,phone-dark"),
        pytest.param((("desktop", "dark"), ("phone", "light")), id="desktop-dark,phone-light", marks=pytest.mark.long),
    ]
)
def check_looks(request):
    """A function that checks a page in two looks, which together show both widths and both schemes."""

    def check(page):
        for width, scheme in request.param:
            page.set_viewport_size({"width": WIDTHS[width], "height": 800})
            page.emulate_media(color_scheme=scheme)
            assert_tidy(page)
            assert_accessible(page)

    return check


def test_looks_of_shape(open_page, check_looks):
    page = open_page("#digit=4&seed=23")
    check_looks(page)
    page.click("summary")
    change(page, "document.getElementById('shuffle_seq').click()")
    check_looks(page)


def test_looks_of_beat(open_page, check_looks):
    page = open_page("#tab=beat")
    for then in ("#study", "#start", "#answer-3", "#next", "#answer-4"):
        check_looks(page)
        page.click(then)
    page.click("#next")
    play(page, range(8))
    page.wait_for_selector("#more")
    check_looks(page)


@pytest.mark.long
def test_looks_of_harder(open_page, check_looks):
    page = open_page("#tab=harder")
    check_looks(page)
    # The page answers while the worker measures.
    page.click("#tab-shape")
    page.wait_for_selector("#shape", state="visible")
    page.click("#tab-harder")
    page.wait_for_selector("#chart[data-running=false]")
    check_looks(page)
    numbers = [row.locator("td").all_text_contents() for row in page.locator(".sweep tbody tr").all()]
    assert len(numbers) == 9 and {len(row) for row in numbers} == {page.locator("#networks li").count()}
    assert all(0 <= int(number) <= 100 for row in numbers for number in row)


def test_looks_of_results(open_page, check_looks):
    page = open_page("#tab=results")
    check_looks(page)
    assert (
        page.evaluate("Promise.all([...document.images].map((image) => image.decode())).then((all) => all.length)") > 2
    )


def test_schemes_differ(open_page):
    colours = {
        open_page(scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(colours) == 2


def test_tabs_by_arrow_keys(page):
    page.focus("[role=tab][aria-selected=true]")
    for key, tab in (
        ("ArrowRight", "beat"),
        ("End", "results"),
        ("ArrowRight", "shape"),
        ("ArrowLeft", "results"),
        ("Home", "shape"),
    ):
        page.keyboard.press(key)
        page.wait_for_selector(f"#tab-{tab}[aria-selected=true]:focus")
        assert page.locator("[role=tabpanel]:visible").get_attribute("id") == tab
        assert page.locator("[role=tab][tabindex='0']").count() == 1


def test_says_what_networks_say(open_page):
    page = open_page("#digit=4&seed=23")
    rows = page.locator("#networks li").all()
    assert len(rows) >= 6
    for row in rows:
        probabilities = json.loads(row.get_attribute("data-probabilities"))
        answer = int(np.argmax(probabilities))
        right = "right" if answer == 4 else "wrong"
        said = row.locator(".spoken").text_content()
        assert f"says {answer} with {100 * max(probabilities):.0f}\u00a0%, {right}" in said
        assert row.locator(".says b").text_content() == f"{'✓' if answer == 4 else '✗'} {answer}"


# What it computes is what Python computes.


def on_steps(low, high, step):
    """Return values on the steps of a slider, as an address writes them."""
    return st.integers(0, round((high - low) / step)).map(lambda n: f"{low + n * step:.6g}")


def settings(draw):
    """Return random fields of an address."""
    ranges = {name: on_steps(**RANGES[name]) for name in RANGES}
    fields = {
        **ranges,
        "digit": st.integers(0, 9),
        "seed": st.integers(0, 2**32 - 1),
        "shuffle_seq": st.sampled_from([0, 1]),
        # So that every padding and every shift below is possible.
        "padding_low": on_steps(0, 30, 1),
        "padding_high": on_steps(30, 60, 1),
        "max_translation": on_steps(40, 72, 1),
        "padding": st.just(30),
        "shift": on_steps(0, 39, DRAW_RANGES["translation"]["step"]),
        "scale": on_steps(**DRAW_RANGES["scale"]),
        "shear": on_steps(**DRAW_RANGES["shear"]),
        "noise": on_steps(0, 3, 0.01),
    }
    names = draw(st.sets(st.sampled_from(sorted(fields))))
    return {name: str(draw(fields[name])) for name in fields if name in names}


random_settings = st.composite(settings)()


def show(page, fragment):
    """Show a fragment as if it had been typed, and wait until it is shown."""
    change(
        page,
        "(hash) => { history.replaceState(null, '', hash); dispatchEvent(new HashChangeEvent('hashchange')); }",
        fragment,
    )


def fragment_of(fields):
    return "#" + "&".join(f"{name}={value}" for name, value in fields.items())


def test_python_makes_the_same_points(page):
    torch = pytest.importorskip("torch")
    from mnist1d_hf import load_model

    @hypothesis.settings(max_examples=10, derandomize=True, database=None)
    @hypothesis.given(random_settings)
    def check(fields):
        show(page, fragment_of(fields))
        points = np.array(page.evaluate(POINTS))
        made = {}
        exec(page.text_content("#python"), made)
        np.testing.assert_allclose(points, made["points"], rtol=0, atol=1e-12)
        config = "shuffled" if fields.get("shuffle_seq") == "1" else "default"
        for row in page.locator("#networks li").all():
            model = load_model(row.get_attribute("id").removeprefix("model-"), config=config)
            with torch.inference_mode():
                expected = model(torch.tensor(made["points"], dtype=torch.float32)[None]).softmax(1)[0]
            np.testing.assert_allclose(json.loads(row.get_attribute("data-probabilities")), expected, atol=1e-4)

    check()


# Moves a slider to each of some places, and returns the points at each and one step further.
MOVE = """async ([id, places]) => {
  const slider = document.getElementById(id);
  const pointsAt = async (place) => {
    slider.value = Number(slider.min) + place * slider.step;
    const shown = new Promise((resolve) => {
      new MutationObserver(resolve).observe(document.documentElement, { attributeFilter: ["data-renders"] });
    });
    slider.dispatchEvent(new Event("input"));
    await shown;
    return JSON.parse(document.getElementById("points").textContent);
  };
  const pairs = [];
  for (const place of places) pairs.push([await pointsAt(place), await pointsAt(place + 1)]);
  return pairs;
}"""


EXTREME = "&scale_coeff=1.5&corr_noise_scale=1&iid_noise_scale=0.3&shear_scale=3"


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("extreme", ["", pytest.param(EXTREME, id="extreme", marks=pytest.mark.long)])
def test_sliders_are_continuous(open_page, name, extreme):
    page = open_page("#digit=4&seed=23&max_translation=72&padding_low=0" + extreme)
    steps = page.evaluate(
        "(id) => { const s = document.getElementById(id); return Math.round((s.max - s.min) / s.step); }", name
    )
    assert steps >= 100
    pairs = np.array(page.evaluate(MOVE, [name, random.Random(0).sample(range(steps), 12)]))
    rms = np.sqrt(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2, axis=-1))
    assert (rms > 0).all() and (rms <= 0.05).all()


def test_slider_by_keyboard(page):
    before = page.evaluate(POINTS)
    page.focus("#shift")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash.includes('shift=')")
    assert 0 < np.sqrt(np.mean(np.square(np.subtract(before, page.evaluate(POINTS))))) <= 0.05


# The address.

HOSTILE = [
    "#digit=10", "#digit=-1", "#digit=1e1", "#digit=NaN", "#digit=", "#digit", "#seed=4294967296", "#seed=9999999999999999",
    "#seed=0x10", "#tab=none", "#tab=__proto__", "#tab=constructor", "#__proto__=1&toString=3", "#shuffle_seq=true",
    "#shuffle_seq=toString", "#padding_low=50&padding_high=20", "#padding=1e9", "#padding=-1", "#shift=Infinity", "#noise=9999",
    "#max_translation=0", "#vary=__proto__", "#vary=seed", "#questions=7", "#%", "#%E0%A4%A", "#digit=<b>3</b>",
    "#&&&===", "#digit=3&digit=99", "#iid_noise_scale=0.1.2", "#=1", "#digit=３",
]  # fmt: skip


def assert_sound(page):
    points = page.evaluate(POINTS)
    assert len(points) == 40 and np.isfinite(points).all()
    assert page.locator("[role=tab][aria-selected=true]").count() == 1
    assert page.locator("[role=tabpanel]:visible").count() == 1


def test_hostile_addresses_are_ignored(page):
    usual = page.evaluate(POINTS)
    for fragment in HOSTILE:
        show(page, fragment)
        if fragment != "#digit=3&digit=99":
            assert page.evaluate(POINTS) == usual, fragment
        assert_sound(page)


def test_any_address(page):
    names = st.sampled_from(
        ["tab", "digit", "seed", "padding_low", "padding", "shift", "noise", "questions", "vary", "x"]
    )
    pieces = st.tuples(names, st.text(string.printable, max_size=12) | st.integers().map(str) | st.floats().map(repr))

    @hypothesis.settings(max_examples=25, derandomize=True, database=None)
    @hypothesis.given(st.lists(pieces, max_size=4) | st.text(max_size=30))
    def check(parts):
        text = parts if isinstance(parts, str) else "&".join("=".join(part) for part in parts)
        # The tabs that are hidden do not draw the points anew, but must not break either.
        show(page, "#" + text)
        show(page, "#")
        assert_sound(page)

    check()


def test_address_comes_back(page):
    @hypothesis.settings(max_examples=10, derandomize=True, database=None)
    @hypothesis.given(random_settings)
    def check(fields):
        show(page, fragment_of(fields))
        points = page.evaluate(POINTS)
        change(page, "document.getElementById('tab-results').click()")
        written = page.evaluate("location.hash")
        show(page, "#")
        usual = page.evaluate("location.hash")
        show(page, written.replace("tab=results", "tab=shape"))
        assert page.evaluate(POINTS) == points
        named = dict(parse_qsl(written[1:]))
        assert named.keys() <= {*fields, "tab"}
        assert all(float(named[name]) == float(fields[name]) for name in named if name != "tab")
        assert usual == ""

    check()


def test_draw_another_and_reset(page):
    page.fill("#seed", "11")
    page.press("#seed", "Enter")
    page.wait_for_function("location.hash === '#seed=11'")
    page.click("#draw")
    page.wait_for_function("location.hash === '#seed=12'")
    page.fill("#seed", "4294967296")
    page.press("#seed", "Enter")
    assert page.input_value("#seed") == "12"
    show(page, "#digit=6&seed=11&iid_noise_scale=0.12&noise=2&shift=3.5")
    page.click("#reset")
    page.wait_for_function("location.hash === '#digit=6&seed=11'")


# The quiz.


def test_whole_quiz_by_keyboard(page, tmp_path):
    from mnist1d_hf.experiments.human import questions
    from mnist1d_hf.experiments.human import quiz as human

    page.focus("#tab-shape")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#tab-beat:focus")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.wait_for_selector("#study:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("ol.examples")
    page.keyboard.press("Tab")
    page.wait_for_selector("#start:focus")
    page.keyboard.press("Enter")
    digits = labels()[:10]
    answers = [digits[0], (digits[1] + 1) % 10, *digits[2:]]
    play(page, answers[:1])
    page.wait_for_selector("#progress:focus")
    page.keyboard.press(str(answers[1]))
    page.wait_for_selector("#next:focus")
    assert page.text_content("#feedback").startswith(f"✗ No, it is {digits[1]}.")
    assert page.text_content(f"#answer-{digits[1]}") == f"✓ {digits[1]}"
    assert page.text_content(f"#answer-{answers[1]}") == f"✗ {answers[1]}"
    page.keyboard.press("Enter")
    play(page, answers[2:])
    page.wait_for_selector("#more")
    assert_scores(page, answers)
    with page.expect_download() as download:
        page.click("#download")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    resumed = human.resume_quiz(questions.new_quiz(0, 1000), path)
    assert resumed.answers == tuple(answers)
    human.save_quiz(resumed, tmp_path / "again.json")
    assert json.loads(path.read_text()).keys() == json.loads((tmp_path / "again.json").read_text()).keys()


def assert_scores(page, answers):
    """Compare the table with the scores of the terminal's quiz."""
    from mnist1d_hf.baselines.data import load_tensors
    from mnist1d_hf.experiments.human import quiz as human
    from mnist1d_hf.experiments.human.questions import new_quiz

    x, y = load_tensors("default", "test")
    rows = list(new_quiz(0, len(y)).order[: len(answers)])
    everybody = {"you": answers, **human.baseline_answers(x[rows])}
    expected = {name: human.score(y[rows].tolist(), digits) for name, digits in everybody.items()}
    names = ["you", *page.eval_on_selector_all("#networks li", "(rows) => rows.map((row) => row.id.slice(6))")]
    table = page.locator("#scores tbody tr").all()[: len(names)]
    for name, row in zip(names, table, strict=True):
        number = row.locator(".number").text_content()
        low, high = (f"{100 * end:.0f}" for end in expected[name].interval)
        assert number == f"{expected[name].correct} of {len(answers)}{low} to {high}\u00a0%"
        assert [int(cell.replace("·", "0")) for cell in row.locator("td.digit").all_text_contents()] == list(
            expected[name].wrong
        )


@pytest.mark.long
def test_long_round_continues(open_page):
    page = open_page("#tab=beat&questions=20")
    page.click("#start")
    digits = labels()
    play(page, digits[:20])
    page.click("#more")
    play(page, [0] * 20)
    page.wait_for_selector("#more")
    assert_scores(page, [*digits[:20], *[0] * 20])
    page.click("#anew")
    page.wait_for_selector("#study")


def test_keys_answer_only_when_asked(open_page):
    page = open_page("#tab=beat")
    page.keyboard.press("5")
    page.click("#start")
    page.keyboard.press("Control+5")
    page.click("#tab-shape")
    page.wait_for_selector("#shape", state="visible")
    page.keyboard.press("5")
    page.click("#tab-beat")
    assert page.text_content("#progress") == "Question 1 of 10"
    page.keyboard.press("5")
    page.wait_for_selector("#next:focus")
    page.keyboard.press("5")
    assert page.text_content("#progress") == "Question 1 of 10"


# The sweep.


def test_sweep_stops_and_changes(open_page):
    page = open_page("#tab=harder")
    page.click("#measure")
    assert page.text_content("#measure") == "Measure again"
    page.select_option("#vary", "padding_high")
    page.wait_for_selector("#chart[data-running=true]")
    assert "vary=padding_high" in page.evaluate("location.hash")
    page.click("#measure")
