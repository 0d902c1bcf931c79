"""Objective, accuracy and shape over the outer steps, and the transfer (Figure 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...utils.extras import require
from ...utils.figures import GREY, new_figure, tidy
from ..results import Results
from .activations import FIXED
from .claims import PUBLISHED_LOSSES, cnn_accuracies, mlp_accuracies
from .comparison import CNN, DIGITS, LEARNED, TWO_LAYERS, Measured
from .learning import SPAN
from .settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {
    LEARNED: "black",
    "ReLU": "#c9a400",
    "Swish": "#e07b00",
    "ELU": "#c0392b",
    "Softplus": "#8e44ad",
    "tanh": "#2f6fb0",
    "sigmoid": "#3a8a3a",
}
# Limits of the figure: the paper's for the shape, and losses that are worse than a guess are cut.
_SHAPE_RANGE = (-1.5, 4)
_HIGHEST_LOSS = 2.4
# Lines of text beside an axis.
_LINES = 14


def plot(results: Results[Settings, Measured]) -> Figure:
    """Draw objective, test accuracy and shape over the outer steps, and how the CNN does with each activation function."""
    figure = new_figure((9, 5.4))
    (objective, accuracy, shape), (final, *transfers) = figure.subplots(2, 3)
    _draw_objective(objective, results)
    _draw_accuracy(accuracy, results)
    _draw_shape(shape, results)
    _draw_final(final, results)
    for axis, data in zip(transfers, (CNN, DIGITS), strict=True):
        _draw_transfer(axis, data, results)
    tidy(figure.axes, tick_size=7, label_size=8, title_size=8)
    return figure


def _draw_objective(axis: Axes, results: Results[Settings, Measured]) -> None:
    own = _COLOURS[LEARNED]
    for kind, color, label in ((TWO_LAYERS, GREY, "two hidden layers"), (LEARNED, own, "one hidden layer")):
        for number, measured in enumerate(results.where(kind=kind)):
            axis.plot(measured.outer_losses, color=color, linewidth=0.7, label=None if number else label)
    axis.axhline(PUBLISHED_LOSSES[LEARNED], color=own, linestyle=":", linewidth=1, label="one layer, published mean")
    axis.set(xlabel="outer step", ylabel="nats", ylim=(None, _HIGHEST_LOSS))
    axis.set_title(f"mean of the last {results.settings.counted_steps} inner losses")
    axis.legend(fontsize=7, edgecolor="none", framealpha=1)


def _draw_accuracy(axis: Axes, results: Results[Settings, Measured]) -> None:
    for measured in results.where(kind=LEARNED):
        axis.plot(measured.outer_accuracies, color=_COLOURS[LEARNED], linewidth=0.5)
    means = {name: float(np.mean(mlp_accuracies(results, name))) for name in _COLOURS}
    for name in FIXED:
        axis.axhline(means[name], color=_COLOURS[name], linewidth=1)
    axis.set(xlabel="outer step", ylabel="%", title="test accuracy of the MLP")
    _label_right(axis, means)


def _draw_shape(axis: Axes, results: Results[Settings, Measured]) -> None:
    curves = results.where(kind=LEARNED)[0].curves
    colors = require("matplotlib", "plot").colormaps["viridis"](np.linspace(0, 1, len(curves)))
    labels = {0: "first outer step", len(curves) - 1: "last outer step"}
    for number, (curve, color) in enumerate(zip(curves, colors, strict=True)):
        axis.plot(np.linspace(-SPAN, SPAN, len(curve)), curve, color=color, linewidth=1, label=labels.get(number))
    axis.set(xlabel="x", ylim=_SHAPE_RANGE, title="learned activation function, seed 0")
    axis.legend(frameon=False, fontsize=7)


def _draw_final(axis: Axes, results: Results[Settings, Measured]) -> None:
    for number, measured in enumerate(results.where(kind=LEARNED)):
        positions, curve = np.linspace(-SPAN, SPAN, len(measured.curves[-1])), measured.curves[-1]
        axis.plot(positions, curve, color=f"C{number}", linewidth=1, label=f"seed {number}")
        heights = np.interp(measured.extrema, positions, curve)
        axis.plot(measured.extrema, heights, "o", color=f"C{number}", markersize=4)
    axis.set(xlabel="x", ylim=_SHAPE_RANGE, title="after the last outer step, with local extrema")
    axis.legend(frameon=False, fontsize=7)


def _draw_transfer(axis: Axes, task: str, results: Results[Settings, Measured]) -> None:
    means = {name: np.mean(cnn_accuracies(results, task, name), axis=0) for name in _COLOURS}
    for name, color in _COLOURS.items():
        axis.plot(results.settings.transfer_epochs, means[name], ".-", color=color, linewidth=1, markersize=4)
    # From the worst at half of the way: the first epochs of the worst would flatten all the rest.
    bottom = min(curve[len(curve) // 2] for curve in means.values()) - 10
    axis.set(xscale="log", xlabel="epoch", ylabel="%", ylim=(bottom, None), title=f"test accuracy of the {task}")
    axis.set_xticks(results.settings.transfer_epochs, [str(epoch) for epoch in results.settings.transfer_epochs])
    axis.minorticks_off()
    _label_right(axis, {name: float(curve[-1]) for name, curve in means.items()})


def _label_right(axis: Axes, heights: Mapping[str, float]) -> None:
    """Write names beside the right end of an axis, at their heights or as near to them as they do not overlap."""
    low, high = axis.get_ylim()
    names = sorted(heights, key=lambda name: heights[name])
    places = spread([(heights[name] - low) / (high - low) for name in names], 1 / _LINES)
    for name, place in zip(names, places, strict=True):
        axis.text(1.02, place, name, transform=axis.transAxes, color=_COLOURS[name], fontsize=7, va="center")


def spread(places: Sequence[float], distance: float) -> list[float]:
    """Move ascending places, 1 at the top, apart to a least distance: up as far as needed, then down from the top."""
    up = list(places)
    for number in range(1, len(up)):
        up[number] = max(up[number], up[number - 1] + distance)
    top = 1.0
    for number in reversed(range(len(up))):
        up[number] = min(up[number], top)
        top = up[number] - distance
    return up
