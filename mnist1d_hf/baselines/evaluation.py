"""Accuracy, loss and confusion of a model, or of predictions made elsewhere."""

from __future__ import annotations

import contextlib
import csv
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from ..dataset.templates import CLASS_NAMES, NUM_CLASSES
from ..utils.checks import check_integer
from ..utils.statistics import wilson_interval
from .training import check_device

# How far from 1 the sum of rounded probabilities may be.
_SUM_TOLERANCE = 0.01


@dataclass(frozen=True)
class Evaluation:
    """How predictions compare with the labels; ``str()`` of it is a report for a terminal."""

    rows: int
    """Number of rows, at least 1."""
    correct: int
    """Rows whose class was predicted."""
    loss: float
    """Mean negative log likelihood in nats; infinite where a true class was given the probability 0."""
    confusion: tuple[tuple[int, ...], ...]
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


def evaluate(
    model: nn.Module,
    dataset: tuple[Tensor, Tensor] | datasets.Dataset | TorchDataset[Any],
    *,
    batch_size: int = 1000,
    device: str = "cpu",
) -> Evaluation:
    """Compare a model's predictions with the labels.

    The model is used in evaluation mode; afterwards it is in its old mode, and on its old device, again.

    Parameters
    ----------
    model : torch.nn.Module
        Takes signals of shape (batch, length) and returns logits of shape (batch, classes).
    dataset : pair of Tensor, datasets.Dataset or torch.utils.data.Dataset
        Signals, float, of shape (rows, length) and labels, integers in [0, classes), of shape (rows,); as a pair of
        tensors, as the columns ``x`` and ``y``, or as a dataset of pairs. Signals are converted to the type of the
        model's parameters.
    batch_size : int
        Rows classified at once, at least 1.
    device : str
        Torch device.

    Returns
    -------
    Evaluation
        The comparison. Of equal logits the first wins.

    Raises
    ------
    TypeError
        If the dataset is none of these.
    ValueError
        If signals, labels, logits or the device are not as described; the message names the row where there is one.
    """
    check_integer("batch_size", batch_size, low=1)
    check_device(device)
    x, y = _load_pairs(dataset, batch_size)
    _check_signals(x)
    labels = _check_labels(y.numpy(force=True))
    if len(x) != len(labels):
        raise ValueError(f"there are {len(x)} signals and {len(labels)} labels; there must be one label a signal")
    dtype = _first_parameter(model).dtype
    with _evaluating(model, device), torch.inference_mode():
        logits = [_classify(model, batch.to(device, dtype)) for batch in x.split(batch_size)]
    return _compare(np.concatenate(logits), labels)


