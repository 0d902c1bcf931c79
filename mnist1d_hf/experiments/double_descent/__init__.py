"""Widens networks past the point where they fit all training rows, wrong labels included (section 5.2, Figure 5)."""

from .study import EXPERIMENT, claims, plot, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
