"""The Space: what it is built of, what becomes of the files that the Hub puts into a new one, and how it is checked."""

import functools
import re
import sys
from importlib.resources import files as package_files

import pytest
import yaml
from click.testing import CliRunner
from huggingface_hub import HfApi

from mnist1d_hf import cli
from mnist1d_hf.baselines import list_checkpoints
from mnist1d_hf.demo import build_page
from mnist1d_hf.hub import HubError, publish, verify
from mnist1d_hf.hub.manifest import MANIFEST_NAME
from mnist1d_hf.hub.naming import model_repo_id
from mnist1d_hf.hub.planning import TITLE
from mnist1d_hf.hub.space_repo import build_space_repo
from mnist1d_hf.utils.files import read_folder

from ..hub_server.cards import card_problems, front_matter
from ..hub_server.fixtures import forget_connections
from ..hub_server.git import Blob
from ..hub_server.publications import SPACE, assert_published, commits, is_whole, state, writes
from ..hub_server.spaces import first_files, space_card_problems
from .test_publishing_faults import FAULTS, Step
from .test_verification import commit_with_manifest

SEEDS = first_files(SPACE[1], "static")
FILES = [MANIFEST_NAME, "README.md", "index.html", "thumbnail.png"]
MINE = b"# Mine\n"


