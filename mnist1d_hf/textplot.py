"""Signals drawn with plain characters, for a terminal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def plot_signal(x: NDArray[np.floating[Any]], height: int = 7) -> str:
    """Draw one signal, a column a point, joined by vertical strokes.

    Parameters
    ----------
    x : ndarray, shape (points,)
        Signal to draw; its range fills the height.
    height : int
        Number of lines, at least 2.

    Returns
    -------
    str
        ``height`` lines of ``points`` ASCII characters.
    """
    span = np.ptp(x) or 1.0
    rows = np.rint((x.max() - x) / span * (height - 1)).astype(int)
    canvas = np.full((height, len(x)), " ")
    for column, row in enumerate(rows):
        previous = rows[max(column - 1, 0)]
        canvas[min(row, previous) : max(row, previous) + 1, column] = "|"
        canvas[row, column] = "*"
    return "\n".join("".join(line) for line in canvas)
