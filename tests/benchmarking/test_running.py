"""What `benchmark` measures, and that it is the same wherever it is measured."""

import json
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import RidgeClassifier, SGDClassifier
from torch import nn

from mnist1d_hf import benchmark, evaluate
from mnist1d_hf.baselines import load_tensors
from mnist1d_hf.baselines.architectures import get_architecture
from mnist1d_hf.baselines.protocol import PROTOCOL_VERSION
from mnist1d_hf.baselines.recipes import DEFAULT_SETTINGS, TrainingSettings
from mnist1d_hf.benchmarking import jobs
from mnist1d_hf.errors import ModelError

from ..conftest import ROOT

SHORT = {"steps": 20, "jobs": 1}


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(40, 12), nn.Dropout(0.2), nn.ReLU(), nn.Linear(12, 10))


@pytest.fixture(autouse=True)
def few_fresh_rows(monkeypatch):
    monkeypatch.setattr(jobs, "load_fresh_tensors", lambda task, load=jobs.load_fresh_tensors: load(task, 500))
    jobs.final_rows.cache_clear()


def test_a_model_is_measured_as_the_protocol_says(kept_report):
    report = benchmark(Net, seeds=2, learning_rate=0.02, **SHORT)
    assert report.name == "Net"
    assert report.source.name == "test_running.py"
    assert [one.metrics["task"] for one in report.measurements] == ["default", "shuffled"]
    metrics = report.measurements[0].metrics
    assert (metrics["model"], metrics["recipe"], metrics["protocol"]) == ("Net", "own", PROTOCOL_VERSION)
    assert (metrics["parameters"], metrics["macs"], metrics["seeds"]) == (622, 600, [0, 1])
    assert metrics["settings"]["learning_rate"] == 0.02
    assert metrics["settings"]["weight_decay"] == DEFAULT_SETTINGS.weight_decay
    assert [run["test"]["rows"] for run in metrics["runs"]] == [1000, 1000]
    assert [run["fresh"]["rows"] for run in metrics["runs"]] == [500, 500]
    assert metrics["runs"][0]["curves"]["step"] == (20,)
    assert json.dumps(metrics)


def test_the_model_of_the_report_is_that_of_the_first_seed(kept_report):
    (one,) = benchmark(Net, seeds=2, tasks="shuffled", **SHORT).measurements
    assert type(one.model) is Net
    assert not one.model.training
    assert evaluate(one.model, load_tensors("shuffled", "test")).accuracy == one.metrics["test_accuracy"]


def test_without_the_end_no_test_row_is_read(no_test_rows):
    result = benchmark(Net, final=False, seeds=2, steps=20)
    (accuracies,) = result.accuracies.values()
    assert list(result.accuracies) == ["default"]
    assert result.accuracy == pytest.approx(sum(accuracies) / 2)
    assert (result.parameters, result.macs) == (622, 600)
    assert result.seconds > 0
    assert str(result).startswith(f"Net: validation accuracy {100 * result.accuracy:.2f} % (default: ")
    classifier = benchmark(DummyClassifier(), final=False, tasks="few", seeds=1)
    assert (classifier.parameters, classifier.macs) == (None, None)


def test_the_fixture_sees_test_rows(no_test_rows, kept_report):
    with pytest.raises(AssertionError, match="test rows were read"):
        benchmark(Net, tasks="default", seeds=1, **SHORT)


@pytest.mark.parametrize("task", ["default", "noisy", "few"])
def test_rows_held_out_are_the_last_ones_and_do_not_train(task, no_test_rows):
    seen = []

    class Watching:
        def fit(self, x, y):
            seen.append(x)

        def predict(self, x):
            seen.append(x)
            return np.zeros(len(x), dtype=int)

    result = benchmark(Watching, tasks=task, final=False, seeds=1)
    config = {"noisy": "custom-noise"}.get(task, "default")
    x, y = load_tensors(config, "train")
    assert np.array_equal(seen[0], x[: 500 if task == "few" else 3400])
    assert np.array_equal(seen[1], x[3400:])
    assert result.accuracy == pytest.approx(float((y[3400:] == 0).float().mean()))


