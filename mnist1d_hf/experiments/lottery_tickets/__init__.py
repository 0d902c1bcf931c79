"""Finds lottery tickets in an MLP, and trains them on other data (section 5.1, Figures 4 a-g and S2)."""

from .claims import claims
from .figure import plot
from .study import EXPERIMENT, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
