"""Logistic regression."""

from __future__ import annotations

from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ..recipes import PAPER_SETTINGS, TrainingSettings
from ..stacked import Parameters, linear
from .base import LENGTH, Baseline, register


def stacked_logistic(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `Logistic` for each member of a stack."""
    return linear(parameters, "linear", x)


@register(cost=1, recipes={"tuned": TrainingSettings(), "paper": PAPER_SETTINGS}, stacked=stacked_logistic)
class Logistic(Baseline):
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

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        logits: Tensor = self.linear(x)
        return logits