def test_the_same_seeds_give_the_same_numbers_however_many_there_are():
    first, second = (benchmark(Net, final=False, seeds=seeds, steps=30) for seeds in (3, 2))
    assert first.accuracies["default"][:2] == second.accuracies["default"]
    assert len(set(first.accuracies["default"])) == 3
    assert benchmark(Net, final=False, seeds=3, steps=30).accuracies == first.accuracies


def test_the_number_of_threads_and_the_random_state_are_left_alone():
    torch.set_num_threads(2)
    try:
        before = torch.get_rng_state()
        benchmark(Net, final=False, seeds=1, steps=2)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), before)
    finally:
        torch.set_num_threads(1)


def test_an_architecture_of_the_package_has_its_own_recipe(kept_report):
    (one,) = benchmark("cnn", tasks="few", seeds=1, **SHORT).measurements
    tuned = get_architecture("cnn").recipes["tuned"]
    assert one.metrics["settings"]["learning_rate"] == tuned.learning_rate
    assert one.metrics["parameters"] == 5210


def test_settings_are_taken_whole_and_changed_singly(kept_report):
    settings = TrainingSettings(steps=3, batch_size=7, one_cycle=False)
    (one,) = benchmark(Net, tasks="few", seeds=1, jobs=1, settings=settings, batch_size=9).measurements
    found = one.metrics["settings"]
    assert (found["steps"], found["batch_size"], found["one_cycle"]) == (3, 9, False)


def test_a_search_tries_the_grid_on_validation_rows_and_takes_the_best(kept_report):
    (one,) = benchmark(Net, tasks="default", seeds=1, search=True, **SHORT).measurements
    tried = one.metrics["search"]
    assert len({(point["learning_rate"], point["weight_decay"]) for point in tried}) == len(tried) >= 6
    best = max(tried, key=lambda point: point["validation_accuracy"])
    assert one.metrics["settings"]["learning_rate"] == best["learning_rate"]
    assert one.metrics["settings"]["weight_decay"] == best["weight_decay"]
    alone = benchmark(
        Net,
        final=False,
        seeds=1,
        steps=20,
        learning_rate=tried[-1]["learning_rate"],
        weight_decay=tried[-1]["weight_decay"],
    )
    assert alone.accuracy == tried[-1]["validation_accuracy"]


def test_a_search_reads_no_test_rows_and_keeps_what_is_given(no_test_rows):
    result = benchmark(Net, final=False, search=True, seeds=1, steps=5, learning_rate=0.02)
    assert {point["learning_rate"] for point in result.search["default"]} == {0.02}
    assert len(result.search["default"]) == 2


def test_classifiers_are_fitted_with_the_random_state_of_the_seed(kept_report):
    estimator = SGDClassifier(max_iter=5, tol=None)
    (one,) = benchmark(estimator, tasks="few", seeds=2, jobs=1).measurements
    metrics = one.metrics
    assert (metrics["model"], metrics["recipe"], metrics["parameters"], metrics["macs"]) == (
        "SGDClassifier",
        "fit",
        None,
        None,
    )
    assert metrics["settings"]["max_iter"] == 5
    x, y = load_tensors("default", "train[:500]")
    expected = [SGDClassifier(max_iter=5, tol=None, random_state=seed).fit(x.numpy(), y.numpy()) for seed in range(2)]
    test = [column.numpy() for column in load_tensors("default", "test")]
    assert [run["test"]["accuracy"] for run in metrics["runs"]] == [each.score(*test) for each in expected]
    assert one.model is None
    assert not hasattr(estimator, "coef_")
    assert json.dumps(metrics)


