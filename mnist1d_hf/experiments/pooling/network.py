"""A CNN of two convolutions with a kind of pooling, as a stack of members; see `layers`."""

from __future__ import annotations

import torch
from torch import Tensor

from ...dataset.templates import NUM_CLASSES
from ...utils.seeds import generator
from ..layers import Layer, Network, Relu, draw_convolution, draw_linear, is_positive

# A shorter pair of positions is taken for zero.
_SHORTEST = 1e-12

# Rows classified at once: as many as in training, whose memory is used again.
_ROWS_AT_ONCE = 100


class MaxPool(Layer):
    """A ReLU, and the larger of each two positions; of two that are equal, the second has the gradient."""

    def forward(self, x: Tensor) -> Tensor:
        """Return half as many positions."""
        self._x = x
        first, second = pairs(x)
        self._output = self._kept("output", first.shape, x)
        return torch.maximum(first, second, out=self._output).clamp_min_(0)

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        passed = is_positive(self._output, self._kept("passed", grad.shape, grad)).mul_(grad)
        gradient = self._kept("gradient", self._x.shape, grad)
        first, second = pairs(gradient)
        torch.gt(*pairs(self._x), out=first).mul_(passed)
        torch.sub(passed, first, out=second)
        return gradient


class AveragePool(Layer):
    """A ReLU, in the memory of the input, and the mean of each two positions."""

    def forward(self, x: Tensor) -> Tensor:
        """Return half as many positions."""
        self._x = x.clamp_min_(0)
        first, second = pairs(x)
        return torch.lerp(first, second, 0.5, out=self._kept("output", first.shape, x))

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        gradient = is_positive(self._x, self._kept("gradient", self._x.shape, grad))
        half = grad * 0.5
        for position in pairs(gradient):
            position.mul_(half)
        return gradient


class L2Pool(Layer):
    """A ReLU, in the memory of the input, and the length of each two positions, taken as a vector."""

    def forward(self, x: Tensor) -> Tensor:
        """Return half as many positions."""
        self._x = x.clamp_min_(0)
        first, second = pairs(x)
        self._output = torch.mul(first, first, out=self._kept("output", first.shape, x))
        return self._output.addcmul_(second, second).sqrt_()

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input: zero where the length is, and has none."""
        gradient = self._kept("gradient", self._x.shape, grad)
        ratio = grad / self._output.clamp_min(_SHORTEST)
        for position, out in zip(pairs(self._x), pairs(gradient), strict=True):
            torch.mul(position, ratio, out=out)
        return gradient


POOL: dict[str, type[Layer]] = {
    "none": Relu,
    "stride": Relu,
    "max": MaxPool,
    "average": AveragePool,
    "L2": L2Pool,
}
"""What follows a convolution, by kind: takes (members, batch, length, channels), and halves the length if it pools."""


def pairs(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return views of the first and the second of each two positions, of shape (members, batch, length / 2, channels)."""
    first, second = x.unflatten(2, (-1, 2)).unbind(3)
    return first, second


def draw_network(kind: str, length: int, channels: int, seeds: list[int]) -> Network:
    """Draw one member per seed, for signals of a length; kinds of one seed have the same convolutions."""
    generators = [generator(seed) for seed in seeds]
    stride = 2 if kind == "stride" else 1
    layers: list[Layer] = []
    for inputs in (1, channels):
        layers.append(draw_convolution(inputs, channels, 3, generators, stride=stride, padding=1))
        layers.append(POOL[kind]())
    positions = length if kind == "none" else length // 4
    return Network([*layers, draw_linear(positions * channels, NUM_CLASSES, generators)])


def forward(network: Network, x: Tensor) -> Tensor:
    """Return the logits (members, batch, classes) of signals (batch, length) that are the same for all members."""
    members = len(network.parameters[0])
    return network.forward(x.unsqueeze(2).expand(members, -1, -1, -1))


def accuracy(network: Network, x: Tensor, y: Tensor) -> list[float]:
    """Return the accuracy of each member on signals (rows, length) and labels (rows,), in percent."""
    predicted = [forward(network, rows).argmax(2) for rows in x.split(_ROWS_AT_ONCE)]
    accuracies: list[float] = (100 * (torch.cat(predicted, 1) == y).double().mean(1)).tolist()
    return accuracies
