"""What is known of a model whose test rows were not read."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Validation:
    """A model on validation rows; ``str()`` of it is one line."""

    name: str
    accuracies: dict[str, tuple[float, ...]]
    """By task, the accuracy of each seed on the last 600 training rows, which did not train: fractions."""
    parameters: int | None
    """Number of parameters that are trained; None for classifiers."""
    macs: int | None
    """Multiplications for one signal; None for classifiers."""
    seconds: float
    """Of training, all seeds and tasks together."""
    search: dict[str, list[dict[str, Any]]]
    """By task, what a search tried; empty without one."""

    @property
    def accuracy(self) -> float:
        """Mean over seeds and tasks."""
        return statistics.fmean(one for accuracies in self.accuracies.values() for one in accuracies)

    def __str__(self) -> str:
        costs = f"{self.parameters:,} parameters, {self.macs:,} MACs, " if self.parameters is not None else ""
        seeds = "; ".join(
            f"{task}: {', '.join(f'{100 * one:.1f}' for one in accuracies)}"
            for task, accuracies in self.accuracies.items()
        )
        return f"{self.name}: validation accuracy {100 * self.accuracy:.2f} % ({seeds}), {costs}{self.seconds:.1f} s"
