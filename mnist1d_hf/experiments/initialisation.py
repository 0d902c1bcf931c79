"""Initial weights, drawn as torch's own layers draw theirs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def draw_uniform(
    shape: Sequence[int], inputs: int, generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Draw weights or biases as `torch.nn.Linear` does: uniform in [-1 / sqrt(inputs), 1 / sqrt(inputs))."""
    drawn: Tensor = (2 * torch.rand(*shape, generator=generator, dtype=dtype) - 1) / inputs**0.5
    return drawn
