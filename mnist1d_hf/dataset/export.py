"""A config as files that other tools read."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.checks import value_error
from ..utils.files import check_output_folder, write_folder
from .rows import Columns, Rows
from .templates import CLASS_NAMES

PROBLEM = "MNIST1D"
"""What archives of time series call the dataset."""

Splits = dict[str, Columns]


def export(
    folder: str | Path, *, format: str, config: str = "default", overwrite: bool = False, **parameters: Any
) -> list[Path]:
    """Write a config to a folder, in a format that other tools read.

    Parameters
    ----------
    folder : path-like
        Folder to write; it is complete or missing.
    format : {"npz", "csv", "ts", "monster"}
        ``npz``: one file for NumPy, with ``x_train``, ``y_train``, ``x_test`` and ``y_test``. ``csv``: a file per split, the
        label ``y`` and the points ``x0``, ``x1``, ... of a row in a line. ``ts``: the files of the archives that aeon's and
        sktime's ``load_from_ts_file`` read. ``monster``: the layout of the MONSTER archive (Dempster et al., 2025):
        ``MNIST1D_X.npy`` of shape (rows, 1, points), ``MNIST1D_Y.npy``, and the indices of the test rows.
    config : str
        Config of the dataset.
    overwrite : bool
        Replace a folder that holds nothing but such files.
    **parameters : object
        Generation parameters, ``label_noise`` and ``x_clean``, whose columns ``npz`` and ``csv`` have too.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    FileExistsError
        If the folder is not empty, or holds files of somebody else.
    OSError
        If the folder cannot be written.
    TypeError, ValueError
        See `load_arrays`.
    """
    if format not in FORMATS:
        raise value_error("format", format, f"one of {', '.join(FORMATS)}")
    folder = Path(folder)
    check_output_folder(folder.parent)
    _check_replaceable(folder, overwrite)
    rows = Rows(config, **parameters)
    splits = {name: rows.all_columns(name) for name in rows.split_rows}
    files = FORMATS[format](splits)
    write_folder(folder, files)
    return [folder / name for name in files]


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; name a folder")
    if found and not overwrite:
        raise FileExistsError(f"{folder} is not empty; name another folder, or give --overwrite (overwrite=True)")
    foreign = [name for name in found if name not in _NAMES]
    if foreign:
        raise FileExistsError(
            f"{folder} holds files that export does not write ({', '.join(foreign[:3])}"
            f"{', ...' if len(foreign) > 3 else ''}), so it is not overwritten; move them away, or name another folder"
        )


def _npz(splits: Splits) -> dict[str, bytes]:
    columns: dict[str, Any] = {
        f"{name}_{split}": column for split, rows in splits.items() for name, column in rows.items()
    }
    content = io.BytesIO()
    np.savez(content, **columns)
    return {"mnist1d.npz": content.getvalue()}


def _csv(splits: Splits) -> dict[str, bytes]:
    return {f"{split}.csv": _csv_lines(rows) for split, rows in splits.items()}


def _csv_lines(rows: Columns) -> bytes:
    # Labels first, where they are found without counting points.
    columns: Columns = {name: column for name, column in rows.items() if column.ndim == 1}
    for name, column in rows.items():
        if column.ndim == 2:
            columns |= {f"{name}{place}": points for place, points in enumerate(column.T)}
    # The shortest texts that stand for the numbers in their own precision.
    texts = [column.astype(str) for column in columns.values()]
    lines = map(",".join, zip(*texts, strict=True))
    return "\n".join([",".join(columns), *lines, ""]).encode()


def _ts(splits: Splits) -> dict[str, bytes]:
    return {f"{PROBLEM}_{split.upper()}.ts": _ts_lines(rows) for split, rows in splits.items()}


def _ts_lines(rows: Columns) -> bytes:
    head = [
        f"@problemName {PROBLEM}",
        "@timestamps false",
        "@missing false",
        "@univariate true",
        "@equalLength true",
        f"@seriesLength {rows['x'].shape[1]}",
        f"@classLabel true {' '.join(CLASS_NAMES)}",
        "@data",
    ]
    lines = (f"{','.join(map(str, x))}:{y}" for x, y in zip(rows["x"], rows["y"], strict=True))
    return "\n".join([*head, *lines, ""]).encode()


def _monster(splits: Splits) -> dict[str, bytes]:
    train, test = splits["train"], splits["test"]
    x, y = (np.concatenate([train[name], test[name]]) for name in ("x", "y"))
    test_rows = np.arange(len(train["y"]), len(y))
    return {
        f"{PROBLEM}_X.npy": _npy(x[:, None]),
        f"{PROBLEM}_Y.npy": _npy(y),
        # The one fold is the split that the paper's results are on.
        "test_indices_fold_0.txt": "\n".join([*map(str, test_rows), ""]).encode(),
    }


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


FORMATS: dict[str, Callable[[Splits], dict[str, bytes]]] = {"npz": _npz, "csv": _csv, "ts": _ts, "monster": _monster}
"""What makes the files of each format, by their name."""

_NAMES = {
    "mnist1d.npz", "train.csv", "test.csv", f"{PROBLEM}_TRAIN.ts", f"{PROBLEM}_TEST.ts",
    f"{PROBLEM}_X.npy", f"{PROBLEM}_Y.npy", "test_indices_fold_0.txt",
}  # fmt: skip
