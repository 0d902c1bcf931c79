"""Evaluation of a model on a dataset."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import datasets
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from ..utils.checks import check_integer
from ..utils.progress import shown
from .data import check_device, read_column
from .metrics import Evaluation, check_labels, compare, refuse_rows
from .onnx_models import OnnxModel, load_onnx


def evaluate(
    model: nn.Module | OnnxModel | str | os.PathLike[str],
    dataset: tuple[Tensor, Tensor] | datasets.Dataset | TorchDataset[Any],
    *,
    batch_size: int = 1000,
    device: str = "cpu",
) -> Evaluation:
    """Compare a model's predictions with the labels.

    The model is used in evaluation mode; its mode and device are restored afterwards.

    Parameters
    ----------
    model : torch.nn.Module, OnnxModel, str or path-like
        Takes signals of shape (batch, length) and returns logits of shape (batch, classes). An ONNX file, a folder or a
        repository with one, or what `load_onnx` made of it, is run by onnxruntime in a process of its own.
    dataset : pair of Tensor, datasets.Dataset or torch.utils.data.Dataset
        Signals, float, of shape (rows, length) and labels, integers in [0, classes), of shape (rows,); as a pair of
        tensors, as the columns ``x`` and ``y``, or as a dataset of pairs. Signals are converted to the type of the
        model's parameters.
    batch_size : int
        Rows classified at once, at least 1; an ONNX file gets as many as suit it.
    device : str
        Torch device; ``"cpu"`` for an ONNX file.

    Returns
    -------
    Evaluation
        The comparison. Of equal logits the first wins.

    Raises
    ------
    TypeError
        If the dataset is none of these.
    CheckpointError
        If there is no such ONNX file, or it cannot be run; see `OnnxModel`.
    ValueError
        If signals, labels, logits or the device are not as described; the message names the row where there is one.

    Examples
    --------
    >>> from mnist1d_hf import load_dataset, load_model
    >>> evaluation = evaluate(load_model("cnn"), load_dataset(split="test"))
    >>> evaluation.accuracy > 0.95, evaluation.rows
    (True, 1000)
    """
    check_integer("batch_size", batch_size, low=1)
    if isinstance(model, str | os.PathLike):
        model = load_onnx(model)
    if isinstance(model, OnnxModel) and device != "cpu":
        raise ValueError(f"an ONNX file is evaluated on the CPU, not on the device {device!r}")
    check_device(device)
    x, y = _load_pairs(dataset, batch_size)
    if x.ndim != 2 or not x.is_floating_point():
        raise ValueError(
            f"the signals must be float and of shape (rows, length), got {x.dtype} of shape {tuple(x.shape)}"
        )
    refuse_rows((~torch.isfinite(x)).any(dim=1).numpy(force=True), "of the signals holds NaN or inf")
    labels = check_labels(y.numpy(force=True))
    if len(x) != len(labels):
        raise ValueError(f"there are {len(x)} signals and {len(labels)} labels; there must be one label per signal")
    if isinstance(model, OnnxModel):
        return compare(model(x.numpy(force=True)), labels)
    dtype = _first_parameter(model).dtype
    with _evaluating(model, device), torch.inference_mode():
        batches = shown(x.split(batch_size), f"{len(x):,} rows")
        logits = [_classify(model, batch.to(device, dtype)) for batch in batches]
    return compare(np.concatenate(logits), labels)


def _load_pairs(dataset: Any, batch_size: int) -> tuple[Tensor, Tensor]:
    """Return signals and labels of any of the datasets that `evaluate` takes."""
    if isinstance(dataset, datasets.Dataset):
        return torch.from_numpy(read_column(dataset, "x")), torch.from_numpy(read_column(dataset, "y"))
    batches = [dataset]
    if isinstance(dataset, TorchDataset):
        # The loader draws a number, which must not come from torch's global generator: the caller may be training.
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


@contextlib.contextmanager
def _evaluating(model: nn.Module, device: str) -> Iterator[None]:
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
