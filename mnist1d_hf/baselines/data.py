"""MNIST-1D as plain tensors, as a plain torch dataset, and where tensors can be put."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor

from ..dataset.generator import SHARD_ROWS, generate_part
from ..dataset.parameters import GenerationParameters
from ..dataset.presets import PRESETS, evaluation_config
from ..dataset.registration import load
from .tasks import FRESH_ROWS, get_task


def load_tensors(config: str = "default", split: str = "train", **parameters: Any) -> tuple[Tensor, Tensor]:
    """Load a split whole, through `datasets.load_dataset`.

    Parameters
    ----------
    config : str
        Config of the dataset.
    split : str
        Split, or a slice of one: ``"train[:90%]"``.
    **parameters : object
        Generation parameters.

    Returns
    -------
    x : Tensor of float32, shape (rows, final_seq_length)
        Signals.
    y : Tensor of int64, shape (rows,)
        Labels.
    """
    return to_tensors(load(config, split=split, **parameters).with_format("arrow")[:])


def to_tensors(table: pa.Table) -> tuple[Tensor, Tensor]:
    """Return the rows of an Arrow table as tensors, those of `load_tensors`, faster than the torch format of `datasets` does.

    Unlike that format, it never wakes torch's threads, so batches of a stream can have any size.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of a dataset or a batch of a stream, in the format ``"arrow"``.

    Returns
    -------
    x : Tensor of float32, shape (rows, final_seq_length)
        Signals, a copy.
    y : Tensor of int64, shape (rows,)
        Labels, a copy.

    Examples
    --------
    >>> from mnist1d_hf import load_dataset
    >>> stream = load_dataset("large", split="train", streaming=True).with_format("arrow")
    >>> for x, y in map(to_tensors, stream.take(2000).iter(batch_size=1500)):
    ...     print(tuple(x.shape), tuple(y.shape))
    (1500, 40) (1500,)
    (500, 40) (500,)
    """
    return _signals(table["x"]), _labels(table["y"])


def _signals(column: pa.ChunkedArray) -> Tensor:
    # NumPy copies in one thread; the copy can be written to, which the memory of a table cannot.
    values = np.concatenate([chunk.flatten().to_numpy() for chunk in column.chunks])
    return torch.from_numpy(values.reshape(-1, column.type.list_size))


def _labels(column: pa.ChunkedArray) -> Tensor:
    return torch.from_numpy(np.concatenate([chunk.to_numpy() for chunk in column.chunks]))


def load_test_tensors(trained_on: str) -> tuple[Tensor, Tensor]:
    """Load the test rows for a model trained on a config, those of its `evaluation_config`, as `load_tensors` does."""
    return load_tensors(evaluation_config(trained_on), "test")


def load_training_tensors(task: str, rows: int | None = None) -> tuple[Tensor, Tensor]:
    """Load the training rows of a task's config, or the first of them: those that train, and those that may be held out."""
    config = get_task(task).config
    preset = PRESETS[config]
    rows = rows or (get_task(task).train_rows if preset.is_sharded else None)
    split = "train" if rows is None else f"train[:{rows}]"
    if rows is None or not preset.is_sharded:
        return load_tensors(config, split)
    # Fewer samples are the first of more, so these are the first training rows of the config.
    return load_tensors(config, split, num_samples=math.ceil(rows / preset.parameters.train_split))


def load_fresh_tensors(task: str, rows: int | None = None) -> tuple[Tensor, Tensor]:
    """Return rows like the test rows of a task that no training has seen: the first of the stream with its parameters.

    They are made once per process, `FRESH_ROWS` of them if their number is not given; do not change them.
    """
    return _fresh_tensors(get_task(task).fresh_parameters, FRESH_ROWS if rows is None else rows)


