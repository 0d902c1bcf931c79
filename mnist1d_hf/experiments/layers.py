"""Layers of many members at once, with their backward passes written out.

Parameters are stacked along a first dimension, channels are last, and every product is a batched one. A layer computes in
memory that is allocated once and overwritten by the next batch of the same size. For networks as small as these,
automatic differentiation and fresh memory in every step take as long as the products themselves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from .initialisation import draw_uniform


class Layer(ABC):
    """A layer: its forward pass, and the gradients for the batch that passed last."""

    parameters: tuple[Tensor, ...] = ()
    """Stacked parameters."""

    def __init__(self) -> None:
        self._memory: dict[tuple[str, torch.Size], Tensor] = {}

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return the output (members, batch, ...) of an input; it is overwritten by the next batch of the same size."""

    @abstractmethod
    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input, for that by the output."""

    def set_gradients(self, grad: Tensor) -> None:  # noqa: B027
        """Set ``grad`` of the parameters, if there are any, for the gradient by the output."""

    def _kept(self, name: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """Return memory of a shape, zero when it is first used."""
        key = name, torch.Size(shape)
        if key not in self._memory:
            self._memory[key] = like.new_zeros(shape)
        return self._memory[key]


class Linear(Layer):
    """A linear layer, of all that an example has; weight (members, outputs, inputs) and bias (members, outputs)."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = self.parameters = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, of shape (members, batch, outputs)."""
        self._shape = x.shape
        self._x = x.flatten(2)
        # Few outputs come first: that product is twice as fast.
        return torch.baddbmm(self.bias.unsqueeze(2), self.weight, self._x.transpose(1, 2)).transpose(1, 2)

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        return torch.bmm(grad, self.weight).view(self._shape)

    def set_gradients(self, grad: Tensor) -> None:
        """Set ``grad`` of weight and bias."""
        self.weight.grad = torch.bmm(grad.transpose(1, 2), self._x)
        self.bias.grad = grad.sum(1)


class Convolution(Layer):
    """A convolution: a product of the weights with all windows of the input.

    Weight has shape (members, outputs, size, inputs), bias (members, outputs). The stride is the number of positions from one
    window to the next, the padding that of zeros before and after the input.
    """

    def __init__(self, weight: Tensor, bias: Tensor, *, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.weight, self.bias = self.parameters = weight, bias
        self.stride, self.padding = stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, of shape (members, batch, windows, outputs), of an input (members, batch, length, inputs)."""
        members, batch, length, inputs = x.shape
        _, outputs, size, _ = self.weight.shape
        self._padded = self._kept("padded", (members, batch, length + 2 * self.padding, inputs), x)
        self._padded[:, :, self.padding : self.padding + length] = x
        count = (self._padded.shape[2] - size) // self.stride + 1
        self._windows = self._kept("windows", (members, batch, count, size, inputs), x)
        member, example, position, channel = self._padded.stride()
        steps = (member, example, self.stride * position, position, channel)
        self._windows.copy_(self._padded.as_strided(self._windows.shape, steps))
        output = self._kept("output", (members, batch, count, outputs), x)
        kernel = self.weight.flatten(2).transpose(1, 2)
        torch.baddbmm(self.bias.unsqueeze(1), _rows(self._windows), kernel, out=_rows(output))
        return output

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input: those by the windows, added up where they overlap."""
        windows = self._kept("gradient by windows", self._windows.shape, grad)
        torch.bmm(_rows(grad), self.weight.flatten(2), out=_rows(windows))
        padded = self._kept("gradient by padded", self._padded.shape, grad).zero_()
        stop = self.stride * (windows.shape[2] - 1) + 1
        for start, part in enumerate(windows.unbind(3)):
            padded[:, :, start : start + stop : self.stride] += part
        return padded[:, :, self.padding : padded.shape[2] - self.padding]

    def set_gradients(self, grad: Tensor) -> None:
        """Set ``grad`` of weight and bias."""
        rows = _rows(grad)
        self.weight.grad = torch.bmm(rows.transpose(1, 2), _rows(self._windows)).view_as(self.weight)
        self.bias.grad = rows.sum(1)


class Relu(Layer):
    """Sets what is negative to zero, in the memory of its input."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the input, changed."""
        self._output = x.clamp_min_(0)
        return self._output

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        return is_positive(self._output, self._kept("gradient", self._output.shape, grad)).mul_(grad)


class Network:
    """Layers one after another."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self.parameters = [parameter for layer in layers for parameter in layer.parameters]

    def forward(self, x: Tensor) -> Tensor:
        """Return the output (members, batch, outputs) for signals (members, batch, length, 1).

        It is overwritten by the next batch of the same size.
        """
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def set_gradients(self, grad: Tensor) -> None:
        """Set ``grad`` of all parameters, for the batch that passed last and the gradient by its output."""
        first, *others = self.layers
        for layer in reversed(others):
            layer.set_gradients(grad)
            grad = layer.input_gradient(grad)
        first.set_gradients(grad)


def draw_linear(inputs: int, outputs: int, generators: Sequence[torch.Generator]) -> Linear:
    """Draw a linear layer, one member per generator, as torch's own is drawn; see `draw_uniform`."""
    return Linear(*_draw((outputs, inputs), generators))


def draw_convolution(
    inputs: int, outputs: int, size: int, generators: Sequence[torch.Generator], *, stride: int = 1, padding: int = 0
) -> Convolution:
    """Draw a convolution of kernels of a size, one member per generator, as torch's own is drawn; see `draw_uniform`."""
    return Convolution(*_draw((outputs, size, inputs), generators), stride=stride, padding=padding)


def is_positive(x: Tensor, out: Tensor) -> Tensor:
    """Write 1 where a value is positive, and 0 elsewhere; as numbers, for products with truth values are slow."""
    return torch.gt(x, 0, out=out)


def _draw(shape: tuple[int, ...], generators: Sequence[torch.Generator]) -> tuple[Tensor, Tensor]:
    """Return weight (members, *shape) and bias (members, outputs)."""
    inputs = torch.Size(shape[1:]).numel()
    weight = torch.stack([draw_uniform(shape, inputs, generator) for generator in generators])
    bias = torch.stack([draw_uniform(shape[:1], inputs, generator) for generator in generators])
    return weight, bias


def _rows(x: Tensor) -> Tensor:
    """Return one matrix per member: examples and positions are rows, all that a position has is in its columns."""
    return x.flatten(3).flatten(1, 2)
