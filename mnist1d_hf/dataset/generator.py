"""The generator of MNIST-1D: the paper's dataset bit for bit, and any number of independent shards.

`make_dataset` replays the one sequential random stream of the original package; `generate_shard` gives each shard a
stream of its own. Both pass blocks of draws to the same transform; they differ only in how the numbers are drawn.
"""

from __future__ import annotations

import functools
from typing import TypedDict

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..utils.checks import check_integer, value_error
from .memory import BLOCK_ROWS, check_memory
from .parameters import SCALE_NAMES, GenerationParameters
from .templates import NUM_CLASSES, Templates, get_templates
from .transform import Draws, IntArray, Transform, padded, resample

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
    x, classes, mean, std, _ = _raw_dataset(parameters, templates)
    y = np.asarray(templates["y"])[classes]
    x -= mean
    x /= std
    train_rows, length = int(len(y) * parameters.train_split), parameters.dilated_length
    return {
        "x": x[:train_rows],
        "x_test": x[train_rows:],
        "y": y[:train_rows],
        "y_test": y[train_rows:],
        "t": resample(resample(np.atleast_2d(templates["t"]), length), parameters.final_seq_length)[0] / std,
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
    with _large_numbers():
        for block in range(0, stop, BLOCK_ROWS):
            draws = _draw_independently(rng, min(BLOCK_ROWS, rows - block), parameters)
            low, high = max(block, start), min(block + BLOCK_ROWS, stop)
            if low < high:
                x[low - start : high - start] = transform(y[low:high], draws.part(low - block, high - block))
        x -= mean
        x /= std
    if not np.isfinite(x).all():
        raise _too_large(parameters, x.dtype)
    return (x[:, positions] if parameters.shuffle_seq else x), y[start:stop]


def construction_steps(
    digit: int, parameters: GenerationParameters | None = None, *, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Make one example and return every intermediate signal (Figure 1 of the paper).

    Parameters
    ----------
    digit : int
        Digit to make, 0 to 9.
    parameters : GenerationParameters, optional
        Table 2 of the paper by default; ``parameters.seed`` is ignored.
    seed : int
        Seed of the example, in ``[0, 2**32)``.

    Returns
    -------
    dict of str to ndarray of float64
        In the order of construction: ``template`` (12 points), ``padded`` (12 points and the padding), ``dilated``,
        ``scaled``, ``translated``, ``with noise``, ``sheared`` (72 points each by default), ``down-sampled``
        (final_seq_length). A single example is neither standardised nor, with ``shuffle_seq``, permuted.

    Raises
    ------
    TypeError
        If ``digit`` or ``seed`` is not an integer.
    ValueError
        If ``digit`` or ``seed`` is out of range, if it would take more than 8 GiB of memory, or if a scale is so large that
        the signal is not finite.

    Examples
    --------
    >>> steps = construction_steps(4, seed=0)
    >>> [len(signal) for signal in steps.values()]
    [12, 61, 72, 72, 72, 72, 72, 40]
    """
    check_integer("digit", digit, low=0, high=NUM_CLASSES - 1)
    parameters = (parameters or GenerationParameters()).replace(seed=seed)
    check_memory(parameters, rows=1)
    templates = get_templates()
    transform = Transform(parameters, templates, np.float64)
    draws = _draw_sequentially(_legacy_words(seed), 1, parameters)
    padding = int(draws.padding[0])
    dilated = transform.dilated(padding)[digit]
    with _large_numbers():
        translated = transform.translated(np.array([digit]), draws)
        noisy = transform.with_noise(translated.copy(), draws)
        sheared = transform.sheared(noisy.copy(), draws)
        down_sampled = transform.down_sampled(sheared)
    if not np.isfinite(down_sampled).all():
        raise _too_large(parameters, down_sampled.dtype)
    return {
        "template": templates["x"][digit],
        "padded": padded(templates["x"], padding)[digit],
        "dilated": dilated,
        "scaled": dilated * transform.scale_factor(draws),
        "translated": translated[:, 0],
        "with noise": noisy[:, 0],
        "sheared": sheared[:, 0],
        "down-sampled": down_sampled[:, 0],
    }


def _raw_dataset(
    parameters: GenerationParameters, templates: Templates
) -> tuple[NDArray[np.float64], IntArray, float, float, IntArray]:
    """Return unstandardised signals, their classes, mean and standard deviation, and the order of positions."""
    num_classes = len(templates["y"])
    if parameters.num_samples < num_classes:
        raise value_error("num_samples", parameters.num_samples, f"at least the number of templates, {num_classes}")
    words = _legacy_words(parameters.seed)
    transform = Transform(parameters, templates, np.float64)
    classes = np.repeat(np.arange(num_classes), parameters.num_samples // num_classes)
    x = np.empty((len(classes), parameters.final_seq_length))
    with _large_numbers():
        for start in range(0, len(classes), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            x[block] = transform(classes[block], _draw_sequentially(words, len(classes[block]), parameters))
    rng = np.random.RandomState(words)
    order = rng.permutation(len(classes))
    x, classes = x[order], classes[order]
    positions = np.arange(parameters.final_seq_length)
    if parameters.shuffle_seq:
        positions = rng.permutation(parameters.final_seq_length)
        x = x[:, positions]
    with _large_numbers():
        mean, std = float(x.mean()), float(x.std())
    if not np.isfinite(std):
        raise _too_large(parameters, x.dtype)
    # The mean of equal numbers may be rounded, and then their standard deviation is not quite zero.
    if std == 0 or x.min() == x.max():
        raise ValueError(
            f"with {parameters} all signals are the same constant and cannot be standardised; increase the noise or "
            "final_seq_length"
        )
    return x, classes, mean, std, positions


def _large_numbers() -> np.errstate:
    """Let numbers become infinite without a warning; the result is checked instead."""
    return np.errstate(over="ignore", invalid="ignore")


def _too_large(parameters: GenerationParameters, dtype: DTypeLike) -> ValueError:
    """Return the error for signals that a type of numbers cannot hold, or whose variance it cannot."""
    name = max(SCALE_NAMES, key=lambda name: getattr(parameters, name))
    return ValueError(
        f"the {name!r} parameter must be smaller, got {getattr(parameters, name)!r}: the signals are too large to be computed "
        f"in {np.dtype(dtype)}"
    )


def _legacy_words(seed: int) -> np.random.MT19937:
    """Return the words of 32 bits from which ``RandomState(seed)`` makes its numbers."""
    words = np.random.MT19937()
    np.random.RandomState(words).seed(seed)
    return words


def _draw_sequentially(words: np.random.MT19937, examples: int, parameters: GenerationParameters) -> Draws:
    """Draw example after example, in the order of the original package."""
    # Normal numbers are made in pairs; an even number is drawn here, so half a pair is never lost with this object.
    rng = np.random.RandomState(words)
    length = parameters.dilated_length
    uniform, translation = np.empty((examples, 3)), np.empty(examples, np.int64)
    noise = np.empty((examples, 2 * length))
    # The last uniform number of an example is drawn at once with the first two of the next.
    stream = uniform.ravel()
    stream[:2] = rng.random_sample(2)
    for example in range(examples):
        translation[example] = _draw_below(parameters.max_translation, words)
        noise[example] = rng.standard_normal(2 * length)
        following = stream[3 * example + 2 : 3 * example + 5]
        following[:] = rng.random_sample(len(following))
    low, high = parameters.padding
    return Draws(
        padding=low + (uniform[:, 0] * (high - low + 1)).astype(np.int64),
        scale=uniform[:, 1],
        translation=translation,
        corr_noise=noise[:, :length].T,
        iid_noise=noise[:, length:].T,
        shear=uniform[:, 2],
    )


def _draw_below(bound: int, words: np.random.MT19937) -> int:
    """Make the draw of the original's ``choice(bound)``, by its algorithm; numpy's takes as long as 60 normal numbers."""
    if bound == 1:
        return 0
    mask = (1 << (bound - 1).bit_length()) - 1
    value = bound
    while value >= bound:
        word = words.random_raw()
        value = (word if mask < 2**32 else word << 32 | words.random_raw()) & mask
    return value


def _draw_independently(rng: np.random.Generator, examples: int, parameters: GenerationParameters) -> Draws:
    """Draw all examples of a block at once, in float32."""
    low, high = parameters.padding
    shape = (parameters.dilated_length, examples)
    return Draws(
        padding=rng.integers(low, high, examples, endpoint=True),
        scale=rng.random(examples, np.float32),
        translation=rng.integers(parameters.max_translation, size=examples),
        corr_noise=rng.standard_normal(shape, np.float32),
        iid_noise=rng.standard_normal(shape, np.float32),
        shear=rng.random(examples, np.float32),
    )


@functools.lru_cache(maxsize=16)
def _shard_constants(parameters: GenerationParameters) -> tuple[Transform, np.float32, np.float32, IntArray]:
    """Return the transform, and the mean, standard deviation and order of positions of the paper's dataset."""
    templates = get_templates()
    _, _, mean, std, positions = _raw_dataset(parameters, templates)
    if max(abs(mean), std) > float(np.finfo(np.float32).max):
        raise _too_large(parameters, np.float32)
    return Transform(parameters, templates, np.float32), np.float32(mean), np.float32(std), positions