def test_the_losses_of_classifiers_are_those_of_their_probabilities(kept_report):
    (known,) = benchmark(DummyClassifier(strategy="prior"), tasks="few", seeds=1, jobs=1).measurements
    assert 2.2 < known.metrics["runs"][0]["test"]["loss"] < 2.4
    (hard,) = benchmark(RidgeClassifier(), tasks="few", seeds=1, jobs=1).measurements
    assert hard.metrics["runs"][0]["test"]["loss"] is None
    assert hard.metrics["test_accuracy"] > 0.2


class Misfit:
    def fit(self, x, y):
        raise RuntimeError("cannot\nfit")

    def predict(self, x):
        return x


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": Net, "tasks": "larger"}, ValueError, "unknown task 'larger'; the tasks are default, shuffled, noisy, few"),
        ({"model": Net, "tasks": []}, ValueError, "there is no task; give some of default"),
        ({"model": Net, "seeds": 0}, ValueError, "'seeds' parameter must be an integer of at least 1, got 0"),
        ({"model": Net, "steps": 0}, ValueError, "'steps' parameter must be an integer of at least 1, got 0"),
        ({"model": Net, "settings": TrainingSettings(validation_rows=9)}, ValueError, "settings may hold none out"),
        (
            {"model": Net, "search": True, "learning_rate": 0.1, "weight_decay": 0.1},
            ValueError,
            "a search tries values of learning_rate and weight_decay, which are all given",
        ),
        ({"model": DummyClassifier(), "steps": 3}, ValueError, "DummyClassifier is a classifier, which takes no settings"),
        ({"model": Misfit, "seeds": 1}, ModelError, r"Misfit fails on the task 'default': RuntimeError: cannot fit \(.*line"),
        ({"model": Net, "learning_rate": 1e30, "steps": 40}, ModelError, "the loss of seed 0 on the task 'default' is nan"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_bad_arguments_raise(arguments, error, message):
    arguments = {"final": False, **arguments}
    with pytest.raises(error, match=message):
        benchmark(arguments.pop("model"), **arguments)


def in_a_pool(steps):
    return benchmark(Net, final=False, seeds=1, steps=steps).accuracies


@pytest.mark.long
def test_a_benchmark_in_a_process_of_a_pool_starts_no_processes_and_gives_the_same_numbers():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(in_a_pool, [20, 20])
    assert found == [in_a_pool(20)] * 2


def test_an_executor_does_the_work(no_test_rows):
    with ThreadPoolExecutor(1) as executor:
        result = benchmark(Net, final=False, seeds=2, steps=20, executor=executor)
    assert result.accuracies == benchmark(Net, final=False, seeds=2, steps=20).accuracies


def test_a_mistake_of_the_model_is_said_as_such_by_an_executor_too():
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(ModelError, match="the loss of seed 0 on the task 'default' is nan at step"),
    ):
        benchmark(Net, final=False, seeds=2, steps=20, learning_rate=1e30, executor=executor)


WITHOUT_GUARD = """
import sys
from mnist1d_hf import benchmark
from torch import nn

print("begun", flush=True)
WIDTH = 9

class Block(nn.Linear):
    def forward(self, x):
        return super().forward(x).relu()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(Block(40, WIDTH), nn.Linear(WIDTH, 10))

    def forward(self, x):
        return self.layers(x)

for jobs in (1, 2):
    print(benchmark(Net, final=False, seeds=2, steps=20, jobs=jobs).accuracies)
"""

AS_A_NOTEBOOK_DOES = """
import sys, types
scope = sys.modules["__main__"].__dict__
exec(compile(open("script.py").read(), "<ipython-input-1>", "exec"), scope)
"""


@pytest.mark.long
@pytest.mark.parametrize(
    "code", ["import runpy; runpy.run_path('script.py', run_name='__main__')", AS_A_NOTEBOOK_DOES, None]
)
def test_a_class_of_a_script_without_a_guard_or_of_a_notebook_works(code, empty_folder):
    (empty_folder / "script.py").write_text(WITHOUT_GUARD)
    command = [sys.executable, *(["script.py"] if code is None else ["-c", code])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    begun, here, in_processes = result.stdout.splitlines()
    assert (begun, here) == ("begun", in_processes)
    assert "default" in here
