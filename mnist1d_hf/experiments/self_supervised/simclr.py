"""SimCLR on signals: two random views of each signal, a network that is to give both the same output, and its loss.

A view has another position, offset and slope than the signal; what is left of the signal is what the network can learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..layers import Layer, Network, Relu, draw_convolution, draw_linear

KERNEL_SIZES = (5, 3, 3)
"""Those of the CNN among the baselines, as are stride and padding."""

STRIDE, PADDING = 2, 1

# Outputs that are shorter have no direction.
_SHORTEST = 1e-12


@dataclass(frozen=True)
class Augmentation:
    """How a view differs from its signal."""

    max_shift: int = 9
    """Positions it is shifted by at most, around the end."""
    slope_deviation: float = 0.04
    """Standard deviation of its slope, per position."""
    offset_deviation: float = 0.3
    """Standard deviation of its offset."""


def positions(x: Tensor) -> Tensor:
    """Return the positions of the points of signals, centred at 0.

    Parameters
    ----------
    x : Tensor of shape (rows, length)
        Signals.

    Returns
    -------
    Tensor of shape (length,)
        One apart from each other, of the type of the signals.
    """
    length = x.shape[1]
    return torch.arange(length).to(x) - (length - 1) / 2


def detrend(x: Tensor) -> Tensor:
    """Remove offset and slope, those of the line of least squares.

    Parameters
    ----------
    x : Tensor of shape (rows, length)
        Signals.

    Returns
    -------
    Tensor of shape (rows, length)
        Signals of mean 0 and slope 0.
    """
    t = positions(x)
    slopes = x @ t / (t @ t)
    return x - x.mean(1, keepdim=True) - slopes.unsqueeze(1) * t


def augment(x: Tensor, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Return a random view of each signal: shifted around its end, then with a random slope and offset.

    Parameters
    ----------
    x : Tensor of shape (rows, length)
        Signals without offset and slope.
    augmentation : Augmentation
        What is drawn.
    generator : torch.Generator
        Where it is drawn from.

    Returns
    -------
    Tensor of shape (rows, length)
        The views.
    """
    rows, length = x.shape
    shifts = torch.randint(augmentation.max_shift + 1, (rows, 1), generator=generator)
    slopes = augmentation.slope_deviation * torch.randn(rows, 1, generator=generator)
    offsets = augmentation.offset_deviation * torch.randn(rows, 1, generator=generator)
    shifted = x.gather(1, (torch.arange(length) - shifts) % length)
    return shifted + slopes * positions(x) + offsets


def info_nce(outputs: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return the InfoNCE loss: how well the second view of a signal is told from those of the others, by its first view.

    A first view is compared with the second views only ("half-batch repulsion"), by the cosine.

    Parameters
    ----------
    outputs : Tensor of shape (members, 2, batch, outputs)
        What the network makes of both views.
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
    """Draw one member for each seed.

    Parameters
    ----------
    length : int
        Points of a signal.
    channels : int
        Channels of each convolution.
    projector : sequence of int
        Units of each layer of the projector; none for a network without.
    seeds : sequence of int
        Where they are drawn from.

    Returns
    -------
    Network
        Three convolutions and a projector, with a ReLU after each layer, save the last of the projector.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
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
    """Return the output of every layer, after its ReLU.

    Parameters
    ----------
    network : Network
        The members.
    x : Tensor of shape (members, batch, length)
        Signals.

    Returns
    -------
    list of Tensor of shape (members, batch, features)
        Of a convolution, the features are its positions, and the channels of each.
    """
    h = x.unsqueeze(3)
    outputs = []
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
    """Train members with Adam, without labels; a member comes out as it would alone, to rounding.

    Parameters
    ----------
    network : Network
        Changed in place.
    x : Tensor of shape (rows, length)
        Signals; those that fill no batch are left out of an epoch.
    seeds : sequence of int
        One for each member; draws the order of the rows and the views.
    epochs, batch_size : int
        Numbers of them.
    learning_rate, temperature : float
        Both > 0.
    augmentation : Augmentation
        What views are.
    progress : callable
        Called after each epoch, with its number and the mean loss of the members.

    Returns
    -------
    list of float
        Mean loss in the last epoch of each member, in nats.
    """
    # Not the generators of the initial weights, which the same seeds draw.
    generators = [torch.Generator().manual_seed(seed + 2**32) for seed in seeds]
    optimizer = torch.optim.Adam(network.parameters, lr=learning_rate, fused=True)
    signals = detrend(x)
    losses: list[Tensor] = []
    for epoch in range(1, epochs + 1):
        losses = []
        for views in draw_batches(signals, batch_size, augmentation, generators):
            outputs = network.forward(views.flatten(1, 2).unsqueeze(3))
            loss, gradient = info_nce(outputs.flatten(2).unflatten(1, (2, -1)), temperature)
            network.set_gradients(gradient.view(outputs.shape))
            optimizer.step()
            losses.append(loss)
        progress(epoch, float(torch.stack(losses).mean()))
    return torch.stack(losses).mean(0).tolist()


def draw_batches(
    signals: Tensor, batch_size: int, augmentation: Augmentation, generators: Sequence[torch.Generator]
) -> Iterator[Tensor]:
    """Draw order and views of a whole epoch at once, and give them out in batches.

    Parameters
    ----------
    signals : Tensor of shape (rows, length)
        Signals without offset and slope.
    batch_size : int
        Rows of a batch.
    augmentation : Augmentation
        What views are.
    generators : sequence of torch.Generator
        One for each member.

    Yields
    ------
    Tensor of shape (members, 2, batch, length)
        Both views of each row.
    """
    views = []
    for generator in generators:
        shuffled = signals[torch.randperm(len(signals), generator=generator)]
        views.append(torch.stack([augment(shuffled, augmentation, generator) for _ in range(2)]))
    stacked = torch.stack(views)
    for start in range(0, len(signals) - batch_size + 1, batch_size):
        yield stacked[:, :, start : start + batch_size]
