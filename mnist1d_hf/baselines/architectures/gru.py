"""The bidirectional recurrent network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..recipes import PAPER_SETTINGS, TrainingSettings

Parameters = dict[str, Tensor]
from .base import LENGTH, Baseline, register
from .recurrence import gru_states


def stacked_gru(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `GRU` for each member of a stack; both directions run in the same products."""

    def weight(direction: str) -> Tensor:
        weights = [parameters[f"gru.weight_{name}_l0{direction}"] for name in ("hh", "ih")]
        biases = [parameters[f"gru.bias_{name}_l0{direction}"].unsqueeze(2) for name in ("ih", "hh")]
        return torch.cat(weights + biases, dim=2)

    states = gru_states(torch.stack([weight(""), weight("_reverse")], dim=1), x)
    # The classifier reads (position, direction, unit); the states of the second direction are in reverse.
    columns = torch.arange(states.shape[1], device=x.device).view(x.shape[2], 2, -1)
    order = torch.cat([columns[:, 0], columns[:, 1].flip(0)]).flatten()
    classifier = parameters["linear.weight"].index_select(2, order)
    return torch.baddbmm(parameters["linear.bias"].unsqueeze(2), classifier, states).transpose(1, 2)


@register(
    cost=25,
    recipes={"tuned": TrainingSettings(steps=2000, learning_rate=5e-2, label_smoothing=0.1), "paper": PAPER_SETTINGS},
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
