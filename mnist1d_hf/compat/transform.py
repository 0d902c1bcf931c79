"""`mnist1d.transform`: the steps from a template to a signal, drawn from NumPy's global random state as in the original.

They take no seed. For a whole dataset use `make_dataset`, which is faster and leaves the global state alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset.transform import gaussian_filter, resample

Signal = NDArray[np.float64]


def pad(x: Signal, padding: tuple[int, int]) -> Signal:
    """Append zeros to the last axis, ``padding[0]`` to ``padding[1]`` of them.

    Parameters
    ----------
    x : ndarray of float64
        Signal, or signals one per row.
    padding : tuple of int
        Smallest and largest number of zeros.

    Returns
    -------
    ndarray of float64
        The padded signal.
    """
    low, high = padding
    zeros = low + int(np.random.rand() * (high - low + 1))
    return np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, zeros)])


def shear(x: Signal, scale: float = 10) -> Signal:
    """Subtract a line through the middle, whose slope is drawn uniformly from ``+- scale / 2``.

    Parameters
    ----------
    x : ndarray of float64, shape (points,)
        Signal.
    scale : float
        Range of the slopes.

    Returns
    -------
    ndarray of float64, shape (points,)
        The sheared signal.
    """
    return x - scale * (np.random.rand() - 0.5) * np.linspace(-0.5, 0.5, len(x))


def translate(x: Signal, max_translation: int) -> Signal:
    """Rotate a signal to the right by 0 to ``max_translation - 1`` points; its length or more has no effect.

    Parameters
    ----------
    x : ndarray of float64
        Signal, rotated along its first axis.
    max_translation : int
        Number of possible rotations, at least 1.

    Returns
    -------
    ndarray of float64
        The rotated signal.
    """
    points = np.random.choice(max_translation)
    return np.roll(x, points, axis=0) if points < len(x) else x.copy()


def corr_noise_like(x: Signal, scale: float) -> Signal:
    """Draw normal noise of a signal's shape, and smooth it by a Gaussian filter of sigma 2.

    Parameters
    ----------
    x : ndarray of float64, shape (points,)
        Signal, of which only the shape matters.
    scale : float
        Standard deviation of the noise before it is smoothed.

    Returns
    -------
    ndarray of float64, shape (points,)
        The noise.
    """
    return gaussian_filter(scale * np.random.randn(*x.shape))


def iid_noise_like(x: Signal, scale: float) -> Signal:
    """Draw normal noise of a signal's shape.

    Parameters
    ----------
    x : ndarray of float64
        Signal, of which only the shape matters.
    scale : float
        Standard deviation of the noise.

    Returns
    -------
    ndarray of float64
        The noise.
    """
    return np.asarray(scale * np.random.randn(*x.shape))


def interpolate(x: Signal, N: int) -> Signal:  # noqa: N803, the original's name
    """Interpolate linearly to another number of points.

    Parameters
    ----------
    x : ndarray of float64
        Signal, interpolated along its first axis.
    N : int
        Number of points of the result.

    Returns
    -------
    ndarray of float64
        The signal at ``N`` evenly spaced places.
    """
    columns = np.reshape(x, (len(x), -1)).T
    return resample(columns, N).T.reshape(N, *np.shape(x)[1:])


def transform(x: Signal, y: Signal, args: Any, eps: float = 1e-8) -> tuple[Signal, Signal]:
    """Pad, dilate, scale, translate, add noise, shear and down-sample a signal, and resample its time axis with it.

    Parameters
    ----------
    x : ndarray of float64, shape (template points,)
        Template.
    y : ndarray of float64, shape (template points,)
        Time axis.
    args : object
        With the generation parameters as attributes, as from `get_dataset_args`.
    eps : float
        Added to the template, so that none of its own points counts as padding.

    Returns
    -------
    tuple of ndarray of float64, shape (final_seq_length,) each
        Signal and time axis.
    """
    length = args.template_len + args.padding[-1]
    signal = interpolate(pad(x + eps, args.padding), length)
    signal *= 1 + args.scale_coeff * (np.random.rand() - 0.5)
    signal = translate(signal, args.max_translation)
    signal = np.where(signal == 0, corr_noise_like(signal, args.corr_noise_scale), signal)
    signal += iid_noise_like(signal, args.iid_noise_scale)
    signal = interpolate(shear(signal, args.shear_scale), args.final_seq_length)
    return signal, interpolate(interpolate(y, length), args.final_seq_length)
