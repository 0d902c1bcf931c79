"""Initial weights, drawn as torch's own layers draw theirs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .convolution import Convolution
from .linear import Linear


def draw_uniform(
    shape: Sequence[int], inputs: int, generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Draw weights or biases as `torch.nn.Linear` does: uniform in [-1 / sqrt(inputs), 1 / sqrt(inputs))."""
    drawn: Tensor = (2 * torch.rand(*shape, generator=generator, dtype=dtype) - 1) / inputs**0.5
    return drawn


def draw_linear(inputs: int, outputs: int, generators: Sequence[torch.Generator]) -> Linear:
    """Draw a linear layer, one member per generator."""
    return Linear(*_draw(outputs, inputs, generators))


def draw_convolution(
    inputs: int, outputs: int, size: int, generators: Sequence[torch.Generator], *, stride: int = 1, padding: int = 0
) -> Convolution:
    """Draw a convolution of kernels of a size, one member per generator."""
    weight, bias = _draw(outputs, size * inputs, generators)
    return Convolution(torch.cat([weight.transpose(1, 2), bias], 1), size, stride=stride, padding=padding)


def _draw(outputs: int, inputs: int, generators: Sequence[torch.Generator]) -> list[Tensor]:
    """Return weight (members, outputs, inputs) and bias (members, 1, outputs)."""
    shapes = (outputs, inputs), (1, outputs)
    return [torch.stack([draw_uniform(shape, inputs, generator) for generator in generators]) for shape in shapes]
