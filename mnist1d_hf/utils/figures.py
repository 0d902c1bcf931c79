"""The style of all figures, and how they are saved."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .extras import require
from .files import replacing
from .text import shorten_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")

GREY, DARK_GREY = "#9aa5b1", "#616e7c"
"""Colours of guides and published values, and of their labels."""

INK, ACCENT = "#1f2933", "#2f6fb0"
"""Colours of lines and text, and of what matters most."""

STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.titlesize": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    # Makes SVG files reproducible.
    "svg.hashsalt": "mnist1d-hf",
}
"""Settings of matplotlib for figures that `new_grid` makes, and for drawing any."""


def new_grid(rows: int, columns: int, *, size: tuple[float, float], ticks: bool = False) -> tuple[Figure, Any]:
    """Return an empty figure, which needs no display, and its axes as a 2-D array; without ticks unless asked for."""
    with require("matplotlib", "plot").rc_context(STYLE):
        figure = new_figure(size)
        axes = figure.subplots(rows, columns, squeeze=False, sharex=ticks, sharey=ticks)
    if not ticks:
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
    return figure, axes


def new_figure(size: tuple[float, float]) -> Figure:
    """Return an empty figure of a size in inches that needs no display, in matplotlib's own style."""
    require("matplotlib.figure", "plot")
    from .shown_figure import ShownFigure

    return ShownFigure(figsize=size, layout="constrained")


def tidy(
    axes: Iterable[Axes],
    *,
    tick_size: float | None = None,
    label_size: float | None = None,
    title_size: float | None = None,
) -> None:
    """Hide the upper and right spines of axes; set the font sizes that are given, in points."""
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        if tick_size is not None:
            axis.tick_params(labelsize=tick_size)
        for text, size in ((axis.xaxis.label, label_size), (axis.yaxis.label, label_size), (axis.title, title_size)):
            if size is not None:
                text.set_fontsize(size)


def drawable(name: str, length: int = 32) -> str:
    """Return a name shortened, with characters that the font of figures lacks as escapes."""
    manager = require("matplotlib.font_manager", "plot")
    glyphs = manager.get_font(manager.findfont(manager.FontProperties())).get_charmap()
    characters = (char if ord(char) in glyphs else char.encode("unicode_escape").decode() for char in name)
    return shorten_name("".join(characters), length)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as PNG, SVG or PDF, atomically; the same figure always gives the same bytes."""
    path = Path(path)
    file_format = check_format(path)
    # Without dates, which would make every file different.
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[file_format]
    with replacing(path) as unfinished, require("matplotlib", "plot").rc_context(STYLE):
        figure.savefig(unfinished, format=file_format, dpi=150, metadata=metadata)
    return path


def check_format(path: str | os.PathLike[str]) -> str:
    """Return the format that a file name asks for: ``"png"``, ``"svg"`` or ``"pdf"``; raise a ValueError for others."""
    file_format = Path(path).suffix.lstrip(".").lower()
    if file_format not in FORMATS:
        raise ValueError(f"the file name of a figure must end in .png, .svg or .pdf, got {str(path)!r}")
    return file_format
