"""MNIST-1D as plain tensors, as a plain torch dataset, and where tensors can be put."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor

from ..dataset.presets import evaluation_config
from ..dataset.registration import load


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
    columns = load(config, split=split, **parameters).with_format("numpy")[:]
    # Copies: torch tensors are writable, the columns of a dataset are not.
    return torch.from_numpy(np.array(columns["x"])), torch.from_numpy(np.array(columns["y"]))


def load_test_tensors(trained_on: str) -> tuple[Tensor, Tensor]:
    """Load the test rows for a model trained on a config, those of its `evaluation_config`, as `load_tensors` does."""
    return load_tensors(evaluation_config(trained_on), "test")


class Mnist1DDataset(torch.utils.data.TensorDataset):
    """A plain `torch.utils.data.Dataset` of pairs (signal, label), in memory; the parameters are those of `load_tensors`."""

    def __init__(self, config: str = "default", split: str = "train", **parameters: Any) -> None:
        super().__init__(*load_tensors(config, split, **parameters))


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
