"""Learns the activation function of an MLP by gradient descent through its training (section 5.4, Figure 7)."""

from .study import EXPERIMENT, claims, plot, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
