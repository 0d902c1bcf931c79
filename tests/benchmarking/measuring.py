"""Measurements for tests: made of numbers, or of modules trained for a few steps."""

import dataclasses

import torch
from torch import nn

from mnist1d_hf.baselines.data import load_fresh_tensors, load_test_tensors
from mnist1d_hf.baselines.evaluation import evaluate
from mnist1d_hf.baselines.metrics import Evaluation
from mnist1d_hf.baselines.protocol import Run, count_macs, count_parameters, describe_runs
from mnist1d_hf.baselines.recipes import TrainingSettings
from mnist1d_hf.baselines.results import Result
from mnist1d_hf.baselines.tasks import get_task
from mnist1d_hf.baselines.training import train
from mnist1d_hf.benchmarking.measurement import Measurement


class SmallNet(nn.Module):
    """A linear layer behind another, for any class of a test to inherit from."""

    def __init__(self, length, classes):
        super().__init__()
        self.hidden, self.head = nn.Linear(length, 8), nn.Linear(8, classes)

    def forward(self, x):
        return self.head(torch.relu(self.hidden(x)))


def evaluation(accuracy, rows=1000):
    """An evaluation with an accuracy, rounded to whole rows."""
    correct = round(accuracy * rows)
    return Evaluation(rows, correct, 1.0, ((correct, rows - correct), (0, 0)))


def measure_numbers(
    task="default", test=(0.9, 0.92), fresh=(0.91, 0.93), *, parameters=1234, macs=5678, seconds=2.0, **more
):
    """A measurement without a model."""
    pairs = zip(test, fresh, strict=True)
    runs = [Run(seed, evaluation(one), evaluation(other, 100_000), seconds) for seed, (one, other) in enumerate(pairs)]
    metrics = describe_runs("MyNet", task, "default", {"steps": 3}, runs, parameters=parameters, macs=macs)
    return Measurement({**metrics, **more}, None)


def measure_module(make, task="default", seeds=1, steps=4):
    """A measurement of modules that are really trained."""
    settings = TrainingSettings(steps=steps, batch_size=20, log_every=2)
    members = train(make, [(task, seed) for seed in range(seeds)], settings)
    test, fresh = load_test_tensors(get_task(task).config), load_fresh_tensors(task, 500)
    runs = [
        Run(one.seed, evaluate(one.model, test), evaluate(one.model, fresh), one.seconds, one.curves) for one in members
    ]
    model = members[0].model
    costs = {"parameters": count_parameters(model), "macs": count_macs(model, test[0][:1])}
    name = make if isinstance(make, str) else type(model).__name__
    return Measurement(describe_runs(name, task, "default", dataclasses.asdict(settings), runs, **costs), model)


def baseline(task, model, accuracy, *, recipe="tuned", kind="network", parameters=100, spread=0.001):
    """The result of a baseline with three seeds around an accuracy on the fresh rows, all of one on the test rows."""
    fresh = (accuracy - spread, accuracy, accuracy + spread)
    return Result(task, model, recipe, kind, parameters, None, (0, 1, 2), (accuracy,) * 3, fresh, 10.0)


BASELINES = [
    baseline("default", "resnet", 0.985),
    baseline("default", "cnn", 0.955),
    baseline("default", "cnn", 0.93, recipe="paper"),
    baseline("default", "trees", 0.82, recipe="reference", kind="reference", parameters=None),
    baseline("default", "mlp", 0.70),
    baseline("shuffled", "trees", 0.82, recipe="reference", kind="reference", parameters=None),
    baseline("shuffled", "mlp", 0.71),
    baseline("shuffled", "cnn", 0.60),
    baseline("noisy", "cnn", 0.80),
]
