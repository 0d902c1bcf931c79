"""Activation functions with their slopes: fixed ones by formula, and one that can be learned, from a table.

The latter is ELU(x) plus a network of one input and one output. The network stays the same while a classifier is trained with
it, which asks for its value at millions of points. So it is evaluated at the nodes of a table once, with its slope, and is a
cubic polynomial between two nodes. An objective of the training is differentiated by the polynomials' coefficients (see
`TabulatedActivation.reverse`), and the coefficients, automatically, by the network's parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from ...baselines.layers.drawing import draw_uniform

Activation = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Returns value and slope at each element of its input."""

NODES_PER_UNIT = 64
"""Nodes of the table; a power of two, so that the place between two nodes is exact."""

LIMIT = 32
"""The table reaches from minus to plus this; beyond, the network keeps the value it has there."""

OUTPUT_SCALE = 0.2
"""Factor of the network's output."""


def relu(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and slope of max(x, 0)."""
    return x.relu(), (x > 0).to(x.dtype)


def elu(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and slope of x above 0 and exp(x) - 1 below."""
    slope = x.clamp_max(0).exp()
    return x.relu() + slope - 1, slope


def swish(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and slope of x * sigmoid(x)."""
    gate = x.sigmoid()
    value = x * gate
    return value, gate + value * (1 - gate)


def softplus(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and slope of log(1 + exp(x))."""
    return F.softplus(x), x.sigmoid()


def tanh(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and slope of tanh(x)."""
    value = x.tanh()
    return value, 1 - value * value


def sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and slope of 1 / (1 + exp(-x))."""
    value = x.sigmoid()
    return value, value * (1 - value)


FIXED: dict[str, Activation] = {
    "ReLU": relu,
    "Swish": swish,
    "ELU": elu,
    "Softplus": softplus,
    "tanh": tanh,
    "sigmoid": sigmoid,
}
"""The fixed ones by name."""


def initial_network(hidden: Sequence[int], generator: torch.Generator) -> list[Tensor]:
    """Draw a network of one input, these hidden layers and one output, as `torch.nn.Linear` does; see `draw_uniform`.

    Returns weight (inputs, outputs) and bias (outputs,) of each layer, float64.
    """
    sizes = (1, *hidden, 1)
    return [
        draw_uniform(shape, inputs, generator, torch.float64)
        for inputs, outputs in pairwise(sizes)
        for shape in ((inputs, outputs), (outputs,))
    ]


def network(parameters: Sequence[Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and slope of a tanh network at points (points,), both differentiable by its parameters."""
    *hidden, weight, bias = parameters
    value = x.unsqueeze(1)
    slope = torch.ones_like(value)
    for w, b in zip(hidden[::2], hidden[1::2], strict=True):
        value = torch.tanh(value @ w + b)
        slope = (1 - value * value) * (slope @ w)
    return (value @ weight + bias).squeeze(1), (slope @ weight).squeeze(1)


class TabulatedActivation:
    """ELU(x) + 0.2 * network(x), the network a cubic polynomial between nodes that has its values and slopes at the nodes.

    The network's parameters are float64, because neighbouring nodes differ little; ``dtype`` is that of the inputs.
    """

    def __init__(self, parameters: Sequence[Tensor], dtype: torch.dtype = torch.float32) -> None:
        self.parameters = [parameter.detach().requires_grad_() for parameter in parameters]
        steps = torch.arange(-LIMIT * NODES_PER_UNIT, LIMIT * NODES_PER_UNIT + 1, dtype=torch.float64)
        values, slopes = network(self.parameters, steps / NODES_PER_UNIT)
        self._coefficients = (OUTPUT_SCALE * _cubics(values, slopes / NODES_PER_UNIT)).to(dtype)
        self._columns = self._coefficients.detach().unbind()
        self._gradient = torch.zeros_like(self._coefficients)

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return value and slope at each element."""
        cell, t = _place(x)
        c0, c1, c2, c3 = (column.index_select(0, cell).view_as(x) for column in self._columns)
        value, slope = elu(x)
        curved = c3 * t
        value += c0.addcmul_(c1 + (c2 + curved).mul_(t), t)
        slope += c1.addcmul_(c2.mul_(2).add_(curved, alpha=3), t).mul_(NODES_PER_UNIT)
        return value, slope

    def reverse(self, x: Tensor, by_value: Tensor, by_slope: Tensor) -> Tensor:
        """Return the second derivative at each element of x, and add to the gradient by the table.

        ``by_value`` and ``by_slope`` are the derivatives of an objective by each value and slope. The second derivative of ELU
        is not continuous at 0.
        """
        cell, t = _place(x)
        by_t = by_slope * NODES_PER_UNIT
        by_linear = by_value * t
        by_coefficients = (by_value, by_linear + by_t, (by_linear + 2 * by_t) * t, (by_linear + 3 * by_t) * t * t)
        for gradient, by_coefficient in zip(self._gradient.unbind(), by_coefficients, strict=True):
            gradient.scatter_add_(0, cell, by_coefficient.flatten())
        _, _, c2, c3 = self._columns
        curvature = c2.index_select(0, cell).view_as(x)
        curvature.addcmul_(c3.index_select(0, cell).view_as(x), t, value=3).mul_(2 * NODES_PER_UNIT**2)
        return curvature + x.exp() * (x < 0)

    def parameter_gradient(self) -> tuple[Tensor, ...]:
        """Return the gradient by the network's parameters of the objective that `reverse` was told of."""
        return torch.autograd.grad(self._coefficients, self.parameters, self._gradient, retain_graph=True)


def _place(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the number of the cell of each element, of shape (elements,), and the place in it, from 0 to 1."""
    cells = LIMIT * NODES_PER_UNIT
    scaled = x * NODES_PER_UNIT
    cell = scaled.floor().clamp_(-cells - 1, cells)
    return (cell + (cells + 1)).long().flatten(), scaled.sub_(cell)


def _cubics(values: Tensor, slopes: Tensor) -> Tensor:
    """Return coefficients (4, nodes + 1) of cubics in the place between two nodes; before and after all nodes, of constants."""
    left, right, first, last = values[:-1], values[1:], slopes[:-1], slopes[1:]
    quadratic, cubic = 3 * (right - left) - 2 * first - last, 2 * (left - right) + first + last
    between = torch.stack([left, first, quadratic, cubic])
    before, after = (F.pad(value.view(1, 1), (0, 0, 0, 3)) for value in (values[0], values[-1]))
    return torch.cat([before, between, after], dim=1)
