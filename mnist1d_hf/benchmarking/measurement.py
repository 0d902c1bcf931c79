"""What is known of a model on one task after it was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Measurement:
    """A model on one task."""

    metrics: dict[str, Any]
    """The content of ``metrics.json``; see `protocol.describe_runs`."""
    model: nn.Module | None
    """The model of the first seed, on the CPU and in evaluation mode; None if it is no module of torch."""
