"""Training whole tables: what is written, what is kept, what goes on after an interruption."""

import csv
import dataclasses
import json
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.stats
import torch
from click.testing import CliRunner
from huggingface_hub import ModelCard

from mnist1d_hf import cli
from mnist1d_hf.baselines import list_models, load_model, load_tensors, report, runs, training
from mnist1d_hf.baselines.architectures import base
from mnist1d_hf.baselines.runs import read_metrics, train_baselines
from mnist1d_hf.dataset import presets
from mnist1d_hf.utils.statistics import mean_interval

FILES = {"config.json", "curves.png", "metrics.json", "model.safetensors", "onnx"}


@pytest.fixture
def quick(monkeypatch):
    """Recipes of a few steps, and one thread instead of processes."""
    for name in list_models():
        record = base.get_architecture(name)
        recipes = {
            recipe: dataclasses.replace(settings, steps=6, log_every=3) for recipe, settings in record.recipes.items()
        }
        monkeypatch.setitem(base._architectures, name, dataclasses.replace(record, recipes=recipes))
    monkeypatch.setitem(presets.PRESETS, "large", dataclasses.replace(presets.PRESETS["large"], train_rows=1000))
    with ThreadPoolExecutor(1) as executor:
        yield {"executor": executor, "seeds": 2}


def test_every_model_gets_its_folder(tmp_path, quick):
    folders = train_baselines(tmp_path, models=["mlp", "cnn"], configs=["default", "shuffled", "large"], **quick)
    assert {folder.relative_to(tmp_path).as_posix() for folder in folders} == {
        f"{config}/{model}" for config in ("default", "shuffled", "large") for model in ("mlp", "cnn")
    }
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == FILES | {"README.md"}
        config = json.loads((folder / "config.json").read_text())
        assert (config["dataset_config"], config["seed"]) == (folder.parent.name, 0)
    assert not list(tmp_path.rglob(".*"))


def test_metrics_are_those_of_the_checkpoint(tmp_path, quick):
    (folder,) = train_baselines(tmp_path, models=["cnn"], configs=["shuffled"], **quick)
    metrics = json.loads((folder / "metrics.json").read_text())
    x, y = load_tensors("shuffled", "test")
    with torch.no_grad():
        accuracy = (load_model(folder)(x).argmax(1) == y).float().mean().item()
    assert metrics["test_accuracy"] == metrics["runs"][0]["test"]["accuracy"] == pytest.approx(accuracy)
    accuracies = [run["test"]["accuracy"] for run in metrics["runs"]]
    assert metrics["mean_test_accuracy"] == pytest.approx(np.mean(accuracies))
    assert np.array(metrics["runs"][1]["test"]["confusion"]).sum() == 1000
    assert metrics["runs"][0]["curves"]["step"] == [3, 6]
    assert [run["seed"] for run in metrics["runs"]] == metrics["seeds"] == [0, 1]
    assert metrics["settings"]["steps"] == 6


def test_the_same_call_gives_the_same_checkpoint_bytes(tmp_path, quick):
    contents = []
    for name in ("a", "b"):
        (folder,) = train_baselines(tmp_path / name, models=["gru"], configs=["default"], **quick)
        contents.append([(folder / file).read_bytes() for file in ("model.safetensors", "config.json", "README.md")])
    assert contents[0] == contents[1]


def test_what_is_finished_is_kept_and_what_is_not_is_trained(tmp_path, quick, monkeypatch):
    train_baselines(tmp_path, models=["mlp"], configs=["default"], **quick)
    before = (tmp_path / "default/mlp/metrics.json").read_bytes()
    trained = []
    monkeypatch.setattr(
        runs, "train", lambda name, members, *a, **k: trained.append((name, members)) or real(name, members, *a, **k)
    )
    real = training.train
    train_baselines(tmp_path, models=["mlp", "logistic"], configs=["default", "shuffled"], **quick)
    assert sorted(trained) == [
        ("logistic", [("default", 0), ("default", 1)]),
        ("logistic", [("shuffled", 0), ("shuffled", 1)]),
        ("mlp", [("shuffled", 0), ("shuffled", 1)]),
    ]
    assert (tmp_path / "default/mlp/metrics.json").read_bytes() == before


