"""Learning an activation function: gradient descent through trainings of an MLP on MNIST-1D."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ...baselines.data import load_tensors
from ...baselines.layers.drawing import draw_uniform
from ...dataset.templates import NUM_CLASSES
from ...utils.seeds import generator
from .activation_transfer import Data
from .activations import Activation, TabulatedActivation, initial_network
from .settings import Settings
from .unrolled import Batches, RMSProp, Weights, reverse, train

if TYPE_CHECKING:
    from ..experiment import StepCounter

SPAN = 5.0
"""The paper shows the activation function from minus to plus this."""

# Curves that are kept of an activation function while it is learned, beside the last one.
_CURVES = 10


@dataclass(frozen=True)
class Course:
    """How an activation function was learned, a value per outer step; empty for fixed ones."""

    outer_losses: list[float] = field(default_factory=list)
    """Objective in nats."""
    outer_accuracies: list[float] = field(default_factory=list)
    """Test accuracy of the MLP in percent."""
    gradient_norms: list[float] = field(default_factory=list)
    """Norm of the outer gradient before it is clamped; -1 where it is not finite."""
    largest_inputs: list[float] = field(default_factory=list)
    """Largest magnitude of an input of the activation function."""
    curves: list[list[float]] = field(default_factory=list)
    """Values of the activation function between minus and plus 5, at every tenth of the way and at the end."""
    extrema: list[float] = field(default_factory=list)
    """Where its slope changes its sign between minus and plus 5, at the end."""


class Problem:
    """The inner problem: an MLP to train on MNIST-1D."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        rows = {"num_samples": settings.num_samples}
        self.data = Data(*load_tensors("default", "train", **rows), *load_tensors("default", "test", **rows))
        self.optimizer = RMSProp(settings.inner_learning_rate, settings.decay)

    def draw(self, stream: torch.Generator) -> tuple[Weights, Batches]:
        """Draw initial weights, as `torch.nn.Linear` does, and what a training sees, for `unrolled.train`."""
        settings, (x, y, *_) = self.settings, self.data
        length, hidden = x.shape[1], settings.mlp_units
        sizes = ((length, hidden), (hidden, NUM_CLASSES))
        weights = Weights(*(draw_uniform((inputs + 1, outputs), inputs, stream) for inputs, outputs in sizes))
        rows = torch.randint(len(x), (settings.inner_steps, settings.batch_size), generator=stream)
        noise = settings.noise * draw_uniform((settings.inner_steps, hidden), 1, stream)
        return weights, Batches(x[rows], y[rows], noise)

    def accuracy(self, activation: Activation, weights: Weights) -> float:
        """Return the test accuracy of an MLP with an activation function, without noise, in percent."""
        hidden, _ = activation(F.pad(self.data.test_x, (0, 1), value=1) @ weights.first)
        logits = F.pad(hidden, (0, 1), value=1) @ weights.second
        return 100 * (logits.argmax(1) == self.data.test_y).float().mean().item()


def learn(problem: Problem, hidden: Sequence[int], seed: int, count: StepCounter) -> tuple[Activation, Course]:
    """Learn an activation function with a network of these hidden layers, and return the last one and how it came about.

    The seed draws the network, and the MLP and the batches of each outer step.
    """
    settings = problem.settings
    stream = generator(seed)
    importance = torch.zeros(settings.inner_steps)
    importance[-settings.counted_steps :] = 1 / settings.counted_steps
    course, activation = Course(), TabulatedActivation(initial_network(hidden, stream))
    for number in range(settings.outer_steps):
        if number % math.ceil(settings.outer_steps / _CURVES) == 0:
            course.curves.append(_curve(activation))
        gradients = _outer_step(problem, activation, importance, stream, course)
        activation = TabulatedActivation(_descend(activation.parameters, gradients, settings))
        count(1, f"mean inner loss {course.outer_losses[-1]:.3f}")
    course.curves.append(_curve(activation))
    course.extrema.extend(local_extrema(activation))
    return activation, course


def _outer_step(
    problem: Problem, activation: TabulatedActivation, importance: Tensor, stream: torch.Generator, course: Course
) -> tuple[Tensor, ...]:
    """Return the gradient of the objective by the network's parameters, and add what was measured to the course."""
    # Another MLP and other batches in every step: what is learned is for training, not for one run of it.
    weights, batches = problem.draw(stream)
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
    """Return where the slope of an activation function changes its sign between minus and plus 5, ascending, to 0.01."""
    positions = torch.linspace(-SPAN, SPAN, 1001)
    _, slopes = activation(positions)
    rising = slopes > 0
    return [round(position, 2) for position in positions[1:][rising[1:] != rising[:-1]].tolist()]
