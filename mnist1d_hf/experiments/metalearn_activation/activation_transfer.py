"""The paper's CNN with another activation function, for signals and for images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.seeds import generator, seeded
from ..mnist import load_mnist
from .activations import Activation

LEARNING_RATE = 1e-2
BATCH_SIZE = 100

CHANNELS = 25

# Share of the images that is trained on.
_TRAIN_SHARE = 0.8


class Data(NamedTuple):
    """Rows of shape (rows, 1, length) or (rows, 1, height, width), and labels."""

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor


class ActivatedCNN(nn.Module):
    """The paper's CNN with another activation function; two-dimensional if the shape is that of an image."""

    def __init__(self, shape: Sequence[int], activation: Activation) -> None:
        super().__init__()
        convolution = (nn.Conv1d, nn.Conv2d)[len(shape) - 1]
        self.conv1 = convolution(1, CHANNELS, 5, stride=2, padding=1)
        self.conv2 = convolution(CHANNELS, CHANNELS, 3, stride=2, padding=1)
        self.conv3 = convolution(CHANNELS, CHANNELS, 3, stride=2, padding=1)
        self.activation = activation
        self.linear = nn.Linear(self._features(torch.zeros(1, 1, *shape)).shape[1], NUM_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, 10)."""
        logits: Tensor = self.linear(self._features(x))
        return logits

    def _features(self, x: Tensor) -> Tensor:
        for convolution in (self.conv1, self.conv2, self.conv3):
            x = apply(self.activation, convolution(x))
        return x.flatten(1)


def apply(activation: Activation, x: Tensor) -> Tensor:
    """Apply an activation function whose slope is known, so that it can be differentiated automatically."""
    value: Tensor = _Apply.apply(x, activation)
    return value


class _Apply(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, activation: Activation) -> Tensor:
        value, slope = activation(x)
        ctx.save_for_backward(slope)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return grad * slope, None


class Curves(NamedTuple):
    """How a CNN was trained, a value per epoch after which it is tested."""

    training_losses: list[float]
    """Mean training loss of the steps of that epoch, in nats."""
    test_losses: list[float]
    """Test loss in nats."""
    accuracies: list[float]
    """Test accuracy in percent."""


@lru_cache(maxsize=1)
def load_images(rows: int) -> tuple[str, Data]:
    """Load images of handwritten digits, at most that many, and say which they are; see `load_mnist`.

    The first 80 % are for training; all are standardised with their mean and standard deviation.
    """
    name, pixels, labels = load_mnist()
    side = math.isqrt(pixels.shape[1])
    x = torch.from_numpy(pixels[:rows]).float().view(-1, 1, side, side)
    y = torch.from_numpy(labels[:rows])
    trained = int(_TRAIN_SHARE * len(x))
    x = (x - x[:trained].mean()) / x[:trained].std()
    return name, Data(x[:trained], y[:trained], x[trained:], y[trained:])


def train_cnn(activation: Activation, data: Data, epochs: Sequence[int], seed: int) -> Curves:
    """Train the CNN with Adam, learning rate 0.01, in batches of 100; the seed draws weights and the order of the rows.

    It is tested after each of the epochs, which ascend; the last one ends the training.
    """
    with seeded(seed):
        model = ActivatedCNN(data.x.shape[2:], activation)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    stream = generator(seed, "batches")
    curves = Curves([], [], [])
    for epoch in range(1, epochs[-1] + 1):
        losses = []
        for rows in torch.randperm(len(data.x), generator=stream).split(BATCH_SIZE):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(data.x[rows]), data.y[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        if epoch in epochs:
            curves.training_losses.append(round(sum(losses) / len(losses), 4))
            _test(model, data, curves)
    return curves


def _test(model: ActivatedCNN, data: Data, curves: Curves) -> None:
    with torch.no_grad():
        logits = model(data.test_x)
    curves.test_losses.append(round(F.cross_entropy(logits, data.test_y).item(), 4))
    curves.accuracies.append(round(100 * (logits.argmax(1) == data.test_y).float().mean().item(), 2))
