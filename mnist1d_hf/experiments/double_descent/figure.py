"""Errors over width, and over the number of parameters (Figure 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...dataset.templates import NUM_CLASSES
from ...utils.figures import GREY, new_figure, tidy
from ..results import Results
from .curves import Curve, curve_of
from .settings import Measured, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TRAINING, _TEST = "C0", "C3"
_LOSSES = ("noisy", "C4", "negative log likelihood"), ("squared", "C2", "squared error")
"""Condition, colour and name of each; none of the colours above, which tell training from test errors."""


def plot(results: Results[Settings, Measured]) -> Figure:
    """Draw errors over width, and the two losses over the number of parameters."""
    figure = new_figure((9, 5.4))
    panels = figure.subplots(2, 2)
    _draw_errors(panels[0, 0], curve_of(results, "mlp", "noisy"), "MLP, label noise", published={50: 54, 300: 45})
    _draw_errors(panels[0, 1], curve_of(results, "mlp", "clean"), "MLP, no label noise", published={})
    _draw_errors(panels[1, 0], curve_of(results, "cnn", "noisy"), "CNN, label noise", published={100: 28})
    panels[1, 0].set_xlabel("channels")
    panels[0, 0].legend(frameon=False, fontsize=7)
    _draw_losses(panels[1, 1], results)
    tidy(panels.flat, tick_size=7, label_size=8)
    for axes in panels.flat:
        axes.set_ylim(0, None)
    return figure


def _draw_errors(axes: Axes, curve: Curve, title: str, published: dict[int, float]) -> None:
    """Draw each seed thin, and the means."""
    for errors, colour, label in ((curve.train, _TRAINING, "training"), (curve.test, _TEST, "test")):
        axes.plot(curve.widths, errors, color=colour, linewidth=0.4, alpha=0.5)
        axes.plot(curve.widths, errors.mean(1), "o-", color=colour, linewidth=1.2, markersize=2.5, label=label)
    if published:
        axes.plot(list(published), list(published.values()), "x", color=_TEST, markersize=6, label="test, published")
    axes.set(xlabel="hidden units", ylabel="error (%)", xscale="log")
    ticks = [tick for tick in (2, 5, 10, 20, 50, 100, 200) if tick <= curve.widths[-1]]
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.set_title(title, loc="left", fontsize=8)


def _draw_losses(axes: Axes, results: Results[Settings, Measured]) -> None:
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
    axes.legend(frameon=False, fontsize=7, loc="lower left")