class Evaluator:
    """Compares predictions made elsewhere, with JAX or scikit-learn for example, with the labels.

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
            labels = _column(labels, "y")
        self.labels = _check_labels(labels)
        _check_label_range(self.labels, NUM_CLASSES)

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
        """
        try:
            array = np.asarray(scores, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the scores must be numbers of shape {self._shape} ({error})") from error
        if array.shape != self._shape:
            raise ValueError(
                f"the scores must have the shape {self._shape}, one row a label and one column a class, got "
                f"{array.shape}"
            )
        return _compare(_logarithm(array) if probabilities else array, self.labels)

    def evaluate_csv(self, path: str | os.PathLike[str], *, probabilities: bool = False) -> Evaluation:
        """Compare the scores in a CSV file with the labels.

        Parameters
        ----------
        path : path-like
            One line a row in the order of the labels, one column a class, as `evaluate` takes them. A first line
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


def _compare(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> Evaluation:
    """Turn scores of shape (rows, classes) and as many labels into an evaluation."""
    classes = scores.shape[1]
    _check_label_range(labels, classes)
    highest = scores.max(axis=1, keepdims=True)
    # -inf is the logarithm of 0, so a row may hold it; the maximum is not finite for NaN, inf, or -inf alone.
    _refuse_rows(~np.isfinite(highest[:, 0]), "of the scores holds NaN or inf, or nothing but -inf")
    predicted = scores.argmax(axis=1)
    confusion = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    # Two finite scores can be further apart than the greatest float.
    with np.errstate(over="ignore"):
        shifted = scores - highest
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    with np.errstate(over="ignore"):  # losses may sum to infinity
        loss = float(losses.mean())
    return Evaluation(
        rows=len(labels),
        correct=int(np.trace(confusion)),
        loss=loss,
        confusion=tuple(tuple(counts) for counts in confusion.tolist()),
    )


def _refuse_rows(refused: NDArray[np.bool_], reason: str) -> None:
    """Raise a ValueError that names the first of the refused rows, if there is one."""
    if refused.any():
        raise ValueError(f"row {int(refused.argmax())} (counted from 0) {reason}")


def _check_signals(x: Tensor) -> None:
    if x.ndim != 2 or not x.is_floating_point():
        raise ValueError(
            f"the signals must be float and of shape (rows, length), got {x.dtype} of shape {tuple(x.shape)}"
        )
    _refuse_rows((~torch.isfinite(x)).any(dim=1).numpy(force=True), "of the signals holds NaN or inf")


def _check_labels(labels: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(labels)
    if not array.size:
        raise ValueError("there are no rows; give at least one")
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"the labels must be integers of shape (rows,), got {array.dtype} of shape {array.shape}")
    return array.astype(np.int64)


def _check_label_range(labels: NDArray[np.int64], classes: int) -> None:
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        label = labels[outside.argmax()]
        _refuse_rows(outside, f"has the label {label}; with {classes} classes labels are 0 to {classes - 1}")


def _logarithm(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    # Written so that NaN is refused too.
    sums = np.abs(probabilities.sum(axis=1) - 1) <= _SUM_TOLERANCE
    fractions = ((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
    _refuse_rows(
        ~(sums & fractions),
        "of the scores does not hold probabilities, which are in [0, 1] and have the sum 1; give logits or "
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
        raise ValueError(f"{path} holds no scores; it must have one line a row and one column a class")
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
        raise ValueError(f"{path}, line {number}, has {len(cells)} columns; it must have {NUM_CLASSES}, one a class")
    for cell in cells:
        if not _is_number(cell):
            raise ValueError(f"{path}, line {number}, holds {cell!r}, which is not a number")
    return [float(cell) for cell in cells]


def _load_pairs(dataset: Any, batch_size: int) -> tuple[Tensor, Tensor]:
    """Return signals and labels of any of the datasets that `evaluate` takes."""
    if isinstance(dataset, datasets.Dataset):
        return torch.from_numpy(_column(dataset, "x")), torch.from_numpy(_column(dataset, "y"))
    batches = [dataset]
    if isinstance(dataset, TorchDataset):
        # The loader draws a number, which must not come from torch's global generator: somebody may be training.
        batches = list(DataLoader(dataset, batch_size, generator=torch.Generator()))
    if not all(_is_pair(batch) for batch in batches):
        raise TypeError(
            f"the dataset must be a pair of tensors (x, y), a datasets.Dataset with the columns 'x' and 'y', or a "
            f"torch Dataset of pairs (x, y), got {type(dataset).__name__}"
        )
    if not batches:
        raise ValueError("there are no rows; give at least one")
    return torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])


def _is_pair(value: object) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(item, Tensor) for item in value)


def _column(dataset: datasets.Dataset, name: str) -> NDArray[Any]:
    if name not in dataset.column_names:
        raise ValueError(f"the dataset has no column {name!r}; its columns are {', '.join(dataset.column_names)}")
    column = np.array(dataset.with_format("numpy")[:][name])
    if column.dtype == object:
        raise ValueError(f"the column {name!r} must hold numbers, and as many in every row")
    return column


@contextlib.contextmanager
def _evaluating(model: nn.Module, device: str) -> Iterator[None]:
    """Hold a model in evaluation mode on a device."""
    modes = {module: module.training for module in model.modules()}
    home = _first_parameter(model).device
    try:
        model.to(device).eval()
        yield
    finally:
        model.to(home)
        for module, training in modes.items():
            module.training = training


def _first_parameter(model: nn.Module) -> Tensor:
    return next(model.parameters(), torch.empty(0))


def _classify(model: nn.Module, x: Tensor) -> NDArray[np.float64]:
    logits = model(x)
    if not isinstance(logits, Tensor):
        raise ValueError(f"the model must return a tensor of logits, got {type(logits).__name__}")
    if logits.ndim != 2 or len(logits) != len(x) or not logits.shape[1]:
        raise ValueError(
            f"the model must return logits of shape (batch, classes), got {tuple(logits.shape)} for a batch of {len(x)}"
        )
    array: NDArray[np.float64] = logits.cpu().double().numpy()
    return array
