"""The command `mnist1d-hf evaluate`, the table of checkpoints, and the script that is put beside a checkpoint."""

import ast
import csv
import importlib
import io
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.baselines import bundled, create_model, load_model, load_tensors
from mnist1d_hf.baselines.data import load_test_tensors
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.baselines.figures import plot_sweep
from mnist1d_hf.baselines.sweeps import sweep
from mnist1d_hf.baselines.table import evaluate_checkpoints, format_table
from mnist1d_hf.utils.figures import save_figure

SCRIPT = Path(__file__).parents[2] / "models" / "evaluate.py"
CHECKPOINTS = [("default", "logistic"), ("default", "cnn"), ("shuffled", "mlp"), ("large", "resnet")]


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    """Untrained checkpoints in the place of those inside the package."""
    folder = tmp_path / "models"
    for number, (config, name) in enumerate(CHECKPOINTS):
        save(folder / config / name, name, seed=number, dataset_config=config)
    monkeypatch.setattr(bundled, "resource_folder", {"models": folder}.__getitem__)
    return folder


def save(folder, name="logistic", seed=0, **metadata):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = create_model(name)
    model.metadata = metadata
    model.save_pretrained(folder)
    return evaluate(model, load_test_tensors(metadata.get("dataset_config", "default")))


def call(*arguments):
    return CliRunner().invoke(cli.main, ["evaluate", *map(str, arguments)])


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_one_model_is_reported(tmp_path):
    evaluation = save(tmp_path / "mine")
    result = call(tmp_path / "mine")
    assert result.exit_code == 0, result.output
    assert result.output == f"on the split test of default\n\n{tmp_path / 'mine'}\n{evaluation}\n"


def test_several_models_are_compared_on_the_data_asked_for(tmp_path):
    save(tmp_path / "a", seed=1)
    save(tmp_path / "b", "cnn", seed=2)
    data = ("--config", "shuffled", "--split", "train[:50]", "--set", "seed=3", "--set", "num_samples=100")
    rows = load_tensors("shuffled", "train[:50]", seed=3, num_samples=100)
    expected = {tmp_path / name: evaluate(load_model(tmp_path / name), rows) for name in "ab"}
    head, _, columns, *lines = call(tmp_path / "a", tmp_path / "b", *data).output.splitlines()
    assert head == "on the split train[:50] of shuffled, seed=3, num_samples=100"
    assert re.split("  +", columns) == ["model", "accuracy %", "95 % interval", "loss"]
    for line, (folder, evaluation) in zip(lines, expected.items(), strict=True):
        low, high = (100 * end for end in evaluation.interval)
        cells = [str(folder), f"{100 * evaluation.accuracy:.1f}", f"{low:.1f} - {high:.1f}", f"{evaluation.loss:.4f}"]
        assert re.split("  +", line) == cells
    records = json.loads(call(tmp_path / "a", tmp_path / "b", *data, "--json").stdout)
    assert records == [
        {
            "model": str(folder),
            "config": "shuffled",
            "split": "train[:50]",
            "set": {"seed": 3, "num_samples": 100},
            **evaluation.to_dict(),
        }
        for folder, evaluation in expected.items()
    ]
    lines = read_csv(call(tmp_path / "a", tmp_path / "b", *data, "--csv").stdout)
    assert [float(line["accuracy"]) for line in lines] == [evaluation.accuracy for evaluation in expected.values()]
    assert [(float(line["low"]), float(line["high"])) for line in lines] == [
        evaluation.interval for evaluation in expected.values()
    ]
    assert {(line["config"], line["seed"], line["num_samples"]) for line in lines} == {("shuffled", "3", "100")}


@pytest.mark.parametrize(
    ("arguments", "trained_on"),
    [
        (("mlp", "--config", "shuffled"), "shuffled"),
        (("cnn", "--config", "shuffled"), "default"),
        (("cnn", "--config", "custom-noise"), "default"),
        (("resnet", "--trained-on", "large"), "large"),
    ],
)
def test_the_checkpoint_is_that_of_the_config_or_of_default(arguments, trained_on, checkpoints):
    (record,) = json.loads(call(*arguments, "--json").stdout)
    config = record["config"]
    expected = evaluate(load_model(checkpoints / trained_on / arguments[0]), load_tensors(config, "test"))
    assert record["confusion"] == [list(counts) for counts in expected.confusion]


