"""The bidirectional recurrent network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..layers.layer import Layer
from ..layers.stacking import stack_linear, stack_recurrences
from ..recipes import PAPER_RECIPES, TrainingSettings
from .base import LENGTH, Baseline, register

if TYPE_CHECKING:
    from typing_extensions import Self


@register(
    cost=25,
    recipes={
        "tuned": TrainingSettings(steps=1000, batch_size=200, learning_rate=7e-2, label_smoothing=0.1),
        **PAPER_RECIPES,
    },
)
class GRU(Baseline):
    """A bidirectional GRU over the points, all its outputs given to a linear layer (5,134 parameters).

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`.
    hidden_size : int
        Units of each direction.
    """

    architecture = "gru"

    def __init__(self, final_seq_length: int = LENGTH, num_classes: int = NUM_CLASSES, hidden_size: int = 6) -> None:
        super().__init__(final_seq_length, num_classes)
        self.hidden_size = check_integer("hidden_size", hidden_size, low=1)
        self.gru = nn.GRU(1, hidden_size, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(2 * hidden_size * final_seq_length, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h, _ = self.gru(x.unsqueeze(2))  # (batch, final_seq_length, 2 * hidden_size)
        logits: Tensor = self.linear(h.flatten(1))
        return logits

    @classmethod
    def stack(cls, models: Sequence[Self]) -> list[Layer]:
        """Return the layers of a stack of models."""
        positions = torch.arange(models[0].linear.in_features).view(-1, 2, models[0].hidden_size)
        # The second direction reads from the end.
        order = torch.cat([positions[:, 0], positions[:, 1].flip(0)]).flatten()
        recurrence = stack_recurrences([model.gru for model in models])
        return [recurrence, stack_linear([model.linear for model in models], order)]
