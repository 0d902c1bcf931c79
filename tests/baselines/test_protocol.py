"""The protocol as it is written down, and as it is in the code."""

import inspect
import re

import pytest

from mnist1d_hf.baselines import tasks
from mnist1d_hf.baselines.protocol import PROTOCOL_VERSION
from mnist1d_hf.baselines.recipes import VALIDATION_ROWS
from mnist1d_hf.baselines.runs import train_baselines
from mnist1d_hf.dataset.presets import CONFIGS
from mnist1d_hf.utils.resources import resource_folder

from ..conftest import ROOT, read_toml

TEXT = (resource_folder("models") / "PROTOCOL.md").read_text(encoding="utf-8")


def test_it_names_its_version():
    assert TEXT.startswith(f"# The protocol, version {PROTOCOL_VERSION}\n")


def test_its_tasks_are_those_that_models_are_compared_on():
    rows = re.findall(r"^\| `(\w+)` \| the (?:first )?(\d+) of `([\w-]+)`.*\| `([\w-]+)` \|$", TEXT, flags=re.MULTILINE)
    expected = [tasks.TASKS[name] for name in tasks.BENCHMARK_TASKS]
    assert rows == [
        (task.name, str(task.train_rows or train_rows(task.config)), task.config, task.test_config) for task in expected
    ]


def train_rows(config):
    return round(CONFIGS[config].num_samples * CONFIGS[config].train_split)


@pytest.mark.parametrize(
    "sentence",
    [
        f"The last {VALIDATION_ROWS} training rows are held out while settings are chosen",
        f"the last {VALIDATION_ROWS} of the 4000 training rows of `default`",
        f"So are {tasks.FRESH_ROWS:,} rows that no training has seen",
        f"`large` has the first {tasks.TASKS['large'].train_rows:,} training rows of `large`, is tested on `default`, and",
        f"takes {tasks.TASKS['large'].steps_factor} times the steps",
    ],
)
def test_its_numbers_are_those_of_the_code(sentence):
    assert sentence in " ".join(TEXT.split())


def test_its_seeds_are_those_of_the_baselines():
    assert "Five seeds, 0 to 4," in TEXT
    assert inspect.signature(train_baselines).parameters["seeds"].default == 5


def test_reports_link_to_it():
    template = (resource_folder("models") / "report_template.md").read_text(encoding="utf-8")
    repository = read_toml(ROOT / "pyproject.toml")["project"]["urls"]["Repository"]
    assert f"({repository}/blob/main/models/PROTOCOL.md)" in template
