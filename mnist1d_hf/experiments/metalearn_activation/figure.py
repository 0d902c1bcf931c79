"""Objective, accuracy and shape over the outer steps, and the transfer (Figure 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...utils.extras import require
from ...utils.figures import ACCENT, GREY, new_figure, tidy
from ..results import Results
from .activations import FIXED
from .claims import PUBLISHED_LOSSES, of_all_seeds, transferred
from .comparison import FAST_TWO_LAYERS, IMAGES, LEARNED, TWO_LAYERS, Measured
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
    figure = new_figure((10, 5.6))
    (objective, accuracy, shape), (final, training, test) = figure.subplots(2, 3)
    _draw_objective(objective, results)
    _draw_accuracy(accuracy, results)
    _draw_shape(shape, results)
    _draw_final(final, results)
    for axis, measure in ((training, "training_losses"), (test, "test_losses")):
        _draw_transfer(axis, measure, results)
    tidy(figure.axes, tick_size=7, label_size=8, title_size=8)
    return figure


def _draw_objective(axis: Axes, results: Results[Settings, Measured]) -> None:
    settings, own = results.settings, _COLOURS[LEARNED]
    kinds = {
        FAST_TWO_LAYERS: (GREY, f"two hidden layers, rate {settings.outer_learning_rate:g}"),
        TWO_LAYERS: (ACCENT, f"two hidden layers, rate {settings.lower_learning_rate:g}"),
        LEARNED: (own, f"one hidden layer, rate {settings.outer_learning_rate:g}"),
    }
    for kind, (color, label) in kinds.items():
        for number, measured in enumerate(results.where(kind=kind)):
            axis.plot(measured.outer_losses, color=color, linewidth=0.7, label=None if number else label)
    axis.axhline(PUBLISHED_LOSSES[LEARNED], color=own, linestyle=":", linewidth=1, label="one layer, published mean")
    axis.set(xlabel="outer step", ylabel="nats", ylim=(None, _HIGHEST_LOSS))
    axis.set_title(f"mean of the last {settings.counted_steps} inner losses")
    axis.legend(fontsize=6, edgecolor="none", framealpha=1, loc="upper right")


def _draw_accuracy(axis: Axes, results: Results[Settings, Measured]) -> None:
    for measured in results.where(kind=LEARNED):
        axis.plot(measured.outer_accuracies, color=_COLOURS[LEARNED], linewidth=0.5)
    means = {name: float(np.mean(of_all_seeds(results, name, "accuracies"))) for name in _COLOURS}
    for name in FIXED:
        axis.axhline(means[name], color=_COLOURS[name], linewidth=1)
    axis.set(xlabel="outer step", ylabel="%", title="test accuracy of the MLP it is learned with")
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


def _draw_transfer(axis: Axes, measure: str, results: Results[Settings, Measured]) -> None:
    epochs = results.settings.image_epochs
    means = {name: np.mean(transferred(results, IMAGES, name, measure), axis=0) for name in _COLOURS}
    for name, color in _COLOURS.items():
        axis.plot(epochs, means[name], ".-", color=color, linewidth=1, markersize=4)
    axis.set(xscale="log", yscale="log", xlabel="epoch", ylabel="nats")
    kind, images = measure.split("_")[0], results.where(kind=LEARNED)[0].images
    axis.set_title(f"{kind} loss of the CNN, {images}")
    axis.set_xticks(epochs, [str(epoch) for epoch in epochs])
    axis.xaxis.minorticks_off()
    _label_right(axis, {name: float(curve[-1]) for name, curve in means.items()})


def _label_right(axis: Axes, heights: Mapping[str, float]) -> None:
    """Write names beside the right end of an axis, at their heights or as near to them as they do not overlap."""
    names = sorted(heights, key=lambda name: heights[name])
    axis.get_ylim()  # settles the limits
    to_axes = axis.transScale + axis.transLimits
    places = spread([float(to_axes.transform((1, heights[name]))[1]) for name in names], 1 / _LINES)
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
