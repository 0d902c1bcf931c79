"""The page as one file: its size, that it needs no other, and what Python puts into it."""

import base64
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist1d_hf import GenerationParameters, construction_steps, get_templates, paper
from mnist1d_hf.baselines.bundled import checkpoint_folder
from mnist1d_hf.dataset.checksums import FROZEN_SHA256
from mnist1d_hf.dataset.generator import raw_dataset
from mnist1d_hf.dataset.parameters import SCALE_NAMES
from mnist1d_hf.demo import build, build_page
from mnist1d_hf.demo.build import PAGE_FOLDER, fill
from mnist1d_hf.demo.bundle import bundle
from mnist1d_hf.demo.contents import DRAW_RANGES, RANGES
from mnist1d_hf.demo.results import SHOWN, figure_path
from mnist1d_hf.experiments.human.questions import new_quiz

CONSTANTS = raw_dataset(GenerationParameters(), get_templates())

BUILDING = """
import hashlib, sys
from mnist1d_hf.demo import build_page
digest = hashlib.sha256(build_page()).hexdigest()
print(digest, *{"torch", "matplotlib", "scipy", "datasets", "jinja2"} & set(sys.modules))
"""


class Elements(HTMLParser):
    """Attributes of the elements of a page, and the text of its scripts and styles."""

    def __init__(self):
        super().__init__()
        self.attributes, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag in ("script", "style"):
            self.texts.append((dict(attrs).get("id") or tag, ""))

    def handle_data(self, data):
        if self.cdata_elem and self.texts:
            name, text = self.texts[-1]
            self.texts[-1] = (name, text + data)


def elements(page):
    parser = Elements()
    parser.feed(page)
    return parser


@pytest.fixture(scope="module")
def page():
    return build_page().decode()


@pytest.fixture(scope="module")
def data(page):
    return json.loads(dict(elements(page).texts)["data"])


def decode(text):
    return base64.b85decode(text.replace(",", "<"))


# --- the file


def test_the_page_is_the_same_in_every_process_and_needs_numpy_alone(page):
    printed = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", BUILDING]
        printed.append(
            subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
        )
    assert printed == [[hashlib.sha256(page.encode()).hexdigest()]] * 2


def test_the_page_is_small(page, data):
    pictures = sum(len(result["image"]) for result in data["results"])
    assert pictures <= 1_000_000
    assert len(page.encode()) - pictures <= 1_500_000


def test_the_page_loads_nothing_from_elsewhere(page):
    found = elements(page)
    loading = {"src", "srcset", "poster", "data", "action", "background", "ping"}
    links = [(tag, name, value) for tag, name, value in found.attributes if tag == "link" and name == "href"]
    values = [value for _, name, value in [*found.attributes, *links] if name in loading] + [
        value for *_, value in links
    ]
    assert [value for value in values if not value.startswith("data:")] == []
    for name, text in found.texts:
        if name != "data":
            called = r"\b(fetch|import|importScripts|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b *\("
            assert re.findall(called + r"|@import|url\((?!data:)", text) == [], name
    assert [name for name, _ in found.texts].count("data") == 1


def test_every_script_of_the_folder_is_in_the_page():
    scripts = bundle(PAGE_FOLDER, "main.js") + bundle(PAGE_FOLDER, "worker.js")
    assert {path.name for path in PAGE_FOLDER.glob("*.js")} == set(re.findall(r"^// (.+\.js)$", scripts, re.MULTILINE))


# --- pieces in their places


@given(text=st.text() | st.sampled_from(["</script>", "<!--", "{{style}}", "\u003c"]))
def test_data_comes_back_whatever_it_says(text):
    pieces = {"data": build._json({"text": text})}
    page = fill('<script type="application/json" id="data">{{data}}</script>', pieces)
    assert json.loads(elements(page.encode(errors="surrogatepass").decode(errors="replace")).texts[0][1])["text"] == (
        text.encode(errors="surrogatepass").decode(errors="replace")
    )


def test_pieces_are_not_searched_for_places():
    assert fill("{{a}} {{b}}", {"a": "{{b}}", "b": "{{a}}"}) == "{{b}} {{a}}"