def test_the_table_has_every_checkpoint_on_its_own_test_rows(checkpoints):
    results = evaluate_checkpoints()
    assert [(result.trained_on, result.model) for result in results] == CHECKPOINTS
    for result in results:
        folder = checkpoints / result.trained_on / result.model
        config = "default" if result.trained_on == "large" else result.trained_on
        assert result.evaluation == evaluate(load_model(folder), load_tensors(config, "test"))
        assert result.evaluation.rows == 1000
        assert result.seconds > 0
    assert [result.paper for result in results] == ["32 ± 1", "94 ± 2", "68 ± 2", ""]
    assert [result.parameters for result in results] == [410, 5_210, 15_210, 25_674]
    head, *lines = (re.split("  +", line) for line in format_table(results).splitlines())
    assert head == ["model", "trained on", "parameters", "accuracy %", "95 % interval", "paper", "seconds"]
    assert [line[:2] for line in lines] == [
        ["logistic", "default"], ["cnn", "default"], ["human", "default"], ["mlp", "shuffled"], ["human", "shuffled"],
        ["resnet", "large"],
    ]  # fmt: skip
    assert lines[2] == ["human", "default", "96 ± 1"]


def test_without_a_model_the_table_is_printed(checkpoints):
    text = call().output
    assert "resnet" in text and "about 30 ± 10" in text
    records = json.loads(call("--json").stdout)
    assert [record["model"] for record in records] == ["logistic", "cnn", "mlp", "resnet", "human", "human"]
    assert records[0]["rows"] == 1000
    assert records[-2] == {"model": "human", "trained_on": "default", "paper": "96 ± 1"}
    lines = read_csv(call("--csv").stdout)
    assert [line["model"] for line in lines] == [record["model"] for record in records]
    assert float(lines[1]["accuracy"]) == records[1]["accuracy"]
    assert list(lines[0]) == [
        "model", "trained_on", "parameters", "rows", "correct", "accuracy", "loss", "paper", "seconds", "low", "high",
    ]  # fmt: skip


def test_a_sweep_is_printed_and_drawn(tmp_path, empty_folder):
    save(tmp_path / "mine")
    arguments = (tmp_path / "mine", "--sweep", "corr_noise_scale=0:1:0.5", "--set", "num_samples=100")
    result = call(*arguments, "--output", "noise.svg")
    assert result.exit_code == 0, result.output
    assert [line.split()[1] for line in result.output.splitlines()[3:6]] == ["0", "0.5", "1"]
    assert result.output.endswith("wrote noise.svg\n")
    curve = sweep(load_model(tmp_path / "mine"), "corr_noise_scale", (0.0, 0.5, 1.0), parameters={"num_samples": 100})
    title = "on the split test of default, num_samples=100"
    save_figure(plot_sweep({str(tmp_path / "mine"): curve}, "corr_noise_scale", data=title), "expected.svg")
    assert (empty_folder / "noise.svg").read_bytes() == (empty_folder / "expected.svg").read_bytes()
    result = call(*arguments, "--output", "noise.svg", "--json")
    records = json.loads(result.stdout)
    assert result.stderr == "wrote noise.svg\n"
    model = load_model(tmp_path / "mine")
    for value, record in zip((0.0, 0.5, 1.0), records, strict=True):
        expected = evaluate(model, load_tensors("default", "test", corr_noise_scale=value, num_samples=100))
        assert record["corr_noise_scale"] == value
        assert {key: record[key] for key in expected.to_dict()} == expected.to_dict()
    lines = read_csv(call(*arguments, "--csv").stdout)
    assert [float(line["corr_noise_scale"]) for line in lines] == [0.0, 0.5, 1.0]
    assert [float(line["accuracy"]) for line in lines] == [record["accuracy"] for record in records]


