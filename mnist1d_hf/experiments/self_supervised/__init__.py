"""Learns features without labels, and reads them out by layer (section 5.5, Figure 8)."""

from .study import EXPERIMENT, claims, plot, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
