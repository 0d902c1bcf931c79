"""Errors over width: where they peak, how high, and from where the training rows are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..results import Results
from .settings import Measured, Settings

FITTED = 0.01
"""Training error up to which the training rows count as fitted."""


@dataclass(frozen=True)
class Curve:
    """Errors over width."""

    widths: NDArray[np.int64]
    parameters: NDArray[np.int64]
    train: NDArray[np.float64]
    """Of shape (widths, seeds), in %."""
    test: NDArray[np.float64]
    """Of shape (widths, seeds), in %."""

    @property
    def peak(self) -> int:
        """The peak of the mean test error, which depends less on chance than those of single seeds."""
        return int(prominences(self.test.mean(1)).argmax())

    @property
    def peaks(self) -> list[int]:
        """The peak of the test error of each seed."""
        return [int(prominences(errors).argmax()) for errors in self.test.T]

    @property
    def heights(self) -> list[float]:
        """The height of the peak of each seed."""
        return [float(prominences(errors).max()) for errors in self.test.T]

    @property
    def fitted(self) -> list[int]:
        """The first width of each seed that fits its training rows; one more than there are, if none does."""
        return [int(np.argmax(np.append(errors <= 100 * FITTED, True))) for errors in self.train.T]


def prominences(errors: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each error is above the lowest before it and the lowest behind it, whichever is less.

    At least 0; the largest is the height of the peak of a double descent.
    """
    errors = np.asarray(errors, float)
    before = np.minimum.accumulate(errors)
    behind = np.minimum.accumulate(errors[::-1])[::-1]
    return errors - np.maximum(before, behind)


def curve_of(results: Results[Settings, Measured], architecture: str, condition: str) -> Curve:
    """Collect the errors of an architecture, ``"mlp"`` or ``"cnn"``, under one condition, from narrow to wide."""
    rows = sorted(
        row
        for part in results.where(architecture=architecture)
        for row in zip(
            part.widths, part.parameters, part.train_errors[condition], part.test_errors[condition], strict=True
        )
    )
    widths, parameters, train, test = zip(*rows, strict=True)
    return Curve(np.array(widths), np.array(parameters), 100 * np.array(train), 100 * np.array(test))
