"""The checkpoints in models/: whole, as accurate as claimed, and as accurate as promised."""

import csv
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from itertools import product
from statistics import mean

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard

import mnist1d_hf
from mnist1d_hf import DATA_VERSION
from mnist1d_hf.baselines import bundled, create_model, list_checkpoints, list_models, load_model
from mnist1d_hf.baselines.architectures import get_architecture
from mnist1d_hf.baselines.data import load_test_tensors
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.baselines.model_card import render_model_card
from mnist1d_hf.baselines.recipes import DEFAULT_SETTINGS
from mnist1d_hf.baselines.report import write_report
from mnist1d_hf.baselines.runs import METRICS_NAME, read_metrics
from mnist1d_hf.utils.resources import resource_folder
from mnist1d_hf.utils.statistics import mean_interval

MODELS = resource_folder("models")
PAPERS = [name for name in list_models() if "paper" in get_architecture(name).recipes]

# Mean test accuracy over seeds, in percent, that each must reach.
PROMISED = {
    "default": {"logistic": 31.5, "mlp": 67.5, "cnn": 95.5, "gru": 91.0, "resnet": 98.5, "tcn": 96.0, "s4d": 96.0},
    "shuffled": {"logistic": 31.5, "mlp": 67.0, "cnn": 57.0, "gru": 55.5},
    "large": {"cnn": 98.0},
}


def metrics_of(config, name):
    return json.loads((MODELS / config / name / METRICS_NAME).read_text())


def test_every_model_ships_for_default_and_shuffled_and_the_cnn_for_large():
    assert list_checkpoints() == [
        *(("default", name) for name in list_models()),
        *(("shuffled", name) for name in list_models()),
        ("large", "cnn"),
    ]


def test_what_has_metrics_alone_is_no_checkpoint(tmp_path, monkeypatch):
    for folder in ("default/mlp", "default/mlp-paper", "default/svm", "default/mlp-paper-4000", "noisy/mlp", "few/mlp"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / METRICS_NAME).touch()
    for folder in ("default/mlp", "default/mlp-paper"):
        (tmp_path / folder / "model.safetensors").touch()
    monkeypatch.setattr(bundled, "resource_folder", {"models": tmp_path}.__getitem__)
    assert list_checkpoints() == [("default", "mlp")]
    with pytest.raises(ValueError, match=r"no checkpoint of 'mlp' trained on 'noisy'; there are mlp \(default\)$"):
        bundled.checkpoint_folder("mlp", "noisy")


@pytest.mark.parametrize(("config", "name"), [(config, name) for config, row in PROMISED.items() for name in row])
def test_means_over_five_seeds_reach_what_is_promised(config, name):
    metrics = metrics_of(config, name)
    assert len(metrics["seeds"]) >= 5
    assert 100 * metrics["mean_test_accuracy"] >= PROMISED[config][name]


@pytest.mark.parametrize(("config", "name"), list_checkpoints())
def test_a_checkpoint_has_the_accuracy_it_claims(config, name):
    metrics = metrics_of(config, name)
    model = load_model(name, config)
    evaluation = evaluate(model, load_test_tensors(config))
    # Another processor may round one row to the other side of a boundary.
    assert evaluation.accuracy == pytest.approx(metrics["test_accuracy"], abs=0.0011)
    assert metrics["seeds"][0] == model.metadata["seed"] == 0
    assert metrics["data_version"] == DATA_VERSION
    assert metrics["parameters"] == model.num_parameters == create_model(name).num_parameters


@pytest.mark.parametrize(("config", "name"), list_checkpoints())
def test_metrics_and_card_agree_with_each_other_and_with_the_code(config, name):
    folder = MODELS / config / name
    metrics = metrics_of(config, name)
    assert {path.name for path in folder.iterdir()} == {
        "README.md", "config.json", "curves.png", "metrics.json", "model.safetensors", "onnx",
    }  # fmt: skip
    accuracies = [run["test"]["accuracy"] for run in metrics["runs"]]
    assert metrics["mean_test_accuracy"] == pytest.approx(np.mean(accuracies))
    assert metrics["interval"] == pytest.approx(mean_interval(accuracies))
    if config != "large":
        assert metrics["settings"] == dataclasses.asdict(get_architecture(name).recipes["tuned"])
    assert (folder / "README.md").read_text(encoding="utf-8") == render_model_card(metrics)
    assert ModelCard.load(folder / "README.md").data.license == "apache-2.0"


