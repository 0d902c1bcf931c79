"""Feed-forward layers for many members at once, with their backward passes written out."""

from .activation import AveragePool, L2Pool, MaxPool, Relu
from .convolution import Convolution
from .drawing import draw_convolution, draw_linear, draw_uniform
from .layer import Layer, Network, Residual
from .linear import Linear, MaskedLinear
from .losses import cross_entropy_gradient, squared_error_gradient
from .stacking import ADD_CHANNEL, FLATTEN, RELU, SkipConnection, stack_layers

__all__ = [
    "ADD_CHANNEL",
    "FLATTEN",
    "RELU",
    "AveragePool",
    "Convolution",
    "L2Pool",
    "Layer",
    "Linear",
    "MaskedLinear",
    "MaxPool",
    "Network",
    "Relu",
    "Residual",
    "SkipConnection",
    "cross_entropy_gradient",
    "draw_convolution",
    "draw_linear",
    "draw_uniform",
    "squared_error_gradient",
    "stack_layers",
]
