"""Compares kinds of pooling in a small CNN, trained on few and on many rows (section 5.6, Figure 9).

The figure shows the test accuracy all through the training, so the test rows are read again and again; nothing is chosen by
them. The claims are about the end of the training: as the learning rate is constant, and the accuracy of single steps
jumps, that is the mean over the last sixth of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...baselines.data import load_tensors
from ...dataset.templates import NUM_CLASSES
from ...utils.extras import require
from ...utils.figures import GREY
from ...utils.statistics import PAIRED_TEST, describe, is_greater
from ..experiment import Claim, Experiment, Part, Progress, Results
from ..layers import Layer, Network, Relu, draw_convolution, draw_linear, is_positive

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PUBLISHED = {
    "none": (59.2, 82.0, 91.9, 94.3, 94.4, 96.3),
    "stride": (57.4, 81.7, 89.9, 91.3, 92.2, 95.4),
    "max": (78.2, 89.2, 94.5, 97.0, 96.8, 98.1),
    "average": (78.0, 90.0, 94.0, 96.0, 96.2, 97.3),
    "L2": (77.2, 89.9, 95.3, 96.6, 97.8, 97.1),
}
"""Test accuracy after the last step, in percent, of the single run with each number of rows that the authors published."""

PUBLISHED_ROWS = (1000, 2000, 5000, 10_000, 20_000, 50_000)

NAMES = {
    "none": "no pooling",
    "stride": "stride 2",
    "max": "max pooling",
    "average": "average pooling",
    "L2": "L2 pooling",
}
"""What the kinds are called in claims and figure."""

POOLED = ("max", "average", "L2")
"""Those that pool."""

_STYLES = {"none": "k-", "stride": "k--", "max": "C3-", "average": "C2-", "L2": "C0-"}

# A shorter pair of positions is taken for zero.
_SHORTEST = 1e-12

# Rows classified at once: as many as in training, whose memory is used again.
_ROWS_AT_ONCE = 100


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    kinds: tuple[str, ...] = ("none", "L2", "max", "average", "stride")
    """The slow ones first."""
    train_rows: tuple[int, ...] = PUBLISHED_ROWS
    """In ascending order."""
    test_rows: int = 1000
    channels: int = 20
    steps: int = 6000
    batch_size: int = 100
    learning_rate: float = 1e-2
    evaluate_every: int = 100


@dataclass(frozen=True)
class Measured:
    """What is measured of one kind with one number of rows."""

    steps: list[int]
    test_accuracies: list[list[float]]
    """In percent, at each of the steps; a list a seed."""


class Pooling(Experiment[Settings, Measured]):
    """The experiment; see the module."""

    name = "pooling"
    settings = Settings()
    quick = Settings(train_rows=(1000, 2000), steps=40, evaluate_every=10)
    measurement = Measured
    choices = ("kinds", "train_rows")
    remarks = (
        "At 50000 rows, 24000 steps instead of 6000 were tried, with the learning rate of the paper and with a "
        "tenth of it: max pooling stays ahead of stride 2, with 97.8 against 95.6 % and 97.8 against 94.8 %. It "
        "is ahead in the authors' own run as well.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each kind and number of rows; its seeds are members of one stack."""
        return [
            Part(_part(kind, rows), settings.steps, {"kind": kind, "rows": rows, "seeds": list(range(seeds))})
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

    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare what pooling gains over striding with few rows and with many."""
        fewest, most = results.settings.train_rows[0], results.settings.train_rows[-1]
        return [
            *(_ahead(results, kind, "stride", fewest) for kind in POOLED),
            *(_not_ahead(results, kind, "stride", most) for kind in POOLED),
            *(_gain_shrinks(results, kind, fewest, most) for kind in POOLED),
            _not_ahead(results, "stride", "none", fewest),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw test accuracy over the steps for three numbers of rows, and its end for all."""
        figure: Figure = require("matplotlib.figure", "plot").Figure(figsize=(9, 2.6), layout="constrained")
        *axes, last = figure.subplots(1, 4)
        rows = results.settings.train_rows
        for axis, shown in zip(axes, (rows[0], rows[(len(rows) - 1) // 2], rows[-1]), strict=True):
            _draw_curves(axis, results, shown)
        _draw_ends(last, results)
        axes[0].set_ylabel("test accuracy (%)")
        handles, labels = last.get_legend_handles_labels()
        last.legend(handles, labels, frameon=False, fontsize=7, loc="lower right")
        for axis in (*axes, last):
            axis.tick_params(labelsize=8)
            axis.title.set_fontsize(9)
            axis.spines[["top", "right"]].set_visible(False)
        return figure


class MaxPool(Layer):
    """A ReLU, and the larger of each two positions; of two that are equal, the second has the gradient."""

    def forward(self, x: Tensor) -> Tensor:
        """Return half as many positions."""
        self._x = x
        first, second = pairs(x)
        self._output = self._kept("output", first.shape, x)
        return torch.maximum(first, second, out=self._output).clamp_min_(0)

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        passed = is_positive(self._output, self._kept("passed", grad.shape, grad)).mul_(grad)
        gradient = self._kept("gradient", self._x.shape, grad)
        first, second = pairs(gradient)
        torch.gt(*pairs(self._x), out=first).mul_(passed)
        torch.sub(passed, first, out=second)
        return gradient


class AveragePool(Layer):
    """A ReLU, in the memory of the input, and the mean of each two positions."""

    def forward(self, x: Tensor) -> Tensor:
        """Return half as many positions."""
        self._x = x.clamp_min_(0)
        first, second = pairs(x)
        return torch.lerp(first, second, 0.5, out=self._kept("output", first.shape, x))

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        gradient = is_positive(self._x, self._kept("gradient", self._x.shape, grad))
        half = grad * 0.5
        for position in pairs(gradient):
            position.mul_(half)
        return gradient


class L2Pool(Layer):
    """A ReLU, in the memory of the input, and the length of each two positions, taken as a vector."""

    def forward(self, x: Tensor) -> Tensor:
        """Return half as many positions."""
        self._x = x.clamp_min_(0)
        first, second = pairs(x)
        self._output = torch.mul(first, first, out=self._kept("output", first.shape, x))
        return self._output.addcmul_(second, second).sqrt_()

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input: zero where the length is, and has none."""
        gradient = self._kept("gradient", self._x.shape, grad)
        ratio = grad / self._output.clamp_min(_SHORTEST)
        for position, out in zip(pairs(self._x), pairs(gradient), strict=True):
            torch.mul(position, ratio, out=out)
        return gradient


POOL: dict[str, type[Layer]] = {
    "none": Relu,
    "stride": Relu,
    "max": MaxPool,
    "average": AveragePool,
    "L2": L2Pool,
}
"""What follows a convolution, by kind: takes (members, batch, length, channels), and halves the length if it pools."""


def pairs(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and the second of each two positions.

    Parameters
    ----------
    x : Tensor of shape (members, batch, length, channels)
        An even number of positions.

    Returns
    -------
    first, second : Tensor of shape (members, batch, length / 2, channels)
        Views.
    """
    first, second = x.unflatten(2, (-1, 2)).unbind(3)
    return first, second


def draw_network(kind: str, length: int, channels: int, seeds: list[int]) -> Network:
    """Draw one member for each seed; kinds of one seed have the same convolutions.

    Parameters
    ----------
    kind : str
        Kind of pooling.
    length : int
        Points of a signal.
    channels : int
        Channels of both convolutions.
    seeds : list of int
        Where they are drawn from.

    Returns
    -------
    Network
        Two convolutions, each with ReLU and pooling, and a linear layer.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    stride = 2 if kind == "stride" else 1
    layers: list[Layer] = []
    for inputs in (1, channels):
        layers.append(draw_convolution(inputs, channels, 3, generators, stride=stride, padding=1))
        layers.append(POOL[kind]())
    positions = length if kind == "none" else length // 4
    return Network([*layers, draw_linear(positions * channels, NUM_CLASSES, generators)])


def train(network: Network, x: Tensor, y: Tensor, settings: Settings) -> Iterator[int]:
    """Train members with Adam, on the same batches: rows in their order, again and again.

    Parameters
    ----------
    network : Network
        Changed in place.
    x : Tensor of shape (rows, length)
        Signals.
    y : Tensor of int64, shape (rows,)
        Labels.
    settings : Settings
        Number of steps, size of a batch and learning rate.

    Yields
    ------
    int
        After every step, its number, counted from 1.
    """
    optimizer = torch.optim.Adam(network.parameters, lr=settings.learning_rate, fused=True)
    targets = F.one_hot(y, NUM_CLASSES).to(x.dtype)
    for step in range(1, settings.steps + 1):
        rows = torch.arange((step - 1) * settings.batch_size, step * settings.batch_size) % len(x)
        probabilities = forward(network, x[rows]).softmax(2)
        # The derivative of the mean cross-entropy of each member.
        network.set_gradients((probabilities - targets[rows]) / len(rows))
        optimizer.step()
        yield step


def forward(network: Network, x: Tensor) -> Tensor:
    """Return the logits of signals that are the same for all members.

    Parameters
    ----------
    network : Network
        The members.
    x : Tensor of shape (batch, length)
        Signals.

    Returns
    -------
    Tensor of shape (members, batch, classes)
        Logits.
    """
    members = len(network.parameters[0])
    return network.forward(x.unsqueeze(2).expand(members, -1, -1, -1))


def accuracy(network: Network, x: Tensor, y: Tensor) -> list[float]:
    """Return the accuracy of each member.

    Parameters
    ----------
    network : Network
        The members.
    x : Tensor of shape (rows, length)
        Signals.
    y : Tensor of int64, shape (rows,)
        Labels.

    Returns
    -------
    list of float
        In percent.
    """
    predicted = [forward(network, rows).argmax(2) for rows in x.split(_ROWS_AT_ONCE)]
    accuracies: list[float] = (100 * (torch.cat(predicted, 1) == y).double().mean(1)).tolist()
    return accuracies


def final_accuracies(one: Measured) -> list[float]:
    """Return the test accuracy at the end of the training: the mean over its last sixth.

    Parameters
    ----------
    one : Measured
        What was measured of one kind with one number of rows.

    Returns
    -------
    list of float
        In percent, one a seed.
    """
    at_the_end = np.array(one.steps) > one.steps[-1] * 5 / 6
    means: list[float] = np.array(one.test_accuracies)[:, at_the_end].mean(axis=1).tolist()
    return means


def _part(kind: str, rows: int) -> str:
    return f"{kind}-{rows}"


def _final(results: Results[Settings, Measured], kind: str, rows: int) -> list[float]:
    return final_accuracies(results.measured[_part(kind, rows)])


def _against(kind: str, other: str, rows: int) -> str:
    """Return the published accuracies of two kinds."""
    if rows not in PUBLISHED_ROWS:
        return "not for this number of rows"
    column = PUBLISHED_ROWS.index(rows)
    return f"{PUBLISHED[kind][column]} against {PUBLISHED[other][column]}"


def _ahead(results: Results[Settings, Measured], kind: str, other: str, rows: int) -> Claim:
    accuracies = _final(results, kind, rows), _final(results, other, rows)
    return Claim(
        statement=f"{NAMES[kind]} is ahead of {NAMES[other]} at {rows} rows, in percent",
        published=_against(kind, other, rows),
        measured=f"{describe(accuracies[0])} against {describe(accuracies[1])}",
        test=PAIRED_TEST,
        holds=is_greater(*accuracies),
    )


def _not_ahead(results: Results[Settings, Measured], kind: str, other: str, rows: int) -> Claim:
    ahead = _ahead(results, kind, other, rows)
    return replace(
        ahead,
        statement=ahead.statement.replace("is ahead", "is not ahead"),
        published=f"no difference, or behind (in one run {ahead.published})",
        test=f"not ahead by the {ahead.test}",
        holds=not ahead.holds,
    )


def _gain_shrinks(results: Results[Settings, Measured], kind: str, fewest: int, most: int) -> Claim:
    gains = [
        np.subtract(_final(results, kind, rows), _final(results, "stride", rows)).tolist() for rows in (fewest, most)
    ]
    published = np.subtract(PUBLISHED[kind], PUBLISHED["stride"])
    return Claim(
        statement=f"what {NAMES[kind]} gains over stride 2 is more at {fewest} than at {most} rows, in points",
        published=f"{published[0]:.1f} against {published[-1]:.1f}",
        measured=f"{describe(gains[0])} against {describe(gains[1])}",
        test=PAIRED_TEST,
        holds=is_greater(*gains),
    )


def _draw_curves(axis: Axes, results: Results[Settings, Measured], rows: int) -> None:
    for kind in results.settings.kinds:
        one = results.measured[_part(kind, rows)]
        axis.plot(one.steps, np.mean(one.test_accuracies, axis=0), _STYLES[kind], linewidth=0.9)
    lowest = min(np.mean(_final(results, kind, rows)) for kind in results.settings.kinds)
    # The start of the curves is not shown, as in the paper, so that their ends can be told apart.
    axis.set(title=f"{rows:,} rows", xlabel="step", ylim=(10 * ((lowest - 4) // 10), None))


def _draw_ends(axis: Axes, results: Results[Settings, Measured]) -> None:
    rows = results.settings.train_rows
    for kind in results.settings.kinds:
        ends = [_final(results, kind, one) for one in rows]
        axis.errorbar(
            rows, np.mean(ends, axis=1), np.std(ends, axis=1), fmt=_STYLES[kind], linewidth=0.9, label=NAMES[kind]
        )
        axis.plot(PUBLISHED_ROWS, PUBLISHED[kind], "o", color=GREY, markersize=3, fillstyle="none", zorder=1)
    axis.set(title="at the end; circles: published", xlabel="training rows", xscale="log")
    axis.set_xticks(PUBLISHED_ROWS, [f"{one // 1000}k" for one in PUBLISHED_ROWS])
    axis.minorticks_off()


EXPERIMENT = Pooling()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
