"""The temporal convolutional network, beyond the paper."""

from __future__ import annotations

from itertools import cycle, islice

import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..recipes import TrainingSettings
from .base import LENGTH, Baseline, register

DILATIONS = (1, 2, 4, 8, 16)
"""Dilations of the blocks, one after another, then from the beginning."""


@register(cost=60, recipes={"tuned": TrainingSettings(steps=750, learning_rate=2e-2, label_smoothing=0.1)})
class TCN(Baseline):
    """Residual convolutions whose dilation doubles from block to block, averaged over the positions (16,266 parameters).

    A position sees 67 points, as many before it as after it. The norms are group norms over all channels, which need no
    running statistics.

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`.
    channels : int
        Channels of each convolution.
    num_blocks : int
        Residual blocks of one convolution each; their dilations are 1, 2, 4, 8, 16, and so on from 1 again.
    """

    architecture = "tcn"

    def __init__(
        self,
        final_seq_length: int = LENGTH,
        num_classes: int = NUM_CLASSES,
        channels: int = 32,
        num_blocks: int = 5,
    ) -> None:
        super().__init__(final_seq_length, num_classes)
        self.channels = check_integer("channels", channels, low=1)
        self.num_blocks = check_integer("num_blocks", num_blocks, low=1)
        self.stem = nn.Conv1d(1, channels, 5, padding=2)
        dilations = islice(cycle(DILATIONS), num_blocks)
        self.blocks = nn.ModuleList(DilatedBlock(channels, dilation) for dilation in dilations)
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


class DilatedBlock(nn.Module):
    """A dilated convolution after a norm and a ReLU, added to its input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape (batch, channels, length)."""
        out: Tensor = x + self.conv(F.relu(self.norm(x)))
        return out
