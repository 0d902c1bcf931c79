"""Signals drawn with text characters, for a terminal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def plot_signal(x: NDArray[np.floating[Any]], height: int = 7) -> str:
    """Draw a signal of shape (points,) as ``height`` >= 2 lines of ASCII, one column per point.

    Its range fills the height; neighbouring points are joined by vertical strokes.
    """
    span = np.ptp(x) or 1.0
    rows = np.rint((x.max() - x) / span * (height - 1)).astype(int)
    canvas = np.full((height, len(x)), " ")
    for column, row in enumerate(rows):
        previous = rows[max(column - 1, 0)]
        canvas[min(row, previous) : max(row, previous) + 1, column] = "|"
        canvas[row, column] = "*"
    return "\n".join("".join(line) for line in canvas)


def plot_upright(x: NDArray[np.floating[Any]], width: int = 24, height: int = 20) -> list[str]:
    """Draw a signal of shape (points,) as the paper does, with positions downwards and values to the right.

    Returns ``height`` >= 1 lines of ``width`` >= 2 block characters, each two rows high; its range fills the width.
    """
    samples = 8  # along the line, in each row
    positions = np.linspace(0, len(x) - 1, 2 * height * samples + 1)
    scaled = (x - x.min().astype(np.float64)) / (np.ptp(x) or 1.0) * (width - 1)
    columns = np.rint(np.interp(positions, np.arange(len(x)), scaled)).astype(int)
    canvas = np.zeros((2 * height, width), int)
    for row, filled in enumerate(canvas):
        # Include the first sample of the next row, so that rows are joined.
        passed = columns[row * samples : (row + 1) * samples + 1]
        filled[passed.min() : passed.max() + 1] = 1
    return ["".join(" ▀▄█"[cell] for cell in line) for line in canvas[::2] + 2 * canvas[1::2]]
