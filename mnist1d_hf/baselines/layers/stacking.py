"""Layers that are stacks of torch's modules, one module per member."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .activation import Relu
from .convolution import Convolution
from .layer import Layer, Residual
from .linear import Linear

ADD_CHANNEL = nn.Unflatten(1, (1, -1))
"""Gives signals the one channel that a convolution takes."""

FLATTEN, RELU = nn.Flatten(), nn.ReLU()


class SkipConnection(nn.Sequential):
    """Layers whose output is added to their input."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        h: Tensor = super().forward(x)
        return x + h


def stack_layers(members: Sequence[Sequence[nn.Module]]) -> list[Layer]:
    """Return layers that compute what the modules of each member do, one after another, from copies of their parameters.

    The modules can be `ADD_CHANNEL`, `FLATTEN`, `RELU`, `torch.nn.Conv1d`, `torch.nn.Linear` and a `SkipConnection` of the last
    two.
    """
    layers: list[Layer] = []
    channels = 1
    for modules in zip(*members, strict=True):
        first = modules[0]
        if isinstance(first, nn.Linear):
            layers.append(_stack_linear(modules, channels))
            channels = 1
        elif isinstance(first, nn.Conv1d):
            layers.append(_stack_convolutions(modules))
            channels = first.out_channels
        elif isinstance(first, SkipConnection):
            layers.append(Residual(stack_layers(modules)))
        elif first is RELU:
            layers.append(Relu())
        elif first not in (ADD_CHANNEL, FLATTEN):  # which the next layer does itself
            raise ValueError(f"there are no stacks of {first}; a class with such layers has to be a `Baseline`")
    return layers


def _stack_linear(modules: Sequence[nn.Linear], channels: int) -> Linear:
    weight, bias = _parameters(modules)
    layer = Linear(weight.unflatten(2, (channels, -1)).transpose(2, 3).flatten(2), bias.unsqueeze(1), channels=channels)
    layer.module = modules[0]
    return layer


def _stack_convolutions(modules: Sequence[nn.Conv1d]) -> Convolution:
    weight, bias = _parameters(modules)
    first = modules[0]
    matrix = torch.cat([weight.permute(0, 3, 2, 1).flatten(1, 2), bias.unsqueeze(1)], dim=1)
    layer = Convolution(matrix, first.kernel_size[0], stride=first.stride[0], padding=first.padding[0])
    layer.module = first
    return layer


def _parameters(modules: Sequence[nn.Module]) -> list[Tensor]:
    """Return each parameter of the modules, stacked."""
    return [torch.stack(ones).detach() for ones in zip(*(module.parameters() for module in modules), strict=True)]
