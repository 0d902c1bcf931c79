"""The paper's CNN with another activation function, for signals and for images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.extras import require
from ...utils.seeds import generator, seeded
from .activations import Activation

LEARNING_RATE = 1e-2
BATCH_SIZE = 100

CHANNELS = 25

# Share of scikit-learn's digits that is trained on.
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


def load_digits() -> Data:
    """Load scikit-learn's bundled 8×8 digits.

    The first 80 % of the 1797 images are for training; all are standardised with their mean and standard deviation.
    """
    digits = require("sklearn.datasets", "experiments").load_digits()
    x, y = torch.from_numpy(digits.images).float().unsqueeze(1), torch.from_numpy(digits.target).long()
    rows = int(_TRAIN_SHARE * len(x))
    x = (x - x[:rows].mean()) / x[:rows].std()
    return Data(x[:rows], y[:rows], x[rows:], y[rows:])


def train_cnn(activation: Activation, data: Data, epochs: Sequence[int], seed: int) -> list[float]:
    """Train the CNN with Adam, learning rate 0.01, in batches of 100; the seed draws weights and the order of the rows.

    Returns the test accuracy in percent after each of the epochs, which ascend; the last one ends the training.
    """
    with seeded(seed):
        model = ActivatedCNN(data.x.shape[2:], activation)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    stream = generator(seed, "batches")
    accuracies = []
    for epoch in range(1, epochs[-1] + 1):
        for rows in torch.randperm(len(data.x), generator=stream).split(BATCH_SIZE):
            optimizer.zero_grad()
            F.cross_entropy(model(data.x[rows]), data.y[rows]).backward()
            optimizer.step()
        if epoch in epochs:
            with torch.no_grad():
                hits = model(data.test_x).argmax(1) == data.test_y
            accuracies.append(round(100 * hits.float().mean().item(), 2))
    return accuracies
