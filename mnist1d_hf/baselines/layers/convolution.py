"""Convolutions."""

from __future__ import annotations

import torch
from torch import Tensor

from .layer import Layer


class Convolution(Layer):
    """A convolution: the product of all windows of the input with one matrix.

    The matrix, of shape (members, size * inputs + 1, outputs), ends with the bias, and each window with a 1. The stride is the
    number of positions from one window to the next, the padding that of zeros before and after the input.
    """

    def __init__(self, matrix: Tensor, size: int, *, stride: int = 1, padding: int = 0) -> None:
        super().__init__(matrix)
        self._size, self._stride, self._padding = size, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """Return the output (members, batch, windows, outputs) of an input (members, batch, length, inputs), or of signals."""
        (matrix,) = self.parameters
        self._shape = x.shape
        x = x.unsqueeze(3) if x.ndim == 3 else x
        members, batch, length, inputs = x.shape
        padded = self._kept("padded", (members, batch, length + 2 * self._padding, inputs), x)
        padded[:, :, self._padding : self._padding + length] = x
        count = (padded.shape[2] - self._size) // self._stride + 1
        self._windows = self._kept("windows", (members, batch, count, matrix.shape[1]), x)
        self._windows[..., -1] = 1
        windows = self._windows[..., :-1].unflatten(3, (self._size, inputs))
        member, example, position, channel = padded.stride()
        steps = (member, example, self._stride * position, position, channel)
        windows.copy_(padded.as_strided(windows.shape, steps))
        output = self._kept("output", (members, batch, count, matrix.shape[2]), x)
        torch.bmm(self._windows.flatten(1, 2), matrix, out=output.flatten(1, 2))
        return output

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input: those by the windows, added up where they overlap."""
        kernel = self.parameters[0][:, :-1].transpose(1, 2).contiguous()
        members, batch, count, _ = grad.shape
        windows = self._kept("gradient by windows", (members, batch, count, kernel.shape[2]), grad)
        torch.bmm(grad.flatten(1, 2), kernel, out=windows.flatten(1, 2))
        parts = windows.unflatten(3, (self._size, -1)).unbind(3)
        length = self._shape[2]
        shape = members, batch, length + 2 * self._padding, parts[0].shape[3]
        padded = self._kept("gradient by padded", shape, grad).zero_()
        stop = self._stride * (count - 1) + 1
        for start, part in enumerate(parts):
            padded[:, :, start : start + stop : self._stride] += part
        return padded[:, :, self._padding : self._padding + length].view(self._shape)

    def set_gradients(self, grad: Tensor) -> None:
        """Write the gradient of the matrix."""
        torch.bmm(self._windows.flatten(1, 2).transpose(1, 2), grad.flatten(1, 2), out=self.gradients[0])

    def of_member(self, member: int) -> list[Tensor]:
        """Return weight (outputs, inputs, size) and bias (outputs,)."""
        (matrix,) = super().of_member(member)
        return [matrix[:-1].unflatten(0, (self._size, -1)).permute(2, 1, 0), matrix[-1]]
