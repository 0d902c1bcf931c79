"""SimCLR on signals: two random views of each signal, a network that should give both the same output, and its loss.

A view has another position, offset and slope than the signal; what is left of the signal is what the network can learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...baselines.layers.activation import Relu
from ...baselines.layers.drawing import draw_convolution, draw_linear
from ...baselines.layers.layer import Layer, Network
from ...utils.seeds import generator

KERNEL_SIZES = (5, 3, 3)
"""Those of the CNN among the baselines, as are stride and padding."""

STRIDE, PADDING = 2, 1

# Outputs that are shorter have no direction.
_SHORTEST = 1e-12


@dataclass(frozen=True)
class Augmentation:
    """How a view differs from its signal."""

    max_shift: int = 9
    """Largest shift around the end, in positions."""
    slope_deviation: float = 0.04
    """Standard deviation of its slope, per position."""
    offset_deviation: float = 0.3
    """Standard deviation of its offset."""


def positions(x: Tensor) -> Tensor:
    """Return the positions of the points of signals, one apart and centred at 0, of shape (length,)."""
    length = x.shape[1]
    return torch.arange(length).to(x) - (length - 1) / 2


def detrend(x: Tensor) -> Tensor:
    """Remove offset and slope, those of the line of least squares, from signals of shape (rows, length)."""
    t = positions(x)
    slopes = x @ t / (t @ t)
    return x - x.mean(1, keepdim=True) - slopes.unsqueeze(1) * t


def augment(x: Tensor, augmentation: Augmentation, stream: torch.Generator) -> Tensor:
    """Return a random view of each signal (rows, length): shifted around its end, then with a random slope and offset."""
    rows, length = x.shape
    shifts = torch.randint(augmentation.max_shift + 1, (rows, 1), generator=stream)
    slopes = augmentation.slope_deviation * torch.randn(rows, 1, generator=stream)
    offsets = augmentation.offset_deviation * torch.randn(rows, 1, generator=stream)
    shifted = x.gather(1, (torch.arange(length) - shifts) % length)
    return shifted + slopes * positions(x) + offsets


def info_nce(outputs: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return the InfoNCE loss: how well the second view of a signal is told from those of the others, by its first view.

    A first view is compared with the second views only ("half-batch repulsion"), by the cosine.

    Parameters
    ----------
    outputs : Tensor of shape (members, 2, batch, outputs)
        The network's outputs for both views.
    temperature : float
        Divides the cosines.

    Returns
    -------
    losses : Tensor of shape (members,)
        Mean over the batch, in nats.
    gradient : Tensor of shape (members, 2, batch, outputs)
        That of their sum by the outputs.
    """
    batch = outputs.shape[2]
    lengths = outputs.norm(dim=3, keepdim=True).clamp_min(_SHORTEST)
    directions = outputs / lengths
    first, second = directions.unbind(1)
    log_p = torch.bmm(first, second.transpose(1, 2)).div_(temperature).log_softmax(2)
    by_cosines = (log_p.exp() - torch.eye(batch).to(log_p)) / (batch * temperature)
    by_directions = torch.stack([torch.bmm(by_cosines, second), torch.bmm(by_cosines.transpose(1, 2), first)], dim=1)
    # A direction does not change along itself.
    along = (by_directions * directions).sum(3, keepdim=True)
    return -log_p.diagonal(dim1=1, dim2=2).mean(1), (by_directions - along * directions) / lengths


def draw_network(length: int, channels: int, projector: Sequence[int], seeds: Sequence[int]) -> Network:
    """Draw one member per seed: three convolutions, and a projector with layers of these units, or none.

    Each layer is followed by a ReLU, save the last of the projector.
    """
    generators = [generator(seed) for seed in seeds]
    layers: list[Layer] = []
    inputs = 1
    for size in KERNEL_SIZES:
        layers += [draw_convolution(inputs, channels, size, generators, stride=STRIDE, padding=PADDING), Relu()]
        inputs, length = channels, (length + 2 * PADDING - size) // STRIDE + 1
    inputs = channels * length
    for outputs in projector:
        layers += [draw_linear(inputs, outputs, generators), Relu()]
        inputs = outputs
    return Network(layers[:-1] if projector else layers)


def layer_outputs(network: Network, x: Tensor) -> list[Tensor]:
    """Return the output (members, batch, features) of every layer, after its ReLU, for signals (members, batch, length).

    Of a convolution, the features are its positions, and the channels of each.
    """
    h, outputs = x, []
    for layer in network.layers:
        h = layer.forward(h)
        if isinstance(layer, Relu) or layer is network.layers[-1]:
            outputs.append(h.flatten(2).clone())
    return outputs


def train(
    network: Network,
    x: Tensor,
    *,
    seeds: Sequence[int],
    epochs: int,
    batch_size: int,
    learning_rate: float,
    temperature: float,
    augmentation: Augmentation,
    progress: Callable[[int, float], None],
) -> list[float]:
    """Train members with Adam, without labels, in place; a member comes out as it would alone, to rounding.

    Signals have shape (rows, length); those that do not fill a batch are left out of an epoch. There is one seed per member,
    which draws the order of the rows and the views. ``progress`` is called after each epoch, with its number and the mean loss
    of the members. Returns the mean loss in the last epoch of each member, in nats.
    """
    generators = [generator(seed, "batches") for seed in seeds]
    optimizer = torch.optim.Adam([network.parameters], lr=learning_rate, fused=True)
    signals = detrend(x)
    losses: list[Tensor] = []
    for epoch in range(1, epochs + 1):
        losses = []
        for views in draw_batches(signals, batch_size, augmentation, generators):
            outputs = network.forward(views.flatten(1, 2))
            loss, gradient = info_nce(outputs.flatten(2).unflatten(1, (2, -1)), temperature)
            network.backward(gradient.view(outputs.shape))
            optimizer.step()
            losses.append(loss)
        progress(epoch, float(torch.stack(losses).mean()))
    return torch.stack(losses).mean(0).tolist()


def draw_batches(
    signals: Tensor, batch_size: int, augmentation: Augmentation, generators: Sequence[torch.Generator]
) -> Iterator[Tensor]:
    """Draw order and views of a whole epoch at once, and yield them in batches of shape (members, 2, batch, length).

    Signals are without offset and slope; there is one generator per member.
    """
    views = []
    for stream in generators:
        shuffled = signals[torch.randperm(len(signals), generator=stream)]
        views.append(torch.stack([augment(shuffled, augmentation, stream) for _ in range(2)]))
    stacked = torch.stack(views)
    for start in range(0, len(signals) - batch_size + 1, batch_size):
        yield stacked[:, :, start : start + batch_size]
