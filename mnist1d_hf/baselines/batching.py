"""Batches of rows in memory: gathered once an epoch, then sliced, which a DataLoader does row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ..utils.checks import check_integer, value_error
from ..utils.seeds import generator
from .data import check_device, load_tensors


class Batches:
    """Batches of signals ``x`` and labels ``y`` of any rows in memory; the options are those of `batches`.

    Raises
    ------
    TypeError
        If ``batch_size`` or ``seed`` is not an integer.
    ValueError
        If ``batch_size`` or ``seed`` is out of range, there are not as many labels as signals, or no batch at all.

    Examples
    --------
    >>> training = Batches(*load_tensors("default", seed=1), batch_size=1500, shuffle=True)
    >>> len(training), [len(y) for x, y in training]
    (3, [1500, 1500, 1000])
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        *,
        batch_size: int = 100,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        rows = len(y)
        if not 0 < rows == len(x):
            raise value_error("y", rows, f"at least one label, and as many as signals, of which there are {len(x)}")
        _check(batch_size, seed, rows if drop_last else None)
        self._rows, self._batch_size = (x, y), batch_size
        self._used = rows - rows % batch_size if drop_last else rows
        self._stream = generator(seed, "batches") if shuffle else None

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return -(-self._used // self._batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Begin the next epoch."""
        rows = len(self._rows[1])
        order = torch.randperm(rows, generator=self._stream) if self._stream else torch.arange(rows)
        chosen = order[: self._used].to(self._rows[0].device)
        # Gathered, and so a copy, even in the order of the rows.
        x, y = (values.index_select(0, chosen).split(self._batch_size) for values in self._rows)
        return zip(x, y, strict=True)


def batches(
    config: str = "default",
    split: str = "train",
    *,
    batch_size: int = 100,
    shuffle: bool = False,
    seed: int = 0,
    device: str = "cpu",
    drop_last: bool = False,
    **parameters: Any,
) -> Batches:
    """Load a split whole and return its batches: the fastest way to train on rows that fit in memory.

    Every ``for x, y in batches`` is the next epoch. Its rows are gathered once and then sliced, many times faster than a
    `torch.utils.data.DataLoader` collects them, whose options these are. Batches may be changed in place.

    Parameters
    ----------
    config : str
        Config of the dataset.
    split : str
        Split, or a slice of one: ``"train[:90%]"``.
    batch_size : int
        Rows of a batch; the last one of an epoch may have fewer.
    shuffle : bool
        Whether every epoch has an order of its own, instead of the order of the split.
    seed : int
        Decides these orders, in ``[0, 2**32)``: the first epoch of a seed is always the same, the second is too, and so on.
        The data do not depend on it; for data of another seed use ``Batches(*load_tensors(config, seed=1))``, both from
        `mnist1d_hf.baselines`.
    device : str
        Where the rows are kept, for example ``"cuda"``; the orders are the same everywhere.
    drop_last : bool
        Whether to leave out a last batch that has fewer rows.
    **parameters : object
        Generation parameters, other than ``seed``.

    Returns
    -------
    Batches
        Yields signals, float32 of shape (batch_size, final_seq_length), and labels, int64 of shape (batch_size,).

    Raises
    ------
    TypeError
        If ``batch_size`` or ``seed`` is not an integer, or a generation parameter is unknown or of the wrong type.
    ValueError
        If the config or the split is unknown, the device not available, or another value out of range.

    Examples
    --------
    >>> training = batches("shuffled", batch_size=1500, shuffle=True)
    >>> for epoch in range(2):
    ...     print([len(y) for x, y in training])
    [1500, 1500, 1000]
    [1500, 1500, 1000]
    """
    _check(batch_size, seed)
    check_device(device)
    x, y = (values.to(device) for values in load_tensors(config, split, **parameters))
    return Batches(x, y, batch_size=batch_size, shuffle=shuffle, seed=seed, drop_last=drop_last)


def _check(batch_size: int, seed: int, rows: int | None = None) -> None:
    check_integer("batch_size", batch_size, low=1, high=rows)
    check_integer("seed", seed, low=0, high=2**32 - 1)
