"""Learns the activation function of an MLP by gradient descent through its training (section 5.4, Figure 7)."""

from .claims import claims
from .figure import plot
from .study import EXPERIMENT, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
