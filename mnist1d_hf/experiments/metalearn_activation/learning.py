"""Learning an activation function: gradient descent through trainings of an MLP on MNIST-1D."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

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
    """How an activation function was learned, a value per outer step; empty for fixed ones.

    It ends early where the gradient has no finite element.
    """

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


class Trial(NamedTuple):
    """What is drawn before an activation function is learned, and stays the same in all outer steps."""

    parameters: list[Tensor]
    """Of the network that is learned, before the first step; see `activations.network`."""
    noise: Tensor
    """On its last hidden layer, of shape (inner steps, units)."""
    weights: Weights
    """Initial ones of the MLP."""
    batches: Batches
    """What the MLP is trained on."""


class Problem:
    """The inner problem: an MLP to train on MNIST-1D."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        rows = {"num_samples": settings.num_samples}
        self.data = Data(*load_tensors("default", "train", **rows), *load_tensors("default", "test", **rows))
        self.optimizer = RMSProp(settings.inner_learning_rate, settings.decay)

    def draw_trial(self, hidden: Sequence[int], seed: int) -> Trial:
        """Draw the MLP of a seed, and a network of these hidden layers with its noise."""
        stream = generator(seed)
        weights, batches = self.draw_own_mlp(stream)
        parameters = initial_network(hidden, stream)
        return Trial(parameters, self._draw_noise(hidden[-1], stream), weights, batches)

    def draw_own_mlp(self, stream: torch.Generator) -> tuple[Weights, Batches]:
        """Draw the MLP that is learned with: its batches are the rows in their order, from the first again after the last."""
        steps, batch = self.settings.inner_steps, self.settings.batch_size
        return self.draw_mlp(stream, torch.arange(steps * batch).view(steps, batch) % len(self.data.x))

    def draw_mlp(self, stream: torch.Generator, rows: Tensor) -> tuple[Weights, Batches]:
        """Draw initial weights, as `torch.nn.Linear` does, and noise, for a training on these rows (steps, batch)."""
        settings, (x, y, *_) = self.settings, self.data
        sizes = ((x.shape[1], settings.mlp_units), (settings.mlp_units, NUM_CLASSES))
        weights = Weights(*(draw_uniform((inputs + 1, outputs), inputs, stream) for inputs, outputs in sizes))
        return weights, Batches(x[rows], y[rows], self._draw_noise(settings.mlp_units, stream))

    def draw_rows(self, stream: torch.Generator) -> Tensor:
        """Draw the rows of each step, of shape (steps, batch)."""
        return torch.randint(len(self.data.x), (self.settings.inner_steps, self.settings.batch_size), generator=stream)

    def _draw_noise(self, units: int, stream: torch.Generator) -> Tensor:
        return self.settings.noise * draw_uniform((self.settings.inner_steps, units), 1, stream)

    def accuracy(self, activation: Activation, weights: Weights) -> float:
        """Return the test accuracy of an MLP with an activation function, without noise, in percent."""
        hidden, _ = activation(F.pad(self.data.test_x, (0, 1), value=1) @ weights.first)
        logits = F.pad(hidden, (0, 1), value=1) @ weights.second
        return 100 * (logits.argmax(1) == self.data.test_y).float().mean().item()


def learn(
    problem: Problem, trial: Trial, learning_rate: float, count: StepCounter
) -> tuple[TabulatedActivation, Course]:
    """Learn an activation function, and return the last one and how it came about.

    Every outer step trains the same MLP on the same batches, with the same noise, as in the authors' code.
    """
    settings = problem.settings
    importance = torch.zeros(settings.inner_steps)
    importance[-settings.counted_steps :] = 1 / settings.counted_steps
    course, activation = Course(), TabulatedActivation(trial.parameters, trial.noise)
    for number in range(settings.outer_steps):
        if number % math.ceil(settings.outer_steps / _CURVES) == 0:
            course.curves.append(_curve(activation))
        gradients = _outer_step(problem, activation, trial, importance, course)
        stepped = _descend(activation.parameters, gradients, learning_rate, settings.largest_gradient)
        count(1, f"mean inner loss {course.outer_losses[-1]:.3f}")
        if all(map(torch.equal, stepped, activation.parameters)):
            break  # without a finite gradient all further steps are this one again
        activation = TabulatedActivation(stepped, trial.noise)
    course.curves.append(_curve(activation))
    course.extrema.extend(local_extrema(activation))
    return activation, course


def _outer_step(
    problem: Problem, activation: TabulatedActivation, trial: Trial, importance: Tensor, course: Course
) -> tuple[Tensor, ...]:
    """Return the gradient of the objective by the network's parameters, and add what was measured to the course."""
    batches = trial.batches._replace(noise=trial.batches.noise + activation.offsets.unsqueeze(1))
    training = train(activation, trial.weights, batches, problem.optimizer, keep_steps=True)
    by_offsets = reverse(activation, training.steps, importance, problem.optimizer)
    gradients = activation.parameter_gradient(by_offsets)
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm().item()
    course.outer_losses.append(round(training.losses[-problem.settings.counted_steps :].mean().item(), 4))
    course.outer_accuracies.append(round(problem.accuracy(activation, training.weights), 2))
    course.gradient_norms.append(float(f"{norm:.3g}") if math.isfinite(norm) else -1.0)
    course.largest_inputs.append(round(max(step.a.abs().max().item() for step in training.steps), 2))
    return gradients


def _descend(
    parameters: Sequence[Tensor], gradients: Sequence[Tensor], learning_rate: float, limit: float
) -> list[Tensor]:
    # Where a training is chaotic its derivative is not finite; an element that is no number has no direction.
    return [
        parameter.detach() - learning_rate * gradient.nan_to_num().clamp(-limit, limit)
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
