"""`mnist1d-hf build` and `mnist1d-hf prepare` with other generation parameters."""

import json
import re

import pytest
from click.testing import CliRunner
from datasets import load_dataset

from mnist1d_hf import cli
from mnist1d_hf.cli.build import _list_files
from mnist1d_hf.cli.options import parse_integer
from mnist1d_hf.dataset.checksums import sha256

SETTINGS = ("--set", "corr_noise_scale=0.4", "--set", "padding=30,50")
CHANGES = {"corr_noise_scale": 0.4, "padding": (30, 50)}


def call(*arguments):
    return CliRunner().invoke(cli.main, list(arguments), prog_name="mnist1d-hf")


def test_build_takes_parameters_to_the_files_and_the_card(empty_folder):
    result = call("build", "noisy", "--config", "custom-noise", *SETTINGS)
    assert result.exit_code == 0, result.output
    loaded = load_dataset("./noisy", "custom-noise", split="test")
    assert sha256(loaded) == sha256(load_dataset("mnist1d", "custom-noise", split="test", **CHANGES))
    card = (empty_folder / "noisy" / "README.md").read_text(encoding="utf-8")
    assert "| `corr_noise_scale` | 0.4 |" in card
    assert "| `padding` | (30, 50) |" in card


def test_prepare_fills_the_entry_that_it_prints(datasets_cache):
    arguments = ("default", "custom-noise", *SETTINGS, "--set", "iid_noise_scale=0.04")
    result = call("prepare", *arguments)
    assert result.exit_code == 0, result.output
    assert [line.rpartition("  ")[0] for line in result.stdout.splitlines()] == [
        'load_dataset("mnist1d", "default", corr_noise_scale=0.4, padding=(30, 50), iid_noise_scale=0.04)',
        # Twice the noise of `default` is what the config has by itself.
        'load_dataset("mnist1d", "custom-noise", corr_noise_scale=0.4, padding=(30, 50))',
    ]
    folders = json.loads(call("prepare", *arguments, "--json").stdout)
    assert list(folders.values()) == [line.rpartition("  ")[2] for line in result.stdout.splitlines()]
    assert len(list((datasets_cache / "mnist1d").iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("build", "repo", "--set", "seed=1"), 1, "changed parameters (seed) need the configs they are for"),
        (
            ("build", "repo", "--config", "default", "--set", "shuffle_seq=true"),
            1,
            "the config 'shuffled'; name that one",
        ),
        (("build", "repo", "--config", "default", "--set", "noise=1"), 2, "unknown generation parameter 'noise'"),
        (("build", "repo", "--config", "default", "--set", "iid_noise_scale=-1"), 1, "must be a non-negative number"),
        (("prepare", "--set", "seed=1"), 2, "--set needs the configs that it changes; name them"),
        (("prepare", "default", "--set", "seed"), 2, "'seed' is not of the form NAME=VALUE"),
        (("publish", "ada", "--set", "seed=1"), 2, "No such option"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_settings_that_make_no_sense_are_refused_in_one_line(arguments, code, message, empty_folder, datasets_cache):
    result = call(*arguments)
    assert result.exit_code == code
    assert re.fullmatch(f"Error: .*{re.escape(message)}.*", result.stderr.splitlines()[-1])
    assert not list(empty_folder.iterdir())
    assert not datasets_cache.exists() or not list(datasets_cache.rglob("*.arrow"))


def test_build_takes_an_address_and_says_how_to_load_it(tmp_path, monkeypatch):
    address = (tmp_path / "repo").as_uri()
    result = call("build", address, "--config", "large", "--num-samples", "2.2e3", "--quiet")
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.output.splitlines() if line.startswith("Load it with ")]
    loaded = eval(line.removeprefix("Load it with ").removesuffix("."), {"load_dataset": load_dataset})
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 2000, "test": 200}
    assert result.output == call("build", address, "--config", "large", "--num-samples", "2200", "--quiet").output


@pytest.mark.long
def test_build_takes_an_executor_and_rows_per_file(empty_folder):
    arguments = ("build", "repo", "--config", "large", "--num-samples", "330_000", "--rows-per-file", "2e5", "--quiet")
    result = call(*arguments, "--executor", "processes:2", "--retries", "1", "--json")
    assert result.exit_code == 0, result.output
    paths = [path for path in json.loads(result.output)["files"] if path.startswith("large/")]
    assert paths == [
        "large/test-00000-of-00001.parquet",
        "large/train-00000-of-00002.parquet",
        "large/train-00001-of-00002.parquet",
    ]


@pytest.mark.parametrize("command", [("build", "repo"), ("publish", "ada")])
@pytest.mark.parametrize("number", ["1e-1", "1.5", "many", "1e999999999", "nan", "inf"])
def test_numbers_of_rows_are_integers(command, number, empty_folder):
    result = call(*command, "--config", "large", "--num-samples", number)
    assert result.exit_code == 2
    assert f"'--num-samples': {number!r} is not a valid integer; write it like 1000000 or 1e6." in result.output
    assert not list(empty_folder.iterdir())


@pytest.mark.parametrize(
    ("text", "number"), [("1e9", 10**9), ("1.5e3", 1500), ("1_000", 1000), (" 7 ", 7), ("1E12", 10**12)]
)
def test_integers_may_have_an_exponent(text, number):
    assert parse_integer(text) == number
    assert (
        call("build", "repo", "--config", "large", "--set", f"num_samples={text}", "--rows-per-file", "1").exit_code
        == 1
    )


def test_many_files_of_a_split_are_one_line():
    files = {f"large/train-{number:05d}-of-00021.parquet": 10**6 for number in range(21)}
    lines = list(_list_files({"README.md": 10_000, **files, "large/test-00000-of-00001.parquet": 10**6}))
    assert [" ".join(line.split()) for line in lines] == [
        "0.01 MB README.md",
        "21.00 MB large/train-* (21 files)",
        "1.00 MB large/test-00000-of-00001.parquet",
    ]
