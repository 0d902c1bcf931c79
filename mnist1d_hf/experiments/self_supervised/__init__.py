"""Learns features without labels, and reads them out by layer (section 5.5, Figure 8)."""

from .claims import claims
from .figure import plot
from .study import EXPERIMENT, run

__all__ = ["EXPERIMENT", "claims", "plot", "run"]
