"""The convolutional network."""

from __future__ import annotations

from torch import nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..layers.stacking import ADD_CHANNEL, FLATTEN, RELU
from ..recipes import PAPER_RECIPES, TrainingSettings
from .base import LENGTH, FeedForward, register


@register(cost=9, recipes={"tuned": TrainingSettings(learning_rate=3e-2, label_smoothing=0.1), **PAPER_RECIPES})
class CNN(FeedForward):
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

    def layers(self) -> list[nn.Module]:
        """Return the layers from signals to logits."""
        convolutions = [self.conv1, RELU, self.conv2, RELU, self.conv3, RELU]
        return [ADD_CHANNEL, *convolutions, FLATTEN, self.linear]
