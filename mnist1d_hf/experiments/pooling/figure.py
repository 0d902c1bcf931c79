"""Test accuracy over the steps and over the number of rows (Figure 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...utils.figures import new_figure, tidy
from ..results import Results
from .claims import NAMES, PUBLISHED, final_accuracies
from .settings import PUBLISHED_ROWS, Measured, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES = {"none": ("k", "-"), "stride": ("C7", "--"), "max": ("C3", "-"), "average": ("C2", "-"), "L2": ("C0", "-")}
"""Colour and line of each kind."""


def plot(results: Results[Settings, Measured]) -> Figure:
    """Draw test accuracy over the steps for three numbers of rows, and its end for all."""
    figure = new_figure((9, 2.6))
    *axes, last = figure.subplots(1, 4)
    rows = results.settings.train_rows
    for axis, shown in zip(axes, (rows[0], rows[(len(rows) - 1) // 2], rows[-1]), strict=True):
        _draw_curves(axis, results, shown)
    _draw_ends(last, results)
    axes[0].set_ylabel("test accuracy (%)")
    last.legend(frameon=False, fontsize=7, loc="lower right")
    tidy((*axes, last), tick_size=8, title_size=9)
    return figure


def _draw_curves(axis: Axes, results: Results[Settings, Measured], rows: int) -> None:
    for kind in results.settings.kinds:
        measured = results.one(kind=kind, rows=rows)
        colour, line = _STYLES[kind]
        axis.plot(measured.steps, np.mean(measured.test_accuracies, axis=0), line, color=colour, linewidth=0.9)
    lowest = min(np.mean(final_accuracies(results, kind, rows)) for kind in results.settings.kinds)
    # The start of the curves is not shown, as in the paper, so that their ends can be told apart.
    axis.set(title=f"{rows:,} rows", xlabel="step", ylim=(10 * ((lowest - 4) // 10), None))


def _draw_ends(axis: Axes, results: Results[Settings, Measured]) -> None:
    rows = results.settings.train_rows
    for kind in results.settings.kinds:
        ends = [final_accuracies(results, kind, number) for number in rows]
        mean, sd, (colour, line) = np.mean(ends, axis=1), np.std(ends, axis=1), _STYLES[kind]
        axis.errorbar(rows, mean, sd, fmt=line, color=colour, linewidth=0.9, label=NAMES[kind])
        axis.plot(PUBLISHED_ROWS, PUBLISHED[kind], "o", color=colour, markersize=3, fillstyle="none", zorder=1)
    axis.set(title="at the end; circles: published", xlabel="training rows", xscale="log")
    axis.set_xticks(PUBLISHED_ROWS, [f"{number // 1000}k" for number in PUBLISHED_ROWS])
    axis.minorticks_off()
