"""The multilayer perceptron."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..recipes import PAPER_SETTINGS, TrainingSettings
from ..stacked import Parameters, linear
from .base import LENGTH, Baseline, register


def stacked_mlp(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `MLP` for each member of a stack."""
    h = F.relu(linear(parameters, "linear1", x))
    h = h + F.relu(linear(parameters, "linear2", h))
    return linear(parameters, "linear3", h)


@register(
    cost=2,
    recipes={
        "tuned": TrainingSettings(steps=8000, batch_size=50, weight_decay=0.4, log_every=400),
        "paper": PAPER_SETTINGS,
    },
    stacked=stacked_mlp,
)
class MLP(Baseline):
    """Two hidden layers, the second with a residual connection (15,210 parameters).

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`.
    hidden_size : int
        Units of each hidden layer.
    """

    architecture = "mlp"

    def __init__(self, final_seq_length: int = LENGTH, num_classes: int = NUM_CLASSES, hidden_size: int = 100) -> None:
        super().__init__(final_seq_length, num_classes)
        self.hidden_size = check_integer("hidden_size", hidden_size, low=1)
        self.linear1 = nn.Linear(final_seq_length, hidden_size)
        self.linear2 = nn.Linear(hidden_size, hidden_size)
        self.linear3 = nn.Linear(hidden_size, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = F.relu(self.linear1(x))
        h = h + F.relu(self.linear2(h))
        logits: Tensor = self.linear3(h)
        return logits
