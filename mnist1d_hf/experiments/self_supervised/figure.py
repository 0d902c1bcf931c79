"""The t-SNE of the output, and the linear accuracy by layer (Figure 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...dataset.templates import NUM_CLASSES
from ...utils.figures import DARK_GREY, new_figure, tidy
from ..results import Results
from .claims import NAMES, PUBLISHED, accuracies_by_layer
from .settings import Measured, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES = {"default": ("k", "-"), "none": ("C0", "--"), "deep": ("C3", "-.")}


def plot(results: Results[Settings, Measured]) -> Figure:
    """Draw the t-SNE of the output, and the linear accuracy by layer."""
    figure = new_figure((7, 3.1))
    embedding, layers = figure.subplots(1, 2)
    _draw_embedding(embedding, results.where(projector="default")[0])
    _draw_layers(layers, results)
    return figure


def _draw_embedding(axis: Axes, measured: Measured) -> None:
    (x, y), labels = np.array(measured.embedding).T, np.array(measured.labels)
    axis.scatter(x, y, c=labels, cmap="tab10", vmin=-0.5, vmax=9.5, s=2, edgecolors="none", rasterized=True)
    for digit in range(NUM_CLASSES):
        own = labels == digit
        axis.text(np.median(x[own]), np.median(y[own]), str(digit), ha="center", va="center", fontsize=9)
    axis.set(xticks=[], yticks=[], aspect="equal")
    axis.set_title(f"t-SNE of the output, {len(labels)} rows", fontsize=9)
    axis.spines[:].set_visible(False)


def _draw_layers(axis: Axes, results: Results[Settings, Measured]) -> None:
    for projector, (color, style) in _STYLES.items():
        accuracies = accuracies_by_layer(results, projector)
        layers, name = range(accuracies.shape[1]), NAMES[projector].removeprefix("the ")
        axis.plot(layers, PUBLISHED[projector], "o", color=color, markersize=6, fillstyle="none")
        mean, sd = accuracies.mean(0), accuracies.std(0)
        axis.errorbar(layers, mean, sd, fmt=f"o{style}", color=color, linewidth=1, markersize=3, label=name)
    neighbors = results.where(projector="default")[0].neighbor_accuracy
    axis.axhline(neighbors, color=DARK_GREY, linestyle=":", linewidth=0.8)
    axis.text(7, neighbors, "nearest neighbours of pixels", fontsize=7, ha="right", va="top", color=DARK_GREY)
    axis.set(xlabel="layer (0: pixels)", ylabel="linear accuracy (%)", xticks=range(8))
    axis.set_title("linear accuracy by layer; circles: published", fontsize=9)
    axis.legend(frameon=False, fontsize=7, loc="lower right")
    tidy([axis])
