"""What is set in the study of double descent, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .width_families import Optimisation


def geometric_widths(low: int, high: int, count: int) -> tuple[int, ...]:
    """Return widths from low to high, each a constant times the one before, rounded up; equal ones are left out."""
    return tuple(sorted({int(np.ceil(round(width, 6))) for width in np.geomspace(low, high, count)}))


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    num_samples: int = 16_000
    train_split: float = 0.25
    label_noise: float = 0.15
    mlp_widths: tuple[int, ...] = geometric_widths(2, 300, 20)
    cnn_widths: tuple[int, ...] = geometric_widths(2, 100, 20)
    epochs: int = 500
    batch_size: int = 100
    learning_rate: float = 0.01
    momentum: float = 0.9

    @property
    def optimisation(self) -> Optimisation:
        """How the networks are trained."""
        return Optimisation(self.epochs, self.batch_size, self.learning_rate, self.momentum)

    @property
    def rows(self) -> int:
        """Number of training rows."""
        return round(self.num_samples * self.train_split)


@dataclass(frozen=True)
class Measured:
    """Errors, as fractions, of networks of a few widths."""

    architecture: str
    widths: list[int]
    parameters: list[int]
    """Number of parameters of a network of each width."""
    train_errors: dict[str, list[list[float]]]
    """By the name of the condition; one list per width, one number per seed."""
    test_errors: dict[str, list[list[float]]]
