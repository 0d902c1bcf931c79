"""Compares kinds of pooling in a small CNN, trained on few and on many rows (section 5.6, Figure 9)."""

from .claims import claims
from .figure import plot
from .study import EXPERIMENT, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
