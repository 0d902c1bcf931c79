"""Blocks of the forward passes of many members of one architecture at once.

The parameters of the members are stacked along a first dimension and every product is a batched one, so that small models
cost one call for all of them instead of one each. A forward pass takes the stacked parameters by name and signals of shape
(members, batch, length), and returns logits of shape (members, batch, classes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Parameters = dict[str, Tensor]
Forward = Callable[[Parameters, Tensor], Tensor]


def stack_parameters(models: Sequence[nn.Module]) -> Parameters:
    """Return the parameters of models of one architecture as leaf tensors with a first dimension of ``len(models)``."""
    states = [model.state_dict() for model in models]
    return {name: torch.stack([state[name] for state in states]).requires_grad_() for name in states[0]}


def unstack_parameters(parameters: Parameters, member: int) -> Parameters:
    """Return the state dict of one member, as detached copies."""
    return {name: tensor[member].detach().clone() for name, tensor in parameters.items()}


def linear(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """Return (members, batch, out) of inputs (members, batch, in)."""
    weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


def conv(parameters: Parameters, name: str, x: Tensor, *, stride: int, padding: int) -> Tensor:
    """Return (members, batch, length, out) of inputs (members, batch, length, in): channels come last here."""
    weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
    members, out, _, size = weight.shape
    padded = F.pad(x, (0, 0, padding, padding))
    length = (padded.shape[2] - size) // stride + 1
    stop = stride * (length - 1) + 1
    patches = torch.cat([padded[:, :, start : start + stop : stride] for start in range(size)], dim=3)
    kernels = weight.permute(0, 3, 2, 1).reshape(members, -1, out)
    result = torch.baddbmm(bias.unsqueeze(1), patches.view(members, -1, patches.shape[3]), kernels)
    return result.view(members, x.shape[1], length, out)
