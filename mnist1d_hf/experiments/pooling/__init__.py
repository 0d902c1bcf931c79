"""Compares kinds of pooling in a small CNN, trained on few and on many rows (section 5.6, Figure 9).

The figure shows the test accuracy all through the training, so the test rows are read again and again; nothing is chosen by
them. The claims are about the end of the training: as the learning rate is constant, and the accuracy of single steps
jumps, that is the mean over the last sixth of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...baselines.data import load_tensors
from ...baselines.layers.layer import Network
from ...baselines.layers.losses import cross_entropy_gradient
from ...dataset.templates import NUM_CLASSES
from ..experiment import Experiment, Progress
from ..results import Part
from .claims import uncorrected_claims
from .figure import plot
from .network import accuracy, draw_network, forward
from .settings import Measured, Settings

__all__ = ["EXPERIMENT", "claims", "plot", "run"]


class Pooling(Experiment[Settings, Measured]):
    """Every kind of pooling on every number of rows."""

    name = "pooling"
    settings = Settings()
    quick = Settings(train_rows=(1000, 2000), steps=40, evaluate_every=10)
    measurement = Measured
    choices = ("kinds", "train_rows")
    remarks = (
        "With 50000 rows, max pooling also stays ahead of stride 2 when both are trained four times as long, with the "
        "paper's learning rate or a tenth of it. In the authors' own run it is ahead as well.",
    )
    uncorrected_claims = staticmethod(uncorrected_claims)
    plot = staticmethod(plot)

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each kind and number of rows; its seeds are members of one stack."""
        return [
            Part(f"{kind}-{rows}", settings.steps, {"kind": kind, "rows": rows, "seeds": list(range(seeds))})
            for kind in settings.kinds
            for rows in settings.train_rows
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds on the same rows in the same order, and evaluate them on the way."""
        kind, rows = part.values["kind"], part.values["rows"]
        samples = {"num_samples": rows + settings.test_rows, "train_split": rows / (rows + settings.test_rows)}
        x, y = load_tensors("default", "train", **samples)
        x_test, y_test = load_tensors("default", "test", **samples)
        network = draw_network(kind, x.shape[1], settings.channels, part.values["seeds"])
        steps, accuracies = [], []
        for step in train(network, x, y, settings):
            if step % settings.evaluate_every == 0 or step == settings.steps:
                steps.append(step)
                accuracies.append(accuracy(network, x_test, y_test))
                progress(step, f"test accuracy {np.mean(accuracies[-1]):.1f} %")
        return Measured(steps, np.transpose(accuracies).round(2).tolist())


def train(network: Network, x: Tensor, y: Tensor, settings: Settings) -> Iterator[int]:
    """Train members with Adam, on the same batches: rows in their order, again and again.

    Changes the network in place, on signals (rows, length) and labels (rows,), and yields the number of each step after it,
    from 1.
    """
    optimizer = torch.optim.Adam([network.parameters], lr=settings.learning_rate, fused=True)
    targets = F.one_hot(y, NUM_CLASSES).to(x.dtype)
    for step in range(1, settings.steps + 1):
        rows = torch.arange((step - 1) * settings.batch_size, step * settings.batch_size) % len(x)
        network.backward(cross_entropy_gradient(forward(network, x[rows]), targets[rows]))
        optimizer.step()
        yield step


EXPERIMENT = Pooling()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
