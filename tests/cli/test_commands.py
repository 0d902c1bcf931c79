"""The command line, called as a user calls it."""

import errno
import json
import re
import subprocess
import sys

import datasets
import pytest
from click.testing import CliRunner

from mnist1d_hf import CONFIGS, DATA_VERSION, __version__, cli
from mnist1d_hf.cli.quickstart import quickstart

from ..conftest import ROOT


def call(*arguments, **options):
    return CliRunner().invoke(cli.main, list(arguments), prog_name="mnist1d-hf", **options)


def commands(group, prefix=()):
    for name, command in group.commands.items():
        yield (*prefix, name)
        yield from commands(command, (*prefix, name)) if hasattr(command, "commands") else ()


@pytest.mark.parametrize("command", [(), *commands(cli.main)], ids=" ".join)
def test_help_has_examples(command):
    result = call(*command, "--help")
    assert result.exit_code == 0
    assert re.search(rf"Examples?:\n +mnist1d-hf {' '.join(command)}", result.output)


def test_version_names_package_and_data():
    assert call("--version").output == f"mnist1d-hf {__version__} (data version {DATA_VERSION})\n"


def test_python_m_is_the_same_command():
    command = [sys.executable, "-m", "mnist1d_hf", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    # Where there is no terminal, click takes one of 78 columns.
    assert result.stdout == call("--help", terminal_width=78).output


def test_quickstart_checks_and_draws_the_papers_data(empty_folder):
    result = call("quickstart")
    assert result.exit_code == 0
    for config in ("default", "shuffled"):
        assert f'load_dataset("mnist1d", "{config}")' in result.output
    assert result.output.count("4000 train, 1000 test rows of 40 points, 10 classes") == 2
    assert result.output.count("identical to the paper's") == 2
    assert [path.name for path in empty_folder.iterdir()] == ["mnist1d-samples.png"]


def test_quickstart_ends_with_the_table_of_the_baselines(empty_folder):
    output = call("quickstart").output
    table = output[output.index("The baselines,") :].splitlines()
    assert table[1].split()[:3] == ["model", "trained", "on"]
    rows = {tuple(line.split()[:2]): line.split() for line in table[2:]}
    for model in ("logistic", "mlp", "cnn", "gru", "resnet", "s4d", "tcn", "transformer"):
        for config in ("default", "shuffled"):
            metrics = json.loads((ROOT / "models" / config / model / "metrics.json").read_text())
            assert float(rows[model, config][3]) == pytest.approx(100 * metrics["test_accuracy"], abs=0.051)


def test_quickstart_prints_json(empty_folder):
    result = call("quickstart", "--json", "--output", "figure.svg")
    report = json.loads(result.stdout)
    assert [config["config"] for config in report["configs"]] == ["default", "shuffled"]
    assert all(config["matches_frozen"] for config in report["configs"])
    assert [label for label, _ in report["examples"]] == [0, 4, 7]


def test_quickstart_fails_when_the_data_is_not_the_papers(empty_folder, monkeypatch):
    monkeypatch.setitem(quickstart.__globals__["FROZEN_SHA256"], ("shuffled", "test"), {"x": "0", "y": "0"})
    result = call("quickstart")
    assert result.exit_code == 1
    assert "NOT the paper's" in result.stdout
    assert result.stderr.count("\n") == 1
    assert "the data is not the paper's" in result.stderr


def test_quickstart_says_why_there_is_no_figure(empty_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = call("quickstart")
    assert result.exit_code == 0
    assert "No figure: " in result.output
    assert "pip install 'mnist1d-hf[plot]'" in result.output
    assert not list(empty_folder.iterdir())


def test_build_writes_a_folder_that_load_dataset_reads(empty_folder):
    result = call("build", "repo", "--config", "default", "--config", "shuffled")
    assert result.exit_code == 0
    assert 'Load it with load_dataset("repo", "default").' in result.output
    assert datasets.load_dataset("./repo", "shuffled", split="test").num_rows == 1000


def test_build_prints_json(empty_folder):
    report = json.loads(call("build", "repo", "--config", "large", "--num-samples", "1100", "--json").stdout)
    assert report["rows"] == {"large": {"train": 1000, "test": 100}}
    assert report["folder"] == str(empty_folder / "repo")
    assert set(report["files"]) >= {"README.md", "large/test-00000-of-00001.parquet"}


def test_prepare_fills_the_cache(datasets_cache):
    result = call("prepare", "default", "custom-noise")
    assert result.exit_code == 0
    assert 'load_dataset("mnist1d", "custom-noise")' in result.output
    assert {path.name for path in (datasets_cache / "mnist1d").iterdir()} == {"default", "custom-noise"}


@pytest.mark.parametrize("figure", ["templates", "samples", "construction", "stats"])
def test_plot_writes_every_figure(figure, empty_folder):
    result = call("plot", figure, "--output", "figure.svg")
    assert result.output == "wrote figure.svg\n"
    assert (empty_folder / "figure.svg").read_text().startswith("<?xml")


def test_plot_takes_parameters(empty_folder):
    settings = ("num_samples=30", "padding=0,7", "shuffle_seq=true", "corr_noise_scale=0.5")
    assert call("plot", "stats", "--output", "a.svg").exit_code == 0
    changed = call("plot", "stats", "--output", "b.svg", *(word for value in settings for word in ("--set", value)))
    assert changed.exit_code == 0, changed.output
    assert (empty_folder / "a.svg").read_bytes() != (empty_folder / "b.svg").read_bytes()


BAD_INPUT = [
    (("build", "repo", "--config", "tiny"), 2, "'tiny' is not one of 'default', 'shuffled', 'large', 'custom-noise'"),
    (("build", "repo", "--config", "default", "--num-samples", "50"), 1, "applies to the config 'large' alone"),
    (("build", "repo", "--config", "large", "--num-samples", "5"), 1, "'num_samples' parameter must be an integer"),
    (("build", "."), 1, "is or holds the current folder"),
    (("build", "full"), 1, "is not empty; name another folder, or give --overwrite"),
    (("build", "/"), 1, "/ is the root of a file system; name a folder inside it"),
    (("build", "full", "--overwrite"), 1, "full is not known to be a build, since it has no readable .mnist1d-hf.json"),
    (("build", "full/notes.txt"), 1, "is a file"),
    (("build", "full/notes.txt/repo"), 1, "full/notes.txt"),
    (("prepare", "tiny"), 2, "'tiny' is not one of"),
    (("plot", "samples", "--output", "a.bmp"), 1, "must end in .png, .svg or .pdf, got 'a.bmp'"),
    (("plot", "samples", "--output", "no/where/a.png"), 1, "cannot write no/where/a.png: there is no folder no/where;"),
    (("plot", "samples", "--output", "full/notes.txt/a.png"), 1, "there is no folder full/notes.txt;"),
    (("plot", "samples"), 2, "Missing option '--output'"),
    (("plot", "stats", "--output", "a.png", "--set", "noise=1"), 2, "unknown generation parameter 'noise'"),
    (("plot", "stats", "--output", "a.png", "--set", "seed"), 2, "'seed' is not of the form NAME=VALUE"),
    (("plot", "stats", "--output", "a.png", "--set", "seed=x"), 2, "'seed=x': the value must be an integer"),
    (("plot", "stats", "--output", "a.png", "--set", "padding=3"), 1, "'padding' parameter must be two integers"),
    (("plot", "stats", "--output", "a.png", "--set", "shuffle_seq=1"), 2, "must be true or false"),
    (("plot", "stats", "--output", "a.png", "--set", "train_split=2"), 1, "'train_split' parameter must be a number"),
    (("quickstart", "--output", "a.doc"), 1, "must end in .png, .svg or .pdf, got 'a.doc'"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "message"), BAD_INPUT, ids=[" ".join(case[0]) for case in BAD_INPUT])
def test_bad_input_is_one_line_and_a_non_zero_exit(arguments, code, message, empty_folder):
    (empty_folder / "full").mkdir()
    (empty_folder / "full" / "notes.txt").write_text("mine")
    result = call(*arguments)
    assert result.exit_code == code
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert message in last
    assert not {"Traceback", ".incomplete", "PosixPath"} & set(re.findall(r"\.?\w+", result.stderr))
    assert sorted(path.name for path in empty_folder.rglob("*")) == ["full", "notes.txt"]


def test_a_folder_that_cannot_be_made_is_named_with_the_cause(read_only_folder):
    result = call("build", "x")
    assert result.exit_code == 1
    assert result.stderr == f"Error: [Errno {errno.EROFS}] cannot write (Read-only file system): 'x'\n"
    assert not list(read_only_folder.iterdir())


def test_a_full_disk_while_preparing_is_one_line(monkeypatch, datasets_cache):
    from mnist1d_hf.dataset.mnist1d import Mnist1D

    def full(self, split, ranges):
        raise OSError(28, "No space left on device")
        yield

    monkeypatch.setattr(Mnist1D, "_generate_tables", full)
    result = call("prepare", "default")
    assert result.exit_code == 1
    assert result.stderr == "Error: [Errno 28] No space left on device\n"
    assert not list(datasets_cache.rglob("*.arrow"))


def test_the_configs_are_the_documented_four():
    assert list(CONFIGS) == ["default", "shuffled", "large", "custom-noise"]
