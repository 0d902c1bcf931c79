"""Publication-quality figures of the dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils.figures import ACCENT, GREY, INK, new_grid
from .construction import construction_steps
from .generator import make_dataset
from .parameters import GenerationParameters
from .templates import CLASS_NAMES, NUM_CLASSES, get_templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_templates() -> Figure:
    """Draw the ten digit templates, one per panel, upright like the paper's."""
    templates = get_templates()
    figure, axes = new_grid(1, NUM_CLASSES, size=(9, 1.9))
    for digit in range(NUM_CLASSES):
        _upright(axes[0, digit], templates["x"][digit], templates["t"], limit=0.6, marker="o")
        axes[0, digit].set_title(CLASS_NAMES[digit])
    _label(figure)
    return figure


def plot_samples(parameters: GenerationParameters | None = None, *, rows: int = 5) -> Figure:
    """Draw the first training examples of each class, one class per column, upright like the paper's."""
    dataset = make_dataset(parameters)
    examples = [dataset["x"][dataset["y"] == digit][:rows] for digit in range(NUM_CLASSES)]
    limit = 1.05 * max(float(np.abs(signals).max(initial=0)) for signals in examples)
    figure, axes = new_grid(rows, NUM_CLASSES, size=(9, 1.3 * rows + 0.5))
    for digit in range(NUM_CLASSES):
        for axis in axes[len(examples[digit]) :, digit]:
            axis.set_axis_off()
        for axis, example in zip(axes[:, digit], examples[digit], strict=False):
            _upright(axis, example, dataset["t"], limit=limit)
        axes[0, digit].set_title(CLASS_NAMES[digit])
    _label(figure)
    return figure


def plot_construction(parameters: GenerationParameters | None = None) -> Figure:
    """Draw how one example of each digit is made, one step per row, upright (Figure 1 of the paper).

    Digit ``d`` is drawn with seed ``parameters.seed + d``.
    """
    parameters = parameters or GenerationParameters()
    columns = [
        construction_steps(digit, parameters, seed=(parameters.seed + digit) % 2**32) for digit in range(NUM_CLASSES)
    ]
    names = list(columns[0])
    limit = 1.05 * max(float(np.abs(signal).max()) for steps in columns for signal in steps.values())
    figure, axes = new_grid(len(names), NUM_CLASSES, size=(9, 1.1 * len(names) + 0.5))
    for digit, steps in enumerate(columns):
        longest = max(map(len, steps.values()))
        for row, (name, signal) in enumerate(steps.items()):
            axis = axes[row, digit]
            # Before dilation a signal is drawn at its true length; the last step has fewer points over the same length.
            position = np.linspace(0, longest - 1, len(signal)) if name == "down-sampled" else np.arange(len(signal))
            axis.plot(signal, position, color=ACCENT if name == "down-sampled" else INK, linewidth=1.1)
            axis.set(xlim=(-limit, limit), ylim=(longest + 1, -2))
            if digit == 0:
                axis.set_ylabel(name, rotation=0, ha="right", va="center")
        axes[0, digit].set_title(CLASS_NAMES[digit])
    _label(figure)
    return figure


def plot_stats(parameters: GenerationParameters | None = None) -> Figure:
    """Draw the mean of each class along the signal, with a band of one standard deviation, upright."""
    dataset = make_dataset(parameters)
    figure, axes = new_grid(2, NUM_CLASSES // 2, size=(7, 6), ticks=True)
    position = np.arange(len(dataset["t"]))
    for digit, axis in enumerate(axes.flat):
        x = dataset["x"][dataset["y"] == digit]
        axis.set_title(f"{CLASS_NAMES[digit]}  ({len(x)} rows)")
        if len(x):
            mean, std = x.mean(axis=0), x.std(axis=0)
            axis.fill_betweenx(position, mean - std, mean + std, color=ACCENT, alpha=0.2, linewidth=0)
            axis.plot(mean, position, color=ACCENT, linewidth=1.6)
        axis.axvline(0, color=GREY, linewidth=0.6, zorder=0)
    axes[0, 0].invert_yaxis()  # of all, since they share it
    _label(figure, value="value, mean ± 1 sd")
    return figure


def _upright(axis: Axes, x: Any, t: Any, *, limit: float, marker: str | None = None) -> None:
    """Draw a signal with its time axis pointing down, so that it looks like the digit."""
    axis.plot(x, t, color=INK, linewidth=1.3, marker=marker, markersize=2.5)
    axis.set(xlim=(-limit, limit), ylim=(float(np.max(t)) * 1.06, float(np.min(t)) * 1.06))


def _label(figure: Figure, value: str = "value") -> None:
    """Name the axes that all panels have in common."""
    figure.supxlabel(f"{value} →", fontsize=9, color=INK)
    figure.supylabel("← position", fontsize=9, color=INK)  # rotated, so that the arrow points down
