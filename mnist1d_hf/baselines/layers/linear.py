"""Linear layers."""

from __future__ import annotations

import torch
from torch import Tensor

from .layer import Layer

# Up to this share of outputs with a gradient, it is faster to leave out the others.
_SOME = 0.4

# With fewer outputs, looking for those takes longer than what they cost.
_MANY = 100


class Linear(Layer):
    """A linear layer, of all that an example has; weight (members, outputs, inputs), bias (members, 1, outputs).

    The order, of shape (inputs,), is the number that each input has in torch, if that is another.
    """

    def __init__(self, weight: Tensor, bias: Tensor, *, order: Tensor | None = None) -> None:
        super().__init__(weight, bias)
        self._order = order

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, of shape (members, batch, outputs)."""
        weight, bias = self.parameters
        self._shape = x.shape
        self._x = x if x.ndim == 3 else x.flatten(2)
        return torch.baddbmm(bias, self._x, weight.transpose(1, 2))

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input."""
        return torch.bmm(grad, self.parameters[0]).view(self._shape)

    def set_gradients(self, grad: Tensor) -> None:
        """Write the gradients of weight and bias."""
        weight, bias = self.gradients
        torch.bmm(grad.transpose(1, 2), self._x, out=weight)
        torch.sum(grad, 1, keepdim=True, out=bias)

    def of_member(self, member: int) -> list[Tensor]:
        """Return weight (outputs, inputs) and bias (outputs,)."""
        weight, bias = super().of_member(member)
        return [weight if self._order is None else weight[:, self._order.argsort()], bias.squeeze(0)]


class MaskedLinear(Linear):
    """A linear layer whose weights and biases are zero where masks of their shapes are, and stay so; masks are numbers.

    Outputs without a gradient, as those of units that fire for no example of the batch, cost nothing on the way back.
    """

    def __init__(self, weight: Tensor, bias: Tensor, weight_mask: Tensor, bias_mask: Tensor) -> None:
        super().__init__(weight * weight_mask, bias * bias_mask)
        self._masks = weight_mask.contiguous(), bias_mask.contiguous()

    def set_gradients(self, grad: Tensor) -> None:
        """Write the gradients of weight and bias."""
        super().set_gradients(grad)
        for gradient, mask in zip(self.gradients, self._masks, strict=True):
            gradient.mul_(mask)

    def backward(self, grad: Tensor) -> Tensor:
        """Write the gradients of weight and bias, and return that by the input."""
        if grad.shape[2] < _MANY:
            return super().backward(grad)
        outputs = grad.abs().sum((0, 1)).nonzero().flatten()
        if len(outputs) > _SOME * grad.shape[2]:
            return super().backward(grad)
        some, (weight, bias) = grad.index_select(2, outputs), self.gradients
        by_weight = torch.bmm(some.transpose(1, 2), self._x).mul_(self._masks[0].index_select(1, outputs))
        weight.zero_().index_copy_(1, outputs, by_weight)
        torch.sum(grad, 1, keepdim=True, out=bias).mul_(self._masks[1])
        return torch.bmm(some, self.parameters[0].index_select(1, outputs)).view(self._shape)
