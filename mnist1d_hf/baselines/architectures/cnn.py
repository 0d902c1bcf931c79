"""The convolutional network."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..recipes import PAPER_SETTINGS, TrainingSettings
from ..stacked import Parameters, conv, linear
from .base import LENGTH, Baseline, register


def stacked_cnn(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `CNN` for each member of a stack."""
    h = x.unsqueeze(3)
    for layer in ("conv1", "conv2", "conv3"):
        h = F.relu(conv(parameters, layer, h, stride=2, padding=1))
    return linear(parameters, "linear", h.transpose(2, 3).flatten(2))


@register(
    cost=9,
    recipes={"tuned": TrainingSettings(learning_rate=3e-2, label_smoothing=0.1), "paper": PAPER_SETTINGS},
    stacked=stacked_cnn,
)
class CNN(Baseline):
    """Three convolutions of stride 2 and a linear layer (5,210 parameters).

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`; the length must be at least 3.
    channels : int
        Channels of each convolution.
    """

    architecture = "cnn"

    def __init__(self, final_seq_length: int = LENGTH, num_classes: int = NUM_CLASSES, channels: int = 25) -> None:
        super().__init__(final_seq_length, num_classes)
        check_integer("final_seq_length", final_seq_length, low=3)
        self.channels = check_integer("channels", channels, low=1)
        self.conv1 = nn.Conv1d(1, channels, 5, stride=2, padding=1)
        self.conv2 = nn.Conv1d(channels, channels, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(channels, channels, 3, stride=2, padding=1)
        length = (final_seq_length - 3) // 2 + 1
        for _ in range(2):
            length = (length - 1) // 2 + 1
        self.linear = nn.Linear(channels * length, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = F.relu(self.conv1(x.unsqueeze(1)))  # (batch, channels, 19) at the default length
        h = F.relu(self.conv2(h))  # (batch, channels, 10)
        h = F.relu(self.conv3(h))  # (batch, channels, 5)
        logits: Tensor = self.linear(h.flatten(1))
        return logits
