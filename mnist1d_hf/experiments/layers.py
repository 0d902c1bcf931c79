"""Layers of many members at once: parameters stacked along a first dimension, channels last, every product a batched one.

The convolution has a backward pass of its own. Automatic differentiation would go back through every slice that its windows are
made of, and would take longer for that than for the products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..baselines.stacked import Parameters


def draw_layer(name: str, shape: tuple[int, ...], generators: Sequence[torch.Generator]) -> Parameters:
    """Draw weight and bias as torch's own layers do: uniform within 1 / sqrt(inputs of a unit).

    Parameters
    ----------
    name : str
        Name of the layer.
    shape : tuple of int
        Shape of the weight of one member: (outputs, inputs), and the size of the kernel of a convolution.
    generators : sequence of torch.Generator
        One for each member.

    Returns
    -------
    dict of str to Tensor
        Leaf tensors ``<name>.weight``, of shape (members, \\*shape), and ``<name>.bias``, of shape (members, outputs).
    """
    bound = torch.Size(shape[1:]).numel() ** -0.5

    def uniform(*size: int) -> Tensor:
        drawn = torch.stack([torch.rand(*size, generator=generator) for generator in generators])
        return drawn.mul(2).sub(1).mul(bound).requires_grad_()

    return {f"{name}.weight": uniform(*shape), f"{name}.bias": uniform(shape[0])}


def linear(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """Apply a linear layer.

    Parameters
    ----------
    parameters : dict of str to Tensor
        Weight (members, outputs, inputs) and bias.
    name : str
        Name of the layer.
    x : Tensor of shape (members, batch, inputs)
        Its input.

    Returns
    -------
    Tensor of shape (members, batch, outputs)
        Its output.
    """
    weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
    # In this order, the products of the backward pass are faster where there are few outputs.
    return torch.baddbmm(bias.unsqueeze(2), weight, x.transpose(1, 2)).transpose(1, 2)


def convolve(parameters: Parameters, name: str, x: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
    """Apply a convolution.

    Parameters
    ----------
    parameters : dict of str to Tensor
        Weight (members, outputs, inputs, size) and bias.
    name : str
        Name of the layer.
    x : Tensor of shape (members, batch, length, inputs)
        Its input, not shorter than the kernel once it is padded.
    stride : int
        Positions from one window to the next.
    padding : int
        Zeros before and after.

    Returns
    -------
    Tensor of shape (members, batch, windows, outputs)
        Its output.
    """
    result: Tensor = _Convolution.apply(x, parameters[f"{name}.weight"], parameters[f"{name}.bias"], stride, padding)
    return result


class _Convolution(torch.autograd.Function):
    """The product of all windows of an input, in rows, and the kernel as a matrix, (size * inputs, outputs)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
        padded = F.pad(x, (0, 0, padding, padding))
        members, batch, length, inputs = padded.shape
        size = weight.shape[3]
        count = (length - size) // stride + 1
        steps = padded.stride()
        # Channels are last, so that a window is a run of memory.
        overlapping = padded.as_strided(
            (members, batch, count, size * inputs), (steps[0], steps[1], stride * steps[2], 1)
        )
        windows = overlapping.reshape(members, batch * count, size * inputs)
        kernel = weight.permute(0, 3, 2, 1).reshape(members, size * inputs, -1)
        ctx.save_for_backward(windows, kernel)
        ctx.shape, ctx.stride, ctx.padding = padded.shape, stride, padding
        return torch.baddbmm(bias.unsqueeze(1), windows, kernel).view(members, batch, count, -1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None, None]:
        windows, kernel = ctx.saved_tensors
        members, batch, length, inputs = ctx.shape
        count = grad.shape[2]
        rows = grad.reshape(members, batch * count, -1)
        grad_weight = torch.bmm(rows.transpose(1, 2), windows).unflatten(2, (-1, inputs)).transpose(2, 3)
        grad_x = None
        if ctx.needs_input_grad[0]:
            parts = torch.bmm(rows, kernel.transpose(1, 2)).view(members, batch, count, -1, inputs)
            padded = grad.new_zeros(ctx.shape)
            for start, part in enumerate(parts.unbind(3)):
                padded[:, :, start : start + ctx.stride * (count - 1) + 1 : ctx.stride] += part
            grad_x = padded[:, :, ctx.padding : length - ctx.padding]
        return grad_x, grad_weight, rows.sum(1), None, None
