"""The rows of a config: how many each split has, where they come from, and the columns that can be added to them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..utils.checks import check_real, type_error, value_error
from .generator import SHARD_ROWS, SPLITS, clean_signals, generate_part, make_dataset
from .memory import check_memory
from .parameters import GenerationParameters
from .presets import CONFIGS, PRESETS
from .templates import NUM_CLASSES
from .transform import IntArray

ADDITIONS: dict[str, Any] = {"label_noise": 0.0, "x_clean": False}
"""What can be set beside the generation parameters, and the values that add nothing."""

# Beyond this, float64 cannot hold every number of rows, and a split's rows come from a product with train_split.
_MAX_ROWS = 2**53

Columns = dict[str, NDArray[Any]]


class Rows:
    """The rows of a config, with any generation parameters.

    Parameters
    ----------
    config : str
        Config of the dataset.
    label_noise : float
        Probability, in ``[0, 1)``, that the label of a training row is replaced by one of the nine others; the column
        ``y_true`` then has the true labels.
    x_clean : bool
        Whether there is a column ``x_clean``, the signals without noise, standardised like ``x``.
    **changes : object
        Generation parameters that differ from the config's own.

    Raises
    ------
    TypeError
        If a parameter is unknown, or its value is of the wrong type.
    ValueError
        If the config is unknown, a value is out of range, or a split has no rows.
    """

    def __init__(self, config: str, *, label_noise: float = 0.0, x_clean: bool = False, **changes: Any) -> None:
        if config not in CONFIGS:
            raise ValueError(f"unknown config {config!r} of mnist1d; the configs are {', '.join(CONFIGS)}")
        self.config = config
        self.parameters: GenerationParameters = CONFIGS[config].replace(**changes)
        self.is_sharded = PRESETS[config].is_sharded
        self.label_noise = check_real("label_noise", label_noise)
        if not 0 <= self.label_noise < 1:
            raise value_error("label_noise", label_noise, "a number of at least 0 and below 1")
        if not isinstance(x_clean, (bool, np.bool_)):
            raise type_error("x_clean", x_clean, "True or False")
        self.x_clean = bool(x_clean)
        self._check_rows()

    def _check_rows(self) -> None:
        rows = self.parameters.num_samples
        if self.is_sharded and rows > _MAX_ROWS:
            raise value_error("num_samples", rows, f"at most {_MAX_ROWS} for a config in shards")
        check_memory(self.parameters, rows=SHARD_ROWS if self.is_sharded else None)
        for split, count in self.split_rows.items():
            if not count:
                raise ValueError(
                    f"num_samples={rows} with train_split={self.parameters.train_split} leaves no rows for the {split!r} "
                    "split; increase num_samples or change train_split"
                )

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from the config, by name, normalised."""
        preset = CONFIGS[self.config]
        changes = {name: value for name, value in vars(self.parameters).items() if value != getattr(preset, name)}
        return changes | {
            name: getattr(self, name) for name, usual in ADDITIONS.items() if getattr(self, name) != usual
        }

    @property
    def split_rows(self) -> dict[str, int]:
        """Number of rows of each split."""
        rows = self.parameters.num_samples
        if not self.is_sharded:
            rows -= rows % NUM_CLASSES
        train_rows = int(rows * self.parameters.train_split)
        return {"train": train_rows, "test": rows - train_rows}

    def columns(self, split: str, start: int, stop: int) -> Columns:
        """Return the rows ``[start, stop)`` of a split, all of one shard of `SHARD_ROWS`, by the name of their column."""
        index, first = divmod(start, SHARD_ROWS)
        columns: Columns
        if self.is_sharded:
            # An incomplete last shard is the beginning of the complete one, so fewer samples are the first of more.
            part: Any = {"split": split, "index": index, "start": first, "stop": first + stop - start}
            x, y = generate_part(self.parameters, **part)
            columns = {"x": x, "y": y}
            if self.x_clean:
                columns["x_clean"] = generate_part(self.parameters, **part, noise=False)[0]
        else:
            whole = _whole(self.parameters, self.x_clean)[split]
            columns = {name: column[start:stop] for name, column in whole.items()}
        if self.label_noise:
            y = columns["y"]
            columns |= {"y": self._with_noise(y, split, index, first), "y_true": y}
        return columns

    def all_columns(self, split: str) -> Columns:
        """Return all rows of a split by the name of their column."""
        stop = self.split_rows[split]
        shards = [self.columns(split, start, min(start + SHARD_ROWS, stop)) for start in range(0, stop, SHARD_ROWS)]
        return {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}

    def _with_noise(self, y: IntArray, split: str, index: int, first: int) -> IntArray:
        """Replace labels of training rows; the draws of a whole shard do not depend on which of its rows are asked for."""
        if split != "train":
            return y
        # A third number beside those of the signals' own streams, which have two.
        key = np.random.SeedSequence(self.parameters.seed, spawn_key=(SPLITS.index(split), index, 0))
        rng = np.random.Generator(np.random.SFC64(key))
        replaced = rng.random(SHARD_ROWS) < self.label_noise
        shifts = replaced * rng.integers(1, NUM_CLASSES, SHARD_ROWS)
        return (y + shifts[first : first + len(y)]) % NUM_CLASSES


@functools.lru_cache(maxsize=1)
def _whole(parameters: GenerationParameters, x_clean: bool) -> dict[str, Columns]:
    """Return the columns of both splits, cached because their pieces are requested one after another."""
    dataset = make_dataset(parameters)
    rows = len(dataset["y"])
    splits: dict[str, Columns] = {
        "train": {"x": dataset["x"].astype(np.float32), "y": dataset["y"]},
        "test": {"x": dataset["x_test"].astype(np.float32), "y": dataset["y_test"]},
    }
    if x_clean:
        clean = clean_signals(parameters).astype(np.float32)
        splits["train"]["x_clean"], splits["test"]["x_clean"] = clean[:rows], clean[rows:]
    return splits
