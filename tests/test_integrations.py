"""The texts for registering the library at the Hub: the form of an entry there, and Python code that runs here."""

import ast
import importlib
import re

import pytest

from mnist1d_hf.baselines.architectures.base import card_data
from mnist1d_hf.hub.submission import BENCHMARK_TAG

from .conftest import ROOT, read_toml

FOLDER = ROOT / "models" / "integrations"
FILES = ("model-libraries.ts", "model-libraries-snippets.ts", "eval.ts")

LIBRARY_FIELDS = {
    "prettyLabel": "string", "repoName": "string", "repoUrl": "string", "docsUrl": "string", "snippets": "snippet",
    "filter": "boolean", "countDownloads": "query",
}  # fmt: skip
FRAMEWORK_FIELDS = {"name": "string", "description": "string", "url": "string"}

VALUES = {
    "string": r'"(?:[^"\\\n]|\\.)+"',
    "boolean": "true|false",
    "snippet": r"snippets\.[a-zA-Z_]\w*",
    "query": r"`path:\"[^\"`]+\"(?: OR path:\"[^\"`]+\")*`",
}


def read(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def entry(name, kinds):
    """The fields of an entry of a record in TypeScript, as the formatter there lays it out."""
    key, body = re.fullmatch(r'\t"([\w-]+)": \{\n(.*)\t\},\n', read(name), flags=re.DOTALL).groups()
    fields = dict(re.findall(r"^\t\t(\w+):(?: |\n\t\t\t)(.+),$", body, flags=re.MULTILINE))
    assert len(fields) == len(re.findall(r"^\t\t\w", body, flags=re.MULTILINE))
    for field, value in fields.items():
        assert re.fullmatch(VALUES[kinds[field]], value), (field, value)
    return key, {field: value.strip('"') for field, value in fields.items()}


def snippets():
    """The Python code of each snippet, with the id of a repository filled in."""
    text = read("model-libraries-snippets.ts")
    assert text.count("`") % 2 == 0
    return [code.replace("${model.id}", "ada/mnist1d-cnn") for code in re.findall(r"`([^`]*)`", text)]


def test_the_library_is_that_of_the_cards_and_of_the_project():
    key, fields = entry("model-libraries.ts", LIBRARY_FIELDS)
    project = read_toml(ROOT / "pyproject.toml")["project"]
    assert key == card_data().library_name == project["name"]
    assert {"prettyLabel", "repoName", "repoUrl"} <= set(fields)
    assert (fields["repoUrl"], fields["docsUrl"]) == (project["urls"]["Repository"], project["urls"]["Documentation"])
    assert f"export const {fields['snippets'].removeprefix('snippets.')} = (model: ModelData): string[] =>" in read(
        "model-libraries-snippets.ts"
    )


def test_the_framework_is_described_on_one_line():
    key, fields = entry("eval.ts", FRAMEWORK_FIELDS)
    assert set(fields) == set(FRAMEWORK_FIELDS)
    assert key == fields["name"] == card_data().library_name
    assert fields["url"].startswith("https://")
    assert len(fields["description"]) < 400


def test_snippets_are_python_and_name_what_this_package_has():
    assert len(snippets()) == 2
    for code in snippets():
        tree = ast.parse(code)
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert imports
        for node in imports:
            module = importlib.import_module(node.module)
            assert {alias.name for alias in node.names} <= set(module.__all__)
        known = {alias.name for node in imports for alias in node.names} | {"print", "model"}
        assert {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} <= known
        extras = re.match(r'# pip install "mnist1d-hf\[([\w,]+)\]"\n', code)[1].split(",")
        assert set(extras) <= set(read_toml(ROOT / "pyproject.toml")["project"]["optional-dependencies"])
    assert f'model.tags.includes("{BENCHMARK_TAG}")' in read("model-libraries-snippets.ts")


@pytest.mark.long
def test_snippets_run(published, capsys):
    for code in snippets():
        exec(code, {})
    printed = capsys.readouterr().out
    assert printed.count("accuracy") == 2
    assert len(set(re.findall(r"accuracy +([\d.]+) %", printed))) == 1


@pytest.mark.parametrize("name", FILES)
def test_files_are_indented_by_tabs_and_named_in_the_readme(name):
    text = read(name)
    code = re.sub(r"`[^`]*`", "``", text)
    assert not re.search(r"^ |[ \t]$|'", code, flags=re.MULTILINE)
    assert text.endswith("\n")
    assert f"`{name}`" in read("README.md")
    for opening, closing in ("{}", "()", "[]"):
        assert code.count(opening) == code.count(closing)
