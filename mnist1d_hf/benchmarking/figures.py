"""The figure of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..utils.figures import ACCENT, DARK_GREY, GREY, INK, drawable, new_figure, tidy
from .standings import Entry, count_ranked, find_own

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"own": ACCENT, "network": INK, "reference": DARK_GREY, "human": DARK_GREY}
_LEGEND = (
    "Dots: networks; squares: other classifiers; diamonds: the paper's human, on test rows.\n"
    "Lines: 95 % intervals over seeds, the human's a standard deviation. Numbers: parameters."
)
_MARKERS = {"own": "o", "network": "o", "reference": "s", "human": "D"}


def plot_standings(standings: Mapping[str, Sequence[Entry]]) -> Figure:
    """Draw the accuracies on the fresh rows: a panel for each task, a row for each model, the best at the top."""
    columns = min(2, len(standings))
    rows = math.ceil(len(standings) / columns)
    longest = max(len(entries) for entries in standings.values())
    figure = new_figure((4.8 * columns, rows * (1 + 0.19 * longest)))
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis, (task, entries) in zip(panels, standings.items(), strict=False):
        _draw_task(axis, task, entries)
    for axis in panels[len(standings) :]:
        axis.set_axis_off()
    tidy(panels, tick_size=8, label_size=8, title_size=9)
    figure.supxlabel(_LEGEND, fontsize=7, color=DARK_GREY)
    return figure


def _draw_task(axis: Axes, task: str, entries: Sequence[Entry]) -> None:
    """Draw the models of a task, with their parameters beside their names."""
    for row, entry in enumerate(entries):
        mean, half = entry.fresh or entry.test
        colour, marker = _COLOURS[entry.kind], _MARKERS[entry.kind]
        size = 7 if entry.kind == "own" else 4
        filled = "full" if entry.kind in ("own", "network") else "none"
        if half is not None:
            axis.plot([100 * (mean - half), 100 * (mean + half)], [row, row], color=colour, linewidth=1.5)
        axis.plot(100 * mean, row, marker, color=colour, markersize=size, fillstyle=filled)
    own = find_own(entries)
    place = entries.index(own)
    axis.axvline(100 * (own.fresh or own.test).mean, color=GREY, linestyle=":", linewidth=1, zorder=0)
    axis.set_yticks(range(len(entries)), [_label(entry) for entry in entries], parse_math=False)
    label = axis.get_yticklabels()[place]
    label.set(color=ACCENT, fontweight="bold")
    axis.set(ylim=(len(entries) - 0.5, -0.5))
    axis.tick_params(axis="y", length=0)
    axis.set_title(f"{task}: rank {own.rank} of {count_ranked(entries)}")
    axis.set_xlabel("accuracy on fresh rows (%)")


def _label(entry: Entry) -> str:
    name = drawable(entry.name, 24)
    return name if entry.parameters is None else f"{name}  {entry.parameters:,}"
