"""The generator of MNIST-1D: the paper's dataset bit for bit, and any number of independent shards.

`make_dataset` replays the one sequential random stream of the original package; `generate_shard` gives each shard a
stream of its own. Both pass blocks of draws to the same transform; they differ only in how the numbers are drawn.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from ..utils.checks import check_integer, value_error
from .drawing import draw_independently, draw_sequentially, legacy_words
from .memory import BLOCK_ROWS, check_memory
from .parameters import GenerationParameters
from .templates import NUM_CLASSES, Templates, get_templates
from .transform import IntArray, Transform, large_numbers, resample, too_large

SPLITS = ("train", "test")
SHARD_ROWS = 10_000


class Mnist1dArrays(TypedDict):
    """A dataset in memory, in the layout of the original package."""

    x: NDArray[np.float64]
    x_test: NDArray[np.float64]
    y: IntArray
    y_test: IntArray
    t: NDArray[np.float64]
    templates: Templates


@dataclass(frozen=True)
class RawDataset:
    """Signals that are not yet standardised, train rows first, and what standardises and permutes them."""

    x: NDArray[np.float64]
    classes: IntArray
    mean: float
    std: float
    positions: IntArray
    """The position that each point had before it was permuted; with ``shuffle_seq``, ``x`` is."""


def make_dataset(
    parameters: GenerationParameters | None = None, *, templates: Templates | None = None
) -> Mnist1dArrays:
    """Make the paper's dataset, or one with other parameters from the same random stream.

    The result equals that of the original package for the same parameters: labels exactly, signals to 1e-11. With the
    default parameters, cast to float32, it is the frozen dataset bit for bit. No global random state is read or changed.

    Parameters
    ----------
    parameters : GenerationParameters, optional
        Table 2 of the paper by default.
    templates : Templates, optional
        One signal per class; the ten digits by default.

    Returns
    -------
    Mnist1dArrays
        A dict with ``x`` and ``x_test``, float64 of shape (rows, final_seq_length), standardised together to mean 0 and
        standard deviation 1; ``y`` and ``y_test``, int64 of shape (rows,); ``t``, the time axis, float64 of shape
        (final_seq_length,); and ``templates``.

    Raises
    ------
    ValueError
        If there are more templates than samples, if it would take more than 8 GiB of memory, if all signals come out as the
        same constant, or if a scale is so large that they cannot be standardised.

    References
    ----------
    Greydanus & Kobak, "Scaling Down Deep Learning with MNIST-1D" (ICML 2024), section 2; the package `mnist1d`.

    Examples
    --------
    >>> dataset = make_dataset(GenerationParameters(num_samples=1000, seed=1))
    >>> dataset["x"].shape, dataset["x_test"].shape, dataset["y"][:5].tolist()
    ((800, 40), (200, 40), [4, 3, 1, 7, 5])
    """
    parameters = parameters or GenerationParameters()
    templates = templates or get_templates()
    check_memory(parameters)
    raw = raw_dataset(parameters, templates)
    x, y = raw.x, np.asarray(templates["y"])[raw.classes]
    x -= raw.mean
    x /= raw.std
    train_rows, length = int(len(y) * parameters.train_split), parameters.dilated_length
    return {
        "x": x[:train_rows],
        "x_test": x[train_rows:],
        "y": y[:train_rows],
        "y_test": y[train_rows:],
        "t": resample(resample(np.atleast_2d(templates["t"]), length), parameters.final_seq_length)[0] / raw.std,
        "templates": templates,
    }


def generate_shard(
    parameters: GenerationParameters, *, split: str, index: int, rows: int = SHARD_ROWS
) -> tuple[NDArray[np.float32], IntArray]:
    """Make one shard of an unlimited dataset with the paper's distribution.

    Every shard has its own random stream, keyed by the seed, the split and the index, so it is the same wherever and in
    whatever order shards are made. Signals are standardised with the mean and standard deviation of the paper's 5000 rows
    for the same parameters (and with ``shuffle_seq`` permuted like them), so a model trained on one can be used on the
    other. ``num_samples`` and ``train_split`` have no effect.

    Parameters
    ----------
    parameters : GenerationParameters
        Parameters of the signals.
    split : {"train", "test"}
        Split that the shard belongs to; the two share no random numbers.
    index : int
        Number of the shard, at least 0.
    rows : int
        Number of rows, at least 1.

    Returns
    -------
    x : ndarray of float32, shape (rows, final_seq_length)
        Signals.
    y : ndarray of int64, shape (rows,)
        Labels 0 to 9 in random order, balanced: their counts differ by at most 1.

    Raises
    ------
    TypeError
        If ``index`` or ``rows`` is not an integer.
    ValueError
        If ``split``, ``index`` or ``rows`` is out of range, if it would take more than 8 GiB of memory, if all signals come out
        as the same constant, or if a scale is so large that float32 cannot hold them.

    Examples
    --------
    >>> x, y = generate_shard(GenerationParameters(), split="train", index=7)
    >>> x.shape, x.dtype, y.shape
    ((10000, 40), dtype('float32'), (10000,))
    """
    check_integer("rows", rows, low=1)
    return generate_part(parameters, split=split, index=index, start=0, stop=rows, rows=rows)


def generate_part(
    parameters: GenerationParameters, *, split: str, index: int, start: int, stop: int, rows: int = SHARD_ROWS
) -> tuple[NDArray[np.float32], IntArray]:
    """Make the rows ``[start, stop)`` of the shard that `generate_shard` makes; what they cost depends on where they are.

    A shard's random stream cannot jump, so the rows before ``start`` are drawn, in blocks, but not transformed. The arguments,
    results and errors are those of `generate_shard`; ``start`` and ``stop`` are integers, ``0 <= start < stop <= rows``.
    """
    if split not in SPLITS:
        raise ValueError(f"the 'split' parameter must be one of {', '.join(map(repr, SPLITS))}, got {split!r}")
    check_integer("index", index, low=0)
    check_integer("stop", stop, low=1, high=rows)
    check_integer("start", start, low=0, high=stop - 1)
    key = np.random.SeedSequence(parameters.seed, spawn_key=(SPLITS.index(split), index))
    rng = np.random.Generator(np.random.SFC64(key))
    paper = GenerationParameters()
    check_memory(parameters, rows=max(rows, paper.num_samples))
    transform, mean, std, positions = _shard_constants(
        parameters.replace(num_samples=paper.num_samples, train_split=paper.train_split)
    )
    y = rng.permutation(np.arange(rows) % NUM_CLASSES)
    x = np.empty((stop - start, parameters.final_seq_length), np.float32)
    with large_numbers():
        for block in range(0, stop, BLOCK_ROWS):
            draws = draw_independently(rng, min(BLOCK_ROWS, rows - block), parameters)
            low, high = max(block, start), min(block + BLOCK_ROWS, stop)
            if low < high:
                x[low - start : high - start] = transform(y[low:high], draws.part(low - block, high - block))
        x -= mean
        x /= std
    if not np.isfinite(x).all():
        raise too_large(parameters, x.dtype)
    return (x[:, positions] if parameters.shuffle_seq else x), y[start:stop]


def raw_dataset(parameters: GenerationParameters, templates: Templates) -> RawDataset:
    """Make the dataset of `make_dataset`, but for its standardisation; the errors are the same."""
    num_classes = len(templates["y"])
    if parameters.num_samples < num_classes:
        raise value_error("num_samples", parameters.num_samples, f"at least the number of templates, {num_classes}")
    words = legacy_words(parameters.seed)
    transform = Transform(parameters, templates, np.float64)
    classes = np.repeat(np.arange(num_classes), parameters.num_samples // num_classes)
    x = np.empty((len(classes), parameters.final_seq_length))
    with large_numbers():
        for start in range(0, len(classes), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            x[block] = transform(classes[block], draw_sequentially(words, len(classes[block]), parameters))
    rng = np.random.RandomState(words)
    order = rng.permutation(len(classes))
    x, classes = x[order], classes[order]
    positions = np.arange(parameters.final_seq_length)
    if parameters.shuffle_seq:
        positions = rng.permutation(parameters.final_seq_length)
        x = x[:, positions]
    with large_numbers():
        mean, std = float(x.mean()), float(x.std())
    if not np.isfinite(std):
        raise too_large(parameters, x.dtype)
    # The mean of equal numbers may be rounded, and then their standard deviation is not quite zero.
    if std == 0 or x.min() == x.max():
        raise ValueError(
            f"with {parameters} all signals are the same constant and cannot be standardised; increase the noise or "
            "final_seq_length"
        )
    return RawDataset(x, classes, mean, std, positions)


@functools.lru_cache(maxsize=16)
def _shard_constants(parameters: GenerationParameters) -> tuple[Transform, np.float32, np.float32, IntArray]:
    """Return the transform, and the mean, standard deviation and order of positions of the paper's dataset."""
    templates = get_templates()
    raw = raw_dataset(parameters, templates)
    if max(abs(raw.mean), raw.std) > float(np.finfo(np.float32).max):
        raise too_large(parameters, np.float32)
    return Transform(parameters, templates, np.float32), np.float32(raw.mean), np.float32(raw.std), raw.positions