BAD_INPUT = [
    (("--config", "shuffled"), 2, "--set and --sweep need a MODEL, for example cnn"),
    (("--sweep", "seed=1:2:1"), 2, "--set and --sweep need a MODEL"),
    (("cnn", "--csv", "--json"), 2, "--csv and --json exclude each other"),
    (("cnn", "--output", "a.png"), 2, "--output is for the figure of a sweep"),
    (("cnn", "--config", "tiny"), 2, "'tiny' is not one of 'default', 'shuffled', 'large', 'custom-noise'"),
    (("cnn", "--set", "noise=1"), 2, "unknown generation parameter 'noise'"),
    (("cnn", "--sweep", "seed=1:2:1", "--output", "a.bmp"), 1, "must end in .png, .svg or .pdf, got 'a.bmp'"),
    (("cnn", "--sweep", "seed"), 1, "'seed' is not of the form PARAMETER=START:STOP:STEP"),
    (("cnn", "--sweep", "seed=1:2:1", "--set", "seed=3"), 1, "'seed' is both swept and set to 3"),
    (("cnn", "--set", "final_seq_length=30"), 1, "CNN takes signals of shape (batch, 40), got (1000, 30)"),
    (("cnn", "--device", "cuda:99"), 1, "the device 'cuda:99' is not available; there is cpu"),
    (("--device", "cuda:99"), 1, "the device 'cuda:99' is not available; there is cpu"),
    (("cnn", "--trained-on", "large"), 1, "there is no checkpoint of 'cnn' trained on 'large'; there are logistic"),
    (("nowhere",), 1, "'nowhere' is not a model: give one of logistic, mlp"),
    (("empty",), 1, "empty has no config.json"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "message"), BAD_INPUT, ids=[" ".join(case[0]) for case in BAD_INPUT])
def test_bad_input_is_one_line_and_a_non_zero_exit(arguments, code, message, empty_folder, checkpoints):
    (empty_folder / "empty").mkdir()
    result = call(*arguments)
    assert result.exit_code == code
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert message in last
    assert not list(empty_folder.rglob("*.*"))


def test_the_command_needs_torch_only_when_it_runs():
    program = "import sys, mnist1d_hf.cli.evaluate; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def run_script(monkeypatch, *arguments, script=SCRIPT):
    monkeypatch.setattr(sys, "argv", [str(script), *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_info:
        runpy.run_path(str(script), run_name="__main__")
    return exit_info.value.code


@pytest.mark.parametrize("config", ["default", "shuffled", "large"])
def test_the_script_confirms_the_checkpoint_beside_it(config, tmp_path, monkeypatch, capsys):
    evaluation = save(tmp_path / "mine", dataset_config=config)
    script = shutil.copy(SCRIPT, tmp_path / "mine" / "evaluate.py")
    metrics = {"test_accuracy": round(evaluation.accuracy, 4)}
    (tmp_path / "mine" / "metrics.json").write_text(json.dumps(metrics))
    assert run_script(monkeypatch, "--json", tmp_path / "out.json", script=script) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'mine'}\n{evaluation}\n\nIt claims a test accuracy of ")
    assert json.loads((tmp_path / "out.json").read_text()) == evaluation.to_dict()


def test_the_script_fails_when_another_accuracy_is_claimed(tmp_path, monkeypatch, capsys):
    evaluation = save(tmp_path / "mine")
    claim = evaluation.accuracy + 0.001
    (tmp_path / "mine" / "metrics.json").write_text(json.dumps({"test_accuracy": claim}))
    assert run_script(monkeypatch, tmp_path / "mine") == 1
    assert f"It claims a test accuracy of {100 * claim:.2f} %: NOT confirmed." in capsys.readouterr().out


def test_the_script_says_that_nothing_is_claimed(checkpoints, monkeypatch, capsys):
    assert run_script(monkeypatch, "cnn") == 0
    assert "The checkpoint claims no test accuracy." in capsys.readouterr().out


def test_the_script_says_what_is_missing(tmp_path, monkeypatch, capsys):
    script = shutil.copy(SCRIPT, tmp_path / "evaluate.py")
    assert run_script(monkeypatch, script=script) == 2
    assert f"error: {tmp_path} has no config.json" in capsys.readouterr().err


def test_the_script_uses_public_names_only():
    tree = ast.parse(SCRIPT.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    ours = [node for node in imports if "mnist1d_hf" in ast.dump(node)]
    assert ours
    for node in ours:
        assert isinstance(node, ast.ImportFrom)
        assert {alias.name for alias in node.names} <= set(importlib.import_module(node.module).__all__)


def test_the_script_says_what_it_needs():
    text = SCRIPT.read_text()
    assert text.startswith("# /// script\n")
    assert '# requires-python = ">=3.10"\n# dependencies = ["mnist1d-hf[torch]"]\n# ///\n' in text