@functools.cache
def _fresh_tensors(parameters: GenerationParameters, rows: int) -> tuple[Tensor, Tensor]:
    starts = range(0, rows, SHARD_ROWS)
    shards = [
        generate_part(parameters, split="test", index=index, start=0, stop=min(SHARD_ROWS, rows - start))
        for index, start in enumerate(starts)
    ]
    x, y = (torch.from_numpy(np.concatenate(column)) for column in zip(*shards, strict=True))
    return x, y


class Mnist1DDataset(torch.utils.data.TensorDataset):
    """A plain `torch.utils.data.Dataset` of pairs (signal, label), in memory, with the options of torchvision's datasets.

    Without a sampler or workers of your own, `mnist1d_hf.batches` gives the same batches many times faster.

    Parameters
    ----------
    config : str
        Config of the dataset.
    split : str, optional
        Split, or a slice of one: ``"train[:90%]"``; the training rows by default.
    train : bool, optional
        In place of ``split``: the training rows, or the test rows.
    transform, target_transform : callable, optional
        Applied to each signal, a tensor of shape (final_seq_length,), and to each label.
    **parameters : object
        Generation parameters; with ``x_clean=True`` there are triples (signal, label, signal without noise), and with
        ``label_noise`` the attribute ``y_true`` has the true labels, int64 of shape (rows,).

    Raises
    ------
    TypeError
        If a parameter is unknown, or its value is of the wrong type.
    ValueError
        If both ``split`` and ``train`` are given, the config or the split is unknown, or a value is out of range.

    Examples
    --------
    >>> dataset = Mnist1DDataset(train=False, transform=lambda x: x.unsqueeze(0))
    >>> signal, label = dataset[0]
    >>> len(dataset), tuple(signal.shape)
    (1000, (1, 40))
    """

    def __init__(
        self,
        config: str = "default",
        split: str | None = None,
        *,
        train: bool | None = None,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[Tensor], Any] | None = None,
        **parameters: Any,
    ) -> None:
        if split is not None and train is not None:
            raise ValueError(f"give either split={split!r} or train={train!r}, not both")
        chosen = split or ("test" if train is False else "train")
        table = load(config, split=chosen, **parameters).with_format("arrow")[:]
        clean = (_signals(table["x_clean"]),) if "x_clean" in table.column_names else ()
        super().__init__(*to_tensors(table), *clean)
        self.y_true = _labels(table["y_true"]) if "y_true" in table.column_names else None
        self.transform, self.target_transform = transform, target_transform

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return a pair, or a triple, transformed."""
        x, y, *clean = (values[index] for values in self.tensors)
        signal = x if self.transform is None else self.transform(x)
        return signal, y if self.target_transform is None else self.target_transform(y), *clean

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, ...]]:
        """Return several pairs, gathered at once, for a `torch.utils.data.DataLoader`."""
        is_changed = self.transform is not None or self.target_transform is not None
        if is_changed or type(self).__getitem__ is not Mnist1DDataset.__getitem__:  # a subclass changes pairs
            return [self[index] for index in indices]
        chosen = torch.as_tensor(indices, dtype=torch.int64)
        # Indexing by a tensor wakes torch's threads; index_select does not, and takes no negative indices.
        chosen = torch.where(chosen < 0, chosen + len(self), chosen)
        return list(zip(*(values.index_select(0, chosen).unbind() for values in self.tensors), strict=True))


def read_column(dataset: Dataset, name: str) -> NDArray[Any]:
    """Return a column of numbers, or of lists of equally many numbers, as an array."""
    if name not in dataset.column_names:
        raise ValueError(f"the dataset has no column {name!r}; its columns are {', '.join(dataset.column_names)}")
    column = np.array(dataset.with_format("numpy")[:][name])
    if column.dtype == object:
        raise ValueError(f"the column {name!r} must hold numbers, and as many in every row")
    return column


def check_device(device: str) -> None:
    """Raise a ValueError unless torch can use the device."""
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        available = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
        raise ValueError(f"the device {device!r} is not available; there is {', '.join(available)}") from error
