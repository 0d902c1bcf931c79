"""The line that Python runs when it starts: what it lets programs find, what it costs, and that it breaks nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.dataset import startup

ROOT = Path(__file__).parents[2]
LOAD = """
from datasets import load_dataset
dataset = load_dataset("mnist1d", "shuffled", split="test", seed=3)
print(dataset.num_rows, "mnist1d_hf" in sys.modules)
"""


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Folders of an environment and of the user, in place of the real ones."""
    environment, user = tmp_path / "site-packages", tmp_path / "user"
    environment.mkdir()
    user.mkdir()
    monkeypatch.setattr(startup, "_folders", lambda: [environment, user])
    return environment, user


def run(*arguments):
    return CliRunner().invoke(cli.main, ["register", *arguments])


def start(folder, code, *, environment=None):
    """Run code in a new Python that reads the .pth files of a folder when it starts."""
    program = f"import site, sys; site.addsitedir({str(folder)!r}); {code}"
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    # Not the top of the repository, whose mnist1d.py has a name that is looked for.
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=variables, cwd=folder)


def test_it_is_written_found_and_removed(folders):
    environment, user = folders
    assert "Nothing is registered" in run("--status").output
    assert "There is nothing to remove" in run("--undo").output
    for _ in range(2):
        written = run()
        assert written.exit_code == 0, written.output
        assert f"Wrote {environment / startup.FILE_NAME}." in written.output
    assert (environment / startup.FILE_NAME).read_text(encoding="utf-8").count("\n") == 1
    assert str(environment / startup.FILE_NAME) in run("--status").output
    assert run("--undo").output == f"Removed {environment / startup.FILE_NAME}.\n"
    assert list(environment.iterdir()) == list(user.iterdir()) == []


def test_it_goes_to_the_users_folder_if_the_package_is_there(folders, monkeypatch):
    _, user = folders
    monkeypatch.setattr(startup, "__file__", str(user / "mnist1d_hf/dataset/startup.py"))
    assert startup.register_environment() == user / startup.FILE_NAME
    assert startup.registered_files() == [user / startup.FILE_NAME]
    assert startup.unregister_environment() == [user / startup.FILE_NAME]


def test_the_real_folders_are_those_that_python_reads():
    code = "import sys; print(sys.path)"
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert str(startup._folders()[0]) in read


@pytest.mark.parametrize("content", [b"import something\n", b"\xff", b""])
def test_a_file_of_somebody_else_is_kept(folders, content):
    path = folders[0] / startup.FILE_NAME
    path.write_bytes(content)
    result = run()
    assert result.exit_code == 1
    assert result.stderr == f"Error: {path} was not written by mnist1d-hf register, so it is kept; move it away first\n"
    run("--undo")
    assert path.read_bytes() == content


def test_options_exclude_each_other():
    result = run("--undo", "--status")
    assert result.exit_code == 2
    assert "--undo and --status exclude each other" in result.stderr


@pytest.mark.long
def test_programs_find_the_dataset_without_importing_the_package(folders, tmp_path):
    startup.register_environment()
    cache = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    found = start(folders[0], f"exec({LOAD!r})", environment=cache)
    assert found.stdout == "1000 True\n", found.stderr
    startup.unregister_environment()
    another = {**cache, "HF_HOME": str(tmp_path / "another")}
    assert start(folders[0], f"exec({LOAD!r})", environment=another).returncode == 1


def test_nothing_is_imported_until_datasets_is(folders):
    startup.register_environment()
    code = "print([name for name in sys.modules if name.startswith(('mnist1d', 'numpy', 'datasets'))])"
    found = start(folders[0], code)
    assert (found.stdout, found.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    "package", [None, "raise RuntimeError('broken')", "syntax error", "import nothing_of_that_name"], ids=str
)
def test_a_missing_or_broken_package_is_silent(folders, tmp_path, package):
    startup.register_environment()
    path = tmp_path / "path"
    (path / "datasets").mkdir(parents=True)
    (path / "datasets/__init__.py").write_text("name = 'the real one'")
    if package is not None:
        (path / "mnist1d_hf").mkdir()
        (path / "mnist1d_hf/__init__.py").write_text(package)
    # -S: without the folders of this environment, where the package is installed.
    program = f"import sys, site; site.addsitedir({str(folders[0])!r}); import datasets; print(datasets.name)"
    variables = {**os.environ, "PYTHONPATH": str(path)}
    found = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, env=variables, cwd=tmp_path
    )
    assert (found.stdout, found.stderr) == ("the real one\n", "")
