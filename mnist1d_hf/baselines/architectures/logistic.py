"""Logistic regression."""

from __future__ import annotations

from torch import nn

from ...dataset.templates import NUM_CLASSES
from ..recipes import PAPER_RECIPES, TrainingSettings
from .base import LENGTH, FeedForward, register


@register(cost=1, recipes={"tuned": TrainingSettings(), **PAPER_RECIPES})
class Logistic(FeedForward):
    """Logistic regression: one linear layer (410 parameters).

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`.
    """

    architecture = "logistic"

    def __init__(self, final_seq_length: int = LENGTH, num_classes: int = NUM_CLASSES) -> None:
        super().__init__(final_seq_length, num_classes)
        self.linear = nn.Linear(final_seq_length, num_classes)

    def layers(self) -> list[nn.Module]:
        """Return the layers from signals to logits."""
        return [self.linear]
