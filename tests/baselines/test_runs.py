"""Training whole tables: what is written, what is kept, what goes on after an interruption."""

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
from mnist1d_hf.baselines import create_model, data, list_models, load_model, load_tensors, report, runs, training
from mnist1d_hf.baselines.architectures import base
from mnist1d_hf.baselines.runs import read_metrics, train_baselines
from mnist1d_hf.baselines.tasks import TASKS
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
    monkeypatch.setattr(data, "FRESH_ROWS", 500)
    monkeypatch.setitem(TASKS, "large", dataclasses.replace(TASKS["large"], train_rows=1000))
    with ThreadPoolExecutor(1) as executor:
        yield {"executor": executor, "seeds": 2}


def test_every_model_gets_its_folder(tmp_path, quick):
    folders = train_baselines(tmp_path, models=["mlp", "cnn"], tasks=["default", "shuffled", "large"], **quick)
    assert {folder.relative_to(tmp_path).as_posix() for folder in folders} == {
        f"{config}/{model}" for config in ("default", "shuffled", "large") for model in ("mlp", "cnn")
    }
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == FILES | {"README.md"}
        config = json.loads((folder / "config.json").read_text())
        assert (config["dataset_config"], config["seed"]) == (folder.parent.name, 0)
    assert not list(tmp_path.rglob(".*"))


def test_metrics_are_those_of_the_checkpoint(tmp_path, quick):
    (folder,) = train_baselines(tmp_path, models=["cnn"], tasks=["shuffled"], **quick)
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
        (folder,) = train_baselines(tmp_path / name, models=["gru"], tasks=["default"], **quick)
        contents.append([(folder / file).read_bytes() for file in ("model.safetensors", "config.json", "README.md")])
    assert contents[0] == contents[1]


def test_what_is_finished_is_kept_and_what_is_not_is_trained(tmp_path, quick, monkeypatch):
    train_baselines(tmp_path, models=["mlp"], tasks=["default"], **quick)
    before = (tmp_path / "default/mlp/metrics.json").read_bytes()
    trained = []
    monkeypatch.setattr(
        runs, "train", lambda name, members, *a, **k: trained.append((name, members)) or real(name, members, *a, **k)
    )
    real = training.train
    train_baselines(tmp_path, models=["mlp", "logistic"], tasks=["default", "shuffled"], **quick)
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
        train_baselines(tmp_path, models=["logistic", "mlp"], tasks=["default"], **quick)
    assert [path.parent.name for path in tmp_path.rglob("model.safetensors")] == ["mlp"]
    monkeypatch.setattr(runs, "train", real)
    train_baselines(tmp_path, models=["logistic", "mlp"], tasks=["default"], **quick)
    assert len(read_metrics(tmp_path)) == 2
    assert not list(tmp_path.rglob(".*"))


def test_other_settings_are_not_overwritten_unless_asked(tmp_path, quick):
    train_baselines(tmp_path, models=["mlp"], tasks=["default"], **quick)
    before = (tmp_path / "default/mlp/metrics.json").read_bytes()
    with pytest.raises(
        FileExistsError, match=r"default/mlp holds another model; name another folder, or give --overwrite"
    ):
        train_baselines(tmp_path, models=["mlp"], tasks=["default"], **{**quick, "seeds": 3})
    assert (tmp_path / "default/mlp/metrics.json").read_bytes() == before
    train_baselines(tmp_path, models=["mlp"], tasks=["default"], overwrite=True, **{**quick, "seeds": 3})
    assert read_metrics(tmp_path)[0]["seeds"] == [0, 1, 2]


