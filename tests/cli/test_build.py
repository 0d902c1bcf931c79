"""`mnist1d-hf build` and `mnist1d-hf prepare` with other generation parameters."""

import json
import re

import pytest
from click.testing import CliRunner
from datasets import load_dataset

from mnist1d_hf import cli
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
