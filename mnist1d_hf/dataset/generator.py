"""The generator of MNIST-1D: the paper's dataset bit for bit, and shards of any number made anywhere.

`make_dataset` replays the one sequential random stream of the original package; `generate_shard` gives each shard a
stream of its own. Both hand blocks of draws to the same transform; they differ only in how randomness is drawn.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..utils.checks import check_integer
from .parameters import GenerationParameters
from .templates import NUM_CLASSES, Templates, get_templates

SPLITS = ("train", "test")
SHARD_ROWS = 10_000

# Examples transformed at once: many enough for numpy, few enough to stay in the processor's cache. Shards draw block by
# block, so another number gives other shards.
_BLOCK_ROWS = 1_000
# Added to the templates, so that none of their own points counts as padding.
_EPSILON = 1e-8
# The Gaussian filter on the correlated noise; scipy's and so the paper's filter reaches four sigmas.
_SIGMA = 2
_REACH = 4 * _SIGMA

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]


class Mnist1dArrays(TypedDict):
    """A dataset in memory, in the layout of the original package."""

    x: NDArray[np.float64]
    x_test: NDArray[np.float64]
    y: IntArray
    y_test: IntArray
    t: NDArray[np.float64]
    templates: Templates


@dataclass(frozen=True)
class _Draws:
    """The random numbers of a block of examples; the noise has one column an example."""

    padding: IntArray  # zeros appended
    scale: FloatArray  # uniform in [0, 1)
    translation: IntArray  # points rotated to the right
    corr_noise: FloatArray  # standard normal, (dilated_length, examples), not yet filtered
    iid_noise: FloatArray  # standard normal, (dilated_length, examples)
    shear: FloatArray  # uniform in [0, 1)


def make_dataset(
    parameters: GenerationParameters | None = None, *, templates: Templates | None = None
) -> Mnist1dArrays:
    """Make the dataset of the paper, or one of other parameters with the same random stream.

    The result equals that of the original package for the same values: labels exactly, signals to 1e-11. With the default
    parameters it is, cast to float32, the frozen dataset bit for bit. No global random state is read or changed.

    Parameters
    ----------
    parameters : GenerationParameters, optional
        The paper's Table 2 if not given.
    templates : Templates, optional
        One signal per class; the ten digits if not given.

    Returns
    -------
    Mnist1dArrays
        A dict of ``x`` and ``x_test``, float64 of shape (rows, final_seq_length), together of mean 0 and standard
        deviation 1; ``y`` and ``y_test``, int64 of shape (rows,); ``t``, the time axis, float64 of shape
        (final_seq_length,); and ``templates``.

    Raises
    ------
    ValueError
        If there are more templates than samples, or if all signals come out as the same constant.

    References
    ----------
    Greydanus & Kobak, "Scaling Down Deep Learning with MNIST-1D" (ICML 2024), section 2; the package `mnist1d`.
    """
    parameters = parameters or GenerationParameters()
    templates = templates or get_templates()
    x, classes, mean, std, _ = _raw_dataset(parameters, templates)
    y = np.asarray(templates["y"])[classes]
    x -= mean
    x /= std
    train_rows = int(len(y) * parameters.train_split)
    return {
        "x": x[:train_rows],
        "x_test": x[train_rows:],
        "y": y[:train_rows],
        "y_test": y[train_rows:],
        "t": _resample(_resample(templates["t"], parameters.dilated_length), parameters.final_seq_length) / std,
        "templates": templates,
    }


def generate_shard(
    parameters: GenerationParameters, *, split: str, index: int, rows: int = SHARD_ROWS
) -> tuple[NDArray[np.float32], IntArray]:
    """Make one shard of an unlimited dataset with the paper's distribution.

    Every shard has a random stream of its own, keyed by the seed, the split and the index, so it is the same wherever and in
    whatever order it is made. Classes are balanced. Signals are standardised, and if ``shuffle_seq`` permuted, as the
    paper's 5000 rows of the same parameters are, so that a model moves between the two; ``num_samples`` and
    ``train_split`` have no effect.

    Parameters
    ----------
    parameters : GenerationParameters
        Parameters of the signals.
    split : {"train", "test"}
        Split the shard belongs to; the two share no random numbers.
    index : int
        Number of the shard, at least 0.
    rows : int
        Rows of the shard, at least 1.

    Returns
    -------
    x : ndarray of float32, shape (rows, final_seq_length)
        Signals.
    y : ndarray of int64, shape (rows,)
        Labels 0 to 9 in random order; their counts differ by at most 1.

    Raises
    ------
    TypeError
        If ``index`` or ``rows`` is not an integer.
    ValueError
        If ``split``, ``index`` or ``rows`` is out of range, or if all signals come out as the same constant.
    """
    if split not in SPLITS:
        raise ValueError(f"the 'split' parameter must be one of {', '.join(map(repr, SPLITS))}, got {split!r}")
    check_integer("index", index, low=0)
    check_integer("rows", rows, low=1)
    key = np.random.SeedSequence(parameters.seed, spawn_key=(SPLITS.index(split), index))
    rng = np.random.Generator(np.random.SFC64(key))
    signal_parameters = _signal_parameters(parameters)
    transform = _shard_transform(signal_parameters)
    mean, std, positions = _paper_standardisation(signal_parameters)
    y = rng.permutation(np.arange(rows) % NUM_CLASSES)
    x = np.empty((rows, parameters.final_seq_length), np.float32)
    for start in range(0, rows, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        x[block] = transform(y[block], _draw_independently(rng, len(y[block]), parameters))
    x -= mean
    x /= std
    return (x[:, positions] if parameters.shuffle_seq else x), y


def construction_steps(
    digit: int, parameters: GenerationParameters | None = None, *, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Make one example and keep every signal on the way (Figure 1 of the paper).

    Parameters
    ----------
    digit : int
        Digit to make, 0 to 9.
    parameters : GenerationParameters, optional
        The paper's Table 2 if not given; its own seed is not used.
    seed : int
        Seed of the example, in ``[0, 2**32)``.

    Returns
    -------
    dict of str to ndarray of float64
        In the order of construction: ``template`` (12 points), ``padded`` (12 and the padding), ``dilated``, ``scaled``,
        ``translated``, ``with noise``, ``sheared`` (72 points each by default), ``down-sampled`` (final_seq_length). As
        the example stands alone it is neither standardised nor, with ``shuffle_seq``, permuted.

    Raises
    ------
    TypeError
        If ``digit`` or ``seed`` is not an integer.
    ValueError
        If ``digit`` or ``seed`` is out of range.
    """
    check_integer("digit", digit, low=0, high=NUM_CLASSES - 1)
    parameters = (parameters or GenerationParameters()).replace(seed=seed)
    template = get_templates()["x"][digit]
    transform = _Transform(parameters, get_templates(), np.float64)
    draws = _draw_sequentially(np.random.RandomState(seed), 1, parameters)
    padding = int(draws.padding[0])
    dilated = transform.dilated(padding)[digit]
    translated = transform.translated(np.array([digit]), draws)
    noisy = transform.with_noise(translated.copy(), draws)
    sheared = transform.sheared(noisy.copy(), draws)
    return {
        "template": template,
        "padded": _padded(template, padding),
        "dilated": dilated,
        "scaled": dilated * transform.scale_factor(draws),
        "translated": translated[:, 0],
        "with noise": noisy[:, 0],
        "sheared": sheared[:, 0],
        "down-sampled": transform.down_sampled(sheared)[:, 0],
    }