def test_files_of_others_are_never_overwritten(tmp_path, quick):
    train_baselines(tmp_path, models=["logistic"], tasks=["default"], **quick)
    notes = tmp_path / "default" / "logistic" / "onnx" / "notes.txt"
    neighbour = tmp_path / "default" / ".logistic.incomplete"
    notes.write_text("mine")
    neighbour.mkdir()
    weights = (notes.parent.parent / "model.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match=r"holds files that training does not write \(onnx/notes.txt\)"):
        train_baselines(tmp_path, models=["logistic"], tasks=["default"], overwrite=True, **quick)
    assert notes.read_text() == "mine"
    assert (notes.parent.parent / "model.safetensors").read_bytes() == weights
    notes.unlink()
    train_baselines(tmp_path, models=["logistic"], tasks=["default"], overwrite=True, **quick)
    assert neighbour.is_dir()


def test_what_a_killed_process_left_is_cleared(tmp_path, quick):
    left = tmp_path / "default" / ".logistic.123-0123abcd.incomplete"
    left.mkdir(parents=True)
    train_baselines(tmp_path, models=["logistic"], tasks=["default"], **quick)
    assert [path.name for path in (tmp_path / "default").iterdir()] == ["logistic"]


def test_the_papers_recipe_has_folders_of_its_own(tmp_path, quick):
    train_baselines(tmp_path, models=["mlp"], tasks=["default"], **quick)
    train_baselines(tmp_path, models=["mlp"], tasks=["default"], recipe="paper", **quick)
    assert [(one["recipe"], one["settings"]["early_stopping"]) for one in read_metrics(tmp_path)] == [
        ("tuned", False), ("paper", True),
    ]  # fmt: skip
    assert (tmp_path / "default" / "mlp-paper" / "model.safetensors").is_file()


def test_of_tasks_without_checkpoints_the_metrics_alone_are_written(tmp_path, quick):
    folders = train_baselines(tmp_path, models=["logistic"], tasks=["noisy", "few", "default"], **quick)
    found = {path.relative_to(tmp_path).as_posix() for folder in folders[:2] for path in folder.rglob("*")}
    assert found == {"noisy/logistic/metrics.json", "few/logistic/metrics.json"}
    metrics = read_metrics(tmp_path)
    assert [(one["task"], one["config"]) for one in metrics] == [
        ("default", "default"), ("noisy", "custom-noise"), ("few", "default"),
    ]  # fmt: skip
    assert {one["runs"][0]["fresh"]["rows"] for one in metrics} == {500}
    # The rows of few and of default are the same, but few trains on fewer of them.
    assert metrics[0]["runs"][0]["curves"] != metrics[2]["runs"][0]["curves"]
    report.write_report(tmp_path)
    assert {path.parent.name for path in tmp_path.glob("*/*/README.md")} == {"logistic"}
    assert not list(tmp_path.glob("few/*/README.md"))


def test_metrics_alone_are_kept_refused_and_replaced_like_checkpoints(tmp_path, quick, monkeypatch):
    (folder,) = train_baselines(tmp_path, models=["logistic"], tasks=["few"], **quick)
    real, trained = training.train, []
    monkeypatch.setattr(runs, "train", lambda *a, **k: trained.append(a) or real(*a, **k))
    train_baselines(tmp_path, models=["logistic"], tasks=["few"], **quick)
    assert not trained
    with pytest.raises(FileExistsError, match="few/logistic holds another model"):
        train_baselines(tmp_path, models=["logistic"], tasks=["few"], **{**quick, "seeds": 3})
    weights = folder / "model.safetensors"
    weights.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"holds files that training does not write \(model.safetensors\)"):
        train_baselines(tmp_path, models=["logistic"], tasks=["few"], overwrite=True, **quick)
    weights.unlink()
    train_baselines(tmp_path, models=["logistic"], tasks=["few"], overwrite=True, **{**quick, "seeds": 3})
    assert read_metrics(tmp_path)[0]["seeds"] == [0, 1, 2]


def test_a_recipe_can_have_sizes_of_its_own(tmp_path, quick):
    (folder,) = train_baselines(tmp_path, tasks=["default"], recipe="paper-256", **quick)
    assert [path.name for path in folder.iterdir()] == ["metrics.json"]
    (metrics,) = read_metrics(tmp_path)
    assert (folder.name, metrics["model"], metrics["recipe"]) == ("mlp-paper-256", "mlp", "paper-256")
    assert metrics["parameters"] == create_model("mlp", hidden_size=256).num_parameters
    assert metrics["settings"]["hidden_size"] == 256
    # It is finished.
    train_baselines(tmp_path, tasks=["default"], recipe="paper-256", **quick)


def test_fresh_rows_are_made_once_in_a_process(tmp_path, quick, monkeypatch):
    made = []
    real = data.generate_part
    monkeypatch.setattr(data, "generate_part", lambda *a, **k: made.append(k) or real(*a, **k))
    monkeypatch.setattr(data, "FRESH_ROWS", 511)
    train_baselines(tmp_path, models=["logistic", "mlp"], tasks=["default", "few"], **quick)
    assert len(made) == 1


def test_cards_are_whole(tmp_path, quick):
    train_baselines(tmp_path, models=["cnn"], tasks=["default", "large"], **quick)
    train_baselines(tmp_path, models=["cnn"], tasks=["default"], recipe="paper", **quick)
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
            "the recipe 'tuned' has no model 'rnn'; it has logistic, mlp, cnn, gru, resnet, s4d, tcn, transformer",
        ),
        (
            {"models": ["resnet"], "recipe": "paper"},
            "the recipe 'paper' has no model 'resnet'; it has logistic, mlp, cnn, gru",
        ),
        ({"recipe": "best"}, "unknown recipe 'best'; the recipes are tuned, paper, paper-4000, paper-256"),
        (
            {"tasks": ["custom-noise"]},
            "unknown task 'custom-noise'; the tasks are default, shuffled, noisy, few, large",
        ),
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
        [
            *("train", "--model", "logistic", "--task", "few", "--config", "default"),  # two names of one option
            *("--seeds", "1", "--output", str(tmp_path / "runs")),
        ],
    )
    assert result.exit_code == 0, result.output
    lines = result.output.replace("\\", "/")
    assert re.search(r"few/logistic  test accuracy  \d\d\.\d\d %  fresh rows  \d\d\.\d\d %", lines)
    assert "default/logistic  test accuracy" in lines
    default, few = read_metrics(tmp_path / "runs")
    assert few["mean_fresh_accuracy"] < default["mean_fresh_accuracy"]
    for metrics in (default, few):
        assert 0.26 < metrics["test_accuracy"] < 0.36
        assert metrics["runs"][0]["fresh"]["rows"] == 100_000
    again = CliRunner().invoke(
        cli.main,
        ["train", "--model", "logistic", "--config", "default", "--seeds", "2", "--output", str(tmp_path / "runs")],
    )
    assert again.exit_code == 1
    assert again.stderr.splitlines()[-1].startswith("Error: ")
