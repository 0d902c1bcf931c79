"""Baselines that are layers one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ..layers.layer import Layer
from ..layers.stacking import stack_layers
from .base import Baseline

if TYPE_CHECKING:
    from typing_extensions import Self


class FeedForward(Baseline):
    """A baseline that is a list of layers; its members train as one stack."""

    def layers(self) -> list[nn.Module]:
        """Return the layers from signals to logits, of the kinds that `stack_layers` knows."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        for layer in self.layers():
            x = layer(x)
        return x

    @classmethod
    def stack(cls, models: Sequence[Self]) -> list[Layer]:
        """Return the layers of a stack of models."""
        return stack_layers([model.layers() for model in models])
