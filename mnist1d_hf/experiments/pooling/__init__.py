"""Compares kinds of pooling in a small CNN, trained on few and on many rows (section 5.6, Figure 9).

The figure shows the test accuracy all through the training, so the test rows are read again and again; nothing is chosen by
them. The claims are about the end of the training: as the learning rate is constant, and the accuracy of single steps
jumps, that is the mean over the last sixth of it. Every seed has data of its own, the first that of the paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from .network import accuracy, draw_network
from .settings import Measured, Settings

__all__ = ["EXPERIMENT", "claims", "plot", "run"]

_FIRST_DATA_SEED = 42
"""That of the paper."""


class Pooling(Experiment[Settings, Measured]):
    """Every kind of pooling on every number of rows."""

    name = "pooling"
    settings = Settings()
    quick = Settings(train_rows=(1000, 2000), steps=40, evaluate_every=10)
    measurement = Measured
    choices = ("kinds", "train_rows")
    remarks = (
        "The text says that pooling did not make much of a difference with much data, the caption of Figure 9 that it "
        "hindered: each is a claim.",
        "The margin of 1 point is this project's: ten of the 1000 test rows.",
        "The authors report the accuracy after the last step, their 6001st, of one run. Claims compare means over the last "
        "sixth of 6000 steps, which vary less; controls compare the last step.",
        "Every seed draws initial weights and data, so that the tests cover both; the authors have the data of the first "
        "seed.",
        "The paper does not compare pooling with striding. With 50000 rows, max pooling also stays ahead of stride 2 when "
        "both are trained four times as long, with the paper's learning rate or a tenth of it.",
    )
    uncorrected_claims = staticmethod(uncorrected_claims)
    plot = staticmethod(plot)

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each kind and number of rows; its seeds are members of one stack."""
        numbers = {"seeds": list(range(seeds)), "data_seeds": [_FIRST_DATA_SEED + seed for seed in range(seeds)]}
        return [
            Part(f"{kind}-{rows}", settings.steps, {"kind": kind, "rows": rows, **numbers})
            for kind in settings.kinds
            for rows in settings.train_rows
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train every seed on rows of its own, and evaluate it on the way."""
        kind, rows, data_seeds = (part.values[name] for name in ("kind", "rows", "data_seeds"))
        x, y = load_rows("train", rows, settings.test_rows, data_seeds)
        x_test, y_test = load_rows("test", rows, settings.test_rows, data_seeds)
        network = draw_network(kind, x.shape[2], settings.channels, part.values["seeds"])
        steps, accuracies = [], []
        for step in train(network, x, y, settings):
            if step % settings.evaluate_every == 0 or step == settings.steps:
                steps.append(step)
                accuracies.append(accuracy(network, x_test, y_test))
                progress(step, f"test accuracy {np.mean(accuracies[-1]):.1f} %")
        return Measured(steps, np.transpose(accuracies).round(2).tolist())


def load_rows(split: str, train_rows: int, test_rows: int, data_seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return a split of one dataset per seed: signals (seeds, rows, length) and labels (seeds, rows)."""
    num_samples = train_rows + test_rows
    parameters = {"num_samples": num_samples, "train_split": train_rows / num_samples}
    x, y = zip(*(load_tensors("default", split, seed=seed, **parameters) for seed in data_seeds), strict=True)
    return torch.stack(x), torch.stack(y)


def train(network: Network, x: Tensor, y: Tensor, settings: Settings) -> Iterator[int]:
    """Train each member on its own rows with Adam: batches of them in their order, again and again.

    Changes the network in place, on signals (members, rows, length) and labels (members, rows), and yields the number of each
    step after it, from 1.
    """
    optimizer = torch.optim.Adam([network.parameters], lr=settings.learning_rate, fused=True)
    targets = F.one_hot(y, NUM_CLASSES).to(x.dtype)
    for step in range(1, settings.steps + 1):
        rows = torch.arange((step - 1) * settings.batch_size, step * settings.batch_size) % x.shape[1]
        network.backward(cross_entropy_gradient(network.forward(x[:, rows]), targets[:, rows]))
        optimizer.step()
        yield step


EXPERIMENT = Pooling()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
