"""Layers that are stacks of torch's modules, one module per member."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .activation import Relu
from .convolution import Convolution
from .layer import Layer, Residual
from .linear import Linear
from .recurrence import Recurrence

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

    The modules can be `ADD_CHANNEL`, `FLATTEN`, `RELU`, `torch.nn.Conv1d`, `torch.nn.Linear` and a `SkipConnection` of these.
    `RELU`, which works in the memory of its input, cannot be the first. A ValueError names what there are no stacks of.
    """
    layers: list[Layer] = []
    channels = 1
    for modules in zip(*members, strict=True):
        first = modules[0]
        if isinstance(first, nn.Linear) and first.bias is not None:
            # Channels come first in torch, and last here.
            layers.append(stack_linear(modules, torch.arange(first.in_features).view(channels, -1).T.flatten()))
            channels = 1
        elif isinstance(first, nn.Conv1d) and _is_plain(first):
            layers.append(_stack_convolutions(modules))
            channels = first.out_channels
        elif isinstance(first, SkipConnection):
            layers.append(Residual(stack_layers(modules)))
        elif first is RELU and layers:
            layers.append(Relu())
        elif first not in (ADD_CHANNEL, FLATTEN):  # which the next layer does itself
            where = " as the first layer" if first is RELU else ""
            raise ValueError(f"there are no stacks of {first}{where}; a class with such layers has to be a `Baseline`")
    return layers


def stack_linear(modules: Sequence[nn.Linear], order: Tensor) -> Linear:
    """Return a stack of linear layers whose inputs come in another order; see `Linear`."""
    weight, bias = _parameters(modules)
    layer = Linear(weight[:, :, order], bias.unsqueeze(1), order=order)
    layer.module = modules[0]
    return layer


def stack_recurrences(modules: Sequence[nn.GRU]) -> Recurrence:
    """Return a stack of bidirectional GRUs of one layer."""
    parameters = _parameters(modules)
    directions = [
        torch.cat([hh, ih, bias_ih.unsqueeze(2), bias_hh.unsqueeze(2)], dim=2)
        for ih, hh, bias_ih, bias_hh in (parameters[:4], parameters[4:])
    ]
    layer = Recurrence(torch.stack(directions, dim=1))
    layer.module = modules[0]
    return layer


def _is_plain(module: nn.Conv1d) -> bool:
    own = module.dilation, module.groups, module.padding_mode, type(module.padding), module.bias is None
    return own == ((1,), 1, "zeros", tuple, False)


def _stack_convolutions(modules: Sequence[nn.Conv1d]) -> Convolution:
    (weight, bias), first = _parameters(modules), modules[0]
    matrix = torch.cat([weight.permute(0, 3, 2, 1).flatten(1, 2), bias.unsqueeze(1)], dim=1)
    layer = Convolution(matrix, first.kernel_size[0], stride=first.stride[0], padding=int(first.padding[0]))
    layer.module = first
    return layer


def _parameters(modules: Sequence[nn.Module]) -> list[Tensor]:
    """Return each parameter of the modules, stacked."""
    return [torch.stack(ones).detach() for ones in zip(*(module.parameters() for module in modules), strict=True)]
