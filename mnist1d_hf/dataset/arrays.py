"""A config as NumPy arrays, in the shapes that other libraries expect."""

from __future__ import annotations

import numbers
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..utils.checks import check_real, type_error, value_error
from .generator import SPLITS
from .rows import Columns, Rows

_AXES = {"first": 1, "last": 2}


def load_arrays(
    config: str = "default",
    split: str | None = None,
    *,
    channels: Literal["first", "last"] | None = None,
    return_X_y: bool = False,  # noqa: N803, scikit-learn's name
    validation: float = 0,
    **parameters: Any,
) -> Any:
    """Generate a config, or one of its splits, as arrays; the rows are those of `load_dataset`, without its cache.

    Parameters
    ----------
    config : str
        Config of the dataset.
    split : {"train", "validation", "test"}, optional
        All splits by default.
    channels : {"first", "last"}, optional
        Give signals an axis for their one channel: (rows, 1, points) for aeon and PyTorch, (rows, points, 1) for Keras and
        Flax. By default there is none, as scikit-learn expects.
    return_X_y : bool
        Return pairs (signals, labels) instead of dicts.
    validation : int or float
        Training rows to hold out as the split "validation", the last ones: their number, or their share in (0, 1).
    **parameters : object
        Generation parameters, ``label_noise`` and ``x_clean``, as for `load_dataset`.

    Returns
    -------
    dict or tuple
        Of one split, a dict of ``x``, float32 of shape (rows, points), and ``y``, int64 of shape (rows,), with ``y_true`` and
        ``x_clean`` where they are asked for; or the pair ``(x, y)``. Of all splits, a dict of these by name; or a tuple of
        pairs, train, validation if any, and test.

    Raises
    ------
    TypeError
        If a parameter is unknown, or its value is of the wrong type.
    ValueError
        If the config or the split is unknown, or a value is out of range.

    Examples
    --------
    >>> X, y = load_arrays(split="train", return_X_y=True)
    >>> X.shape, X.dtype, y.shape
    ((4000, 40), dtype('float32'), (4000,))
    >>> (x_train, y_train), (x_test, y_test) = load_arrays("shuffled", channels="last", return_X_y=True)
    >>> x_train.shape, x_test.shape
    ((4000, 40, 1), (1000, 40, 1))
    >>> {name: len(rows["y"]) for name, rows in load_arrays(validation=600).items()}
    {'train': 3400, 'validation': 600, 'test': 1000}
    """
    if channels is not None and channels not in _AXES:
        raise value_error("channels", channels, "'first', 'last' or None")
    rows = Rows(config, **parameters)
    held_out = _held_out(validation, rows.split_rows["train"])
    names = ("train", *(["validation"] if held_out else []), "test")
    if split is not None and split not in names:
        hint = "" if held_out or split != "validation" else "; give its number of rows, for example validation=600"
        raise ValueError(f"the 'split' parameter must be one of {', '.join(map(repr, names))}, got {split!r}{hint}")
    splits = _splits(rows, held_out, names if split is None else (split,))
    found = {name: _pair_or_dict(_with_channel(columns, channels), return_X_y) for name, columns in splits.items()}
    if split is not None:
        return found[split]
    return tuple(found.values()) if return_X_y else found


def _held_out(validation: float, rows: int) -> int:
    """Return how many training rows are held out."""
    allowed = f"a number of rows from 0 to {rows - 1}, or a share of them in (0, 1)"
    if isinstance(validation, bool) or not isinstance(validation, numbers.Real):
        raise type_error("validation", validation, allowed)
    is_share = not isinstance(validation, numbers.Integral)
    count = round(check_real("validation", validation) * (rows if is_share else 1))
    if not 0 <= validation < (1 if is_share else rows) or count >= rows:
        raise value_error("validation", validation, allowed)
    return count


def _splits(rows: Rows, held_out: int, names: tuple[str, ...]) -> dict[str, Columns]:
    splits = {name: rows.all_columns(name) for name in SPLITS if name in names or (name == "train" and held_out)}
    if held_out:
        training = splits["train"]
        splits["train"] = {name: column[:-held_out] for name, column in training.items()}
        splits["validation"] = {name: column[-held_out:] for name, column in training.items()}
    return {name: splits[name] for name in names}


def _with_channel(columns: Columns, channels: str | None) -> Columns:
    if channels is None:
        return columns
    return {
        name: np.expand_dims(column, _AXES[channels]) if column.ndim == 2 else column
        for name, column in columns.items()
    }


def _pair_or_dict(columns: Columns, as_pair: bool) -> Columns | tuple[NDArray[Any], NDArray[Any]]:
    return (columns["x"], columns["y"]) if as_pair else columns
