"""The command `benchmark`: what it prints, and that its errors take one line."""

import importlib
import json

import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.baselines.tasks import BENCHMARK_TASKS, TASKS
from mnist1d_hf.benchmarking.measurement import Measurement

FILE = """
from torch import nn

class MyNet(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(40, 5), nn.ReLU(), nn.Linear(5, 10))

class Wrong(nn.Linear):
    def __init__(self):
        super().__init__(40, 9)

class Idle(MyNet):
    def __init__(self):
        super().__init__()
        self.idle = nn.Identity()
        self.idle.register_parameter("forgotten", nn.Parameter(nn.init.zeros_(nn.Linear(3, 3).weight.data)))

number = 4
"""


class PlainReport:
    """A report without the tables of the baselines."""

    def __init__(self, search=False):
        tried = [
            {"learning_rate": rate, "weight_decay": 0.1, "validation_accuracy": rate * 10} for rate in (0.01, 0.03)
        ]
        self.measurements = [Measurement({"task": "few", **({"search": tried} if search else {})}, None)]

    def __str__(self):
        return "the report"

    def to_json(self):
        return json.dumps({"name": "MyNet"})

    def save(self, folder, *, overwrite):
        folder.mkdir(exist_ok=overwrite)
        (folder / "metrics.json").write_text("{}")


@pytest.fixture
def file(empty_folder, monkeypatch):
    monkeypatch.setattr("sys.path", __import__("sys").path[:])
    (empty_folder / "my_net.py").write_text(FILE)
    return empty_folder / "my_net.py"


@pytest.fixture
def calls(monkeypatch):
    """What the command asks for, without training."""
    running, found = importlib.import_module("mnist1d_hf.benchmarking.running"), []

    def benchmark(model, *, search=False, **options):
        found.append({"model": model, "search": search, **options})
        return PlainReport(search)

    monkeypatch.setattr(running, "benchmark", benchmark)
    return found


def call(*arguments):
    return CliRunner().invoke(cli.main, ["benchmark", *arguments])


def test_the_tasks_are_described():
    result = call("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1:2]] == list(BENCHMARK_TASKS)
    for name, line in zip(BENCHMARK_TASKS, lines[:-1:2], strict=True):
        assert TASKS[name].description in line
    assert [line.split(":")[0].strip() for line in lines[1:-1:2]] == [
        *["4000 training rows, noise 0.25"] * 2, "4000 training rows, noise 0.5", "500 training rows, noise 0.25",
    ]  # fmt: skip
    assert lines[-1] == "Each is evaluated on its 1000 test rows, and on 100,000 fresh ones that no training has seen."
    assert [task["name"] for task in json.loads(call("list", "--json").stdout)] == list(BENCHMARK_TASKS)


def test_options_reach_the_benchmark_and_the_report_is_printed(calls):
    options = (
        "--task few --task noisy --seeds 2 --steps 3 --batch-size 7 --learning-rate 0.5 --weight-decay 0 --name mine"
    )
    result = call("my_net.py:MyNet", *options.split())
    assert (result.exit_code, result.stdout) == (0, "the report\n")
    assert calls == [
        {
            **{
                "model": "my_net.py:MyNet",
                "tasks": ("few", "noisy"),
                "seeds": 2,
                "steps": 3,
                "batch_size": 7,
                "name": "mine",
            },
            **{"learning_rate": 0.5, "weight_decay": 0.0, "label_smoothing": None, "search": False},
        }
    ]


def test_without_options_nothing_is_set(calls):
    call("cnn")
    assert calls[0]["tasks"] is None
    assert {calls[0][name] for name in ("steps", "batch_size", "learning_rate", "weight_decay", "label_smoothing")} == {
        None
    }


def test_the_report_is_saved_and_printed_as_json(calls, empty_folder):
    result = call("cnn", "--json", "--output", "mine")
    assert json.loads(result.stdout) == {"name": "MyNet"}
    assert result.stderr == "Weights, metrics and card are in mine.\n"
    assert (empty_folder / "mine" / "metrics.json").is_file()


def test_a_folder_with_files_is_refused_before_any_training(calls, empty_folder):
    (empty_folder / "mine").mkdir()
    (empty_folder / "mine" / "thesis.txt").touch()
    result = call("cnn", "--output", "mine")
    assert (result.exit_code, calls) == (1, [])
    assert result.stderr == "Error: mine holds files, which are kept; name another folder, or give --overwrite\n"
    assert call("cnn", "--output", "mine", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("my_net.py:YourNet", "my_net.py has no 'YourNet'; it has MyNet, Wrong, Idle"),
        ("my_net.py", "'my_net.py' lacks the name of the model: give my_net.py:Name; the file has MyNet, Wrong, Idle"),
        ("other.py:MyNet", "there is no file other.py"),
        ("my_net.py:number", "4 of type int is not a model; give a class or"),
        (
            "my_net.py:Wrong",
            "Wrong must return float logits of shape (8, 10), (batch, classes), for signals of shape (8, 40)",
        ),
        (
            "sklearn.dummy:DummyClassifier --steps 3",
            "DummyClassifier is a classifier, which takes no settings of training",
        ),
        ("cnn --learning-rate -1", "the 'learning_rate' setting must be a finite number of at least 0, got -1.0"),
    ],
)
def test_a_mistake_takes_one_line(file, model, message):
    result = call(*model.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1


@pytest.mark.filterwarnings("default")
def test_a_warning_takes_one_line(file, monkeypatch):
    jobs = importlib.import_module("mnist1d_hf.benchmarking.running")
    monkeypatch.setattr(jobs, "_processes", lambda *arguments: (_ for _ in ()).throw(ValueError("far enough")))
    result = call("my_net.py:Idle")
    assert result.stderr.splitlines() == [
        "Warning: parameters of Idle get no gradient, and stay as they are: idle.forgotten",
        "Error: far enough",
    ]
