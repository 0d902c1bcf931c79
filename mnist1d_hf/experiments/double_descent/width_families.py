"""Networks of one width, trained at once: one member for each seed and each condition, that is label noise and loss.

Members of a seed start from the same weights and see the same batches. Other widths are not in the same stack: padding the
narrow ones to a common width saved less than a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...baselines.architectures.cnn import CNN
from ...baselines.layers.layer import Network
from ...baselines.layers.losses import cross_entropy_gradient, squared_error_gradient
from ...baselines.layers.stacking import RELU, stack_layers
from ...dataset.templates import NUM_CLASSES
from ...utils.seeds import generator, seeded

# Rows classified at once, to bound memory.
_EVALUATION_ROWS = 1_000


@dataclass(frozen=True)
class Condition:
    """What a network is trained on, and for."""

    label_noise: float
    """Share of the training labels that are replaced by random ones."""
    squared_error: bool = False
    """Minimise the squared error of one-hot labels, summed over the classes; otherwise the negative log likelihood."""


@dataclass(frozen=True)
class Optimisation:
    """Plain SGD with momentum, on epochs in random order."""

    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float


@dataclass(frozen=True)
class Errors:
    """Share of misclassified rows, by condition and seed."""

    train: list[list[float]]
    """On the training rows with the labels as they were in training."""
    test: list[list[float]]
    num_parameters: int


def plain_mlp(width: int, inputs: int = 40) -> list[nn.Module]:
    """Return two hidden layers of ``width`` units, without a residual connection, for signals of ``inputs`` points."""
    return [nn.Linear(inputs, width), RELU, nn.Linear(width, width), RELU, nn.Linear(width, NUM_CLASSES)]


FAMILIES: dict[str, Callable[[int], list[nn.Module]]] = {
    "mlp": plain_mlp,
    "cnn": lambda channels: CNN(channels=channels).layers(),
}
"""The layers of a network of a width."""


def replace_labels(y: Tensor, share: float, seed: int) -> Tensor:
    """Replace the labels of a share of the rows, in [0, 1], by random ones, of which every tenth is the right one.

    The seed draws rows and labels; exactly that share, rounded to rows, is drawn anew.
    """
    stream = generator(seed)
    rows = torch.randperm(len(y), generator=stream)[: round(share * len(y))]
    noisy = y.clone()
    noisy[rows] = torch.randint(NUM_CLASSES, (len(rows),), generator=stream)
    return noisy


def train_width(
    architecture: str,
    width: int,
    conditions: Sequence[Condition],
    seeds: Sequence[int],
    optimisation: Optimisation,
    training: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    progress: Callable[[], None],
) -> Errors:
    """Train the networks of one width and count their errors.

    Conditions with the negative log likelihood come first. Each seed draws label noise, initial weights and batches.
    ``training`` and ``test`` are signals of shape (rows, length), float32, and labels of shape (rows,), int64; ``progress`` is
    called after every epoch.
    """
    x, y = training
    labels = torch.stack([replace_labels(y, condition.label_noise, seed) for condition in conditions for seed in seeds])
    num_likelihood = sum(not condition.squared_error for condition in conditions) * len(seeds)
    network = train_members(architecture, width, x, labels, num_likelihood, seeds, optimisation, progress)
    shape = len(conditions), len(seeds)
    return Errors(
        train=_errors(network, x, labels).view(shape).tolist(),
        test=_errors(network, test[0], test[1].expand(len(labels), -1)).view(shape).tolist(),
        num_parameters=network.parameters.numel() // len(labels),
    )


def train_members(
    architecture: str,
    width: int,
    x: Tensor,
    labels: Tensor,
    num_likelihood: int,
    seeds: Sequence[int],
    optimisation: Optimisation,
    progress: Callable[[], None],
) -> Network:
    """Train the networks of one width together.

    A member comes out as it would alone, to rounding. ``x`` has shape (rows, length), ``labels`` (members, rows). The first
    ``num_likelihood`` members minimise the negative log likelihood, the others the squared error; they take the seeds in turn.
    """
    repeats = len(labels) // len(seeds)
    members = []
    for seed in seeds:
        with seeded(seed):
            members.append(FAMILIES[architecture](width))
    network = Network(stack_layers(members * repeats))
    generators = [generator(seed, "batches") for seed in seeds]
    optimizer = torch.optim.SGD(
        [network.parameters], lr=optimisation.learning_rate, momentum=optimisation.momentum, fused=True
    )
    targets = F.one_hot(labels, NUM_CLASSES).to(x.dtype)
    for _ in range(optimisation.epochs):
        order = torch.stack([torch.randperm(len(x), generator=stream) for stream in generators]).repeat(repeats, 1)
        epoch = x[order], targets.gather(1, order.unsqueeze(2).expand_as(targets))
        for signals, wanted in zip(*(tensor.split(optimisation.batch_size, dim=1) for tensor in epoch), strict=True):
            network.backward(loss_gradient(network.forward(signals), wanted, num_likelihood))
            optimizer.step()
        progress()
    return network


def loss_gradient(logits: Tensor, targets: Tensor, num_likelihood: int) -> Tensor:
    """Return the gradient of each member's mean loss, of logits and one-hot labels of shape (members, rows, classes).

    The first ``num_likelihood`` members take the negative log likelihood, the others the squared error.
    """
    likelihood, squared = zip(
        logits.tensor_split([num_likelihood]), targets.tensor_split([num_likelihood]), strict=True
    )
    return torch.cat([cross_entropy_gradient(*likelihood), squared_error_gradient(*squared)])


def _errors(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the error of each member on signals (rows, length) with labels (members, rows)."""
    misses = [
        network.forward(signals.expand(len(labels), -1, -1)).argmax(dim=2) != true
        for signals, true in zip(x.split(_EVALUATION_ROWS), labels.split(_EVALUATION_ROWS, dim=1), strict=True)
    ]
    return torch.cat(misses, dim=1).double().mean(dim=1)
