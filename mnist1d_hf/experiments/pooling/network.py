"""A CNN of two convolutions with a kind of pooling, as a stack of members."""

from __future__ import annotations

import torch
from torch import Tensor

from ...baselines.layers.activation import AveragePool, L2Pool, MaxPool, Relu
from ...baselines.layers.drawing import draw_convolution, draw_linear
from ...baselines.layers.layer import Layer, Network
from ...dataset.templates import NUM_CLASSES
from ...utils.seeds import generator

# Rows classified at once: as many as in training, whose memory is used again.
_ROWS_AT_ONCE = 100


POOL: dict[str, type[Layer]] = {
    "none": Relu,
    "stride": Relu,
    "max": MaxPool,
    "average": AveragePool,
    "L2": L2Pool,
}
"""What follows a convolution, by kind: takes (members, batch, length, channels), and halves the length if it pools."""


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


def accuracy(network: Network, x: Tensor, y: Tensor) -> list[float]:
    """Return the accuracy of each member on its signals (members, rows, length) and labels (members, rows), in percent."""
    predicted = [network.forward(rows).argmax(2) for rows in x.split(_ROWS_AT_ONCE, dim=1)]
    accuracies: list[float] = (100 * (torch.cat(predicted, 1) == y).double().mean(1)).tolist()
    return accuracies
