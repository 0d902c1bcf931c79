"""The tree: directions of imports, sizes of files and functions, and the map in CONTRIBUTING.md."""

import ast
import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist1d_hf.experiments import INTERACTIVE_TITLES, TITLES

from .conftest import ROOT, read_toml

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50


def lint_imports(folder):
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-cache",
        "--no-logo",
    ]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return result.returncode, " ".join(result.stdout.split())


@pytest.fixture
def copy_of_the_tree(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "mnist1d_hf", tmp_path / "mnist1d_hf", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "mnist1d_hf"


def test_rooms_import_only_from_the_rooms_below_them():
    status, output = lint_imports(ROOT)
    assert status == 0, output


def test_forbidden_imports_are_seen(copy_of_the_tree):
    forbidden = {
        "utils.checks": "dataset.presets",
        "dataset.presets": "baselines.data",
        "baselines.data": "experiments.report",
        "hub.client": "cluster",
        "experiments.report": "hub.client",
        "demo.build": "hub.client",
        "hub.naming": "experiments.report",
        "paper": "errors",
        "experiments.pooling": "experiments.spatial_priors",
    }
    for importer, imported in forbidden.items():
        path = copy_of_the_tree.joinpath(*importer.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        path.write_text(f"{path.read_text(encoding='utf-8')}\nimport mnist1d_hf.{imported}\n", encoding="utf-8")
    status, output = lint_imports(copy_of_the_tree.parent)
    assert status != 0
    for importer, imported in forbidden.items():
        assert f"mnist1d_hf.{importer} -> mnist1d_hf.{imported} " in output


def test_a_room_without_a_place_is_seen(copy_of_the_tree):
    (copy_of_the_tree / "attic.py").write_text('"""Old things."""\n')
    status, output = lint_imports(copy_of_the_tree.parent)
    assert status != 0
    assert "attic" in output


def test_the_contract_names_every_experiment():
    contracts = read_toml(ROOT / "pyproject.toml")["tool"]["importlinter"]["contracts"]
    (modules,) = (contract["modules"] for contract in contracts if contract["id"] == "experiments")
    names = sorted(name.replace("-", "_") for name in TITLES | INTERACTIVE_TITLES)
    assert modules == [f"mnist1d_hf.experiments.{name}" for name in names]


def code_lines(source):
    """Numbers of the lines that hold more than blanks and comments."""
    return {
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    }


def too_long(folder):
    """Files and functions over the limits, with their lengths."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        name, source = str(path.relative_to(folder)), path.read_text(encoding="utf-8")
        if (lines := len(source.splitlines())) > MAX_FILE_LINES:
            found[name] = lines
        code = code_lines(source)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                own = code & set(range(node.lineno, node.end_lineno + 1))
                if ast.get_docstring(node) is not None:
                    own -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
                if len(own) > MAX_FUNCTION_LINES:
                    found[f"{name}:{node.name}"] = len(own)
    return found


def test_no_file_and_no_function_of_the_package_is_too_long():
    assert too_long(ROOT / "mnist1d_hf") == {}


def test_long_files_and_functions_are_seen(tmp_path):
    short = 'def short():\n    """Say much.\n\n    More.\n    """\n\n    # Nothing.\n' + "    pass\n" * 49
    (tmp_path / "short.py").write_text(short)
    (tmp_path / "full.py").write_text("\n" * 400)
    assert too_long(tmp_path) == {}
    (tmp_path / "long.py").write_text(short.replace("short", "long") + "    pass\n")
    (tmp_path / "full.py").write_text("\n" * 401)
    assert too_long(tmp_path) == {"full.py": 401, "long.py:long": 51}


def mapped_paths(text):
    """Paths that the map in CONTRIBUTING.md names; two spaces of indentation are one level."""
    (block,) = re.findall(r"^## Where things are\n.*?```text\n(.*?)```", text, flags=re.DOTALL | re.MULTILINE)
    paths, parents = [], []
    for line in block.splitlines():
        indentation, name = re.fullmatch(r"( *)(\S+)  +\S.*", line).groups()
        del parents[len(indentation) // 2 :]
        parents.append(name.rstrip("/"))
        paths.append("/".join(parents))
    return paths


def rooms(root):
    """Folders at the top that git keeps, and every package inside the package."""
    patterns = [line.strip("/") for line in (root / ".gitignore").read_text().splitlines()]
    names = (path.name for path in root.iterdir() if path.is_dir() and path.name != ".git")
    tops = [name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    return tops + [str(path.parent.relative_to(root).as_posix()) for path in root.glob("mnist1d_hf/**/__init__.py")]


def test_the_map_names_every_room_and_nothing_else():
    paths = mapped_paths((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert set(rooms(ROOT)) - set(paths) == set()
    assert len(paths) == len(set(paths))


def test_rooms_that_the_map_lacks_are_seen(tmp_path):
    (tmp_path / ".gitignore").write_text("/build/\n.venv*/\n")
    for folder in ("mnist1d_hf/dataset/shards", "mnist1d_hf/notes", "attic", "build", ".venv-other", ".git", ".github"):
        Path(tmp_path / folder).mkdir(parents=True)
    for package in ("mnist1d_hf", "mnist1d_hf/dataset", "mnist1d_hf/dataset/shards"):
        (tmp_path / package / "__init__.py").touch()
    assert sorted(rooms(tmp_path)) == [
        ".github", "attic", "mnist1d_hf", "mnist1d_hf", "mnist1d_hf/dataset", "mnist1d_hf/dataset/shards",
    ]  # fmt: skip


def test_the_map_is_read_by_indentation():
    lines = ("a/        one", "  b/      two", "    c.py  three", "  d.py    four", "e.py      five")
    text = "# A\n\n## Where things are\n\nSo:\n\n```text\n" + "".join(f"{line}\n" for line in lines) + "```\n"
    assert mapped_paths(text) == ["a", "a/b", "a/b/c.py", "a/d.py", "e.py"]
