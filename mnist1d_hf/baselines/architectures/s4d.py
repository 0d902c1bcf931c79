"""The diagonal state-space model (S4D of Gu, Gupta, Goel and Ré, arXiv:2206.11893), beyond the paper.

Complex numbers are written as pairs of real ones, and kernels are applied as matrices instead of by Fourier transforms: so the
models can be exported to ONNX, and at these lengths a matrix is cheap.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..recipes import TrainingSettings
from .base import LENGTH, Baseline, register


@register(cost=80, recipes={"tuned": TrainingSettings(steps=1000, learning_rate=2e-2, label_smoothing=0.1)})
class S4D(Baseline):
    """Layers of linear state spaces that read the points in both directions, averaged over the positions (11,338 parameters).

    The norms are group norms over all channels, which need no running statistics.

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`.
    channels : int
        Channels of each layer.
    state_size : int
        Complex numbers in the state of a channel.
    num_layers : int
        Layers of state spaces.
    """

    architecture = "s4d"

    def __init__(
        self,
        final_seq_length: int = LENGTH,
        num_classes: int = NUM_CLASSES,
        channels: int = 32,
        state_size: int = 8,
        num_layers: int = 4,
    ) -> None:
        super().__init__(final_seq_length, num_classes)
        self.channels = check_integer("channels", channels, low=1)
        self.state_size = check_integer("state_size", state_size, low=1)
        self.num_layers = check_integer("num_layers", num_layers, low=1)
        self.stem = nn.Conv1d(1, channels, 1)
        self.layers = nn.ModuleList(StateSpaceLayer(channels, state_size, final_seq_length) for _ in range(num_layers))
        self.norm = nn.GroupNorm(1, channels)
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = self.stem(x.unsqueeze(1))  # (batch, channels, final_seq_length)
        for layer in self.layers:
            h = layer(h)
        logits: Tensor = self.linear(F.relu(self.norm(h)).mean(2))
        return logits


class StateSpaceLayer(nn.Module):
    """A norm, a state space for every channel, a mixing of the channels and a ReLU, added to their input."""

    def __init__(self, channels: int, state_size: int, length: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.state_space = StateSpace(channels, state_size, length)
        self.mix = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape (batch, channels, length)."""
        h = self.state_space(self.norm(x).transpose(0, 1))  # (channels, batch, length)
        h = F.relu(self.mix.weight @ h.flatten(1) + self.mix.bias.unsqueeze(1))
        out: Tensor = x + h.unflatten(1, (-1, x.shape[2])).transpose(0, 1)
        return out


class StateSpace(nn.Module):
    """A diagonal linear state space for every channel and direction: x' = A x + u, y = Re(C x) + D u.

    From point to point, a time step later, the state is multiplied by exp(step A), and step u is added. The two directions
    share A, whose real parts are negative for all values of the parameters, so that every state is stable.
    """

    def __init__(self, channels: int, state_size: int, length: int) -> None:
        super().__init__()
        self.length = length
        # The paper's linear initialisation, with time steps for signals of tens of points.
        self.log_step = nn.Parameter(torch.empty(channels, 1, 1).uniform_(math.log(0.01), math.log(0.5)))
        self.log_decay = nn.Parameter(torch.full((channels, state_size, 1), math.log(0.5)))  # A = -decay + i frequency
        self.frequency = nn.Parameter(math.pi * torch.arange(float(state_size)).view(1, -1, 1).repeat(channels, 1, 1))
        self.output = nn.Parameter(torch.randn(channels, 2, 2 * state_size))  # real parts of C, and negative imaginary
        self.skip = nn.Parameter(torch.randn(channels, 1))  # D

    def forward(self, u: Tensor) -> Tensor:
        """Return outputs of the inputs' shape (channels, batch, length)."""
        return u @ toeplitz(self.responses(), self.skip)

    def responses(self) -> Tensor:
        """Return what an impulse gives after 0, 1, … points, without D, of shape (channels, 2 directions, length)."""
        step = self.log_step.exp()
        time = step * torch.arange(self.length, device=step.device)
        # What has decayed further changes nothing, but subnormal numbers would take several times longer.
        size = torch.exp((-self.log_decay.exp() * time).clamp(min=-30))  # (channels, state_size, length)
        angle = self.frequency * time
        return step * (self.output @ torch.cat([size * angle.cos(), size * angle.sin()], 1))


def toeplitz(responses: Tensor, skip: Tensor) -> Tensor:
    """Return a matrix for every channel, whose entry (i, j) is the weight of input i in output j.

    Of the responses, (channels, 2, length), the first is to what comes before, the second to what comes after.
    """
    length = responses.shape[2]
    forward, backward = responses.unbind(1)
    now = forward[:, :1] + skip
    circle = torch.cat([now, forward[:, 1:], torch.zeros_like(now), backward[:, 1:].flip(1)], 1)
    # Rows one point shorter than the circle begin each a point earlier in it; a gather would take longer to go backward.
    rows = circle.unsqueeze(1).expand(-1, length, -1).flatten(1)[:, : length * (2 * length - 1)]
    matrices: Tensor = rows.unflatten(1, (length, 2 * length - 1))[:, :, :length]
    return matrices