class _Transform:
    """The steps from template to signal, for a block of examples at a time, in float64 or float32.

    Signals are columns. Only sums and products of single numbers are used: a matrix product rounds differently from
    processor to processor, and a shard has to have the same bits on all of them.
    """

    def __init__(self, parameters: GenerationParameters, templates: Templates, dtype: DTypeLike) -> None:
        self.parameters = parameters
        self.templates = templates
        self.dtype = np.dtype(dtype)
        # At most ten signals a padding; the bound matters only where paddings vary by thousands.
        self.dilated = functools.lru_cache(maxsize=256)(self._dilated)
        self.filter_weights = _gaussian_weights().astype(dtype)
        length = parameters.dilated_length
        self.line = np.linspace(-0.5, 0.5, length)[:, None].astype(dtype)
        old, new = np.linspace(0, 1, length), np.linspace(0, 1, parameters.final_seq_length)
        self.left = np.minimum(np.searchsorted(old, new, side="right") - 1, length - 2)
        self.spacing = (old[self.left + 1] - old[self.left])[:, None].astype(dtype)
        self.distance = (new - old[self.left])[:, None].astype(dtype)

    def __call__(self, classes: IntArray, draws: _Draws) -> FloatArray:
        """Return the finished signals, shape (examples, final_seq_length), not standardised."""
        signals = self.with_noise(self.translated(classes, draws), draws)
        return self.down_sampled(self.sheared(signals, draws)).T

    def _dilated(self, padding: int) -> FloatArray:
        """Return all templates padded and dilated, shape (classes, dilated_length)."""
        length = self.parameters.dilated_length
        templates = [_resample(_padded(template, padding), length) for template in self.templates["x"]]
        return np.array(templates, dtype=self.dtype)

    def scale_factor(self, draws: _Draws) -> FloatArray:
        """Return the factor of each example, shape (examples,)."""
        return 1 + self.parameters.scale_coeff * (draws.scale - 0.5)

    def translated(self, classes: IntArray, draws: _Draws) -> FloatArray:
        """Return the signals padded, dilated, scaled and rotated, shape (dilated_length, examples)."""
        length = self.parameters.dilated_length
        paddings, padding_index = np.unique(draws.padding, return_inverse=True)
        dilated = np.stack([self.dilated(int(padding)) for padding in paddings])
        twice = np.concatenate([dilated, dilated], axis=-1)
        rotations = np.lib.stride_tricks.sliding_window_view(twice, length, axis=-1)
        # In the original, rotating by the signal's length or more leaves it as it is.
        translation = np.where(draws.translation < length, draws.translation, 0)
        rotated = rotations[padding_index, classes, length - translation]
        scaled: FloatArray = np.multiply(rotated.T, self.scale_factor(draws), order="C")
        return scaled

    def with_noise(self, signals: FloatArray, draws: _Draws) -> FloatArray:
        """Add correlated noise where a signal is exactly zero, and white noise everywhere (in place)."""
        corr_noise = _gaussian_filter(draws.corr_noise, self.filter_weights)
        corr_noise *= self.parameters.corr_noise_scale
        np.copyto(signals, corr_noise, where=signals == 0)
        signals += self.parameters.iid_noise_scale * draws.iid_noise
        return signals

    def sheared(self, signals: FloatArray, draws: _Draws) -> FloatArray:
        """Subtract a line through the middle (in place)."""
        signals -= self.parameters.shear_scale * (draws.shear - 0.5) * self.line
        return signals

    def down_sampled(self, signals: FloatArray) -> FloatArray:
        """Interpolate to the final length as `numpy.interp` does, shape (final_seq_length, examples)."""
        left = signals[self.left]
        sampled: FloatArray = signals[self.left + 1] - left
        sampled /= self.spacing
        sampled *= self.distance
        sampled += left
        sampled[-1] = signals[-1]
        return sampled


