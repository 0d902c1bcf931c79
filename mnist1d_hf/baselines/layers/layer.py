"""What layers share, and layers one after another.

Parameters are stacked along a first dimension, one entry per member, and every product is a batched one. For networks as small
as these, automatic differentiation and fresh memory in every step take as long as the products themselves: so a layer has its
backward pass written out, and computes in memory that is allocated once and overwritten by the next batch of the same size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Layer(ABC):
    """A layer: its forward pass, and the gradients for the batch that passed last."""

    module: nn.Module | None = None
    """The first member's module, if the layer was made of modules."""

    def __init__(self, *parameters: Tensor) -> None:
        self.parameters = list(parameters)
        self.gradients: list[Tensor] = []
        self._memory: dict[tuple[str, torch.Size], Tensor] = {}

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return the output (members, batch, ...) of an input; the next batch of the same size may overwrite it."""

    @abstractmethod
    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input, for that by the output."""

    def set_gradients(self, grad: Tensor) -> None:  # noqa: B027
        """Write `gradients`, one per parameter, for the gradient by the output."""

    def backward(self, grad: Tensor) -> Tensor:
        """Write `gradients` and return the gradient by the input, for that by the output."""
        self.set_gradients(grad)
        return self.input_gradient(grad)

    def leaves(self) -> Sequence[Layer]:
        """Return the layers that hold the parameters: itself, or those that it consists of."""
        return [self]

    def of_member(self, member: int) -> list[Tensor]:
        """Return a copy of the parameters of one member, with the order and the shapes of torch's own layer."""
        return [parameter[member].clone() for parameter in self.parameters]

    def _kept(self, name: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """Return memory of a shape, zero when it is first used."""
        key = name, torch.Size(shape)
        if key not in self._memory:
            self._memory[key] = like.new_zeros(shape)
        return self._memory[key]


class Residual(Layer):
    """Layers whose output is added to their input, or to its first features if it has more than the output."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self._layers = layers

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        h = x
        for layer in self._layers:
            h = layer.forward(h)
        self._features = h.shape[-1]
        output = x.clone()
        output[..., : self._features] += h
        return output

    def input_gradient(self, grad: Tensor) -> Tensor:
        """Return the gradient by the input; it comes with those of the layers."""
        return self.backward(grad)

    def set_gradients(self, grad: Tensor) -> None:
        """Write the gradients of the layers."""
        self.backward(grad)

    def backward(self, grad: Tensor) -> Tensor:
        """Write the gradients of the layers, and return that by the input."""
        own = grad[..., : self._features]
        for layer in reversed(self._layers):
            own = layer.backward(own)
        return own.add_(grad)

    def leaves(self) -> Sequence[Layer]:
        """Return the layers."""
        return [leaf for layer in self._layers for leaf in layer.leaves()]


class Network:
    """Layers one after another, whose parameters are parts of one tensor; optimisers are fastest with few tensors."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self.leaves = [leaf for layer in layers for leaf in layer.leaves()]
        self.num_members = len(self.leaves[0].parameters[0])
        shapes = [parameter.shape for leaf in self.leaves for parameter in leaf.parameters]
        self.parameters = torch.cat([parameter.flatten() for leaf in self.leaves for parameter in leaf.parameters])
        self.parameters.grad = torch.zeros_like(self.parameters)
        parameters, gradients = (_parts(whole, shapes) for whole in (self.parameters, self.parameters.grad))
        for leaf in self.leaves:
            count = len(leaf.parameters)
            leaf.parameters, parameters = parameters[:count], parameters[count:]
            leaf.gradients, gradients = gradients[:count], gradients[count:]

    def forward(self, x: Tensor) -> Tensor:
        """Return the output (members, batch, outputs) for signals (members, batch, length)."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Tensor) -> None:
        """Set ``parameters.grad`` for the batch that passed last and the gradient by its output."""
        first, *others = self.layers
        for layer in reversed(others):
            grad = layer.backward(grad)
        first.set_gradients(grad)


def _parts(whole: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    parts = whole.split([shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
