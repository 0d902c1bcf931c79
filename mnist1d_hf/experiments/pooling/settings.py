"""What is set in the study of pooling, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass

PUBLISHED_ROWS = (1000, 2000, 5000, 10_000, 20_000, 50_000)
"""Numbers of training rows in the paper."""


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    kinds: tuple[str, ...] = ("none", "L2", "max", "average", "stride")
    """The slow ones first."""
    train_rows: tuple[int, ...] = PUBLISHED_ROWS
    """In ascending order."""
    test_rows: int = 1000
    channels: int = 20
    steps: int = 6000
    batch_size: int = 100
    learning_rate: float = 1e-2
    evaluate_every: int = 100


@dataclass(frozen=True)
class Measured:
    """Measurements of one kind with one number of rows."""

    steps: list[int]
    test_accuracies: list[list[float]]
    """In percent, at each of the steps, the last of the training among them; one list per seed."""
