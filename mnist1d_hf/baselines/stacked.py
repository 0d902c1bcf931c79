"""The forward passes of many members of one architecture at once.

The parameters of the members are stacked along a first dimension and every product is a batched one, so that small models
cost one call for all of them instead of one each. Each function takes the stacked parameters by name and signals of shape
(members, batch, length) and returns logits of shape (members, batch, classes); it computes what the class of the same name in
`models` computes for each member.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .architectures.recurrence import gru_states

Parameters = dict[str, Tensor]
Forward = Callable[[Parameters, Tensor], Tensor]


def stack_parameters(models: Sequence[nn.Module]) -> Parameters:
    """Stack the parameters of models of one architecture.

    Parameters
    ----------
    models : sequence of torch.nn.Module
        The members.

    Returns
    -------
    dict of str to Tensor
        Leaf tensors with a first dimension of ``len(models)``, by the name of the parameter.
    """
    states = [model.state_dict() for model in models]
    return {name: torch.stack([state[name] for state in states]).requires_grad_() for name in states[0]}


def unstack_parameters(parameters: Parameters, member: int) -> Parameters:
    """Return the state dict of one member.

    Parameters
    ----------
    parameters : dict of str to Tensor
        Stacked parameters.
    member : int
        Its place in the stack.

    Returns
    -------
    dict of str to Tensor
        Detached copies.
    """
    return {name: tensor[member].detach().clone() for name, tensor in parameters.items()}


def logistic(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `models.Logistic` for each member."""
    return _linear(parameters, "linear", x)


def mlp(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `models.MLP` for each member."""
    h = F.relu(_linear(parameters, "linear1", x))
    h = h + F.relu(_linear(parameters, "linear2", h))
    return _linear(parameters, "linear3", h)


def cnn(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `models.CNN` for each member."""
    h = x.unsqueeze(3)
    for layer in ("conv1", "conv2", "conv3"):
        h = F.relu(_conv(parameters, layer, h, stride=2, padding=1))
    return _linear(parameters, "linear", h.transpose(2, 3).flatten(2))


def gru(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `models.GRU` for each member; both directions run in the same products."""
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


def resnet(parameters: Parameters, x: Tensor) -> Tensor:
    """Compute `models.ResNet` for each member."""
    h = _conv(parameters, "stem", x.unsqueeze(3), stride=1, padding=2)
    num_blocks = sum(name.endswith("conv1.weight") for name in parameters)
    for block in range(num_blocks):
        g = _conv(parameters, f"blocks.{block}.conv1", F.relu(_norm(parameters, f"blocks.{block}.norm1", h)), padding=1)
        g = _conv(parameters, f"blocks.{block}.conv2", F.relu(_norm(parameters, f"blocks.{block}.norm2", g)), padding=1)
        h = h + g
    return _linear(parameters, "linear", F.relu(_norm(parameters, "norm", h)).mean(2))


def transformer(parameters: Parameters, x: Tensor, *, num_heads: int = 4) -> Tensor:
    """Compute `models.Transformer` for each member."""
    members, batch, _ = x.shape
    patch_size = parameters["embed.weight"].shape[2]
    patches = x.reshape(members, -1, patch_size)
    h = _linear(parameters, "embed", patches).view(members, batch, -1, parameters["embed.weight"].shape[1])
    h = h + parameters["positions"].unsqueeze(1)
    shape = h.shape  # (members, batch, patches, hidden_size)

    def tokens(name: str, value: Tensor) -> Tensor:
        result: Tensor = _linear(parameters, name, value.flatten(1, 2)).unflatten(1, shape[1:3])
        return result

    def norm(name: str, value: Tensor) -> Tensor:
        weight, bias = (parameters[f"{name}.{part}"][:, None, None] for part in ("weight", "bias"))
        return torch.addcmul(bias, F.layer_norm(value, value.shape[3:]), weight)

    num_layers = sum(name.endswith("query_key_value.weight") for name in parameters)
    for layer in (f"layers.{number}" for number in range(num_layers)):
        heads = tokens(f"{layer}.query_key_value", norm(f"{layer}.norm1", h)).unflatten(3, (3, num_heads, -1))
        query, key, value = heads.permute(3, 0, 1, 4, 2, 5)  # each (members, batch, heads, patches, size of a head)
        attended = F.scaled_dot_product_attention(query, key, value)
        h = h + tokens(f"{layer}.project", attended.transpose(2, 3).flatten(3))
        g = F.gelu(tokens(f"{layer}.linear1", norm(f"{layer}.norm2", h)))
        h = h + tokens(f"{layer}.linear2", g)
    return _linear(parameters, "linear", norm("norm", h).mean(2))


STACKED: dict[str, Forward] = {
    function.__name__: function for function in (logistic, mlp, cnn, gru, resnet, transformer)
}
"""The functions by the name of their architecture."""


def _linear(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """Return (members, batch, out) of inputs (members, batch, in)."""
    weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


def _conv(parameters: Parameters, name: str, x: Tensor, *, stride: int = 1, padding: int) -> Tensor:
    """Return (members, batch, length, out) of inputs (members, batch, length, in): channels come last here."""
    weight, bias = parameters[f"{name}.weight"], parameters.get(f"{name}.bias")
    members, out, _, size = weight.shape
    padded = F.pad(x, (0, 0, padding, padding))
    length = (padded.shape[2] - size) // stride + 1
    stop = stride * (length - 1) + 1
    patches = torch.cat([padded[:, :, start : start + stop : stride] for start in range(size)], dim=3)
    flat = patches.view(members, -1, patches.shape[3])
    kernels = weight.permute(0, 3, 2, 1).reshape(members, -1, out)
    result = torch.bmm(flat, kernels) if bias is None else torch.baddbmm(bias.unsqueeze(1), flat, kernels)
    return result.view(members, x.shape[1], length, out)


def _norm(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """Normalise each example over positions and channels, then scale and shift each channel."""
    weight, bias = (parameters[f"{name}.{part}"][:, None, None] for part in ("weight", "bias"))
    return torch.addcmul(bias, F.layer_norm(x, x.shape[2:]), weight)
