"""What is released: the contents of the sdist and of the wheel made from it, and their metadata."""

import email
import re
import subprocess
import tarfile
import zipfile

import pytest
import yaml
from hatchling import build

from mnist1d_hf import __version__
from mnist1d_hf.baselines.tasks import CHECKPOINT_TASKS
from mnist1d_hf.demo.build import PAGE_FOLDER
from mnist1d_hf.demo.results import SHOWN

from .conftest import ROOT, read_toml

PROJECT = read_toml(ROOT / "pyproject.toml")["project"]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The unpacked sdist."""
    folder = tmp_path_factory.mktemp("sdist")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(ROOT)
        archive = folder / build.build_sdist(str(folder))
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder / f"mnist1d_hf-{__version__}"


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The wheel made from the sdist."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(sdist)
        archive = folder / build.build_wheel(str(folder))
    with zipfile.ZipFile(archive) as file:
        yield file


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Lets git list the files of an unpacked sdist, which is no clone, as those of a repository that tracks all of them."""
    if not (ROOT / ".git").exists():
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(ROOT))
        for command in (["git", "init", "--quiet"], ["git", "add", "--all"]):
            subprocess.run(command, cwd=ROOT, check=True)


@pytest.mark.usefixtures("repository")
def test_the_sdist_holds_the_whole_repository(sdist):
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    existing = {path for path in tracked.split("\0") if path and (ROOT / path).is_file()}
    assert existing - files(sdist) == set()
    assert files(sdist) - existing <= {"PKG-INFO"} | untracked()


def untracked():
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    return set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"))


def test_the_wheel_holds_what_users_use(wheel):
    names = set(wheel.namelist())
    modules = {f"mnist1d_hf/{name}" for name in files(ROOT / "mnist1d_hf") if name.endswith(".py")}
    needed = {
        "mnist1d_hf/py.typed",
        "mnist1d_hf/demo/thumbnail.png",
        "mnist1d_hf/dataset_card/template.md",
        "mnist1d_hf/notebooks/ten-minutes.ipynb",
        "mnist1d_hf/dataset_card/figures/samples.png",
        "mnist1d_hf/dataset_card/figures/construction.png",
        "mnist1d_hf/models/benchmark_card_template.md",
        "mnist1d_hf/models/card_template.md",
        "mnist1d_hf/models/report_template.md",
        "mnist1d_hf/models/own_card_template.md",
        "mnist1d_hf/models/results.csv",
        "mnist1d_hf/models/evaluate.py",
        "mnist1d_hf/results/report_template.md",
    }
    page = {f"mnist1d_hf/demo/page/{name}" for name in files(PAGE_FOLDER)}
    page |= {f"mnist1d_hf/results/{name}/figure.png" for name in SHOWN}
    page |= {"mnist1d_hf/demo/space_card_template.md", "mnist1d_hf/demo/thumbnail.png"}
    assert {"mnist1d_hf/demo/page/index.html", "mnist1d_hf/demo/page/worker.js"} < page
    checkpoints = {
        f"mnist1d_hf/models/{name}"
        for name in files(ROOT / "models")
        # Of the other tasks there are the metrics alone, whose numbers are in results.csv.
        if name.startswith(tuple(f"{task}/" for task in CHECKPOINT_TASKS))
    }
    assert len(checkpoints) > 100
    others = names - modules - needed - page - checkpoints
    assert (modules | needed | page | checkpoints) - names == set()
    assert all(name.startswith(f"mnist1d_hf-{__version__}.dist-info/") for name in others), others


def test_the_metadata_names_pythons_systems_and_urls(wheel):
    metadata = email.message_from_bytes(wheel.read(f"mnist1d_hf-{__version__}.dist-info/METADATA"))
    classifiers = metadata.get_all("Classifier")
    for minor in range(10, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    assert {name.split(" :: ")[1] for name in classifiers if name.startswith("Operating")} == {
        "POSIX",
        "MacOS",
        "Microsoft",
    }
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {"Homepage", "Repository", "Issues", "Changelog"} <= set(PROJECT["urls"])


def test_the_links_of_the_readme_work_on_the_package_page():
    repository = PROJECT["urls"]["Repository"]
    raw = repository.replace("github.com", "raw.githubusercontent.com")
    targets = re.findall(r"\]\(([^)\s]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
    own = [re.match(rf"{repository}/(?:blob|raw|tree)/main/|{raw}/main/", target) for target in targets]
    paths = [target[match.end() :] for target, match in zip(targets, own, strict=True) if match]
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path.split("#")[0]).exists()] == []


def test_hooks_have_the_versions_of_the_constraints():
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    revisions = {hook["repo"].rpartition("/")[2]: hook.get("rev") for hook in hooks}
    for repository, package in {"ruff-pre-commit": "ruff", "codespell": "codespell"}.items():
        assert re.search(rf"^{package}==(.+?)(?:;.*)?$", constraints, flags=re.MULTILINE)[1] == revisions[
            repository
        ].lstrip("v")


def test_actions_are_pinned_to_commits():
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert [path.stem for path in workflows] == ["ci", "nightly", "publish-hub", "publish-pypi"]
    for path in workflows:
        uses = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
        assert uses
        assert [action for action in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", action)] == []