@pytest.fixture(autouse=True, scope="module")
def page():
    """Build the page once: a hundred times would take a minute."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mnist1d_hf.hub.space_repo.build_page", functools.cache(build_page))
        yield


def publish_space(**options):
    """Publish the Space to ada, and return what became of it."""
    (repo,) = publish("ada", only="space", **options)
    return repo


def statuses(repo):
    return {change.path: change.status for change in repo.changes}


def failed(checks):
    return {check.what: check.detail for check in checks if not check.ok}


# What it is


def test_it_is_the_page_with_a_card_and_a_picture(tmp_path):
    build_space_repo(tmp_path / "one", "ada")
    build_space_repo(tmp_path / "two", "ada")
    files = read_folder(tmp_path / "one")
    assert files == read_folder(tmp_path / "two")
    assert sorted(files) == ["README.md", "index.html", "thumbnail.png"]
    assert files["index.html"] == build_page()
    assert files["thumbnail.png"] == package_files("mnist1d_hf.demo").joinpath("thumbnail.png").read_bytes()
    assert files["thumbnail.png"].startswith(b"\x89PNG\r\n")


def test_its_card_says_how_the_hub_shows_it(tmp_path):
    build_space_repo(tmp_path / "space", "ada")
    text = (tmp_path / "space" / "README.md").read_text(encoding="utf-8")
    data = front_matter(text)
    assert not [*card_problems(data), *space_card_problems(data)]
    expected = {
        "sdk": "static",
        "app_file": "index.html",
        "pinned": False,
        "license": "apache-2.0",
        "title": "MNIST-1D",
    }
    assert {name: data[name] for name in expected} == expected
    assert data["datasets"] == ["ada/mnist1d"]
    shown = [model_repo_id("ada", name, config) for config, name in list_checkpoints() if config != "large"]
    assert data["models"] == shown
    assert data["thumbnail"] == "https://huggingface.co/spaces/ada/mnist1d/resolve/main/thumbnail.png"
    assert {"emoji", "colorFrom", "colorTo", "short_description", "tags"} <= data.keys()
    # Which lets the Hub show it beside the paper.
    assert "https://arxiv.org/abs/2011.14439" in text
    assert "](https://huggingface.co/datasets/ada/mnist1d)" in text


# Publishing


def test_the_first_release_replaces_what_the_hub_put_there(ada_hub):
    repo = publish_space()
    assert_published(ada_hub, SPACE)
    assert sorted(ada_hub.files(*SPACE)) == sorted([".gitattributes", *FILES])
    assert statuses(repo) == {
        MANIFEST_NAME: "new",
        "README.md": "changed",
        "index.html": "changed",
        "style.css": "deleted",
        "thumbnail.png": "new",
    }
    assert (repo.repo_type, repo.repo_id) == SPACE
    assert repo.url == f"{ada_hub.endpoint}/spaces/ada/mnist1d"
    assert repo.commit == ada_hub.history(*SPACE)[0].oid
    assert list(ada_hub.repos) == [SPACE]
    assert (ada_hub.repos[SPACE].sdk, ada_hub.repos[SPACE].private) == ("static", False)


def test_the_same_again_changes_nothing(ada_hub):
    publish_space()
    before = state(ada_hub)
    del ada_hub.requests[:]
    repo = publish_space()
    assert set(statuses(repo).values()) == {"unchanged"}
    assert sorted(statuses(repo)) == FILES
    assert state(ada_hub) == before
    assert not writes(ada_hub.requests)


def test_the_next_release_replaces_its_own_files(ada_hub, monkeypatch):
    publish_space()
    monkeypatch.setattr("mnist1d_hf.hub.space_repo.build_page", lambda: b"<p>Newer")
    repo = publish_space()
    changed = {path for path, status in statuses(repo).items() if status != "unchanged"}
    assert changed == {MANIFEST_NAME, "index.html"}
    assert ada_hub.files(*SPACE)["index.html"] == b"<p>Newer"
    assert is_whole(ada_hub, SPACE)


@pytest.mark.parametrize("sdk", ["static", "docker"])
def test_a_space_that_was_made_by_hand_and_left_alone_is_taken(ada_hub, sdk):
    HfApi().create_repo(SPACE[1], repo_type="space", space_sdk=sdk)
    publish_space()
    assert_published(ada_hub, SPACE)
    assert "style.css" not in ada_hub.files(*SPACE)


def edited(hub):
    hub.add_repo(*SPACE, {"README.md": MINE})
    return "README.md"


def edited_page(hub):
    hub.add_repo(*SPACE, {"index.html": MINE, "style.css": None})
    return "index.html"


def edited_later(hub):
    publish_space()
    hub.add_commit(*SPACE, {"index.html": MINE})
    return "index.html"


def edited_back(hub):
    """Somebody wants what the Hub put there, for this package had replaced it."""
    publish_space()
    hub.add_commit(*SPACE, {"index.html": SEEDS["index.html"]})
    return "index.html"


def without_manifest(hub):
    publish_space()
    hub.add_commit(*SPACE, {MANIFEST_NAME: None, "index.html": MINE})
    return "index.html"


def begin_again(hub, title, **files):
    """Replace the history by one that begins with another commit, as a push by force does."""
    hub.add_repo(*SPACE)
    repo = hub.repos[SPACE]
    (first,) = repo.commits.values()
    repo.commits, repo.refs = {}, {}
    repo.write("refs/heads/main", {**first.files, **files}, title, "ada")
    return "README.md, index.html"


def squashed(hub):
    return begin_again(hub, "Super-squash branch 'main' using huggingface_hub")


def pushed(hub):
    return begin_again(hub, "initial commit", **{"app.js": Blob(MINE)})


BY_SOMEBODY = [edited, edited_page, edited_later, edited_back, without_manifest, squashed, pushed]


@pytest.mark.parametrize("change", BY_SOMEBODY)
def test_what_somebody_wrote_is_not_replaced(ada_hub, monkeypatch, change):
    paths = change(ada_hub)
    monkeypatch.setattr("mnist1d_hf.hub.space_repo.build_page", lambda: b"<p>Newer")
    before = state(ada_hub)
    del ada_hub.requests[:]
    with pytest.raises(HubError, match=rf"^{paths} in \S+/spaces/ada/mnist1d was not written by .* --create-pr"):
        publish_space()
    assert state(ada_hub) == before
    assert not writes(ada_hub.requests)


def test_what_somebody_added_stays(ada_hub):
    ada_hub.add_repo(*SPACE, {"notes.md": MINE, "style.css": b"p {}"})
    publish_space()
    files = ada_hub.files(*SPACE)
    assert (files["notes.md"], files["style.css"]) == (MINE, b"p {}")
    assert is_whole(ada_hub, SPACE)


def test_what_somebody_writes_meanwhile_is_not_replaced(ada_hub, waits):
    ada_hub.fail(path="/commit/main", before=lambda: ada_hub.add_commit(*SPACE, {"index.html": MINE}, title="Edit"))
    with pytest.raises(HubError, match=r"^index\.html in \S+/spaces/ada/mnist1d was not written by mnist1d-hf"):
        publish_space()
    assert commits(ada_hub, SPACE) == ["initial commit", "Edit"]


def test_a_new_space_can_be_private(ada_hub):
    publish_space(private=True)
    assert ada_hub.repos[SPACE].private
    assert not publish_space().changed
    assert not failed(verify("ada", only="space"))


def test_it_is_proposed(ada_hub):
    proposed, again = (publish_space(create_pr=True) for _ in range(2))
    assert proposed.pull_request == again.pull_request == f"{ada_hub.endpoint}/spaces/ada/mnist1d/discussions/1"
    assert {path: ada_hub.files(*SPACE)[path] for path in SEEDS} == SEEDS
    assert is_whole(ada_hub, SPACE, "refs/pr/1")
    assert "style.css" not in ada_hub.files(*SPACE, "refs/pr/1")
    assert len(ada_hub.pull_requests(*SPACE)) == 1


def test_a_proposal_may_replace_what_somebody_wrote(ada_hub):
    edited(ada_hub)
    publish_space(create_pr=True)
    assert ada_hub.files(*SPACE)["README.md"] == MINE
    assert is_whole(ada_hub, SPACE, "refs/pr/1")


def test_it_goes_to_a_branch_and_then_to_main(ada_hub):
    publish_space(revision="next")
    assert {path: ada_hub.files(*SPACE)[path] for path in SEEDS} == SEEDS
    assert is_whole(ada_hub, SPACE, "next")
    assert commits(ada_hub, SPACE, "next") == ["initial commit", TITLE]
    assert not publish_space(revision="next").changed
    assert not failed(verify("ada", only="space", revision="next"))
    publish_space()
    assert_published(ada_hub, SPACE)


@pytest.mark.parametrize("there", [False, True], ids=["missing", "new"])
def test_a_dry_run_shows_what_would_happen(ada_hub, monkeypatch, there):
    if there:
        ada_hub.add_repo(*SPACE)
    monkeypatch.delenv("HF_TOKEN")
    known = state(ada_hub)
    repo = publish_space(dry_run=True)
    expected = dict.fromkeys(FILES, "new")
    if there:
        expected |= {"README.md": "changed", "index.html": "changed", "style.css": "deleted"}
    assert statuses(repo) == expected
    assert state(ada_hub) == known
    assert not writes(ada_hub.requests)


# Faults


def first_release(hub):
    return Step(hub, publish_space, lambda: assert_published(hub, SPACE))


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_request_of_the_first_release_survives(ada_hub, fault):
    step = first_release(ada_hub)
    assert ("POST", "/api/repos/create$") in step.kinds
    assert any("/commits/" in path for _, path in step.kinds)
    found = {each: step.outcome(*each, **fault) for each in step.kinds}
    assert found == dict.fromkeys(found, "survived")
    assert len(found) >= 8


@pytest.mark.parametrize("how", ["drop", "drop_after"])
def test_a_run_that_ended_anywhere_is_finished_by_the_next(ada_hub, waits, monkeypatch, how):
    monkeypatch.setattr("mnist1d_hf.hub.retries.ATTEMPTS", 1)
    step = first_release(ada_hub)
    for method, path in step.kinds:
        ada_hub.repos = {}
        # Whatever is asked afterwards has no answer either.
        fault = ada_hub.fail(
            method=method,
            path=path,
            before=lambda: ada_hub.fail(drop=True, times=float("inf")),
            **{how: True},
        )
        with pytest.raises(HubError):
            publish_space()
        assert fault.hits == 1
        ada_hub._faults.clear()
        forget_connections()
        publish_space()
        step.check()


# Checking


@pytest.fixture
def there(ada_hub):
    publish_space()
    return ada_hub


def test_what_is_published_is_right(there):
    checks = verify("ada", only="space")
    assert [(check.repo_id, check.what, check.ok, check.detail) for check in checks] == [
        ("spaces/ada/mnist1d", "files", True, "3 files as published"),
        ("spaces/ada/mnist1d", "sdk", True, "static, as published"),
    ]


@pytest.mark.parametrize("path", ["index.html", "README.md", "thumbnail.png"])
@pytest.mark.parametrize("content", [MINE, None], ids=["changed", "missing"])
def test_a_file_that_changed_is_found(there, path, content):
    there.add_commit(*SPACE, {path: content})
    assert failed(verify("ada", only="space")) == {"files": f"missing or changed: {path}"}


def test_another_sdk_is_found(there):
    card = there.files(*SPACE)["README.md"].replace(b"\nsdk: static\n", b"\nsdk: docker\n")
    commit_with_manifest(there, SPACE, {"README.md": card})
    assert failed(verify("ada", only="space")) == {"sdk": "the Hub runs it as 'docker', not as 'static'"}


def test_a_space_that_nobody_published_is_wrong(ada_hub):
    ada_hub.add_repo(*SPACE)
    assert "this was not published by mnist1d-hf" in failed(verify("ada", only="space"))["files"]


def test_a_space_that_is_missing_is_told_from_the_dataset(ada_hub):
    ada_hub.add_repo("dataset", "ada/mnist1d")
    with pytest.raises(HubError, match="nothing is published in 'ada'"):
        verify("ada", only="space", expected=["ada/mnist1d"])
    (check,) = verify("ada", only="space", expected=["spaces/ada/mnist1d"])
    assert (check.repo_id, check.ok, check.detail) == ("spaces/ada/mnist1d", False, "the repository is missing")


# The commands


def test_the_commands_publish_and_check_it_without_torch(ada_hub, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    result = CliRunner().invoke(cli.main, ["publish", "ada", "--only", "space", "--yes"])
    assert result.exit_code == 0, result.output
    assert re.fullmatch(
        r"""space ada/mnist1d
  new +\d.* \.mnist1d-hf\.json
  new +\d.* README\.md
  new +\d.* index\.html
  new +\d.* thumbnail\.png
1 of 1 change\.
published  \S+/spaces/ada/mnist1d  [0-9a-f]{7}
ok     spaces/ada/mnist1d  files: 3 files as published
ok     spaces/ada/mnist1d  sdk: static, as published
All 2 checks passed\.
""",
        result.stdout,
    )
    checked = CliRunner().invoke(cli.main, ["verify", "ada", "--only", "space", "--json"])
    assert [check["what"] for check in yaml.safe_load(checked.stdout)] == ["files", "sdk"]
    del ada_hub.repos[SPACE]
    ada_hub.add_repo(*SPACE, {"README.md": MINE})
    again = CliRunner().invoke(cli.main, ["publish", "ada", "--only", "space", "--yes"])
    assert again.exit_code == 1
    assert "conflict" in again.stdout
