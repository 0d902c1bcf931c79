"""How MLPs and CNNs train with activation functions, learned and fixed ones."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...utils.seeds import generator
from .activation_transfer import Data, load_digits, train_cnn
from .activations import Activation
from .learning import Course, Problem
from .unrolled import train

if TYPE_CHECKING:
    from ..experiment import StepCounter

LEARNED, TWO_LAYERS, FIXED_KIND = "learned", "learned-two-layers", "fixed"
"""Kinds of parts: learning with the network of the authors' code, with that of the paper's text, and the fixed ones."""

CNN, DIGITS = "CNN on MNIST-1D", "CNN on 8×8 digits"
"""The tasks that activation functions are transferred to."""


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
class Measured(Course, Comparison):
    """Measurements of one activation function that is learned, or of the fixed ones."""


def compare(problem: Problem, activations: Mapping[str, Activation], seed: int, count: StepCounter) -> Comparison:
    """Train MLPs and CNNs with activation functions; count each CNN.

    The seed draws MLPs, CNNs and their batches, the same for all activation functions.
    """
    counted = problem.settings.counted_steps
    losses, accuracies = zip(*(_train_mlps(problem, each, seed) for each in activations.values()), strict=True)
    x, y, test_x, test_y = problem.data
    data = {CNN: Data(x.unsqueeze(1), y, test_x.unsqueeze(1), test_y), DIGITS: load_digits()}
    transfers: dict[str, list[list[float]]] = {task: [] for task in data}
    for task, name in itertools.product(data, activations):
        transfers[task].append(train_cnn(activations[name], data[task], problem.settings.transfer_epochs, seed))
        count(1, f"{task}, {name}: {transfers[task][-1][-1]:.1f} %")
    return Comparison(
        names=list(activations),
        losses=[round(loss[-counted:].mean().item(), 4) for loss in losses],
        all_losses=[round(loss.mean().item(), 4) for loss in losses],
        accuracies=[round(accuracy, 2) for accuracy in accuracies],
        transfers=transfers,
    )


def _train_mlps(problem: Problem, activation: Activation, seed: int) -> tuple[Tensor, float]:
    """Return the loss of each inner step, and the test accuracy in percent; means over MLPs."""
    # Not the stream of the learning, so that these MLPs are new to it.
    stream = generator(seed, "batches")
    losses, accuracies = [], []
    for _ in range(problem.settings.evaluations):
        training = train(activation, *problem.draw(stream), problem.optimizer)
        losses.append(training.losses)
        accuracies.append(problem.accuracy(activation, training.weights))
    return torch.stack(losses).mean(0), sum(accuracies) / len(accuracies)
