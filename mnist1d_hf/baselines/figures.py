"""Figures of training, of its results, and of sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from .. import paper
from ..utils.figures import DARK_GREY, GREY, INK, drawable, new_figure, new_grid, tidy
from ..utils.statistics import mean_interval
from .tasks import BENCHMARK_TASKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .results import Result
    from .sweeps import Points

_COLOURS = {"default": "#2f6fb0", "shuffled": "#c2571a", "large": "#3a7d44", "noisy": "#7b4f9d", "few": "#a67c00"}

_KINDS = {"network": "#2f6fb0", "reference": "#c2571a"}

_FRESH, _REFERENCE, _TEST, _PAPER = "networks, fresh rows", "no networks, fresh rows", "test rows", "the paper"

_MARKS: dict[str, dict[str, Any]] = {
    _FRESH: {"marker": "o", "markersize": 5, "linestyle": ""},
    _REFERENCE: {"marker": "o", "markersize": 5, "linestyle": ""},
    _TEST: {"marker": "|", "markersize": 9, "linestyle": ""},
    _PAPER: {"marker": "o", "markersize": 8, "linestyle": "", "fillstyle": "none"},
}


def plot_curves(metrics: dict[str, Any]) -> Figure:
    """Draw loss and accuracy over the steps of training, one line per seed, and the test accuracies at the end."""
    figure = new_figure((7, 2.8))
    losses, accuracies = figure.subplots(1, 2)
    task = metrics["task"]
    colour = _COLOURS[task]
    for run in metrics["runs"]:
        curves = run["curves"]
        losses.plot(curves["step"], curves["train_loss"], color=colour, linewidth=1)
        accuracies.plot(curves["step"], _percent(curves["train_accuracy"]), color=colour, linewidth=1)
        if curves["validation_accuracy"]:
            accuracies.plot(curves["step"], _percent(curves["validation_accuracy"]), color=GREY, linewidth=1)
        end, accuracy = curves["step"][-1], 100 * run["test"]["accuracy"]
        accuracies.plot(end, accuracy, "o", color=INK, markersize=3, clip_on=False)
    losses.set(xlabel="step", ylabel="training loss (nats)", ylim=(0, None))
    accuracies.set(xlabel="step", ylabel="accuracy (%)", ylim=(0, 101))
    labels = {"training": colour, "test, at the end": INK}
    if metrics["runs"][0]["curves"]["validation_accuracy"]:
        labels["validation"] = GREY
    style: dict[str, Any] = {"transform": accuracies.transAxes, "ha": "right", "fontsize": 8}
    for height, (label, label_colour) in enumerate(labels.items()):
        accuracies.text(0.98, 0.05 + 0.1 * height, label, color=label_colour, **style)
    seeds = len(metrics["runs"])
    title = f"{drawable(metrics['model'])} on {task}, {seeds} seed{'s' if seeds > 1 else ''}"
    figure.suptitle(title, fontsize=9, parse_math=False)
    return figure


def plot_results(results: Mapping[str, Sequence[Result]]) -> Figure:
    """Draw what was measured on each task, one panel a task and one row per model, those of the first task from top to bottom.

    Dots are means over seeds on the fresh rows with 95 % intervals, ticks those on the test rows; open circles are the paper's
    figures (its Figure 2 and Table 1), those of its human in a row of their own.
    """
    tasks = [task for task in BENCHMARK_TASKS if task in results] or list(results)
    names = list(dict.fromkeys(one.model for task in tasks for one in results[task]))
    if any(paper.table_1(task, "human") for task in tasks):
        names.append("human")
    size = (1.2 + 2.2 * max(2, len(tasks)), 1.3 + 0.22 * len(names))
    figure, (axes,) = new_grid(1, max(1, len(tasks)), size=size, ticks=True)
    for axis, task in zip(axes, tasks, strict=False):
        _draw_task(axis, task, results[task], names)
    axes[0].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6))
    tidy(axes, title_size=10)
    figure.supxlabel("accuracy (%), mean and 95 % interval over seeds", fontsize=9)
    marks = {_FRESH: _KINDS["network"], _REFERENCE: _KINDS["reference"], _TEST: DARK_GREY, _PAPER: DARK_GREY}
    for mark, colour in marks.items():
        axes[0].plot([], [], color=colour, label=mark, **_MARKS[mark])
    figure.legend(loc="outside upper center", ncols=len(marks), frameon=False, fontsize=8)
    return figure


def _draw_task(axis: Axes, task: str, results: Sequence[Result], names: Sequence[str]) -> None:
    for one in results:
        row, colour = names.index(one.model), _KINDS[one.kind]
        ends = _percent(mean_interval(one.fresh) or ())
        axis.plot(ends, (row,) * len(ends), color=colour, linewidth=2)
        axis.plot(100 * fmean(one.fresh), row, color=colour, **_MARKS[_FRESH])
        axis.plot(100 * fmean(one.test), row, color=DARK_GREY, **_MARKS[_TEST])
    for row, name in enumerate(names):
        published = paper.table_1(task, name)
        if published is not None:
            axis.plot(published.mean, row, color=DARK_GREY, **_MARKS[_PAPER])
    axis.set_title(task)
    axis.grid(axis="y", alpha=0.3, linewidth=0.6)


def plot_sweep(curves: Mapping[str, Points], parameter: str, *, data: str = "") -> Figure:
    """Draw the accuracy over a generation parameter: one line per model, with a band for the 95 % intervals.

    ``data`` names the config and the split, for the title.
    """
    figure = new_figure((6, 3.6))
    axis = figure.subplots()
    for label, points in curves.items():
        values = [value for value, _ in points]
        low, high = zip(*(evaluation.interval for _, evaluation in points), strict=True)
        accuracies = _percent(evaluation.accuracy for _, evaluation in points)
        (line,) = axis.plot(values, accuracies, marker="o", markersize=3, label=label)
        axis.fill_between(values, _percent(low), _percent(high), color=line.get_color(), alpha=0.2, linewidth=0)
    classes = max(len(evaluation.confusion) for points in curves.values() for _, evaluation in points)
    axis.fill_between([], [], color=GREY, alpha=0.4, linewidth=0, label="95 % interval")
    axis.axhline(100 / classes, color=GREY, linestyle=":", linewidth=1, label="chance")
    axis.set(xlabel=parameter, ylabel="accuracy (%)", ylim=(0, 102))
    axis.set_title(data, fontsize=9)
    axis.grid(alpha=0.3, linewidth=0.6)
    # Long names must not take space from the axes.
    axis.legend(frameon=False, fontsize=8).set_in_layout(False)
    return figure


def _percent(fractions: Any) -> list[float]:
    return [100 * fraction for fraction in fractions]
