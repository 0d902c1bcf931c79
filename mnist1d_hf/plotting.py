"""Figures of the dataset, at the quality of a paper. Each function returns a matplotlib figure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .extras import require
from .generator import construction_steps, make_dataset
from .parameters import GenerationParameters
from .templates import CLASS_NAMES, NUM_CLASSES, get_templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")

GREY, DARK_GREY = "#9aa5b1", "#616e7c"
"""Colours of guides and of what is published, and of the text at them."""

_INK = "#1f2933"
_ACCENT = "#2f6fb0"
_STYLE = {
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.titlesize": 9,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    # Fixed, so that the same figure has the same bytes in SVG too.
    "svg.hashsalt": "mnist1d-hf",
}


def plot_templates() -> Figure:
    """Draw the ten digit templates, top to bottom as the paper does.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a digit.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    templates = get_templates()
    figure, axes = _figure(1, NUM_CLASSES, size=(9, 1.7))
    for digit in range(NUM_CLASSES):
        _upright(axes[0, digit], templates["x"][digit], templates["t"], limit=0.6, marker="o")
        axes[0, digit].set_title(CLASS_NAMES[digit])
    return figure


def plot_samples(parameters: GenerationParameters | None = None, *, rows: int = 5) -> Figure:
    """Draw the first training examples of each class, top to bottom as the paper does.

    Parameters
    ----------
    parameters : GenerationParameters, optional
        The paper's Table 2 if not given.
    rows : int
        Examples of each class.

    Returns
    -------
    matplotlib.figure.Figure
        A grid with one column a class.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    dataset = make_dataset(parameters)
    examples = [dataset["x"][dataset["y"] == digit][:rows] for digit in range(NUM_CLASSES)]
    limit = 1.05 * max(float(np.abs(signals).max(initial=0)) for signals in examples)
    figure, axes = _figure(rows, NUM_CLASSES, size=(9, 1.3 * rows + 0.3))
    for digit in range(NUM_CLASSES):
        for axis in axes[len(examples[digit]) :, digit]:
            axis.set_axis_off()
        for axis, example in zip(axes[:, digit], examples[digit], strict=False):
            _upright(axis, example, dataset["t"], limit=limit)
        axes[0, digit].set_title(CLASS_NAMES[digit])
    return figure


def plot_construction(parameters: GenerationParameters | None = None) -> Figure:
    """Draw how one example of each digit is made, step by step (Figure 1 of the paper).

    Parameters
    ----------
    parameters : GenerationParameters, optional
        The paper's Table 2 if not given. Digit ``d`` is drawn with seed ``parameters.seed + d``.

    Returns
    -------
    matplotlib.figure.Figure
        One row a step, one column a digit.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    parameters = parameters or GenerationParameters()
    columns = [
        construction_steps(digit, parameters, seed=(parameters.seed + digit) % 2**32) for digit in range(NUM_CLASSES)
    ]
    names = list(columns[0])
    limit = 1.05 * max(float(np.abs(signal).max()) for steps in columns for signal in steps.values())
    figure, axes = _figure(len(names), NUM_CLASSES, size=(10, 0.75 * len(names) + 0.3))
    for digit, steps in enumerate(columns):
        longest = max(map(len, steps.values()))
        for row, (name, signal) in enumerate(steps.items()):
            axis = axes[row, digit]
            # Until it is dilated a signal shows its true length; the last step is fewer points of the same signal.
            stretched = np.linspace(0, longest - 1, len(signal)) if name == "down-sampled" else np.arange(len(signal))
            axis.plot(stretched, signal, color=_ACCENT if name == "down-sampled" else _INK, linewidth=1.1)
            axis.set(xlim=(-2, longest + 1), ylim=(-limit, limit))
            if digit == 0:
                axis.set_ylabel(name, rotation=0, ha="right", va="center")
        axes[0, digit].set_title(CLASS_NAMES[digit])
    return figure


def plot_stats(parameters: GenerationParameters | None = None) -> Figure:
    """Draw mean and standard deviation of each class along the signal.

    Parameters
    ----------
    parameters : GenerationParameters, optional
        The paper's Table 2 if not given.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a class: the mean, a band of one standard deviation, the number of training rows.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    dataset = make_dataset(parameters)
    figure, axes = _figure(2, NUM_CLASSES // 2, size=(9, 3.8), ticks=True)
    position = np.arange(len(dataset["t"]))
    for digit, axis in enumerate(axes.flat):
        x = dataset["x"][dataset["y"] == digit]
        axis.set_title(f"{CLASS_NAMES[digit]}  ({len(x)} rows)")
        if len(x):
            mean, std = x.mean(axis=0), x.std(axis=0)
            axis.fill_between(position, mean - std, mean + std, color=_ACCENT, alpha=0.2, linewidth=0)
            axis.plot(position, mean, color=_ACCENT, linewidth=1.6)
        axis.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    axes[0, 0].set_ylabel("mean ± 1 sd")
    axes[1, 0].set_ylabel("mean ± 1 sd")
    for axis in axes[1]:
        axis.set_xlabel("position")
    return figure


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure, whole or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Figure to write.
    path : path-like
        File to write, ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        If the ending is another one.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    file_format = check_format(path)
    unfinished = path.with_name(f".{path.name}.incomplete")
    # Dates would make every file different.
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[file_format]
    try:
        with require("matplotlib", "plot").rc_context(_STYLE):
            figure.savefig(unfinished, format=file_format, dpi=150, metadata=metadata)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def check_format(path: str | os.PathLike[str]) -> str:
    """Return the format a file's name asks for.

    Parameters
    ----------
    path : path-like
        Name of a file.

    Returns
    -------
    str
        ``"png"``, ``"svg"`` or ``"pdf"``.

    Raises
    ------
    ValueError
        If the ending is another one.
    """
    file_format = Path(path).suffix.lstrip(".").lower()
    if file_format not in FORMATS:
        raise ValueError(f"a figure's name must end in {', '.join('.' + name for name in FORMATS)}, got {str(path)!r}")
    return file_format


def _figure(rows: int, columns: int, *, size: tuple[float, float], ticks: bool = False) -> tuple[Figure, Any]:
    """Return an empty figure that needs no display, and its axes."""
    matplotlib = require("matplotlib", "plot")
    figure_class = require("matplotlib.figure", "plot").Figure
    with matplotlib.rc_context(_STYLE):
        figure: Figure = figure_class(figsize=size, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, sharex=ticks, sharey=ticks)
    if not ticks:
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
    return figure, axes


def _upright(axis: Axes, x: Any, t: Any, *, limit: float, marker: str | None = None) -> None:
    """Draw a signal with its time axis pointing down, which makes it look like the digit."""
    axis.plot(x, t, color=_INK, linewidth=1.3, marker=marker, markersize=2.5)
    axis.set(xlim=(-limit, limit), ylim=(float(np.max(t)) * 1.06, float(np.min(t)) * 1.06))
