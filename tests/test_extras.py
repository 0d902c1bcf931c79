"""Without extras, with each alone, and with all: what works, and what says in one line what to install."""

import copy
import itertools
import json
import os
import pickle
import pydoc
import re
import subprocess
import sys

import pytest

import mnist1d_hf
from mnist1d_hf import cli, errors
from mnist1d_hf.errors import MissingExtraError
from mnist1d_hf.experiments import EXTRAS, INTERACTIVE_TITLES, TITLES
from mnist1d_hf.utils.extras import LIBRARIES, check_extras

from .conftest import ROOT, read_toml

TABLE = dict(
    re.findall(
        r"^\| `([a-z][^`]*)` \| (nothing|`.*`)(?:;.*)? \|$",
        (ROOT / "docs/extras.md").read_text(encoding="utf-8").partition("| command |")[2],
        flags=re.MULTILINE,
    )
)
"""What each command needs, as the document says."""

ARGUMENTS = {
    "build": "build repo --config default",
    "prepare": "prepare default",
    "demo": "demo --output mnist1d.html",
    "register": "register --status",
    "export": "export arrays --format npz",
    "benchmark": "benchmark cnn",
    "benchmark ... --output ...": "benchmark cnn --output cnn",
    "plot": "plot templates --output templates.png",
    "evaluate --sweep ... --output ...": "evaluate cnn --sweep corr_noise_scale=0:1:0.5 --output noise.png",
    **{name: f"{name} ada" for name in ("publish", "publish --only models", "verify", "verify --only models")},
}
"""Arguments of the commands that need some."""

ON_THE_HUB = {"submit", "publish --only dataset", "publish --only collection", "publish --only space"} | {
    "verify --only dataset",
    "verify --only space",
}

PROGRAM = """
import json, sys
from importlib.machinery import PathFinder
missing, commands = json.loads(sys.argv[1])

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in missing else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from click.testing import CliRunner
from mnist1d_hf import cli
results = {}
for command in commands:
    result = CliRunner().invoke(cli.main, command.split())
    results[command] = [result.exit_code, result.stdout, result.stderr]
print(json.dumps(results))
"""


def needed(command):
    """The extras that a command needs, with what `experiments` includes."""
    extras = re.findall(r"`(\w+)`", TABLE[command])
    return {"torch", "plot", "experiments"} if extras == ["experiments"] else set(extras)


def modules(extras):
    return list(dict.fromkeys(name for extra in LIBRARIES for name in LIBRARIES[extra] if extra in extras))


