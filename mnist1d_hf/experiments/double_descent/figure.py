"""Errors over width (Figure 5), test losses and errors over the number of parameters (first version, Figure 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...dataset.templates import NUM_CLASSES
from ...utils.figures import GREY, INK, new_figure, tidy
from ..results import Results
from .curves import Curve, curve_of
from .settings import Measured, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TRAINING, _TEST = "C0", "C3"
_ARCHITECTURES = ("mlp", INK, "MLP"), ("cnn", "C1", "CNN")
_LOSSES = ("noisy", "C4", "negative log likelihood"), ("squared", "C2", "squared error")
"""What is compared, the colour and name of each; none of the colours above, which tell training from test errors."""

_PUBLISHED_LOSSES = {"mlp": ((6903, 5.79), (105_610, 2.63)), "cnn": ((4858, 3.10), (65_810, 1.77))}
"""Numbers of parameters and test losses in the authors' log: of the peak and of the widest network."""


def plot(results: Results[Settings, Measured]) -> Figure:
    """Draw errors over width, and test losses and the errors of two losses over the number of parameters."""
    figure = new_figure((9, 5.4))
    grid = figure.add_gridspec(2, 6)
    errors = [figure.add_subplot(grid[0, start : start + 2]) for start in (0, 2, 4)]
    losses, two_losses = (figure.add_subplot(grid[1, start : start + 3]) for start in (0, 3))
    _draw_errors(errors[0], curve_of(results, "mlp", "noisy"), "MLP, label noise", published={47: 54.1, 300: 45.5})
    _draw_errors(errors[1], curve_of(results, "mlp", "clean"), "MLP, no label noise", published={})
    _draw_errors(errors[2], curve_of(results, "cnn", "noisy"), "CNN, label noise", published={18: 33.8, 100: 27.7})
    errors[0].set_ylabel("error (%)")
    errors[2].set_xlabel("channels")
    errors[0].legend(frameon=False, fontsize=7, loc="lower left")
    _draw_test_losses(losses, results)
    _draw_two_losses(two_losses, results)
    panels = (*errors, losses, two_losses)
    tidy(panels, tick_size=7, label_size=8)
    for axes in panels:
        axes.set_ylim(0, None)
    return figure


def _draw_errors(axes: Axes, curve: Curve, title: str, published: dict[int, float]) -> None:
    """Draw each seed thin, and the means."""
    for errors, colour, label in ((curve.train, _TRAINING, "training"), (curve.test, _TEST, "test")):
        axes.plot(curve.widths, errors, color=colour, linewidth=0.4, alpha=0.5)
        axes.plot(curve.widths, errors.mean(1), "o-", color=colour, linewidth=1.2, markersize=2.5, label=label)
    if published:
        axes.plot(list(published), list(published.values()), "x", color=_TEST, markersize=6, label="test, published")
    axes.set(xlabel="hidden units", xscale="log")
    ticks = [tick for tick in (2, 5, 10, 20, 50, 100, 200) if tick <= curve.widths[-1]]
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.set_title(title, loc="left", fontsize=8)


def _draw_test_losses(axes: Axes, results: Results[Settings, Measured]) -> None:
    """Draw each seed thin, and the means; dotted, from where the training rows are fitted."""
    for architecture, colour, label in _ARCHITECTURES:
        curve = curve_of(results, architecture, "noisy", is_loss=True)
        axes.plot(curve.parameters, curve.test, color=colour, linewidth=0.4, alpha=0.5)
        axes.plot(curve.parameters, curve.test.mean(1), "o-", color=colour, linewidth=1.2, markersize=2.5, label=label)
        axes.plot(*zip(*_PUBLISHED_LOSSES[architecture], strict=True), "x", color=colour, markersize=6)
        threshold = np.median(curve.thresholds)
        if np.isfinite(threshold):
            axes.axvline(threshold, color=colour, linewidth=1, linestyle=":")
    axes.set(xlabel="parameters", ylabel="test loss (nats)", xscale="log")
    axes.set_title("label noise; crosses: published, dotted: training rows fitted", loc="left", fontsize=8)
    axes.legend(frameon=False, fontsize=7, loc="upper left")


def _draw_two_losses(axes: Axes, results: Results[Settings, Measured]) -> None:
    rows = results.settings.rows
    for count, label in ((rows, "n"), (rows * NUM_CLASSES, "n·K")):
        axes.axvline(count, color=GREY, linewidth=1, linestyle=":")
        axes.annotate(f" {label}", (count, 0.95), xycoords=("data", "axes fraction"), color=GREY, fontsize=8)
    for condition, colour, label in _LOSSES:
        curve = curve_of(results, "mlp", condition)
        axes.plot(curve.parameters, curve.train.mean(1), "--", color=colour, linewidth=0.8)
        axes.plot(curve.parameters, curve.test.mean(1), "o-", color=colour, linewidth=1.2, markersize=2.5, label=label)
    axes.set(xlabel="parameters", ylabel="error (%), training dashed", xscale="log")
    axes.set_title("MLP, label noise, two losses", loc="left", fontsize=8)
    axes.legend(frameon=False, fontsize=7)
