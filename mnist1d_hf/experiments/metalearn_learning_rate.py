"""Learns the learning rate of an MLP by gradient descent through its training (section 5.3, Figure 6).

The inner loop is plain SGD on a tanh network, on the rows in their order; every outer step repeats it from the same initial
weights, with another learning rate. Its gradient is written out, so that the graph of 200 steps is one of simple
operations, and one backward pass through it gives the derivative of the mean training loss by the learning rate.

One part starts from the authors' own initial weights, so that their log can be compared with, step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..baselines.data import load_tensors
from ..baselines.layers.drawing import draw_uniform
from ..dataset.templates import NUM_CLASSES
from ..utils.figures import DARK_GREY, new_figure, tidy
from ..utils.seeds import generator, seeded
from ..utils.statistics import LEVEL, describe
from .claims import FAILS, HOLDS, Claim, as_control, judged, tested_claim
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

LOGGED = {6: (1.044, 0.5407), 48: (0.6243, 0.6203)}
"""Learning rates from both starts in the authors' log, after outer steps counted from zero."""

PRECISION = 5e-4
"""How far a learning rate may be from the logged one, which has four digits."""

AUTHORS = "authors"
"""The part that starts from the authors' initial weights, and its kind of weights; the others' are drawn from their seed."""

_SEEDED = "seeded"


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
    final_losses: list[list[float]]
    """Training loss of its last step."""


class MetalearnLearningRate(Experiment[Settings, Measured]):
    """Gradient descent on the learning rate, from several starts."""

    name = "metalearn-learning-rate"
    settings = Settings()
    quick = Settings(outer_steps=8)
    measurement = Measured
    remarks = (
        "The optimum depends on the initial weights, which are drawn once per seed and kept for all outer steps, as in "
        "the authors' code; their log is of one draw, which the part with their weights repeats.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part per seed, and one with the authors' weights; the starts are members of one stack."""
        values = {f"seed{seed}": {"weights": _SEEDED, "seed": seed} for seed in range(seeds)}
        values[AUTHORS] = {"weights": AUTHORS}
        return [Part(name, settings.outer_steps, each) for name, each in values.items()]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Descend on the learning rate from every start."""
        x, y = load_tensors("default", "train")
        sizes = x.shape[1], settings.hidden_size
        is_authors = part.values["weights"] == AUTHORS
        parameters = (
            authors_parameters(*sizes) if is_authors else initial_parameters(*sizes, generator(part.values["seed"]))
        )
        batches = torch.arange(settings.inner_steps * settings.batch_size).view(settings.inner_steps, -1) % len(x)
        rate = torch.tensor(settings.starts)
        rates, losses, final_losses = [rate.tolist()], [], []
        for step in range(settings.outer_steps):
            rate.requires_grad_()
            inner = training_losses(rate, parameters, x[batches], y[batches])
            loss = inner.mean(0)
            (gradient,) = torch.autograd.grad(loss.sum(), rate)
            losses.append(loss.tolist())
            final_losses.append(inner[-1].tolist())
            rate = rate.detach() - settings.outer_learning_rate * gradient
            rates.append(rate.tolist())
            progress(step + 1, "learning rates " + ", ".join(f"{value:.3f}" for value in rates[-1]))
        return Measured(*(_by_start(each) for each in (rates, losses, final_losses)))

    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare where the starts end."""
        trials = results.where(weights=_SEEDED)
        ends = np.array([[rates[-1] for rates in trial.learning_rates] for trial in trials])
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
            *(_log_claim(results, step) for step in LOGGED if step < results.settings.outer_steps),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw the objective, the last loss and the learning rate over the outer steps."""
        figure = new_figure((10, 2.8))
        objective, final, rates = axes = figure.subplots(1, 3)
        for part in results.parts:
            measured, is_authors = results.measured[part.name], part.name == AUTHORS
            for number, start in enumerate(results.settings.starts):
                width = {"color": f"C{number}", "linewidth": 2 if is_authors else 0.7}
                label = f"from {start:g}, the authors' weights" if is_authors else None
                objective.plot(measured.losses[number], **width)
                final.plot(measured.final_losses[number], **width)
                rates.plot(measured.learning_rates[number], label=label, **width)
        rates.axhline(PUBLISHED_OPTIMUM, color=DARK_GREY, linestyle=":", linewidth=1, label="the paper's optimum")
        rates.legend(frameon=False, fontsize=7)
        objective.set(ylabel="nats", title="mean training loss (outer objective)")
        final.set(ylabel="nats", title="training loss of the last inner step")
        rates.set(title="learning rate", ylim=(0, None))
        for axis in axes:
            axis.set_xlabel("outer step")
        tidy(axes, tick_size=7, label_size=8, title_size=9)
        return figure


def _by_start(per_step: list[list[float]]) -> list[list[float]]:
    values: list[list[float]] = np.round(np.transpose(per_step), 6).tolist()
    return values


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


def _log_claim(results: Results[Settings, Measured], step: int) -> Claim:
    rates = [of_start[step + 1] for of_start in results.one(weights=AUTHORS).learning_rates]
    return as_control(
        Claim(
            statement=f"with the authors' initial weights, the learning rates after outer step {step} are those of their log",
            published=" and ".join(f"{rate:g}" for rate in LOGGED[step]),
            measured=" and ".join(f"{rate:.4f}" for rate in rates),
            test=f"both within {PRECISION:g}",
            verdict=HOLDS if np.allclose(rates, LOGGED[step], rtol=0, atol=PRECISION) else FAILS,
        )
    )


def authors_parameters(inputs: int, hidden: int) -> list[Tensor]:
    """Draw the parameters of `initial_parameters` as the authors do: from torch's global generator with seed 0."""
    with seeded(0):
        layers = nn.Linear(inputs, hidden), nn.Linear(hidden, NUM_CLASSES)
    pairs = [(layer.weight.detach().T, layer.bias.detach().unsqueeze(0)) for layer in layers]
    return [parameter for pair in pairs for parameter in pair]


def initial_parameters(inputs: int, hidden: int, stream: torch.Generator) -> list[Tensor]:
    """Draw weight (inputs, hidden) and bias (1, hidden) of the first layer, then those of the second; see `draw_uniform`."""
    shapes = ((inputs, hidden), (hidden, NUM_CLASSES))
    return [draw_uniform((rows, outputs), size, stream) for size, outputs in shapes for rows in (size, 1)]


def training_losses(rates: Tensor, parameters: list[Tensor], x: Tensor, y: Tensor) -> Tensor:
    """Train a tanh network with plain SGD, once for each learning rate, and return the loss of each step.

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
    Tensor of shape (steps, members)
        Cross-entropy in nats.
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
    return torch.stack(losses)


EXPERIMENT = MetalearnLearningRate()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