def results_without(missing, commands, folder):
    code = [sys.executable, "-c", PROGRAM, json.dumps([missing, commands])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(code, cwd=folder, capture_output=True, text=True, check=True, env=environment)
    return json.loads(result.stdout)


def leaves(group, prefix=""):
    for name, command in group.commands.items():
        if hasattr(command, "commands") and name != "plot":
            yield from leaves(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


def test_the_document_has_every_command_and_extra():
    assert {re.split(" (?:--|[.])", command)[0] for command in TABLE} == set(leaves(cli.main))
    assert {command.partition(" ")[2] for command in TABLE if command.startswith("experiment ")} >= {
        *TITLES, *INTERACTIVE_TITLES,
    }  # fmt: skip
    extras = read_toml(ROOT / "pyproject.toml")["project"]["optional-dependencies"]
    names = {"sklearn": "scikit-learn"}
    for extra, libraries in LIBRARIES.items():
        assert {re.split("[<>=]", one)[0] for one in extras[extra] if "mnist1d-hf" not in one} == {
            names.get(name, name) for name in libraries
        }


@pytest.mark.long
@pytest.mark.parametrize("installed", [(), ("plot",), ("torch",), ("onnx",), ("torch", "plot")], ids="+".join)
def test_a_command_without_its_extras_names_them_all_at_once(installed, tmp_path):
    lacking = {command: needed(command) - set(installed) for command in TABLE if needed(command) - set(installed)}
    missing = modules(set(LIBRARIES) - set(installed))
    lines = {command: ARGUMENTS.get(command, command) for command in lacking}
    results = results_without(missing, list(lines.values()), tmp_path)
    for command, extras in lacking.items():
        code, out, err = results[lines[command]]
        found = re.fullmatch(
            r"Error: this needs (.+), which (?:is|are) not installed; run: pip install 'mnist1d-hf\[(.+)\]'\n", err
        )
        assert found, (command, err, out)
        assert (code, out) == (1, "")
        assert set(found[1].split(", ")) == set(modules(extras))
        wanted = {"experiments"} if command.startswith("experiment ") else extras
        assert set(found[2].split(",")) == wanted, command
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_what_needs_no_extra_works_without_any(tmp_path):
    commands = [ARGUMENTS.get(command, command) for command in TABLE if not needed(command)]
    commands = [command for command in commands if command not in ON_THE_HUB]
    assert len(commands) == 7
    results = results_without(modules(LIBRARIES), commands, tmp_path)
    for command, (code, _, err) in results.items():
        assert code == 0, (command, err)
    assert "No figure: this needs matplotlib" in results["quickstart"][1]
    assert "No baselines: this needs torch, safetensors, scipy, cloudpickle" in results["quickstart"][1]


USES = """
import mnist1d_hf
found = [len(mnist1d_hf.make_dataset()["x"])]
for use in ("mnist1d_hf.Mnist1D", "from mnist1d_hf import Mnist1DConfig", "mnist1d_hf.load_dataset()", "import datasets"):
    try:
        exec(use)
    except ImportError as error:
        found.append(str(error))
print(json.dumps(found))
"""


def test_without_datasets_what_needs_it_says_so_and_everything_else_works(tmp_path):
    missing = ["datasets", "pandas", "pyarrow", "huggingface_hub"]
    needing = ["prepare default", "build repo --config default", "quickstart --quiet", "publish ada", "evaluate cnn"]
    results = results_without(
        missing, ["--help", "build --help", "plot templates --output templates.png", *needing], tmp_path
    )
    line = "this needs datasets, which is not installed; run: pip install datasets"
    for command, (code, out, err) in results.items():
        expected = f"Error: {line}\n" if command in needing else ""
        assert (code, err.replace("huggingface_hub", "datasets")) == (bool(expected), expected), (command, out)
    assert [path.name for path in tmp_path.iterdir()] == ["templates.png"]

    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        PROGRAM.partition("from click")[0] + USES,
        json.dumps([missing, []]),
    ]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == [4000, line, line, line, "No module named 'datasets'"]


@pytest.mark.long
def test_the_dataset_is_published_and_verified_without_extras(ada_hub, hub_environment, tmp_path):
    environment = {**hub_environment(os.environ["HF_TOKEN"]), "PYTHONPATH": str(ROOT)}
    commands = [
        "publish ada --only dataset --config default --yes",
        "verify ada --only dataset",
        "publish ada --only collection --yes",
    ]
    code = [sys.executable, "-c", PROGRAM, json.dumps([modules(LIBRARIES), commands])]
    result = subprocess.run(code, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment)
    results = json.loads(result.stdout)
    for command in commands[:2]:
        assert results[command][0] == 0, results[command][1]
    assert "All 3 checks passed." in results[commands[0]][1]
    assert "torch" not in "".join(results[commands[2]][1:])


def test_experiments_declare_what_they_import():
    for name in TITLES:
        path = ROOT / "mnist1d_hf/experiments" / name.replace("-", "_")
        files = path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]
        uses = any(re.search(r'"(sklearn|threadpoolctl)\b', file.read_text(encoding="utf-8")) for file in files)
        assert ("experiments" in EXTRAS[name]) == uses, name


def test_extras_are_looked_for_without_importing(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    check_extras("torch")
    with pytest.raises(MissingExtraError, match=r"needs matplotlib, onnx, which are not .* 'mnist1d-hf\[plot,onnx\]'"):
        check_extras("torch", "plot", "onnx")


def test_names_that_need_torch_are_listed_with_it_alone(monkeypatch):
    assert "load_model" in dir(mnist1d_hf)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert not {"create_model", "evaluate", "list_models", "load_model"} & set(dir(mnist1d_hf))
    assert "make_dataset" in pydoc.plain(pydoc.render_doc(mnist1d_hf))


ERRORS = [value for value in vars(errors).values() if isinstance(value, type)]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_errors_survive_the_way_from_a_worker(error):
    made = error("torch", "plot") if error is MissingExtraError else error("it is broken")
    for found in (pickle.loads(pickle.dumps(made)), copy.copy(made)):
        assert type(found) is error
        assert (str(found), found.args) == (str(made), made.args)
        assert vars(found) == vars(made)


def test_every_exception_of_the_package_is_among_them():
    found = itertools.chain.from_iterable(
        re.findall(r"^class (\w+)\((?:\w*Error|\w*Exception)\)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for path in (ROOT / "mnist1d_hf").rglob("*.py")
    )
    assert set(found) - {"_StoppedError", "_UnusableError"} == {error.__name__ for error in ERRORS}
