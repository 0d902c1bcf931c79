"""What is measured: accuracy, loss and confusion of scores against labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..utils.statistics import wilson_interval
from ..utils.tables import html_table


@dataclass(frozen=True)
class Evaluation:
    """How predictions compare with the labels; ``str()`` of it is a report for a terminal, and notebooks show a table."""

    rows: int
    """Number of rows, at least 1."""
    correct: int
    """Rows whose class was predicted."""
    loss: float
    """Mean negative log likelihood in nats; infinite where a true class was given the probability 0."""
    confusion: tuple[tuple[int, ...], ...] = field(repr=False)
    """Number of rows, ``confusion[true][predicted]``."""

    @property
    def accuracy(self) -> float:
        """Fraction of correct rows, in [0, 1]."""
        return self.correct / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of the accuracy."""
        return wilson_interval(self.correct, self.rows)

    @property
    def class_errors(self) -> tuple[float, ...]:
        """Fraction of wrong rows of each true class; 0.0 for a class without rows."""
        return tuple((sum(counts) - counts[label]) / max(sum(counts), 1) for label, counts in enumerate(self.confusion))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON.

        Returns
        -------
        dict
            ``rows``, ``correct``, ``accuracy``, ``interval``, ``loss``, ``class_errors`` and ``confusion``; the loss is
            None if it is infinite, which JSON does not know.
        """
        return {
            "rows": self.rows,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "loss": self.loss if math.isfinite(self.loss) else None,
            "class_errors": list(self.class_errors),
            "confusion": [list(counts) for counts in self.confusion],
        }

    def __str__(self) -> str:
        """Return a short report for a terminal."""
        low, high = self.interval
        width = len(str(max(map(max, self.confusion)))) + 2
        head = "".join(f"{label:{width}}" for label in range(len(self.confusion)))
        lines = [
            f"accuracy  {100 * self.accuracy:.2f} %, {self.correct} of {self.rows} rows",
            f"          95 % interval {100 * low:.2f} to {100 * high:.2f} %",
            f"loss      {self.loss:.4f} nats",
            "",
            f"true \\ predicted{head}   error %",
        ]
        for label, (counts, error) in enumerate(zip(self.confusion, self.class_errors, strict=True)):
            cells = "".join(f"{count:{width}}" for count in counts)
            lines.append(f"{label:>16}{cells}   {100 * error:7.1f}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        low, high = self.interval
        lines: list[Sequence[object]] = [("true \\ predicted", *range(len(self.confusion)), "error %")]
        for label, (counts, error) in enumerate(zip(self.confusion, self.class_errors, strict=True)):
            lines.append((label, *counts, f"{100 * error:.1f}"))
        accuracy = f"accuracy {100 * self.accuracy:.2f} %, {self.correct} of {self.rows} rows"
        interval = f"95 % interval {100 * low:.2f} to {100 * high:.2f} %"
        return html_table(lines, f"{accuracy}; {interval}; loss {self.loss:.4f} nats")


def compare(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> Evaluation:
    """Turn scores of shape (rows, classes) and as many labels into an evaluation."""
    classes = scores.shape[1]
    check_label_range(labels, classes)
    highest = scores.max(axis=1, keepdims=True)
    # -inf is the logarithm of 0, so a row may hold it; the maximum is not finite for NaN, inf, or -inf alone.
    refuse_rows(~np.isfinite(highest[:, 0]), "of the scores holds NaN or inf, or nothing but -inf")
    predicted = scores.argmax(axis=1)
    confusion = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    # Two finite scores can differ by more than the largest float.
    with np.errstate(over="ignore"):
        shifted = scores - highest
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    with np.errstate(over="ignore"):  # losses may sum to infinity
        loss = float(losses.mean())
    counts = tuple(map(tuple, confusion.tolist()))
    return Evaluation(rows=len(labels), correct=int(np.trace(confusion)), loss=loss, confusion=counts)


def refuse_rows(refused: NDArray[np.bool_], reason: str) -> None:
    """Raise a ValueError that names the first of the refused rows, if there is one."""
    if refused.any():
        raise ValueError(f"row {int(refused.argmax())} (counted from 0) {reason}")


def check_labels(labels: ArrayLike) -> NDArray[np.int64]:
    """Return labels as an array; raise a ValueError unless they are integers of shape (rows,), at least one."""
    array = np.asarray(labels)
    if not array.size:
        raise ValueError("there are no rows; give at least one")
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"the labels must be integers of shape (rows,), got {array.dtype} of shape {array.shape}")
    return array.astype(np.int64)


def check_label_range(labels: NDArray[np.int64], classes: int) -> None:
    """Raise a ValueError that names the first row whose label is not in [0, classes)."""
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        label = labels[outside.argmax()]
        refuse_rows(outside, f"has the label {label}; with {classes} classes labels are 0 to {classes - 1}")
