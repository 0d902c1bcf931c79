"""The ten hand-made digit templates of MNIST-1D."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

# One row per digit, 12 points each, as drawn by the authors (Greydanus & Kobak 2024, Figure 1).
_DRAWN = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)

NUM_CLASSES = len(_DRAWN)
CLASS_NAMES = tuple(str(digit) for digit in range(NUM_CLASSES))


class Templates(TypedDict):
    """One noise-free signal per class, in the layout of the original package."""

    x: NDArray[np.float64]
    """Signals, shape (classes, points)."""
    t: NDArray[np.float64]
    """Time axis, shape (points,)."""
    y: NDArray[np.int64]
    """Label of each class, shape (classes,)."""


def get_templates() -> Templates:
    """Return the ten digit templates.

    Each is standardised over its 12 points (mean 0, standard deviation 1), shifted to start at 0, and divided by 6.

    Returns
    -------
    Templates
        ``x`` float64 of shape (10, 12), values in [-0.5, 0.5]; ``t`` float64 of shape (12,), evenly spaced in
        [-5/6, 5/6]; ``y`` int64 of shape (10,), the digits 0 to 9.

    Examples
    --------
    >>> get_templates()["x"][3].round(2).tolist()
    [0.0, 0.27, 0.4, 0.4, 0.27, 0.0, 0.0, 0.27, 0.4, 0.4, 0.27, 0.0]
    """
    x = np.array(_DRAWN, dtype=np.float64)
    x -= x.mean(axis=1, keepdims=True)
    x /= x.std(axis=1, keepdims=True)
    x -= x[:, :1]
    return {"x": x / 6, "t": np.linspace(-5, 5, x.shape[1]) / 6, "y": np.arange(NUM_CLASSES, dtype=np.int64)}
