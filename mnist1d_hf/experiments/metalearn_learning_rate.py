"""Learns the learning rate of an MLP by gradient descent through its training (section 5.3, Figure 6).

The inner loop is plain SGD on a tanh network, on the rows in their order; every outer step repeats it from the same initial
weights, with another learning rate. Its gradient is written out, so that the graph of 200 steps is one of simple
operations, and one backward pass through it gives the derivative of the mean training loss by the learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..baselines.data import load_tensors
from ..baselines.layers.drawing import draw_uniform
from ..dataset.templates import NUM_CLASSES
from ..utils.figures import DARK_GREY, GREY, new_figure, tidy
from ..utils.seeds import generator
from ..utils.statistics import LEVEL, describe
from .claims import Claim, judged, tested_claim
from .experiment import Experiment, Progress
from .results import Part, Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PUBLISHED_OPTIMUM = 0.62
"""Where the paper's two runs end."""

TOLERANCE = 0.05
"""How far the two starts may end from each other, as a fraction of their mean."""

MARGIN = 0.1
"""How far from the paper's optimum still counts as there, as a fraction of it."""


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    starts: tuple[float, ...] = (1.5, 0.15)
    """Learning rates to start from."""
    outer_steps: int = 50
    outer_learning_rate: float = 0.3
    inner_steps: int = 200
    batch_size: int = 50
    hidden_size: int = 50


@dataclass(frozen=True)
class Measured:
    """Measurements of one seed: for each start, a value per outer step."""

    learning_rates: list[list[float]]
    losses: list[list[float]]
    """Mean training loss of the inner loop, in nats."""


class MetalearnLearningRate(Experiment[Settings, Measured]):
    """Gradient descent on the learning rate, from several starts."""

    name = "metalearn-learning-rate"
    settings = Settings()
    quick = Settings(outer_steps=8)
    measurement = Measured
    remarks = (
        "The optimum depends on the initial weights, which are drawn once per seed and kept for all outer steps, as in "
        "the authors' code.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part per seed; its starts are members of one stack."""
        return [Part(f"seed{seed}", settings.outer_steps, {"seed": seed}) for seed in range(seeds)]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Descend on the learning rate from every start."""
        x, y = load_tensors("default", "train")
        parameters = initial_parameters(x.shape[1], settings.hidden_size, generator(part.values["seed"]))
        batches = torch.arange(settings.inner_steps * settings.batch_size).view(settings.inner_steps, -1) % len(x)
        rate = torch.tensor(settings.starts)
        rates, losses = [rate.tolist()], []
        for step in range(settings.outer_steps):
            rate.requires_grad_()
            loss = mean_training_loss(rate, parameters, x[batches], y[batches])
            (gradient,) = torch.autograd.grad(loss.sum(), rate)
            losses.append(loss.tolist())
            rate = rate.detach() - settings.outer_learning_rate * gradient
            rates.append(rate.tolist())
            progress(step + 1, "learning rates " + ", ".join(f"{value:.3f}" for value in rates[-1]))
        return Measured(np.transpose(rates).tolist(), np.transpose(losses).tolist())

    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare where the starts end."""
        ends = np.array([[rates[-1] for rates in trial.learning_rates] for trial in results.measured.values()])
        spread = np.ptp(ends, axis=1) / ends.mean(axis=1)
        return [
            Claim(
                statement="from both starts the learning rate converges to one optimum",
                published=f"{PUBLISHED_OPTIMUM}",
                measured=" and ".join(describe(column.tolist(), digits=3) for column in ends.T),
                test=f"they end within {100 * TOLERANCE:.0f} % of each other, for each seed",
                verdict=judged(spread <= TOLERANCE),
            ),
            *(_end_claim(start, column) for start, column in zip(results.settings.starts, ends.T, strict=True)),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw the learning rate and the loss over the outer steps."""
        figure = new_figure((7, 2.8))
        rates, losses = figure.subplots(1, 2)
        for seed, measured in enumerate(results.measured.values()):
            for number, start in enumerate(results.settings.starts):
                label = None if seed else f"from {start:g}"
                rates.plot(measured.learning_rates[number], color=f"C{number}", linewidth=1, label=label)
                losses.plot(measured.losses[number], color=f"C{number}", linewidth=1)
        rates.axhline(PUBLISHED_OPTIMUM, color=GREY, linestyle=":", linewidth=1)
        rates.set(xlabel="outer step", ylabel="learning rate", ylim=(0, None))
        rates.legend(frameon=False, fontsize=8)
        rates.text(0, PUBLISHED_OPTIMUM, " the paper's", color=DARK_GREY, fontsize=7, va="bottom")
        losses.set(xlabel="outer step", ylabel="mean training loss (nats)")
        tidy((rates, losses))
        return figure


def _end_claim(start: float, ends: NDArray[np.float64]) -> Claim:
    distances, margin = ends - PUBLISHED_OPTIMUM, MARGIN * PUBLISHED_OPTIMUM
    return tested_claim(
        statement=f"from {start:g} the learning rate ends at {PUBLISHED_OPTIMUM}",
        published=f"{PUBLISHED_OPTIMUM}",
        measured=describe(ends.tolist(), digits=3),
        differences=[(margin + distances).tolist(), (margin - distances).tolist()],
        test=f"within {100 * MARGIN:.0f} % of {PUBLISHED_OPTIMUM}, two one-sided t-tests over seeds, p < {LEVEL}",
        digits=3,
    )


def initial_parameters(inputs: int, hidden: int, stream: torch.Generator) -> list[Tensor]:
    """Draw weight (inputs, hidden) and bias (1, hidden) of the first layer, then those of the second; see `draw_uniform`."""
    shapes = ((inputs, hidden), (hidden, NUM_CLASSES))
    return [draw_uniform((rows, outputs), size, stream) for size, outputs in shapes for rows in (size, 1)]


def mean_training_loss(rates: Tensor, parameters: list[Tensor], x: Tensor, y: Tensor) -> Tensor:
    """Train a tanh network with plain SGD, once for each learning rate, and return the mean loss of its steps.

    Parameters
    ----------
    rates : Tensor of shape (members,)
        Learning rates; the result can be differentiated by them.
    parameters : list of Tensor
        Initial parameters, the same for all members; see `initial_parameters`.
    x : Tensor of shape (steps, batch, length)
        Signals of each step.
    y : Tensor of int64, shape (steps, batch)
        Labels.

    Returns
    -------
    Tensor of shape (members,)
        Mean cross-entropy in nats.
    """
    members = len(rates)
    w1, b1, w2, b2 = (parameter.expand(members, -1, -1) for parameter in parameters)
    rate = rates.view(-1, 1, 1)
    targets = torch.nn.functional.one_hot(y, NUM_CLASSES).to(x.dtype)
    losses = []
    for inputs, target in zip(x, targets, strict=True):
        h = torch.tanh(inputs @ w1 + b1)
        log_p = torch.log_softmax(h @ w2 + b2, dim=2)
        losses.append(-(log_p * target).sum(2).mean(1))
        d2 = (log_p.exp() - target) / len(inputs)
        d1 = (d2 @ w2.transpose(1, 2)) * (1 - h * h)
        w2, b2 = w2 - rate * (h.transpose(1, 2) @ d2), b2 - rate * d2.sum(1, keepdim=True)
        w1, b1 = w1 - rate * (inputs.T @ d1), b1 - rate * d1.sum(1, keepdim=True)
    return torch.stack(losses).mean(0)


EXPERIMENT = MetalearnLearningRate()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
