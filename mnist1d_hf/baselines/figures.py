"""Figures of training, of its results, and of sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import paper
from ..utils.figures import GREY, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .sweeps import Points

_COLOURS = {"default": "#2f6fb0", "shuffled": "#c2571a", "large": "#3a7d44"}


def plot_curves(metrics: dict[str, Any]) -> Figure:
    """Draw loss and accuracy over the steps of training, one line per seed, and the test accuracies at the end."""
    figure = new_figure((7, 2.8))
    losses, accuracies = figure.subplots(1, 2)
    colour = _COLOURS[metrics["config"]]
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
    figure.suptitle(f"{metrics['model']} on {metrics['config']}, {seeds} seed{'s' if seeds > 1 else ''}", fontsize=9)
    return figure


def plot_results(results: list[dict[str, Any]]) -> Figure:
    """Draw the test accuracies of all models beside the paper's (its Figure 2 and Table 1), one row per model.

    Dots are means over seeds with 95 % intervals, open circles the paper's figures, those of its human in a row of their own.
    """
    figure = new_figure((7, 3.4))
    axis = figure.subplots()
    models = list(dict.fromkeys(metrics["model"] for metrics in results))
    configs = list(dict.fromkeys(metrics["config"] for metrics in results))
    names = [*models, "human"]

    def place(name: str, config: str) -> float:
        return names.index(name) + 0.15 * (list(_COLOURS).index(config) - 1)

    for metrics in results:
        config, row = metrics["config"], place(metrics["model"], metrics["config"])
        ends = _percent(metrics["interval"] or ())
        axis.plot(ends, (row,) * len(ends), color=_COLOURS[config], linewidth=2)
        axis.plot(100 * metrics["mean_test_accuracy"], row, "o", color=_COLOURS[config], markersize=6)
    for config in configs:
        for name in names:
            published = paper.table_1(config, name)
            if published is not None:
                row = place(name, config)
                axis.plot(published.mean, row, "o", color=_COLOURS[config], markersize=9, fillstyle="none")
    axis.set(yticks=range(len(names)), yticklabels=names, xlim=(20, 101), ylim=(len(names) - 0.4, -0.6))
    axis.set_xlabel("test accuracy (%), mean and 95 % interval over seeds; open circles: the paper")
    for height, config in enumerate(configs):
        axis.text(0.1, 0.24 + 0.08 * height, f"trained on {config}", color=_COLOURS[config], transform=axis.transAxes)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


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
