"""What the quiz asks and what is studied before it, drawn from its seed; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset.templates import NUM_CLASSES

CONFIG = "default"
"""Config of the dataset that the quiz asks about."""

STUDY = 6
"""Training rows of each digit that are shown before a new quiz."""


@dataclass(frozen=True)
class Quiz:
    """Questions, and the answers so far."""

    seed: int
    order: tuple[int, ...]
    """Numbers of the test rows, in the order in which they are asked."""
    answers: tuple[int, ...] = ()
    """Digits, for the first rows of the order."""
    seconds: tuple[float, ...] = ()
    """Time of each answer."""

    @property
    def answered_rows(self) -> tuple[int, ...]:
        """Numbers of the rows that are answered."""
        return self.order[: len(self.answers)]

    def with_answer(self, digit: int, seconds: float) -> Quiz:
        """Return a quiz with one more answer."""
        return Quiz(self.seed, self.order, (*self.answers, digit), (*self.seconds, round(seconds, 1)))


def new_quiz(seed: int, rows: int) -> Quiz:
    """Draw the order of all test rows, of which there are ``rows``, and return a quiz without answers."""
    return Quiz(seed, tuple(np.random.default_rng(seed).permutation(rows).tolist()))


def study_rows(y: NDArray[np.int64], number: int, seed: int) -> list[list[int]]:
    """Draw training rows to study, up to ``number`` of each digit; return their numbers by digit."""
    generator = np.random.default_rng(seed)
    return [generator.permutation(np.flatnonzero(y == digit))[:number].tolist() for digit in range(NUM_CLASSES)]
