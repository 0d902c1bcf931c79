"""Compares kinds of pooling in a small CNN, trained on few and on many rows (section 5.6, Figure 9)."""

from .study import EXPERIMENT, claims, plot, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
