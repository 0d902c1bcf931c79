"""The grid of settings that a search tries, on the validation rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from itertools import product
from typing import Any

from ..baselines.recipes import TrainingSettings

GRID: dict[str, tuple[float, ...]] = {"learning_rate": (3e-3, 1e-2, 3e-2), "weight_decay": (0.1, 0.5)}
"""What a search tries, beside the settings that it starts from."""


def candidates(base: TrainingSettings, fixed: Collection[str]) -> list[TrainingSettings]:
    """Return the settings to try, first those to start from; what is fixed keeps its value."""
    names = [name for name in GRID if name not in fixed]
    if not names:
        raise ValueError(f"a search tries values of {' and '.join(GRID)}, which are all given; leave one of them out")
    values = product(*(GRID[name] for name in names))
    changes: list[dict[str, Any]] = [dict(zip(names, one, strict=True)) for one in values]
    tried = [dataclasses.replace(base, **one) for one in changes]
    return list(dict.fromkeys([base, *tried]))


def describe_search(tried: Mapping[TrainingSettings, float]) -> list[dict[str, Any]]:
    """Return what was tried, and the validation accuracy of each, as plain values."""
    return [
        {**{name: getattr(settings, name) for name in GRID}, "validation_accuracy": accuracy}
        for settings, accuracy in tried.items()
    ]
