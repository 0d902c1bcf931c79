"""The steps from a template to a signal (Figure 1 of the paper), for blocks of examples, in float64 or float32.

Only sums and products of single numbers are used: a matrix product rounds differently from processor to processor, and
a shard must have the same bits on all of them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .parameters import SCALE_NAMES, GenerationParameters
from .templates import Templates

# Added to the templates, so that none of their own points counts as padding.
EPSILON = 1e-8
# The Gaussian filter on the correlated noise; scipy's filter, and so the paper's, reaches four sigmas.
_SIGMA = 2
_REACH = 4 * _SIGMA

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Draws:
    """The random numbers of a block of examples; the noise has one column per example."""

    padding: IntArray  # zeros appended
    scale: FloatArray  # uniform in [0, 1)
    translation: IntArray  # points rotated to the right
    corr_noise: FloatArray  # standard normal, (dilated_length, examples), not yet filtered
    iid_noise: FloatArray  # standard normal, (dilated_length, examples)
    shear: FloatArray  # uniform in [0, 1)

    def part(self, start: int, stop: int) -> Draws:
        """Return the draws of the examples ``[start, stop)``."""
        return Draws(*(getattr(self, field.name)[..., start:stop] for field in fields(self)))


class Transform:
    """Turns classes and draws into signals, one per column."""

    def __init__(self, parameters: GenerationParameters, templates: Templates, dtype: DTypeLike) -> None:
        self.parameters = parameters
        self.templates = templates
        self.dtype = np.dtype(dtype)
        # One entry per padding; the bound matters only where paddings vary by hundreds.
        self.dilated = functools.lru_cache(maxsize=256)(self._dilated)
        self.filter_weights = gaussian_weights().astype(dtype)
        length = parameters.dilated_length
        self.line = np.linspace(-0.5, 0.5, length)[:, None].astype(dtype)
        old, new = np.linspace(0, 1, length), np.linspace(0, 1, parameters.final_seq_length)
        self.left = np.minimum(np.searchsorted(old, new, side="right") - 1, length - 2)
        self.spacing = (old[self.left + 1] - old[self.left])[:, None].astype(dtype)
        self.distance = (new - old[self.left])[:, None].astype(dtype)

    def __call__(self, classes: IntArray, draws: Draws) -> FloatArray:
        """Return the finished signals, shape (examples, final_seq_length), not yet standardised."""
        signals = self.with_noise(self.translated(classes, draws), draws)
        return self.down_sampled(self.sheared(signals, draws)).T

    def _dilated(self, padding: int) -> FloatArray:
        """Return all templates padded and dilated, shape (classes, dilated_length)."""
        return resample(padded(self.templates["x"], padding), self.parameters.dilated_length).astype(self.dtype)

    def scale_factor(self, draws: Draws) -> FloatArray:
        """Return the factor of each example, shape (examples,)."""
        return 1 + self.parameters.scale_coeff * (draws.scale - 0.5)

    def translated(self, classes: IntArray, draws: Draws) -> FloatArray:
        """Return the signals padded, dilated, scaled and rotated, shape (dilated_length, examples)."""
        length = self.parameters.dilated_length
        paddings, padding_index = np.unique(draws.padding, return_inverse=True)
        dilated = np.stack([self.dilated(int(padding)) for padding in paddings])
        twice = np.concatenate([dilated, dilated], axis=-1)
        rotations = np.lib.stride_tricks.sliding_window_view(twice, length, axis=-1)
        # In the original, rotating by the signal's length or more has no effect.
        translation = np.where(draws.translation < length, draws.translation, 0)
        rotated = rotations[padding_index, classes, length - translation]
        scaled: FloatArray = np.multiply(rotated.T, self.scale_factor(draws), order="C")
        return scaled

    def with_noise(self, signals: FloatArray, draws: Draws) -> FloatArray:
        """Add correlated noise where a signal is exactly zero, and white noise everywhere (in place)."""
        corr_noise = _gaussian_filter(draws.corr_noise, self.filter_weights)
        corr_noise *= self.parameters.corr_noise_scale
        np.copyto(signals, corr_noise, where=signals == 0)
        signals += self.parameters.iid_noise_scale * draws.iid_noise
        return signals

    def sheared(self, signals: FloatArray, draws: Draws) -> FloatArray:
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


def large_numbers() -> np.errstate:
    """Let numbers become infinite without a warning; the result is checked instead."""
    return np.errstate(over="ignore", invalid="ignore")


def too_large(parameters: GenerationParameters, dtype: DTypeLike) -> ValueError:
    """Return the error for signals that a type of numbers cannot hold, or whose variance it cannot."""
    name = max(SCALE_NAMES, key=lambda name: getattr(parameters, name))
    return ValueError(
        f"the {name!r} parameter must be smaller, got {getattr(parameters, name)!r}: the signals are too large to be computed "
        f"in {np.dtype(dtype)}"
    )


def padded(templates: FloatArray, padding: int) -> FloatArray:
    """Return templates, one per row, with zeros appended; none of their own points is exactly zero."""
    return np.pad(templates + EPSILON, ((0, 0), (0, padding)))


def resample(signals: FloatArray, length: int) -> NDArray[np.float64]:
    """Interpolate signals, one per row, linearly to another number of points.

    This must be `numpy.interp` on these grids, because the original's noise mask relies on exact zeros: where a new point
    falls on an old one, any other formula for the same line rounds some of them away.
    """
    new, old = np.linspace(0, 1, length), np.linspace(0, 1, signals.shape[1])
    return np.array([np.interp(new, old, signal) for signal in signals])


def gaussian_weights() -> NDArray[np.float64]:
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
