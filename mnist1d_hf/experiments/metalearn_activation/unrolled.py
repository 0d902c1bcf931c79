"""Training of a network of two layers, and the derivative of its losses by the activation function.

The training is a plain loop with the gradient written out. For the derivative it is gone through backwards, and that is written
out too: of the gradient's derivatives only the product with one vector is needed, which is the change of the gradient along
that vector (Pearlmutter's R-operator) and costs about as much as the gradient. No graph is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ...dataset.templates import NUM_CLASSES
from .activations import Activation, TabulatedActivation

_EPSILON = 1e-8


class RMSProp(NamedTuple):
    """weights -= learning_rate * gradient / (sqrt(average) + 1e-8), average the running mean of the squared gradient."""

    learning_rate: float
    decay: float
    """Of the average, which starts at 1."""


class Batches(NamedTuple):
    """What one training sees, step by step."""

    x: Tensor
    """Signals, float, of shape (steps, batch, length)."""
    y: Tensor
    """Labels, int64, of shape (steps, batch)."""
    noise: Tensor
    """Added to the hidden layer, float, of shape (steps, hidden)."""


class Weights(NamedTuple):
    """Weights of both layers; the last row of each is the bias."""

    first: Tensor
    """Of shape (length + 1, hidden)."""
    second: Tensor
    """Of shape (hidden + 1, classes)."""


class Training(NamedTuple):
    """A training and its way back."""

    losses: Tensor
    """Cross-entropy of each step in nats, of shape (steps,)."""
    weights: Weights
    """After the last step."""
    steps: list[Step]
    """Empty if not requested."""


class Step(NamedTuple):
    """What a step leaves for the way back."""

    inputs: Tensor
    """Signals and a column of ones, of shape (batch, length + 1)."""
    a: Tensor
    """Sums that enter the activation function, of shape (batch, hidden)."""
    slope: Tensor
    """Its slope there."""
    h: Tensor
    """Hidden layer and a column of ones, of shape (batch, hidden + 1)."""
    p: Tensor
    """Probabilities, of shape (batch, classes)."""
    by_logits: Tensor
    """Derivative of the loss."""
    by_h: Tensor
    """Derivative of the loss, of shape (batch, hidden)."""
    second: Tensor
    """Weights of the second layer before the step."""
    gradient: Tensor
    """Of both layers, as one vector."""
    average: Tensor
    """After the step, of both layers."""


def train(
    activation: Activation, weights: Weights, batches: Batches, optimizer: RMSProp, *, keep_steps: bool = False
) -> Training:
    """Train a network; with ``keep_steps`` keep what `reverse` needs, 0.3 MB per step with the paper's sizes."""
    joined = _join(weights)
    average = torch.ones_like(joined)
    targets = F.one_hot(batches.y, NUM_CLASSES).to(batches.x.dtype)
    all_inputs = F.pad(batches.x, (0, 1), value=1)
    losses, steps = [], []
    for inputs, target, noise in zip(all_inputs, targets, batches.noise, strict=True):
        a = inputs @ weights.first
        value, slope = activation(a)
        h = F.pad(value + noise, (0, 1), value=1)
        log_p = torch.log_softmax(h @ weights.second, dim=1)
        losses.append(-(log_p * target).sum() / len(inputs))
        p = log_p.exp()
        by_logits = (p - target) / len(inputs)
        by_h = by_logits @ weights.second[:-1].T
        gradient = _join((inputs.T @ (by_h * slope), h.T @ by_logits))
        average = (average * optimizer.decay).addcmul_(gradient, gradient, value=1 - optimizer.decay)
        if keep_steps:
            steps.append(Step(inputs, a, slope, h, p, by_logits, by_h, weights.second, gradient, average))
        joined = joined.addcdiv(gradient, average.sqrt().add_(_EPSILON), value=-optimizer.learning_rate)
        weights = _split(joined, a.shape[1])
    return Training(torch.stack(losses), weights, steps)


def reverse(activation: TabulatedActivation, steps: Sequence[Step], importance: Tensor, optimizer: RMSProp) -> None:
    """Go back through a training and give the activation function the gradient of a weighted sum of its losses.

    ``importance``, of shape (steps,), is the weight of each loss in the sum.
    """
    # Derivatives of the sum by the weights and by the averages, before the step at hand.
    by_weights, by_average = torch.zeros_like(steps[0].gradient), torch.zeros_like(steps[0].gradient)
    for step, share in zip(reversed(steps), importance.flip(0).tolist(), strict=True):
        direction = _reverse_update(by_weights, by_average, step.gradient, step.average, optimizer)
        # The gradient is the derivative of the loss, so its product with the direction is the loss's change along it.
        by_weights.add_(step.gradient, alpha=share).add_(_reverse_gradient(activation, step, direction, share))


def _reverse_update(
    by_weights: Tensor, by_average: Tensor, gradient: Tensor, average: Tensor, optimizer: RMSProp
) -> Tensor:
    """Return the derivative by the gradient; turn that by the average after the update into that by the one before."""
    root = average.sqrt().clamp_min_(torch.finfo(average.dtype).tiny)
    by_step = by_weights * (-optimizer.learning_rate) / (root + _EPSILON)
    by_average -= by_step * gradient / (2 * root * (root + _EPSILON))
    by_gradient = by_step.addcmul_(by_average, gradient, value=2 * (1 - optimizer.decay))
    by_average *= optimizer.decay
    return by_gradient


def _reverse_gradient(activation: TabulatedActivation, step: Step, direction: Tensor, share: float) -> Tensor:
    """Return the change of the gradient along a direction; give the activation function the gradient by its table.

    That is the gradient of the loss's change along the direction, and of the loss itself, ``share`` times.
    """
    first_direction, second_direction = _split(direction, step.a.shape[1])
    a_change = step.inputs @ first_direction
    h_change = a_change * step.slope
    second = step.second[:-1]
    logits_change = torch.addmm(step.h @ second_direction, h_change, second)
    p_change = step.p * (logits_change - (step.p * logits_change).sum(1, keepdim=True))
    by_logits_change = p_change.div_(len(step.inputs))
    by_h_change = torch.addmm(by_logits_change @ second.T, step.by_logits, second_direction[:-1].T)
    by_slope = step.by_h * a_change
    curvature = activation.reverse(step.a, by_h_change.add(step.by_h, alpha=share), by_slope)
    by_a_change = (by_h_change * step.slope).addcmul_(by_slope, curvature)
    second_change = step.h.T @ by_logits_change
    second_change[:-1].addmm_(h_change.T, step.by_logits)
    return _join((step.inputs.T @ by_a_change, second_change))


def _join(weights: Iterable[Tensor]) -> Tensor:
    """Return the weights of both layers as one vector."""
    return torch.cat([weight.flatten() for weight in weights])


def _split(joined: Tensor, hidden: int) -> Weights:
    """Undo `_join`."""
    second = joined[-(hidden + 1) * NUM_CLASSES :]
    return Weights(joined[: -len(second)].view(-1, hidden), second.view(-1, NUM_CLASSES))
