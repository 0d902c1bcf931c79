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

from ...baselines.architectures.cnn import CNN, stacked_cnn
from ...baselines.stacked import Forward, Parameters, stack_parameters
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


class PlainMLP(nn.Module):
    """Two hidden layers of ``width`` units, without a residual connection, for signals of ``inputs`` points."""

    def __init__(self, width: int, inputs: int = 40) -> None:
        super().__init__()
        self.linear1 = nn.Linear(inputs, width)
        self.linear2 = nn.Linear(width, width)
        self.linear3 = nn.Linear(width, NUM_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, classes)."""
        logits: Tensor = self.linear3(F.relu(self.linear2(F.relu(self.linear1(x)))))
        return logits


def plain_mlp(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `PlainMLP` for each member of a stack, as `stacked_cnn` does for the baseline."""
    for layer in ("linear1", "linear2", "linear3"):
        weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
        x = torch.baddbmm(bias.unsqueeze(1), x if layer == "linear1" else F.relu(x), weight.transpose(1, 2))
    return x


FAMILIES: dict[str, tuple[Callable[[int], nn.Module], Forward]] = {
    "mlp": (PlainMLP, plain_mlp),
    "cnn": (lambda channels: CNN(channels=channels), stacked_cnn),
}
"""A network of a width, and the forward pass of a stack of them."""


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
    parameters = train_members(architecture, width, x, labels, num_likelihood, seeds, optimisation, progress)
    forward, shape = FAMILIES[architecture][1], (len(conditions), len(seeds))
    return Errors(
        train=_errors(forward, parameters, x, labels).view(shape).tolist(),
        test=_errors(forward, parameters, test[0], test[1].expand(len(labels), -1)).view(shape).tolist(),
        num_parameters=sum(tensor[0].numel() for tensor in parameters.values()),
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
) -> Parameters:
    """Train the networks of one width together, and return their stacked parameters.

    A member comes out as it would alone, to rounding. ``x`` has shape (rows, length), ``labels`` (members, rows). The first
    ``num_likelihood`` members minimise the negative log likelihood, the others the squared error; they take the seeds in turn.
    """
    make, forward = FAMILIES[architecture]
    repeats = len(labels) // len(seeds)
    models = []
    for seed in seeds:
        with seeded(seed):
            models.append(make(width))
    parameters = stack_parameters(models * repeats)
    generators = [generator(seed, "batches") for seed in seeds]
    optimizer = torch.optim.SGD(
        parameters.values(), lr=optimisation.learning_rate, momentum=optimisation.momentum, fused=True
    )
    targets = F.one_hot(labels, NUM_CLASSES).to(x.dtype)
    member = torch.arange(len(labels)).unsqueeze(1)
    for _ in range(optimisation.epochs):
        order = torch.stack([torch.randperm(len(x), generator=stream) for stream in generators])
        for rows in order.repeat(repeats, 1).split(optimisation.batch_size, dim=1):
            optimizer.zero_grad()
            # The mean over rows, the sum over members: each member's gradient is what it is alone.
            loss = total_loss(forward(parameters, x[rows]), targets[member, rows], num_likelihood) / rows.shape[1]
            loss.backward()
            optimizer.step()
        progress()
    return parameters


def total_loss(logits: Tensor, targets: Tensor, num_likelihood: int) -> Tensor:
    """Return the loss summed over members and rows, of logits and one-hot labels of shape (members, rows, classes).

    The first ``num_likelihood`` members take the negative log likelihood, the others the squared error.
    """
    likelihood = -(torch.log_softmax(logits[:num_likelihood], 2) * targets[:num_likelihood]).sum()
    return likelihood + (logits[num_likelihood:] - targets[num_likelihood:]).square().sum()


@torch.no_grad()
def _errors(forward: Forward, parameters: Parameters, x: Tensor, labels: Tensor) -> Tensor:
    """Return the error of each member on signals (rows, length) with labels (members, rows)."""
    members = len(labels)
    misses = [
        forward(parameters, signals.expand(members, -1, -1)).argmax(dim=2) != true
        for signals, true in zip(x.split(_EVALUATION_ROWS), labels.split(_EVALUATION_ROWS, dim=1), strict=True)
    ]
    return torch.cat(misses, dim=1).double().mean(dim=1)
