"""Learns the activation function of an MLP by gradient descent through its training (section 5.4, Figure 7).

The activation function is ELU(x) + 0.2 * network(x), and the network is what is learned. As in the authors' public code it has
one hidden layer of 100 tanh units; the paper's text speaks of two, which are measured too. Every outer step draws another MLP
and other batches, and what was learned is compared with fixed activation functions on MLPs and batches it has not seen.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from ..initialisation import draw_uniform
from .activation_transfer import Data, load_digits, train_cnn
from .activations import FIXED, Activation, TabulatedActivation, initial_network
from .unrolled import Batches, RMSProp, Weights, reverse, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEARNED, TWO_LAYERS, FIXED_KIND = "learned", "learned-two-layers", "fixed"
"""Kinds of parts: learning with the network of the authors' code, with that of the paper's text, and the fixed ones."""

PUBLISHED_LOSSES = {LEARNED: 0.94, "ReLU": 1.34, "Swish": 1.37, "ELU": 1.47, "tanh": 1.52, "Softplus": 1.65}
"""Mean inner losses in nats; the first over the last 200 inner steps and all outer steps, the others over all inner steps."""

LOSS_TOLERANCE = 0.1
"""How far a mean inner loss may be from the published one, as a fraction of it."""

PUBLISHED_MARGIN = 5.0
"""Points of test accuracy by which the learned one is ahead."""

CNN, DIGITS = "CNN on MNIST-1D", "CNN on 8×8 digits"

MIDDLE = range(3, 6)
"""Ranks of seven that are the middle of the pack."""

SPAN = 5.0
"""The paper shows the activation function from minus to plus this."""

_COLOURS = {
    LEARNED: "black",
    "ReLU": "#c9a400",
    "Swish": "#e07b00",
    "ELU": "#c0392b",
    "Softplus": "#8e44ad",
    "tanh": "#2f6fb0",
    "sigmoid": "#3a8a3a",
}
# Limits of the figure: the paper's for the shape, and losses that are worse than a guess are cut.
_SHAPE_RANGE = (-1.5, 4)
_HIGHEST_LOSS = 2.4
# Lines of text beside an axis.
_LINES = 14

# Curves that are kept of an activation function while it is learned, beside the last one.
_CURVES = 10


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    num_samples: int = 10_000
    """Rows generated, four fifths for training."""
    hidden_units: int = 100
    """Of each hidden layer of the network that is learned."""
    outer_steps: int = 301
    outer_learning_rate: float = 0.3
    largest_gradient: float = 0.1
    """Each element of the outer gradient is clamped to plus or minus this."""
    inner_steps: int = 301
    counted_steps: int = 200
    """Last inner steps, whose mean loss is the objective."""
    batch_size: int = 100
    mlp_units: int = 128
    noise: float = 0.1
    """Largest noise on a hidden unit of the MLP; a step draws it, the rows of its batch share it."""
    inner_learning_rate: float = 0.01
    decay: float = 0.4
    evaluations: int = 10
    """MLPs trained with each activation function for the comparison, a seed."""
    transfer_epochs: tuple[int, ...] = (1, 2, 5, 10, 20, 40)
    """Epochs after which the CNN is tested."""


@dataclass(frozen=True)
class Comparison:
    """How networks train with activation functions; an entry of each list belongs to one of the functions."""

    names: list[str]
    losses: list[float]
    """Mean loss of the last inner steps in nats, over MLPs."""
    all_losses: list[float]
    """Mean loss of all inner steps."""
    accuracies: list[float]
    """Mean test accuracy of the MLPs in percent."""
    transfers: dict[str, list[list[float]]]
    """Test accuracy of the CNN in percent after each of the epochs, by data set."""


@dataclass(frozen=True)
class Course:
    """How an activation function was learned; empty for fixed ones."""

    outer_losses: list[float] = field(default_factory=list)
    """Objective of each outer step in nats."""
    outer_accuracies: list[float] = field(default_factory=list)
    """Test accuracy of the MLP of each outer step in percent."""
    gradient_norms: list[float] = field(default_factory=list)
    """Norm of the outer gradient before it is clamped; -1 where it is not finite."""
    largest_inputs: list[float] = field(default_factory=list)
    """Largest size of an input of the activation function in each outer step."""
    curves: list[list[float]] = field(default_factory=list)
    """Values of the activation function between minus and plus 5, every tenth of the way and in the end."""
    extrema: list[float] = field(default_factory=list)
    """Where its slope changes its sign between minus and plus 5, in the end."""


@dataclass(frozen=True)
class Measured(Course, Comparison):
    """What a part measures."""


class MetalearnActivation(Experiment[Settings, Measured]):
    """The experiment; see the module."""

    name = "metalearn-activation"
    settings = Settings()
    quick = Settings(
        num_samples=1000, outer_steps=5, inner_steps=25, counted_steps=20, evaluations=1, transfer_epochs=(1, 2)
    )
    measurement = Measured
    remarks = (
        "The network of two hidden layers, of which the paper's text speaks, diverges. An outer learning rate of "
        "0.1 instead of 0.3 was tried on two seeds: then it does not, and comes to inner losses of 0.86 and 0.85.",
        "The digits stand in for MNIST and CIFAR-10. They are easier, and 40 epochs of them are fewer steps.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return three parts a seed: two ways to learn an activation function, and the fixed ones."""
        # An outer step each, and a CNN for each data set.
        learning = settings.outer_steps + 2
        steps = {TWO_LAYERS: learning, LEARNED: learning, FIXED_KIND: 2 * len(FIXED)}
        return [
            Part(f"{kind}-seed{seed}", steps[kind], {"kind": kind, "seed": seed})
            for kind in steps
            for seed in range(seeds)
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Learn an activation function, or take the fixed ones, and train networks with them."""
        kind, seed = part.values["kind"], part.values["seed"]
        problem = Problem(settings)
        activations: Mapping[str, Activation] = FIXED
        course = Course()
        if kind != FIXED_KIND:
            hidden = [settings.hidden_units] * (1 if kind == LEARNED else 2)
            learned, course = learn(problem, hidden, seed, progress)
            activations = {kind: learned}
        comparison = compare(
            problem, activations, seed, lambda done, what: progress(len(course.outer_losses) + done, what)
        )
        return Measured(**dataclasses.asdict(comparison), **dataclasses.asdict(course))

    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare the learned activation function with the fixed ones, and its shape with the paper's."""
        return [
            _loss_claim(results, LEARNED),
            _accuracy_claim(results, LEARNED),
            _margin_claim(results),
            _published_losses_claim(results),
            _shape_claim(results),
            _early_claim(results),
            _rank_claim(results, CNN),
            _rank_claim(results, DIGITS),
            _loss_claim(results, TWO_LAYERS),
            _accuracy_claim(results, TWO_LAYERS),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw objective, test accuracy and shape over the outer steps, and what the CNN makes of each activation function."""
        figure: Figure = require("matplotlib.figure", "plot").Figure(figsize=(9, 5.4), layout="constrained")
        (objective, accuracy, shape), (final, *transfers) = figure.subplots(2, 3)
        _draw_objective(objective, results)
        _draw_accuracy(accuracy, results)
        _draw_shape(shape, results)
        _draw_final(final, results)
        for axis, data in zip(transfers, (CNN, DIGITS), strict=True):
            _draw_transfer(axis, data, results)
        for axis in figure.axes:
            axis.spines[["top", "right"]].set_visible(False)
            axis.tick_params(labelsize=7)
            for text in (axis.title, axis.xaxis.label, axis.yaxis.label):
                text.set_fontsize(8)
        return figure


class Problem:
    """The inner problem: an MLP to train on MNIST-1D.

    Parameters
    ----------
    settings : Settings
        Settings of the experiment.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        train_rows, test_rows = (
            load_tensors("default", split, num_samples=settings.num_samples) for split in ("train", "test")
        )
        self.data = Data(*train_rows, *test_rows)
        self.optimizer = RMSProp(settings.inner_learning_rate, settings.decay)

    def draw(self, generator: torch.Generator) -> tuple[Weights, Batches]:
        """Draw initial weights, as `torch.nn.Linear` does, and what a training sees.

        Parameters
        ----------
        generator : torch.Generator
            Where they are drawn from.

        Returns
        -------
        Weights, Batches
            For `unrolled.train`.
        """
        settings, (x, y, *_) = self.settings, self.data
        length, hidden = x.shape[1], settings.mlp_units
        weights = Weights(
            draw_uniform((length + 1, hidden), length, generator),
            draw_uniform((hidden + 1, NUM_CLASSES), hidden, generator),
        )
        rows = torch.randint(len(x), (settings.inner_steps, settings.batch_size), generator=generator)
        noise = settings.noise * draw_uniform((settings.inner_steps, hidden), 1, generator)
        return weights, Batches(x[rows], y[rows], noise)

    def accuracy(self, activation: Activation, weights: Weights) -> float:
        """Return the test accuracy of an MLP, without noise.

        Parameters
        ----------
        activation : callable
            Gives value and slope of its activation function.
        weights : Weights
            Its weights.

        Returns
        -------
        float
            In percent.
        """
        hidden, _ = activation(F.pad(self.data.test_x, (0, 1), value=1) @ weights.first)
        logits = F.pad(hidden, (0, 1), value=1) @ weights.second
        return 100 * (logits.argmax(1) == self.data.test_y).float().mean().item()


def learn(problem: Problem, hidden: Sequence[int], seed: int, progress: Progress) -> tuple[Activation, Course]:
    """Learn an activation function.

    Parameters
    ----------
    problem : Problem
        The inner problem.
    hidden : sequence of int
        Units of each hidden layer of the network in it.
    seed : int
        Draws the network, and the MLP and the batches of each outer step.
    progress : callable
        Called after each outer step.

    Returns
    -------
    activation : callable
        The last one; gives value and slope.
    course : Course
        How it came about.
    """
    settings = problem.settings
    generator = torch.Generator().manual_seed(seed)
    importance = torch.zeros(settings.inner_steps)
    importance[-settings.counted_steps :] = 1 / settings.counted_steps
    course = Course()
    activation = TabulatedActivation(initial_network(hidden, generator))
    for step in range(settings.outer_steps):
        if step % math.ceil(settings.outer_steps / _CURVES) == 0:
            course.curves.append(_curve(activation))
        gradients = _outer_gradient(problem, activation, importance, generator, course)
        activation = TabulatedActivation(_descend(activation.parameters, gradients, settings))
        progress(step + 1, f"mean inner loss {course.outer_losses[-1]:.3f}")
    course.curves.append(_curve(activation))
    course.extrema.extend(local_extrema(activation))
    return activation, course


def _outer_gradient(
    problem: Problem, activation: TabulatedActivation, importance: Tensor, generator: torch.Generator, course: Course
) -> tuple[Tensor, ...]:
    """Return the gradient of the objective by the network's parameters, and add the step to the course."""
    # Another MLP and other batches in every step: what is learned is for training, not for one run of it.
    weights, batches = problem.draw(generator)
    training = train(activation, weights, batches, problem.optimizer, keep_steps=True)
    reverse(activation, training.steps, importance, problem.optimizer)
    gradients = activation.parameter_gradient()
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm().item()
    course.outer_losses.append(round(training.losses[-problem.settings.counted_steps :].mean().item(), 4))
    course.outer_accuracies.append(round(problem.accuracy(activation, training.weights), 2))
    course.gradient_norms.append(float(f"{norm:.3g}") if math.isfinite(norm) else -1.0)
    course.largest_inputs.append(round(max(step.a.abs().max().item() for step in training.steps), 2))
    return gradients


def _descend(parameters: Sequence[Tensor], gradients: Sequence[Tensor], settings: Settings) -> list[Tensor]:
    limit = settings.largest_gradient
    # Where a training is chaotic its derivative is not finite; an element that is no number has no direction.
    return [
        parameter.detach() - settings.outer_learning_rate * gradient.nan_to_num().clamp(-limit, limit)
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]


def _curve(activation: Activation) -> list[float]:
    values, _ = activation(torch.linspace(-SPAN, SPAN, 101))
    return [round(value, 3) for value in values.tolist()]


def local_extrema(activation: Activation) -> list[float]:
    """Return where the slope of an activation function changes its sign between minus and plus 5.

    Parameters
    ----------
    activation : callable
        Gives value and slope.

    Returns
    -------
    list of float
        Ascending, to 0.01.
    """
    positions = torch.linspace(-SPAN, SPAN, 1001)
    _, slopes = activation(positions)
    rising = slopes > 0
    return [round(position, 2) for position in positions[1:][rising[1:] != rising[:-1]].tolist()]


def compare(problem: Problem, activations: Mapping[str, Activation], seed: int, progress: Progress) -> Comparison:
    """Train MLPs and CNNs with activation functions.

    Parameters
    ----------
    problem : Problem
        The inner problem.
    activations : mapping of str to callable
        The activation functions by name; each gives value and slope.
    seed : int
        Draws MLPs, CNNs and their batches, the same for all activation functions.
    progress : callable
        Called after each CNN.

    Returns
    -------
    Comparison
        What came of it.
    """
    counted = problem.settings.counted_steps
    losses, accuracies = zip(*(_train_mlps(problem, one, seed) for one in activations.values()), strict=True)
    x, y, test_x, test_y = problem.data
    data = {CNN: Data(x.unsqueeze(1), y, test_x.unsqueeze(1), test_y), DIGITS: load_digits()}
    transfers: dict[str, list[list[float]]] = {task: [] for task in data}
    for done, (task, name) in enumerate(itertools.product(data, activations), start=1):
        transfers[task].append(train_cnn(activations[name], data[task], problem.settings.transfer_epochs, seed))
        progress(done, f"{task}, {name}: {transfers[task][-1][-1]:.1f} %")
    return Comparison(
        names=list(activations),
        losses=[round(loss[-counted:].mean().item(), 4) for loss in losses],
        all_losses=[round(loss.mean().item(), 4) for loss in losses],
        accuracies=[round(accuracy, 2) for accuracy in accuracies],
        transfers=transfers,
    )


def _train_mlps(problem: Problem, activation: Activation, seed: int) -> tuple[Tensor, float]:
    """Return the loss of each inner step, and the test accuracy in percent; means over MLPs."""
    # Not the generator of the learning, so that these MLPs are new to it.
    generator = torch.Generator().manual_seed(seed + 2**32)
    losses, accuracies = [], []
    for _ in range(problem.settings.evaluations):
        training = train(activation, *problem.draw(generator), problem.optimizer)
        losses.append(training.losses)
        accuracies.append(problem.accuracy(activation, training.weights))
    return torch.stack(losses).mean(0), sum(accuracies) / len(accuracies)


def _of(results: Results[Settings, Measured], kind: str) -> list[Measured]:
    """Return the parts of a kind, a seed each."""
    return [results.measured[f"{kind}-seed{seed}"] for seed in range(results.seeds)]


def _parts(results: Results[Settings, Measured], name: str) -> list[tuple[Measured, int]]:
    """Return the parts that have an activation function and its place in them, a seed each."""
    return [(part, part.names.index(name)) for part in _of(results, FIXED_KIND if name in FIXED else name)]


def _losses(results: Results[Settings, Measured], name: str) -> list[float]:
    return [part.losses[place] for part, place in _parts(results, name)]


def _accuracies(results: Results[Settings, Measured], name: str) -> list[float]:
    return [part.accuracies[place] for part, place in _parts(results, name)]


def _transfers(results: Results[Settings, Measured], task: str, name: str) -> list[list[float]]:
    """Return the accuracies of the CNN after each of the epochs, a list a seed."""
    return [part.transfers[task][place] for part, place in _parts(results, name)]


def _learned_title(kind: str) -> str:
    return "the learned activation function" + (", its network with two hidden layers," if kind == TWO_LAYERS else "")


def _loss_claim(results: Results[Settings, Measured], kind: str) -> Claim:
    learned = _losses(results, kind)
    fixed = {name: _losses(results, name) for name in FIXED}
    best = min(fixed, key=lambda name: sum(fixed[name]))
    return Claim(
        statement=f"{_learned_title(kind)} trains the MLP to a lower loss than every fixed one",
        published="0.94 against 1.34 of ReLU (not means over the same steps)",
        measured=f"{describe(learned, 2)} against {describe(fixed[best], 2)} of {best}, the best of them",
        test=f"{PAIRED_TEST}, against each of them",
        holds=all(is_greater(losses, learned) for losses in fixed.values()),
    )


def _accuracy_claim(results: Results[Settings, Measured], kind: str) -> Claim:
    learned = _accuracies(results, kind)
    fixed = {name: _accuracies(results, name) for name in FIXED}
    best = max(fixed, key=lambda name: sum(fixed[name]))
    return Claim(
        statement=f"{_learned_title(kind)} gives the MLP a higher test accuracy than every fixed one, in percent",
        published=f"more than {PUBLISHED_MARGIN:.0f} points ahead",
        measured=f"{describe(learned)} against {describe(fixed[best])} of {best}, the best of them",
        test=f"{PAIRED_TEST}, against each of them",
        holds=all(is_greater(learned, accuracies) for accuracies in fixed.values()),
    )


def _margin_claim(results: Results[Settings, Measured]) -> Claim:
    fixed = [_accuracies(results, name) for name in FIXED]
    margins = [own - max(others) for own, *others in zip(_accuracies(results, LEARNED), *fixed, strict=True)]
    return Claim(
        statement="points of test accuracy by which the learned activation function is ahead of the best fixed one",
        published=f"more than {PUBLISHED_MARGIN:.0f}",
        measured=describe(margins),
        test="the published margin, for each seed",
        holds=min(margins) > PUBLISHED_MARGIN,
    )


def _published_losses_claim(results: Results[Settings, Measured]) -> Claim:
    measured = {LEARNED: float(np.mean([one.outer_losses for one in _of(results, LEARNED)]))}
    for name in FIXED:
        measured[name] = float(np.mean([part.all_losses[place] for part, place in _parts(results, name)]))
    return Claim(
        statement="inner losses averaged as the published ones were: the learned activation function's over the last "
        f"{results.settings.counted_steps} inner steps and all outer steps, those of the others over all inner steps",
        published=", ".join(f"{name} {loss:.2f}" for name, loss in PUBLISHED_LOSSES.items()),
        measured=", ".join(f"{name} {measured[name]:.2f}" for name in PUBLISHED_LOSSES),
        test=f"means over seeds within {100 * LOSS_TOLERANCE:.0f} % of each",
        holds=all(abs(measured[name] / loss - 1) <= LOSS_TOLERANCE for name, loss in PUBLISHED_LOSSES.items()),
    )


def _shape_claim(results: Results[Settings, Measured]) -> Claim:
    extrema = [one.extrema for one in _of(results, LEARNED)]
    return Claim(
        statement="the learned activation function is not monotonic and has two local extrema",
        published="2",
        measured="at "
        + "; ".join(" and ".join(f"{position:.2f}" for position in one) or "no place" for one in extrema),
        test=f"two changes of the slope's sign between {-SPAN:.0f} and {SPAN:.0f}, for each seed",
        holds=all(len(one) == 2 for one in extrema),
    )


def transfer_ranks(results: Results[Settings, Measured], task: str, checkpoint: int) -> dict[str, int]:
    """Rank activation functions by the CNN's mean test accuracy over seeds.

    Parameters
    ----------
    results : Results
        Results of this experiment.
    task : str
        Which CNN.
    checkpoint : int
        Index into the epochs after which it is tested.

    Returns
    -------
    dict of str to int
        1 is the best; equal accuracies share the better rank.
    """
    sums = {name: sum(curve[checkpoint] for curve in _transfers(results, task, name)) for name in (LEARNED, *FIXED)}
    return {name: 1 + sum(other > own for other in sums.values()) for name, own in sums.items()}


def _rank_text(results: Results[Settings, Measured], task: str, checkpoint: int) -> str:
    accuracies = [curve[checkpoint] for curve in _transfers(results, task, LEARNED)]
    ranks = transfer_ranks(results, task, checkpoint)
    best = min(FIXED, key=lambda name: ranks[name])
    others = [curve[checkpoint] for curve in _transfers(results, task, best)]
    return (
        f"rank {ranks[LEARNED]} of {len(ranks)}, {describe(accuracies)} % against {describe(others)} % of {best}, "
        f"the best fixed one"
    )


def _rank_claim(results: Results[Settings, Measured], task: str) -> Claim:
    return Claim(
        statement=f"transferred, it is in the middle of the pack: {task}, {results.settings.transfer_epochs[-1]} epochs",
        published="middle of the pack, in CNNs on MNIST and CIFAR-10",
        measured=_rank_text(results, task, -1),
        test=f"rank {MIDDLE[0]} to {MIDDLE[-1]} by the mean test accuracy over seeds",
        holds=transfer_ranks(results, task, -1)[LEARNED] in MIDDLE,
    )


def _early_claim(results: Results[Settings, Measured]) -> Claim:
    return Claim(
        statement=f"transferred, it is best early in training: {CNN}, epoch {results.settings.transfer_epochs[0]}",
        published="best early in training, in CNNs on MNIST and CIFAR-10",
        measured=_rank_text(results, CNN, 0),
        test="rank 1 by the mean test accuracy over seeds",
        holds=transfer_ranks(results, CNN, 0)[LEARNED] == 1,
    )


def _draw_objective(axis: Axes, results: Results[Settings, Measured]) -> None:
    for kind, color, label in (
        (TWO_LAYERS, GREY, "two hidden layers"),
        (LEARNED, _COLOURS[LEARNED], "one hidden layer"),
    ):
        for number, one in enumerate(_of(results, kind)):
            axis.plot(one.outer_losses, color=color, linewidth=0.7, label=None if number else label)
    axis.axhline(PUBLISHED_LOSSES[LEARNED], color=GREY, linestyle=":", linewidth=1, label="published mean")
    axis.set(xlabel="outer step", ylabel="nats", ylim=(None, _HIGHEST_LOSS))
    axis.set_title(f"mean of the last {results.settings.counted_steps} inner losses")
    axis.legend(fontsize=7, edgecolor="none", framealpha=1)


def _draw_accuracy(axis: Axes, results: Results[Settings, Measured]) -> None:
    for one in _of(results, LEARNED):
        axis.plot(one.outer_accuracies, color=_COLOURS[LEARNED], linewidth=0.5)
    means = {name: float(np.mean(_accuracies(results, name))) for name in _COLOURS}
    for name in FIXED:
        axis.axhline(means[name], color=_COLOURS[name], linewidth=1)
    axis.set(xlabel="outer step", ylabel="%", title="test accuracy of the MLP")
    _label_right(axis, means)


def _draw_shape(axis: Axes, results: Results[Settings, Measured]) -> None:
    curves = _of(results, LEARNED)[0].curves
    colors = require("matplotlib", "plot").colormaps["viridis"](np.linspace(0, 1, len(curves)))
    labels = {0: "first outer step", len(curves) - 1: "last outer step"}
    for number, (curve, color) in enumerate(zip(curves, colors, strict=True)):
        axis.plot(np.linspace(-SPAN, SPAN, len(curve)), curve, color=color, linewidth=1, label=labels.get(number))
    axis.set(xlabel="x", ylim=_SHAPE_RANGE, title="learned activation function, seed 0")
    axis.legend(frameon=False, fontsize=7)


def _draw_final(axis: Axes, results: Results[Settings, Measured]) -> None:
    for number, one in enumerate(_of(results, LEARNED)):
        positions, curve = np.linspace(-SPAN, SPAN, len(one.curves[-1])), one.curves[-1]
        axis.plot(positions, curve, color=f"C{number}", linewidth=1, label=f"seed {number}")
        axis.plot(one.extrema, np.interp(one.extrema, positions, curve), "o", color=f"C{number}", markersize=4)
    axis.set(xlabel="x", ylim=_SHAPE_RANGE, title="after the last outer step, with local extrema")
    axis.legend(frameon=False, fontsize=7)


def _draw_transfer(axis: Axes, task: str, results: Results[Settings, Measured]) -> None:
    means = {name: np.mean(_transfers(results, task, name), axis=0) for name in _COLOURS}
    for name, color in _COLOURS.items():
        axis.plot(results.settings.transfer_epochs, means[name], ".-", color=color, linewidth=1, markersize=4)
    # From the worst at half of the way: the first epochs of the worst would flatten all the rest.
    bottom = min(curve[len(curve) // 2] for curve in means.values()) - 10
    axis.set(xscale="log", xlabel="epoch", ylabel="%", ylim=(bottom, None), title=f"test accuracy of the {task}")
    axis.set_xticks(results.settings.transfer_epochs, [str(epoch) for epoch in results.settings.transfer_epochs])
    axis.minorticks_off()
    _label_right(axis, {name: float(curve[-1]) for name, curve in means.items()})


def _label_right(axis: Axes, heights: Mapping[str, float]) -> None:
    """Write names beside the right end of an axis, at their heights or as near to them as they do not overlap."""
    low, high = axis.get_ylim()
    names = sorted(heights, key=lambda name: heights[name])
    places = spread([(heights[name] - low) / (high - low) for name in names], 1 / _LINES)
    for name, place in zip(names, places, strict=True):
        axis.text(1.02, place, name, transform=axis.transAxes, color=_COLOURS[name], fontsize=7, va="center")


def spread(places: Sequence[float], distance: float) -> list[float]:
    """Move places apart: up as far as needed, then down again where they have left the top.

    Parameters
    ----------
    places : sequence of float
        Ascending, 1 at the top.
    distance : float
        Least distance between two of them.

    Returns
    -------
    list of float
        As many, ascending.
    """
    up = list(places)
    for number in range(1, len(up)):
        up[number] = max(up[number], up[number - 1] + distance)
    top = 1.0
    for number in reversed(range(len(up))):
        up[number] = min(up[number], top)
        top = up[number] - distance
    return up


EXPERIMENT = MetalearnActivation()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
