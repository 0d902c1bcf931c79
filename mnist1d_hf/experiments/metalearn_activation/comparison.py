"""How MLPs and CNNs train with activation functions, learned and fixed ones."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ...utils.seeds import generator
from .activation_transfer import Data, load_images, train_cnn
from .activations import Activation
from .learning import Course, Problem
from .unrolled import Batches, Weights, train

if TYPE_CHECKING:
    from ..experiment import StepCounter

LEARNED, TWO_LAYERS, FAST_TWO_LAYERS = "learned", "learned-two-layers", "learned-two-layers-fast"
"""Kinds of parts: learning with the network of the authors' code, and with that of the paper's text at two outer rates."""

FIXED_KIND = "fixed"
"""The kind of the fixed ones."""

SIGNALS, IMAGES = "signals", "images"
"""The tasks that activation functions are transferred to."""


@dataclass(frozen=True)
class Comparison:
    """How networks train with activation functions; an entry of each list belongs to one of the functions."""

    names: list[str]
    losses: list[float]
    """Mean loss of the last inner steps in nats, of the MLP that the seed learns with."""
    all_losses: list[float]
    """Mean loss of all inner steps."""
    accuracies: list[float]
    """Its test accuracy in percent."""
    unseen_losses: list[float]
    """Mean loss of the last inner steps, over other MLPs on other batches."""
    unseen_accuracies: list[float]
    """Their mean test accuracy."""
    images: str
    """Which images the CNN was trained on; empty if it was not."""
    transfers: dict[str, list[dict[str, list[float]]]]
    """What `train_cnn` returns, by task."""


@dataclass(frozen=True)
class Measured(Course, Comparison):
    """Measurements of one activation function that is learned, or of the fixed ones."""


class Task(NamedTuple):
    """What a CNN is trained on."""

    name: str
    data: Data
    epochs: tuple[int, ...]


def load_tasks(problem: Problem) -> dict[str, Task]:
    """Load the tasks that activation functions are transferred to."""
    settings, (x, y, test_x, test_y) = problem.settings, problem.data
    name, images = load_images(settings.image_rows)
    return {
        SIGNALS: Task("MNIST-1D", Data(x.unsqueeze(1), y, test_x.unsqueeze(1), test_y), settings.signal_epochs),
        IMAGES: Task(name, images, settings.image_epochs),
    }


def compare(
    problem: Problem, activations: Mapping[str, Activation], tasks: Mapping[str, Task], seed: int, count: StepCounter
) -> Comparison:
    """Train MLPs, and a CNN for each task, with activation functions; count each CNN.

    The seed draws MLPs, CNNs and their batches, the same for all activation functions.
    """
    counted, stream = problem.settings.counted_steps, generator(seed, "batches")
    draws = [problem.draw_mlp(stream, problem.draw_rows(stream)) for _ in range(problem.settings.evaluations)]
    own = [_train_mlps(problem, each, [problem.draw_own_mlp(generator(seed))]) for each in activations.values()]
    unseen = [_train_mlps(problem, each, draws) for each in activations.values()]
    transfers: dict[str, list[dict[str, list[float]]]] = {task: [] for task in tasks}
    for (key, task), (name, activation) in itertools.product(tasks.items(), activations.items()):
        curves = train_cnn(activation, task.data, task.epochs, seed)
        transfers[key].append(curves._asdict())
        count(1, f"CNN on {task.name}, {name}: {curves.accuracies[-1]:.1f} %")
    return Comparison(
        names=list(activations),
        losses=[round(loss[-counted:].mean().item(), 4) for loss, _ in own],
        all_losses=[round(loss.mean().item(), 4) for loss, _ in own],
        accuracies=[round(accuracy, 2) for _, accuracy in own],
        unseen_losses=[round(loss[-counted:].mean().item(), 4) for loss, _ in unseen],
        unseen_accuracies=[round(accuracy, 2) for _, accuracy in unseen],
        images=tasks[IMAGES].name if tasks else "",
        transfers=transfers,
    )


def _train_mlps(
    problem: Problem, activation: Activation, draws: Sequence[tuple[Weights, Batches]]
) -> tuple[Tensor, float]:
    """Return the loss of each inner step, and the test accuracy in percent; means over MLPs."""
    trainings = [train(activation, *each, problem.optimizer) for each in draws]
    accuracies = [problem.accuracy(activation, training.weights) for training in trainings]
    return torch.stack([training.losses for training in trainings]).mean(0), sum(accuracies) / len(accuracies)