@pytest.mark.parametrize("piece", ["a </script> b", "</SCRIPT", "</style>", "<!--"])
def test_a_piece_that_would_end_its_element_is_refused(piece):
    with pytest.raises(ValueError, match="the script of the page must not hold '<"):
        fill("{{script}}", {"script": piece})


@pytest.mark.parametrize("template", ["", "{{data}} {{data}}", "{{ data }}"])
def test_a_template_without_the_place_of_a_piece_is_refused(template):
    with pytest.raises(ValueError, match=r"index\.html must hold \{\{data\}\} once"):
        fill(template, {"data": "1"})


# --- what Python puts into it


def test_test_rows_are_the_frozen_ones(data):
    assert hashlib.sha256(decode(data["test"]["x"])).hexdigest() == FROZEN_SHA256["default", "test"]["x"]
    labels = np.frombuffer(decode(data["test"]["y"]), "u1").astype("<i8")
    assert hashlib.sha256(labels.tobytes()).hexdigest() == FROZEN_SHA256["default", "test"]["y"]


def test_weights_are_the_bundled_files_and_accuracies_theirs(data):
    names = [model["name"] for model in data["models"]]
    assert names == ["logistic", "mlp", "cnn", "gru", "resnet", "s4d", "tcn", "transformer"]
    for config, weights in data["weights"].items():
        assert list(weights) == names
        for model in data["models"]:
            folder = checkpoint_folder(model["name"], config)
            assert decode(weights[model["name"]]) == (folder / "model.safetensors").read_bytes()
            metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
            assert model["accuracy"][config] == metrics["runs"][0]["test"]["accuracy"]
            assert model["parameters"] == metrics["parameters"]
    assert all(model["title"] and model["about"].endswith(".") for model in data["models"])


def test_the_quiz_asks_what_the_command_asks(data):
    human = data["human"]
    assert human["order"] == list(new_quiz(0, 1000).order)
    assert human["study"]["y"] == sorted(6 * list(range(10)))
    assert np.frombuffer(decode(human["study"]["x"]), "<f4").shape == (60 * 40,)
    assert human["paper"] == {"mean": 0.96, "error": 0.01, "shuffled": 0.3}


def test_ranges_hold_the_papers_parameters(data):
    low, high = data["parameters"]["padding"]
    defaults = {**data["parameters"], "padding_low": low, "padding_high": high}
    for name, limits in data["ranges"].items():
        assert limits["low"] <= defaults[name] <= limits["high"], name
        steps = (defaults[name] - limits["low"]) / limits["step"]
        assert steps == pytest.approx(round(steps)), name


def test_results_have_their_figures_as_they_are(data):
    assert len(data["results"]) == len(SHOWN) >= 5
    for result, name in zip(data["results"], SHOWN, strict=True):
        png = figure_path(name).read_bytes()
        assert result["image"] == f"data:image/png;base64,{base64.b64encode(png).decode()}"
        assert (result["width"], result["height"]) == struct.unpack(">II", png[16:24])
        assert result["link"].endswith(f"/results/README.md#{name}")
    assert data["links"]["paper"] == paper.ARXIV_URL


@given(
    data=st.data(),
    digit=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    scales=st.fixed_dictionaries({name: st.floats(0, 1) for name in SCALE_NAMES}),
)
def test_one_step_of_a_slider_moves_a_digit_little(data, digit, seed, scales):
    parameters = GenerationParameters(**{name: part * RANGES[name]["high"] for name, part in scales.items()})
    steps = {name: round((limits["high"] - limits["low"]) / limits["step"]) for name, limits in DRAW_RANGES.items()}
    places = {name: data.draw(st.integers(0, count - 1), name) for name, count in steps.items()}
    moved = data.draw(st.sampled_from(sorted(places)), "moved")

    def signal(places):
        draws = {
            name: min(place * DRAW_RANGES[name]["step"], DRAW_RANGES[name]["high"]) for name, place in places.items()
        }
        return construction_steps(digit, parameters, seed=seed, draws=draws)["down-sampled"]

    change = signal({**places, moved: places[moved] + 1}) - signal(places)
    assert np.sqrt(np.mean(change**2)) / CONSTANTS.std <= 0.05