def test_an_interrupted_training_leaves_what_is_finished(tmp_path, quick, monkeypatch):
    real = runs.train

    def interrupted(name, *args, **kwargs):
        if name == "logistic":  # the last, since it costs least
            raise KeyboardInterrupt
        return real(name, *args, **kwargs)

    monkeypatch.setattr(runs, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_baselines(tmp_path, models=["logistic", "mlp"], configs=["default"], **quick)
    assert [path.parent.name for path in tmp_path.rglob("model.safetensors")] == ["mlp"]
    monkeypatch.setattr(runs, "train", real)
    train_baselines(tmp_path, models=["logistic", "mlp"], configs=["default"], **quick)
    assert len(read_metrics(tmp_path)) == 2
    assert not list(tmp_path.rglob(".*"))


def test_other_settings_are_not_overwritten_unless_asked(tmp_path, quick):
    train_baselines(tmp_path, models=["mlp"], configs=["default"], **quick)
    before = (tmp_path / "default/mlp/metrics.json").read_bytes()
    with pytest.raises(
        FileExistsError, match=r"default/mlp holds another model; name another folder, or give --overwrite"
    ):
        train_baselines(tmp_path, models=["mlp"], configs=["default"], **{**quick, "seeds": 3})
    assert (tmp_path / "default/mlp/metrics.json").read_bytes() == before
    train_baselines(tmp_path, models=["mlp"], configs=["default"], overwrite=True, **{**quick, "seeds": 3})
    assert read_metrics(tmp_path)[0]["seeds"] == [0, 1, 2]


def test_files_of_others_are_never_overwritten(tmp_path, quick):
    train_baselines(tmp_path, models=["logistic"], configs=["default"], **quick)
    notes = tmp_path / "default" / "logistic" / "onnx" / "notes.txt"
    neighbour = tmp_path / "default" / ".logistic.incomplete"
    notes.write_text("mine")
    neighbour.mkdir()
    weights = (notes.parent.parent / "model.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match=r"holds files that training does not write \(onnx/notes.txt\)"):
        train_baselines(tmp_path, models=["logistic"], configs=["default"], overwrite=True, **quick)
    assert notes.read_text() == "mine"
    assert (notes.parent.parent / "model.safetensors").read_bytes() == weights
    notes.unlink()
    train_baselines(tmp_path, models=["logistic"], configs=["default"], overwrite=True, **quick)
    assert neighbour.is_dir()


def test_what_a_killed_process_left_is_cleared(tmp_path, quick):
    left = tmp_path / "default" / ".logistic.123-0123abcd.incomplete"
    left.mkdir(parents=True)
    train_baselines(tmp_path, models=["logistic"], configs=["default"], **quick)
    assert [path.name for path in (tmp_path / "default").iterdir()] == ["logistic"]


def test_the_papers_recipe_has_folders_of_its_own(tmp_path, quick):
    train_baselines(tmp_path, models=["mlp"], configs=["default"], **quick)
    train_baselines(tmp_path, models=["mlp"], configs=["default"], recipe="paper", **quick)
    assert [(one["recipe"], one["settings"]["early_stopping"]) for one in read_metrics(tmp_path)] == [
        ("tuned", False), ("paper", True),
    ]  # fmt: skip
    assert (tmp_path / "default" / "mlp-paper" / "model.safetensors").is_file()


def test_the_report_sums_up_the_metrics(tmp_path, quick):
    train_baselines(tmp_path, models=["mlp", "cnn"], **quick)
    report.write_report(tmp_path)
    with (tmp_path / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    metrics = read_metrics(tmp_path)
    assert [(row["config"], row["model"]) for row in rows] == [(one["config"], one["model"]) for one in metrics]
    assert [float(row["mean"]) for row in rows] == pytest.approx(
        [100 * one["mean_test_accuracy"] for one in metrics], abs=0.01
    )
    text = (tmp_path / "README.md").read_text()
    gaps = [
        float(line.split("|")[4])
        for line in text.splitlines()
        if re.match(r"\| \w+ \| [\d.]+ \| [\d.]+ \| -?[\d.]+ \|$", line)
    ]
    assert len(gaps) == 2
    assert gaps == sorted(gaps, reverse=True)
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")


def test_cards_are_whole(tmp_path, quick):
    train_baselines(tmp_path, models=["cnn"], configs=["default", "large"], **quick)
    train_baselines(tmp_path, models=["cnn"], configs=["default"], recipe="paper", **quick)
    for path in tmp_path.glob("*/*/README.md"):
        card = ModelCard.load(path)
        assert card.data.library_name == "mnist1d-hf"
        assert not re.search(r"\{\{|\{%|More Information|None|Undefined", card.text.replace("= {{", "= {"))
        for table in re.findall(r"(?:^\|.*\n)+", card.text, flags=re.MULTILINE):
            assert len({row.count("|") for row in table.splitlines()}) == 1, table


@pytest.mark.parametrize("values", [[0.5, 0.6, 0.55], [0.9, 0.9, 0.9, 0.91]])
def test_the_interval_of_a_mean_is_students(values):
    expected = scipy.stats.t.interval(0.95, len(values) - 1, np.mean(values), scipy.stats.sem(values))
    assert mean_interval(values) == pytest.approx(expected)
    assert mean_interval(values[:1]) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"models": ["rnn"]},
            "the recipe 'tuned' has no model 'rnn'; it has logistic, mlp, cnn, gru, resnet, transformer",
        ),
        (
            {"models": ["resnet"], "recipe": "paper"},
            "the recipe 'paper' has no model 'resnet'; it has logistic, mlp, cnn, gru",
        ),
        ({"recipe": "best"}, "unknown recipe 'best'; the recipes are tuned, paper"),
        ({"configs": ["custom-noise"]}, "baselines are trained on default, shuffled, large, not on 'custom-noise'"),
        ({"seeds": 0}, "the number of seeds must be at least 1, got 0"),
        ({"device": "abacus"}, "the device 'abacus' is not available"),
    ],
)
def test_bad_requests_raise_and_write_nothing(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train_baselines(tmp_path / "runs", **options)
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_the_command_trains_in_processes_of_its_own(tmp_path, monkeypatch):
    result = CliRunner().invoke(
        cli.main,
        ["train", "--model", "logistic", "--config", "default", "--seeds", "1", "--output", str(tmp_path / "runs")],
    )
    assert result.exit_code == 0, result.output
    assert "default/logistic  test accuracy" in result.output.replace("\\", "/")
    accuracy = read_metrics(tmp_path / "runs")[0]["test_accuracy"]
    assert 0.29 < accuracy < 0.36
    again = CliRunner().invoke(
        cli.main,
        ["train", "--model", "logistic", "--config", "default", "--seeds", "2", "--output", str(tmp_path / "runs")],
    )
    assert again.exit_code == 1
    assert again.stderr.splitlines()[-1].startswith("Error: ")
