"""The multilayer perceptron."""

from __future__ import annotations

from torch import nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..layers.stacking import RELU, SkipConnection
from ..recipes import PAPER_4000_SETTINGS, PAPER_RECIPES, TrainingSettings
from .base import LENGTH, FeedForward, register


@register(
    cost=2,
    recipes={
        "tuned": TrainingSettings(steps=3000, learning_rate=3e-2, weight_decay=0.3, log_every=200),
        **PAPER_RECIPES,
        "paper-256": PAPER_4000_SETTINGS,
    },
)
class MLP(FeedForward):
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

    def layers(self) -> list[nn.Module]:
        """Return the layers from signals to logits."""
        hidden = SkipConnection(self.linear2, RELU)
        return [self.linear1, RELU, hidden, self.linear3]
