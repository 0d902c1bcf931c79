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
    members, batch, _ = x.shape

    def both(name: str) -> Tensor:
        return torch.cat([parameters[f"gru.{name}_l0"], parameters[f"gru.{name}_l0_reverse"]])

    weight_hh, weight_ih, bias_hh, bias_ih = map(both, ("weight_hh", "weight_ih", "bias_hh", "bias_ih"))
    hidden = weight_hh.shape[2]
    recurrent = torch.cat([weight_hh, torch.zeros_like(weight_ih), bias_hh.unsqueeze(2)], dim=2)
    direct = torch.cat([torch.zeros_like(weight_hh), weight_ih, bias_ih.unsqueeze(2)], dim=2)
    gates, candidate = slice(None, 2 * hidden), slice(2 * hidden, None)
    weight = torch.cat([(recurrent + direct)[:, gates], recurrent[:, candidate], direct[:, candidate]], dim=1)
    states = gru_states(weight, torch.cat([x, x.flip(2)]).permute(2, 0, 1))
    # The classifier reads (position, direction, unit); the states of the second direction are in reverse.
    forward, backward = parameters["linear.weight"].unflatten(2, (-1, 2, hidden)).unbind(3)
    classifier = torch.cat([forward, backward.flip(2)]).flatten(2)
    logits = torch.bmm(classifier, states).view(2, members, -1, batch).sum(0) + parameters["linear.bias"].unsqueeze(2)
    return logits.transpose(1, 2)


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
