"""The paper's MLP with masked weights, trained without the units that its masks leave dead.

Weights and bias of a layer are one matrix here, since they are pruned together. The gradient is written out: a network of this
size is bound by its products, and nothing else should take time. For the same reason nothing is computed for dead units, those
without inputs or without outputs; the numbers are those of the whole network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...dataset.templates import NUM_CLASSES
from ..initialisation import draw_uniform

Layers = list[Tensor]
"""One matrix per layer, of shape (outputs, inputs + 1): the last column is the bias."""


def initial_layers(inputs: int, hidden: int, generator: torch.Generator) -> Layers:
    """Draw the three layers as `torch.nn.Linear` does; see `draw_uniform`."""
    sizes = [(hidden, inputs), (hidden, hidden), (NUM_CLASSES, hidden)]
    return [draw_uniform((outputs, size + 1), size, generator) for outputs, size in sizes]


def random_masks(layers: Layers, sparsity: float, generator: torch.Generator) -> Layers:
    """Return masks of the layers' shapes, False where a weight is masked: a share of each layer, at random."""
    return [
        (torch.randperm(layer.numel(), generator=generator) < _num_kept(layer, sparsity)).view_as(layer)
        for layer in layers
    ]


def prune(layers: Layers, masks: Layers, sparsity: float) -> Layers:
    """Mask the smallest weights of each layer until the share ``sparsity`` is masked; what is masked stays so."""
    pruned = []
    for layer, mask in zip(layers, masks, strict=True):
        kept = torch.zeros_like(mask)
        sizes = layer.abs().where(mask, -1)
        kept.view(-1)[sizes.flatten().topk(_num_kept(layer, sparsity)).indices] = True
        pruned.append(kept & mask)
    return pruned


def _num_kept(layer: Tensor, sparsity: float) -> int:
    return round((1 - sparsity) * layer.numel())


def live_units(masks: Layers) -> tuple[Tensor, int]:
    """Find the hidden units that can make a difference to the output.

    The second layer is added to the first, so a unit has two parts that can be live. Returns the numbers of the live units,
    int64, those that are live in the second layer first, and how many are live in the second layer.
    """
    first, second, last = masks
    read = last[:, :-1].any(0)
    second_live = read & second.any(1)
    first_live = first.any(1) & (read | second[second_live, :-1].any(0))
    units = torch.cat([second_live.nonzero(), (first_live & ~second_live).nonzero()]).flatten()
    return units, int(second_live.sum())


class MaskedMLP:
    """A network in training, with Adam; weights are zero where the mask is False, and stay so."""

    def __init__(self, layers: Layers, masks: Layers, learning_rate: float) -> None:
        self._whole = [layer * mask for layer, mask in zip(layers, masks, strict=True)]
        units, num_second = live_units(masks)
        inputs, outputs = torch.arange(layers[0].shape[1]), torch.arange(len(layers[2]))
        columns = torch.cat([units, torch.tensor([layers[0].shape[0]])])
        self._places = [
            (units[:, None], inputs),
            (units[:num_second, None], columns),
            (outputs[:, None], columns),
        ]
        live = [layer[place] for layer, place in zip(self._whole, self._places, strict=True)]
        kept = [mask[place].float() for mask, place in zip(masks, self._places, strict=True)]
        # Apart, since products of 501 columns are slower than those of 500.
        self._weights, self._biases = map(list, zip(*map(_split, live), strict=True))
        self._weight_masks, self._bias_masks = map(list, zip(*map(_split, kept), strict=True))
        parameters = [*self._weights, *self._biases]
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)
        self._optimizer = torch.optim.Adam(parameters, lr=learning_rate, fused=True)

    def step(self, x: Tensor, targets: Tensor) -> None:
        """Take a step on the mean cross-entropy of signals (batch, length) and one-hot labels (batch, classes)."""
        first, second, both, logits = self._forward(x)
        _, second_weight, last_weight = self._weights
        d_logits = logits.softmax(1).sub_(targets).div_(len(x))
        self._set_gradient(2, d_logits, both)
        d_first = d_logits @ last_weight
        # The sign of what a ReLU gives is its derivative.
        d_second = d_first[:, : second.shape[1]] * second.sign_()
        self._set_gradient(1, d_second, first)
        d_first.addmm_(d_second, second_weight).mul_(first.sign_())
        self._set_gradient(0, d_first, x)
        self._optimizer.step()

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits, of shape (batch, classes), of signals of shape (batch, length)."""
        return self._forward(x)[-1]

    def layers(self) -> Layers:
        """Return the whole layers: dead units are what they were."""
        layers = [layer.clone() for layer in self._whole]
        for layer, place, weight, bias in zip(layers, self._places, self._weights, self._biases, strict=True):
            layer[place] = torch.cat([weight, bias[:, None]], 1)
        return layers

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return what the hidden layers give, their sum, and the logits."""
        first = torch.addmm(self._biases[0], x, self._weights[0].T).relu_()
        second = torch.addmm(self._biases[1], first, self._weights[1].T).relu_()
        both = first.clone()
        both[:, : second.shape[1]] += second
        return first, second, both, torch.addmm(self._biases[2], both, self._weights[2].T)

    def _set_gradient(self, number: int, d_outputs: Tensor, inputs: Tensor) -> None:
        weight, bias = self._weights[number].grad, self._biases[number].grad
        torch.mm(d_outputs.T, inputs, out=weight).mul_(self._weight_masks[number])
        torch.sum(d_outputs, 0, out=bias).mul_(self._bias_masks[number])


def train(network: MaskedMLP, x: Tensor, y: Tensor, steps: Sequence[int], batch_size: int) -> None:
    """Train a network in place on the rows in their order, epoch after epoch; the numbers of the steps decide the rows."""
    targets = F.one_hot(y, NUM_CLASSES).to(x.dtype)
    num_batches = len(x) // batch_size
    for step in steps:
        rows = slice(step % num_batches * batch_size, (step % num_batches + 1) * batch_size)
        network.step(x[rows], targets[rows])


def evaluate(network: MaskedMLP, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return accuracy, a fraction, and mean cross-entropy, in nats, of a network on signals and labels."""
    logits = network.logits(x)
    return float((logits.argmax(1) == y).float().mean()), float(F.cross_entropy(logits, y))


def _split(layer: Tensor) -> tuple[Tensor, Tensor]:
    return layer[:, :-1].contiguous(), layer[:, -1].contiguous()
