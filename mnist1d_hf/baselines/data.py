"""MNIST-1D as plain tensors, and as a plain torch dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from datasets import load_dataset
from torch import Tensor

from ..dataset.registration import NAME


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
    columns = load_dataset(NAME, config, split=split, **parameters).with_format("numpy")[:]
    # Copies: torch tensors are writable, the columns of a dataset are not.
    return torch.from_numpy(np.array(columns["x"])), torch.from_numpy(np.array(columns["y"]))


class Mnist1DDataset(torch.utils.data.TensorDataset):
    """A plain `torch.utils.data.Dataset` of pairs (signal, label), in memory.

    Parameters
    ----------
    config : str
        Config of the dataset.
    split : str
        Split, or a slice of one.
    **parameters : object
        Generation parameters.
    """

    def __init__(self, config: str = "default", split: str = "train", **parameters: Any) -> None:
        super().__init__(*load_tensors(config, split, **parameters))
