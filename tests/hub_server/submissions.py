"""What the tests of submissions share: a stranger's model that is measured, and claims to change."""

import copy
import json
import warnings

import numpy as np
import torch
from torch import nn

from mnist1d_hf.baselines import evaluate, load_tensors
from mnist1d_hf.baselines.data import load_fresh_tensors, load_training_tensors
from mnist1d_hf.baselines.metrics import Evaluation
from mnist1d_hf.baselines.protocol import Run, describe_runs
from mnist1d_hf.baselines.tasks import get_task

TAG = "mnist1d-benchmark"


class MyNet(nn.Module):
    def __init__(self, final_seq_length=40, num_classes=10):
        super().__init__()
        self.hidden = nn.Linear(final_seq_length, 32)
        self.out = nn.Linear(32, num_classes)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


def train_a_little(task, seed=0, steps=30):
    """A stranger's network after a few steps of training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MyNet()
        x, y = load_training_tensors(task)
        optimiser = torch.optim.AdamW(model.parameters(), lr=0.01)
        for _ in range(steps):
            rows = torch.randint(len(x), (100,))
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimiser.step()
    return model.eval()


def measure(model, task):
    test = evaluate(model, load_tensors(get_task(task).test_config, "test"))
    run = Run(0, test, evaluate(model, load_fresh_tensors(task)), seconds=0.1)
    return describe_runs("MyNet", task, "own", {"steps": 30}, [run], parameters=1642, macs=1600)


def write_folder(folder, model, metrics):
    """Write a folder as by hand: metrics, an ONNX file, the source."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's age
        torch.onnx.export(
            model, (torch.zeros(2, 40),), str(folder / "onnx" / "model.onnx"), dynamo=False,
            input_names=["x"], output_names=["logits"], dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}},
        )  # fmt: skip


def evaluation(correct, rows):
    confusion = np.zeros((10, 10), int)
    confusion[0, :2] = correct, rows - correct
    return Evaluation(rows, correct, 1.0, tuple(map(tuple, confusion.tolist())))


def claim(task="default", test=(900, 910), fresh=(90_000, 91_000), **changes):
    """The content of a metrics.json without a model behind it."""
    runs = [
        Run(seed, evaluation(one, 1000), evaluation(other, 100_000), 1.0)
        for seed, (one, other) in enumerate(zip(test, fresh, strict=True))
    ]
    metrics = describe_runs("MyNet", task, "own", {}, runs, parameters=10, macs=None)
    return {**json.loads(json.dumps(metrics)), **changes}


def changed(metrics, *path, value):
    """A copy of the metrics with one value replaced."""
    metrics = copy.deepcopy(metrics)
    *parents, last = path
    inner = metrics
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return metrics


def add_submission(hub, repo_id, metrics, task="default", **files):
    """Add the repository of a submission with any content."""
    card = f"---\ntags: [{TAG}, {TAG}-{task}]\n---\n"
    content = metrics if isinstance(metrics, bytes) else json.dumps(metrics).encode()
    return hub.add_repo("model", repo_id, {"README.md": card.encode(), "metrics.json": content, **files})
