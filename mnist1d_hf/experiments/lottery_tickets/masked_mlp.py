"""The paper's MLP with masked weights, trained without the units that its masks leave dead.

Weights and bias of a layer are one matrix here, since they are pruned together. Nothing is computed for dead units, those
without inputs or without outputs; the numbers are those of the whole network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...baselines.layers.activation import Relu
from ...baselines.layers.drawing import draw_uniform
from ...baselines.layers.layer import Network, Residual
from ...baselines.layers.linear import MaskedLinear
from ...baselines.layers.losses import cross_entropy_gradient
from ...dataset.templates import NUM_CLASSES

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
        self._linear = [
            _masked_linear(layer[place], mask[place])
            for layer, mask, place in zip(layers, masks, self._places, strict=True)
        ]
        first, second, last = self._linear
        self._network = Network([first, Relu(), Residual([second, Relu()]), last])
        self._optimizer = torch.optim.Adam([self._network.parameters], lr=learning_rate, fused=True)

    def step(self, x: Tensor, targets: Tensor) -> None:
        """Take a step on the mean cross-entropy of signals (batch, length) and one-hot labels (batch, classes)."""
        logits = self._network.forward(x.unsqueeze(0))
        self._network.backward(cross_entropy_gradient(logits, targets.unsqueeze(0)))
        self._optimizer.step()

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits, of shape (batch, classes), of signals of shape (batch, length)."""
        return self._network.forward(x.unsqueeze(0)).squeeze(0)

    def layers(self) -> Layers:
        """Return the whole layers: dead units are what they were."""
        layers = [layer.clone() for layer in self._whole]
        for layer, place, linear in zip(layers, self._places, self._linear, strict=True):
            weight, bias = linear.of_member(0)
            layer[place] = torch.cat([weight, bias[:, None]], 1)
        return layers


def _masked_linear(matrix: Tensor, mask: Tensor) -> MaskedLinear:
    """Return the layer of one member; weight and bias apart, since products of 501 columns are slower than those of 500."""
    parameters = (part for whole in (matrix, mask.to(matrix.dtype)) for part in (whole[:, :-1], whole[None, :, -1]))
    return MaskedLinear(*(part.unsqueeze(0) for part in parameters))


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