@pytest.mark.parametrize(("config", "name"), [("default", "mlp"), ("large", "cnn")])
def test_the_code_in_a_card_runs_and_prints_the_accuracy(config, name, capsys):
    card = (MODELS / config / name / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    exec(code, {})
    assert float(capsys.readouterr().out) == pytest.approx(metrics_of(config, name)["test_accuracy"], abs=0.0011)


def test_the_papers_recipe_is_reported_for_the_papers_models():
    found = read_metrics(MODELS)
    for recipe, models in {"paper": PAPERS, "paper-4000": PAPERS, "paper-256": ["mlp"]}.items():
        reported = {(one["task"], one["model"]) for one in found if one["recipe"] == recipe}
        assert reported == {(task, name) for task in ("default", "shuffled") for name in models}


def test_the_report_is_what_would_be_written_now(tmp_path):
    for path in MODELS.glob(f"*/*/{METRICS_NAME}"):
        folder = tmp_path / path.parent.relative_to(MODELS)
        folder.mkdir(parents=True)
        shutil.copy(path, folder)
    write_report(tmp_path)
    for name in ("README.md", "results.csv"):
        assert (tmp_path / name).read_bytes() == (MODELS / name).read_bytes()


def test_settings_were_selected_among_the_candidates_on_validation_rows():
    with (MODELS / "selection.csv").open() as file:
        rows = list(csv.DictReader(file))
    for name in list_models():
        settings = get_architecture(name).recipes["tuned"]
        candidates = [row for row in rows if row["model"] == name]
        assert len(candidates) > 2
        best = max(float(row["default"]) for row in candidates)
        good = [row for row in candidates if float(row["default"]) > best - 1]
        fastest = min(
            good,
            key=lambda row: (int(row["steps"]) * int(row["batch_size"]), int(row["steps"]), -float(row["default"])),
        )
        chosen = dataclasses.asdict(settings)
        for key in ("steps", "batch_size", "learning_rate", "weight_decay", "label_smoothing"):
            assert float(fastest[key]) == chosen[key], (name, key)
        assert {row["validation_rows"] for row in candidates} == {"600"}


def test_the_default_settings_fall_short_of_the_best_of_each_model_by_the_least():
    with (MODELS / "selection_default.csv").open() as file:
        rows = list(csv.DictReader(file))
    keys = ("steps", "batch_size", "learning_rate", "weight_decay", "label_smoothing")
    columns = list(product({row["model"] for row in rows}, ("default", "shuffled")))
    shortfalls = defaultdict(list)
    for name, config in columns:
        own = {tuple(float(row[key]) for key in keys): float(row[config]) for row in rows if row["model"] == name}
        for settings, accuracy in own.items():
            shortfalls[settings].append(max(own.values()) - accuracy)
    of_all = [settings for settings in shortfalls if len(shortfalls[settings]) == len(columns)]
    assert len(of_all) > 1
    chosen = min(of_all, key=lambda settings: mean(shortfalls[settings]))
    assert dict(zip(keys, chosen, strict=True)).items() <= dataclasses.asdict(DEFAULT_SETTINGS).items()
    assert {row["validation_rows"] for row in rows} == {"600"}


@pytest.mark.long
def test_evaluate_script_confirms_a_checkpoint():
    script = MODELS / "evaluate.py"
    command = [sys.executable, str(script), "cnn"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "%: confirmed." in result.stdout


def test_load_model_is_found_at_the_top():
    assert mnist1d_hf.load_model("cnn", config="shuffled").metadata["dataset_config"] == "shuffled"
    assert mnist1d_hf.list_models() == list_models()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = mnist1d_hf.nothing
    with torch.inference_mode():
        assert mnist1d_hf.create_model("mlp")(torch.zeros(1, 40)).shape == (1, 10)
