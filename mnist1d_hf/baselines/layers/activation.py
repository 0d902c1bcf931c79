"""ReLU, alone and with pooling."""

from __future__ import annotations

import torch
from torch import Tensor

from .layer import Layer

# A shorter pair of positions is taken for zero.
_SHORTEST = 1e-12


class Relu(Layer):
    """Sets what is negative to zero, in the memory of its input."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the input, changed."""
        self._output = x.clamp_min_(0)
        return self._output

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        return relu_gradient(grad, self._output)


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
        passed = relu_gradient(grad, self._output)
        gradient = self._kept("gradient", self._x.shape, grad)
        first, second = pairs(gradient)
        # As a number, for products with truth values are slow.
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
        gradient, half = self._kept("gradient", self._x.shape, grad), grad * 0.5
        for position, out in zip(pairs(self._x), pairs(gradient), strict=True):
            torch.gt(position, 0, out=out).mul_(half)
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
        gradient, ratio = self._kept("gradient", self._x.shape, grad), grad / self._output.clamp_min(_SHORTEST)
        for position, out in zip(pairs(self._x), pairs(gradient), strict=True):
            torch.mul(position, ratio, out=out)
        return gradient


def pairs(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return views of the first and the second of each two positions, of shape (members, batch, length / 2, channels)."""
    first, second = x.unflatten(2, (-1, 2)).unbind(3)
    return first, second


def relu_gradient(grad: Tensor, output: Tensor) -> Tensor:
    """Return the gradient by the input of a ReLU; this is the operation of torch's own backward pass."""
    gradient: Tensor = torch.ops.aten.threshold_backward(grad, output, 0)
    return gradient
