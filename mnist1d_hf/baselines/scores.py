"""Evaluation of predictions made elsewhere: arrays of scores, and CSV files of them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import datasets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..dataset.templates import CLASS_NAMES, NUM_CLASSES
from .data import read_column
from .metrics import Evaluation, check_label_range, check_labels, compare, refuse_rows

# How far from 1 the sum of rounded probabilities may be.
_SUM_TOLERANCE = 0.01


class Evaluator:
    """Compares predictions made elsewhere, for example with JAX or scikit-learn, with the labels.

    Parameters
    ----------
    labels : array-like of int, shape (rows,), or datasets.Dataset
        True classes, 0 to 9; of a dataset, its column ``y``.

    Raises
    ------
    ValueError
        If there are no labels, or they are not as described.
    """

    def __init__(self, labels: ArrayLike | datasets.Dataset) -> None:
        if isinstance(labels, datasets.Dataset):
            labels = read_column(labels, "y")
        self.labels = check_labels(labels)
        check_label_range(self.labels, NUM_CLASSES)

    def evaluate(self, scores: ArrayLike, *, probabilities: bool = False) -> Evaluation:
        """Compare scores with the labels.

        Parameters
        ----------
        scores : array-like of float, shape (rows, 10)
            Logits or log-probabilities; the highest wins, of equal ones the first. The loss is that of their softmax.
        probabilities : bool
            Whether the scores are probabilities, in [0, 1] and with a sum of 1 in each row.

        Returns
        -------
        Evaluation
            The comparison.

        Raises
        ------
        ValueError
            If the scores are not as described; the message names the row where there is one.

        Examples
        --------
        >>> evaluator = Evaluator([2, 7])
        >>> evaluator.evaluate([[0, 0, 1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]).accuracy
        0.5
        """
        try:
            array = np.asarray(scores, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"the scores must be numbers of shape {self._shape} ({error})") from error
        if array.shape != self._shape:
            raise ValueError(
                f"the scores must have the shape {self._shape}, one row per label and one column per class, got "
                f"{array.shape}"
            )
        return compare(_logarithm(array) if probabilities else array, self.labels)

    def evaluate_csv(self, path: str | os.PathLike[str], *, probabilities: bool = False) -> Evaluation:
        """Compare the scores in a CSV file with the labels.

        Parameters
        ----------
        path : path-like
            One line per row in the order of the labels and one column per class, as `evaluate` takes them. A first line
            without numbers, or with the names of the classes (``0,1,...,9``), is a header.
        probabilities : bool
            Whether the scores are probabilities.

        Returns
        -------
        Evaluation
            The comparison.

        Raises
        ------
        OSError
            If the file is missing or cannot be read.
        ValueError
            If its content is not as described; the message names the file, and the line where there is one.
        """
        scores = _read_scores(Path(path))
        try:
            return self.evaluate(scores, probabilities=probabilities)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.labels), NUM_CLASSES


def _logarithm(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    # Written so that NaN is refused too.
    sums = np.abs(probabilities.sum(axis=1) - 1) <= _SUM_TOLERANCE
    fractions = ((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
    refuse_rows(
        ~(sums & fractions),
        "of the scores does not hold probabilities, which are in [0, 1] and sum to 1; give logits or "
        "log-probabilities without probabilities=True",
    )
    with np.errstate(divide="ignore"):
        return np.log(probabilities)


def _read_scores(path: Path) -> list[list[float]]:
    """Return the numbers of a CSV file, line by line and without its header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, cells) for cells in reader if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file in UTF-8 ({error})") from error
    if lines and _is_header(lines[0][1]):
        del lines[0]
    if not lines:
        raise ValueError(f"{path} holds no scores; it must have one line per row and one column per class")
    return [_read_numbers(path, number, cells) for number, cells in lines]


def _is_header(cells: list[str]) -> bool:
    # pandas names the columns of an array by their numbers.
    return [cell.strip() for cell in cells] == list(CLASS_NAMES) or not any(map(_is_number, cells))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_numbers(path: Path, number: int, cells: list[str]) -> list[float]:
    if len(cells) != NUM_CLASSES:
        raise ValueError(f"{path}, line {number}, has {len(cells)} columns; it must have {NUM_CLASSES}, one per class")
    for cell in cells:
        if not _is_number(cell):
            raise ValueError(f"{path}, line {number}, holds {cell!r}, which is not a number")
    return list(map(float, cells))