def _raw_dataset(
    parameters: GenerationParameters, templates: Templates
) -> tuple[NDArray[np.float64], IntArray, float, float, IntArray]:
    """Return signals not yet standardised, their classes, mean and standard deviation, and the order of positions."""
    num_classes = len(templates["y"])
    if parameters.num_samples < num_classes:
        raise ValueError(
            f"the 'num_samples' parameter must be at least the number of templates, {num_classes}, "
            f"got {parameters.num_samples}"
        )
    rng = np.random.RandomState(parameters.seed)
    transform = _Transform(parameters, templates, np.float64)
    classes = np.repeat(np.arange(num_classes), parameters.num_samples // num_classes)
    x = np.empty((len(classes), parameters.final_seq_length))
    for start in range(0, len(classes), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        x[block] = transform(classes[block], _draw_sequentially(rng, len(classes[block]), parameters))
    order = rng.permutation(len(classes))
    x, classes = x[order], classes[order]
    positions = np.arange(parameters.final_seq_length)
    if parameters.shuffle_seq:
        positions = rng.permutation(parameters.final_seq_length)
        x = x[:, positions]
    mean, std = float(x.mean()), float(x.std())
    if std == 0:
        raise ValueError(
            f"with {parameters} all signals are the same constant and cannot be standardised; give more noise, or more "
            f"points (final_seq_length)"
        )
    return x, classes, mean, std, positions


def _draw_sequentially(rng: np.random.RandomState, examples: int, parameters: GenerationParameters) -> _Draws:
    """Draw example after example, in the order of the original package."""
    length = parameters.dilated_length
    uniform, translation = np.empty((examples, 3)), np.empty(examples, np.int64)
    noise = np.empty((examples, 2 * length))
    for example in range(examples):
        uniform[example, :2] = rng.random_sample(2)
        # The original's choice(n) makes this very draw, in four times the time.
        translation[example] = rng.randint(parameters.max_translation, dtype=np.int64)
        noise[example] = rng.standard_normal(2 * length)
        uniform[example, 2] = rng.random_sample()
    low, high = parameters.padding
    return _Draws(
        padding=low + (uniform[:, 0] * (high - low + 1)).astype(np.int64),
        scale=uniform[:, 1],
        translation=translation,
        corr_noise=noise[:, :length].T,
        iid_noise=noise[:, length:].T,
        shear=uniform[:, 2],
    )


def _draw_independently(rng: np.random.Generator, examples: int, parameters: GenerationParameters) -> _Draws:
    """Draw all examples of a block at once, in float32."""
    low, high = parameters.padding
    shape = (parameters.dilated_length, examples)
    return _Draws(
        padding=rng.integers(low, high, examples, endpoint=True),
        scale=rng.random(examples, np.float32),
        translation=rng.integers(parameters.max_translation, size=examples),
        corr_noise=rng.standard_normal(shape, np.float32),
        iid_noise=rng.standard_normal(shape, np.float32),
        shear=rng.random(examples, np.float32),
    )


def _signal_parameters(parameters: GenerationParameters) -> GenerationParameters:
    """Return the parameters with the paper's number of rows, which a shard's signals do not depend on."""
    return parameters.replace(
        num_samples=GenerationParameters.num_samples, train_split=GenerationParameters.train_split
    )


@functools.lru_cache(maxsize=16)
def _shard_transform(parameters: GenerationParameters) -> _Transform:
    return _Transform(parameters, get_templates(), np.float32)


@functools.lru_cache(maxsize=16)
def _paper_standardisation(parameters: GenerationParameters) -> tuple[np.float32, np.float32, IntArray]:
    """Return mean, standard deviation and order of positions of the paper's set of these parameters."""
    _, _, mean, std, positions = _raw_dataset(parameters, get_templates())
    return np.float32(mean), np.float32(std), positions


def _padded(template: FloatArray, padding: int) -> FloatArray:
    return np.append(template + _EPSILON, np.zeros(padding))


def _resample(signal: FloatArray, length: int) -> NDArray[np.float64]:
    """Interpolate linearly to another number of points.

    This is `numpy.interp` on these grids because the original's noise mask asks for exact zeros: where a new point falls on
    an old one, any other formula for the same line rounds some of them away.
    """
    return np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(signal)), signal)


def _gaussian_weights() -> NDArray[np.float64]:
    """Return the filter's weights at distance 0, 1, ... from a point; with those of the other side they sum to 1."""
    weights: NDArray[np.float64] = np.exp(-0.5 / _SIGMA**2 * np.arange(_REACH + 1) ** 2)
    weights /= weights[0] + 2 * weights[1:].sum()
    return weights


def _gaussian_filter(noise: FloatArray, weights: FloatArray) -> FloatArray:
    """Smooth each column, mirrored at its ends, as `scipy.ndimage.gaussian_filter` does."""
    length = len(noise)
    mirrored = np.pad(noise, ((_REACH, _REACH), (0, 0)), mode="symmetric")
    smooth: FloatArray = weights[0] * mirrored[_REACH : _REACH + length]
    pair = np.empty_like(smooth)
    for distance in range(1, _REACH + 1):
        before, after = _REACH - distance, _REACH + distance
        np.add(mirrored[before : before + length], mirrored[after : after + length], out=pair)
        pair *= weights[distance]
        smooth += pair
    return smooth
