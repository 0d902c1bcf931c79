"""Models of one architecture that train in the same loop: as one stack where that is faster, otherwise side by side.

Both take signals of shape (members, rows, length) and return logits of shape (members, rows, classes).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .stacked import Forward, Parameters, stack_parameters, unstack_parameters


class Stack:
    """Members whose parameters are stacked, so that one call computes all of them."""

    def __init__(self, models: Sequence[nn.Module], forward: Forward, device: str) -> None:
        stacked = stack_parameters(models)
        self._parameters = {name: tensor.detach().to(device).requires_grad_() for name, tensor in stacked.items()}
        self._forward = forward
        self.parameters = list(self._parameters.values())

    def __call__(self, x: Tensor, *, training: bool) -> Tensor:
        """Return logits; they are the same in training and in evaluation."""
        return self._forward(self._parameters, x)

    def state(self, member: int) -> Parameters:
        """Return a copy of the state dict of one member."""
        return unstack_parameters(self._parameters, member)


class Separate:
    """Members that are ordinary modules."""

    def __init__(self, models: Sequence[nn.Module], device: str) -> None:
        self._models = [model.to(device) for model in models]
        self.parameters: list[Tensor] = [parameter for model in models for parameter in model.parameters()]

    def __call__(self, x: Tensor, *, training: bool) -> Tensor:
        """Return logits of each model for its own signals, in training or in evaluation mode."""
        logits = [model.train(training)(signals) for model, signals in zip(self._models, x, strict=True)]
        return torch.stack(logits)

    def state(self, member: int) -> Parameters:
        """Return a copy of the state dict of one member."""
        return {name: tensor.detach().clone() for name, tensor in self._models[member].state_dict().items()}


Members = Stack | Separate
