"""The residual network, beyond the paper; a stack of them is slower than one after another, so it has none."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..recipes import TrainingSettings
from .base import LENGTH, Baseline, register


@register(cost=100, recipes={"tuned": TrainingSettings(steps=2000, label_smoothing=0.1)})
class ResNet(Baseline):
    """Residual convolutions at full resolution, averaged over the positions (25,674 parameters).

    The norms are group norms over all channels, which need no running statistics.

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`.
    channels : int
        Channels of each convolution.
    num_blocks : int
        Residual blocks of two convolutions each.
    """

    architecture = "resnet"

    def __init__(
        self,
        final_seq_length: int = LENGTH,
        num_classes: int = NUM_CLASSES,
        channels: int = 32,
        num_blocks: int = 4,
    ) -> None:
        super().__init__(final_seq_length, num_classes)
        self.channels = check_integer("channels", channels, low=1)
        self.num_blocks = check_integer("num_blocks", num_blocks, low=1)
        self.stem = nn.Conv1d(1, channels, 5, padding=2)
        self.blocks = nn.ModuleList(ResidualBlock(channels) for _ in range(num_blocks))
        self.norm = nn.GroupNorm(1, channels)
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = self.stem(x.unsqueeze(1))  # (batch, channels, final_seq_length)
        for block in self.blocks:
            h = block(h)
        logits: Tensor = self.linear(F.relu(self.norm(h)).mean(2))
        return logits


class ResidualBlock(nn.Module):
    """Two convolutions, each after a norm and a ReLU, added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(1, channels)
        self.conv1 = nn.Conv1d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(1, channels)
        self.conv2 = nn.Conv1d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape (batch, channels, length)."""
        h = self.conv1(F.relu(self.norm1(x)))
        out: Tensor = x + self.conv2(F.relu(self.norm2(h)))
        return out
