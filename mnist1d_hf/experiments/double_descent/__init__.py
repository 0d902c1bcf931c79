"""Widens networks past the point where they fit all training rows, wrong labels included (section 5.2, Figure 5)."""

from .claims import claims
from .figure import plot
from .study import EXPERIMENT, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
