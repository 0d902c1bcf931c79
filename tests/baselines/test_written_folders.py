"""What is written of a trained baseline: every key of its metrics and of its configuration."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mnist1d_hf.baselines import data, runs
from mnist1d_hf.baselines.architectures import base
from mnist1d_hf.baselines.protocol import PROTOCOL_VERSION
from mnist1d_hf.baselines.runs import folder_name, read_metrics, train_baselines
from mnist1d_hf.utils.files import versions
from mnist1d_hf.utils.statistics import mean_interval
from mnist1d_hf.version import DATA_VERSION


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two seeds of a model that is trained for six steps in 2.346 seconds each."""
    record = base.get_architecture("logistic")
    recipes = {name: dataclasses.replace(one, steps=6, log_every=4) for name, one in record.recipes.items()}
    monkeypatch.setitem(base._architectures, "logistic", dataclasses.replace(record, recipes=recipes))
    monkeypatch.setattr(data, "FRESH_ROWS", 500)
    real = runs.train

    def train(*arguments, **options):
        return [dataclasses.replace(member, seconds=2.346) for member in real(*arguments, **options)]

    monkeypatch.setattr(runs, "train", train)
    with ThreadPoolExecutor(1) as executor:
        (folder,) = train_baselines(tmp_path, models=["logistic"], tasks=["shuffled"], seeds=2, executor=executor)
    return folder


def test_metrics_have_these_keys(folder):
    text = (folder / "metrics.json").read_text(encoding="utf-8")
    metrics = json.loads(text)
    assert text == json.dumps(metrics, indent=1) + "\n"
    settings = dataclasses.asdict(base.get_architecture("logistic").recipes["tuned"])
    accuracies, fresh = ([run[rows]["accuracy"] for run in metrics["runs"]] for rows in ("test", "fresh"))
    assert {key: value for key, value in metrics.items() if key != "runs"} == {
        "model": "logistic",
        "task": "shuffled",
        "config": "shuffled",
        "recipe": "tuned",
        "protocol": PROTOCOL_VERSION,
        "parameters": 410,
        "macs": 400,
        "settings": settings,
        "seeds": [0, 1],
        "test_accuracy": accuracies[0],
        "mean_test_accuracy": pytest.approx(np.mean(accuracies)),
        "interval": list(mean_interval(accuracies)),
        "mean_fresh_accuracy": pytest.approx(np.mean(fresh)),
        "fresh_interval": list(mean_interval(fresh)),
        "data_version": DATA_VERSION,
        "versions": versions(),
    }
    for seed, run in enumerate(metrics["runs"]):
        assert set(run) == {"seed", "test", "fresh", "curves", "seconds"}
        assert (run["seed"], run["seconds"]) == (seed, 2.35)
        for rows in ("test", "fresh"):
            assert set(run[rows]) == {"rows", "correct", "accuracy", "interval", "loss", "class_errors", "confusion"}
        assert (run["test"]["rows"], run["fresh"]["rows"]) == (1000, 500)
        assert run["curves"]["step"] == [4, 6]
        assert set(run["curves"]) == {"step", "train_loss", "train_accuracy", "validation_accuracy"}


def test_the_configuration_says_what_the_checkpoint_was_trained_on(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert {key: config[key] for key in ("architecture", "dataset_config", "seed", "recipe", "data_version")} == {
        "architecture": "logistic",
        "dataset_config": "shuffled",
        "seed": 0,
        "recipe": "tuned",
        "data_version": DATA_VERSION,
    }
    assert config["labels"] == [str(digit) for digit in range(10)]


@pytest.mark.parametrize("change", [{"data_version": "0.9"}, {"protocol": "0"}])
def test_data_and_protocols_of_another_version_are_not_taken_for_finished(folder, change):
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    (folder / "metrics.json").write_text(json.dumps(metrics | change))
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(FileExistsError, match="shuffled/logistic holds another model"),
    ):
        train_baselines(folder.parents[1], models=["logistic"], tasks=["shuffled"], seeds=2, executor=executor)


@pytest.mark.parametrize(
    ("recipe", "name"), [("tuned", "cnn"), ("paper", "cnn-paper"), ("paper-4000", "cnn-paper-4000")]
)
def test_folders_are_named_after_model_and_recipe(recipe, name):
    assert folder_name("cnn", recipe) == name


def test_results_under_another_protocol_are_not_read(folder):
    (metrics,) = read_metrics(folder.parents[1])
    (folder / "metrics.json").write_text(json.dumps(metrics | {"protocol": "0"}))
    assert read_metrics(folder.parents[1]) == []
