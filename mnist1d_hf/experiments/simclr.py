"""SimCLR on signals: two random views of each signal, a network that is to give both the same output, and its loss.

A view has another position, offset and slope than the signal; what is left of the signal is what the network can learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..baselines.stacked import Parameters
from .layers import convolve, draw_layer, linear

CONVOLUTIONS = {"conv1": 5, "conv2": 3, "conv3": 3}
"""Sizes of the kernels of the CNN among the baselines, whose stride is 2 and padding 1."""

STRIDE, PADDING = 2, 1


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


def info_nce(outputs: Tensor, temperature: float) -> Tensor:
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
    Tensor of shape (members,)
        Mean over the batch, in nats.
    """
    members, _, batch, _ = outputs.shape
    first, second = F.normalize(outputs, dim=3).unbind(1)
    cosines = torch.bmm(first, second.transpose(1, 2))
    partners = torch.arange(batch).repeat(members)
    losses = F.cross_entropy(cosines.flatten(0, 1) / temperature, partners, reduction="none")
    return losses.view(members, batch).mean(1)


def initial_parameters(length: int, channels: int, projector: Sequence[int], seeds: Sequence[int]) -> Parameters:
    """Draw the parameters of one member for each seed.

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
    dict of str to Tensor
        Weights and biases of ``conv1`` to ``conv3`` and ``linear1``, ``linear2``, ..., stacked.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    parameters: Parameters = {}
    inputs = 1
    for name, size in CONVOLUTIONS.items():
        parameters |= draw_layer(name, (channels, inputs, size), generators)
        inputs, length = channels, (length + 2 * PADDING - size) // STRIDE + 1
    inputs = channels * length
    for number, outputs in enumerate(projector, start=1):
        parameters |= draw_layer(f"linear{number}", (outputs, inputs), generators)
        inputs = outputs
    return parameters


def layer_outputs(parameters: Parameters, x: Tensor) -> list[Tensor]:
    """Return the output of every layer: with a ReLU, save the last of a projector.

    Parameters
    ----------
    parameters : dict of str to Tensor
        Stacked parameters.
    x : Tensor of shape (members, batch, length)
        Signals.

    Returns
    -------
    list of Tensor of shape (members, batch, features)
        Of a convolution, the features are its positions, and the channels of each.
    """
    h = x.unsqueeze(3)
    outputs = []
    for name in CONVOLUTIONS:
        h = torch.relu(convolve(parameters, name, h, stride=STRIDE, padding=PADDING))
        outputs.append(h.flatten(2))
    depth = sum(name.startswith("linear") and name.endswith("weight") for name in parameters)
    for number in range(1, depth + 1):
        h = linear(parameters, f"linear{number}", outputs[-1])
        outputs.append(torch.relu(h) if number < depth else h)
    return outputs


def train(
    parameters: Parameters,
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
    """Train members in place, with Adam, without labels; a member comes out as it would alone, to rounding.

    Parameters
    ----------
    parameters : dict of str to Tensor
        Stacked parameters.
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
    optimizer = torch.optim.Adam(parameters.values(), lr=learning_rate, fused=True)
    signals = detrend(x)
    losses: list[Tensor] = []
    for epoch in range(1, epochs + 1):
        losses = []
        for views in draw_batches(signals, batch_size, augmentation, generators):
            outputs = layer_outputs(parameters, views.flatten(1, 2))[-1]
            loss = info_nce(outputs.unflatten(1, (2, -1)), temperature)
            optimizer.zero_grad()
            # The sum over members: each member's gradient is what it is alone.
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach())
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
