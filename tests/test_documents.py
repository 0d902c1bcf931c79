"""What the documents say is run or compared with the code."""

import importlib
import re
import shlex

import click
import pytest
import yaml
from click.testing import CliRunner

from mnist1d_hf import CONFIGS, DATA_VERSION, __version__, cli, paper
from mnist1d_hf.baselines import to_tensors
from mnist1d_hf.dataset.parameters import PARAMETER_NAMES
from mnist1d_hf.experiments import INTERACTIVE_TITLES, TITLES
from mnist1d_hf.utils.processes import ALLOCATOR

from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.long
def test_the_python_of_the_readme_runs_and_prints_what_it_says(capsys, empty_folder, in_this_process):
    scope = {}
    for block in blocks("python"):
        if "hf://" not in block:  # tests/hub runs what reads from the Hub
            exec(block, scope)
    shown = capsys.readouterr().out
    assert shown.startswith(blocks("text")[0])
    assert "\n> " in shown[len(blocks("text")[0]) :]  # the line of the benchmarked model
    assert (empty_folder / "mynet" / "onnx" / "model.onnx").is_file()
    assert scope["noisy"]["test"].num_rows == len(scope["validation"]) + 600 == 1000
    assert scope["x"].shape == (10_000, 40)


def test_the_framework_lines_of_the_readme_run(empty_folder, jax):
    modules = {name: importlib.import_module(name) for name in ("torch", "duckdb", "polars", "datasets")}
    CliRunner().invoke(cli.main, ["build", "mnist1d", "--config", "default"], catch_exceptions=False)
    scope = {**modules, "dataset": modules["datasets"].load_dataset("mnist1d")}
    lines = dict(re.findall(r"^\| ([\w, `-]+) \| `(.+?)` \|$", README, flags=re.MULTILINE))
    lines = {name.split(",")[0]: line for name, line in lines.items() if "dataset[" in line or "duckdb" in line}
    assert set(lines) == {"NumPy", "PyTorch", "JAX", "TensorFlow", "pandas", "Polars", "Arrow", "DuckDB"}
    for name in set(lines) - {"TensorFlow"}:  # not among the libraries the tests install
        assert len(eval(lines[name], scope)) > 0


def test_the_commands_of_the_readme_exist(empty_folder):
    commands = set(re.findall(r"(?:^|`)mnist1d-hf ([a-z]+)", README, flags=re.MULTILINE))
    assert commands == set(cli.main.commands)


CLUSTER = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def test_the_commands_about_clusters_exist_with_their_options():
    lines = re.findall(r"^mnist1d-hf (.*--executor.*)$", CLUSTER, flags=re.MULTILINE)
    assert {line.split()[0] for line in lines} == {"build", "publish", "train", "experiment"}
    for line in lines:
        command, arguments = cli.main, shlex.split(line.replace("$(hostname)", "host"))
        while isinstance(command, click.Group):
            command = command.commands[arguments.pop(0)]
        command.make_context(command.name, arguments)


def test_the_workers_of_the_document_get_the_environment_of_local_ones():
    exported = re.findall(r"^export (.*)$", CLUSTER, flags=re.MULTILINE)
    assert len(exported) == 2
    for words in exported:
        assert dict(word.split("=") for word in words.split()) == {**ALLOCATOR, "OMP_NUM_THREADS": "1"}


def test_the_stream_of_the_document_makes_only_the_rows_of_a_node():
    (block,) = re.findall(r"```python\n(.*?)```", CLUSTER, flags=re.DOTALL)
    scope = {"to_tensors": to_tensors}
    exec(block, scope)
    assert scope["node"].num_shards == scope["stream"].num_shards // 64
    (loop,) = re.findall(r"`for x, y in (.+?)`", CLUSTER)
    x, y = next(eval(loop, scope))
    assert (len(x), len(y)) == (1000, 1000)


def test_the_table_of_costs_is_that_of_its_script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    scale = importlib.import_module("scale")
    rate, bytes_per_row = re.search(
        r"^([\d,]+) rows built and .*, ([\d.]+) bytes a row$", CLUSTER, re.MULTILINE
    ).groups()
    expected = scale.table(float(rate.replace(",", "")), float(bytes_per_row))
    assert expected in CLUSTER
    for price in (scale.CORE_HOUR, scale.STORE_TB_MONTH, scale.HUB_TB_MONTH):
        assert f"${price} for" in CLUSTER


def test_the_make_targets_of_the_documents_exist():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w-]+):", makefile, flags=re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for words in re.findall(r"(?:^|`)make ([a-z0-9 -]+)", text, flags=re.MULTILINE):
            assert set(words.split("  ")[0].split()) <= targets


def test_the_readme_names_every_config_and_parameter():
    for name in (*CONFIGS, *PARAMETER_NAMES):
        assert f"`{name}`" in README
    assert paper.BIBTEX in README


def test_the_readme_names_every_experiment():
    for name in TITLES | INTERACTIVE_TITLES:
        assert re.search(rf"(`|mnist1d-hf experiment ){name}\b", README)


def test_the_pictures_and_links_of_the_readme_work_on_the_package_page():
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)\s]*)\)", README)
    assert [target for _, target in links if not target.startswith("https://")] == []
    assert not re.search(r"<(?:img|a)\b|^\[[^\]]+\]:", README, flags=re.MULTILINE)  # no other kinds of links
    project = re.compile(r"https://(raw\.githubusercontent|github)\.com/mnist1d-hf/mnist1d-hf/((?:blob/)?main)/(.+)")
    own = [(mark, *project.fullmatch(target).groups()) for mark, target in links if "/mnist1d-hf/" in target]
    for mark, host, branch, path in own:
        assert (host, branch) == (("raw.githubusercontent", "main") if mark else ("github", "blob/main"))
        assert (ROOT / path).is_file(), path
    assert {path for mark, *_, path in own if mark} >= {"models/results.png", "dataset_card/figures/samples.png"}
    assert {path for mark, *_, path in own if not mark} >= {"models/README.md", "results/README.md", "CHANGELOG.md"}


def test_versions_and_citation_agree():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {__version__}" in changelog
    assert f"Data version {DATA_VERSION}" in changelog
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["preferred-citation"]
    assert (citation["title"], citation["url"]) == (paper.TITLE, paper.ARXIV_URL)


def test_the_architecture_search_of_the_document_runs(capsys):
    document = (ROOT / "docs" / "architecture-search.md").read_text(encoding="utf-8")
    search, final = re.findall(r"```python\n(.*?)```", document, flags=re.DOTALL)
    assert len([line for line in search.splitlines() if line]) <= 20
    assert "final=False" in search
    assert "final" not in final.replace("found by search", "")
    for long, short in (("range(20)", "range(2)"), ("seeds=3", "seeds=2, steps=2")):
        assert long in search
        search = search.replace(long, short)
    scope = {}
    exec(search, scope)
    assert scope["best"].accuracy == max(result.accuracy for result, _ in scope["found"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("network 0: validation accuracy ")
    assert second.startswith("network 1: validation accuracy ")


def test_the_python_for_users_of_the_original_runs(in_this_process, empty_folder):
    text = (ROOT / "docs/from-the-original.md").read_text(encoding="utf-8")
    scope = {}
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(block, scope)
    assert scope["x"].shape == (4000, 40)
    for code in re.findall(r"`(load_arrays\([^`]*\))`", text):
        exec(f"from mnist1d_hf import load_arrays\nfound = {code}", scope)
        assert len(scope["found"]) in (2, 3)
