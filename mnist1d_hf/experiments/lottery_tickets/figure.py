"""Accuracy over sparsity, transfers, adjacency and masks (Figures 4 a-g and S2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...utils.figures import GREY, new_figure, tidy
from ..results import Results
from .adjacency import adjacency, expected_adjacency
from .claims import first_masks
from .settings import Measured, Settings
from .transfer import INPUTS, NETWORK, REINITIALISED, dense_inputs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"ticket": "C3", "random mask": "C0", "dense": "#5f6b76"}


def plot(results: Results[Settings, Measured]) -> Figure:
    """Draw accuracy over sparsity, the transfers, adjacency and masks."""
    figure = new_figure((11, 5.2))
    top, bottom = figure.subplots(2, 4)
    _draw_rounds(top[0], results, "losses", "test loss (nats)")
    _draw_rounds(top[1], results, "accuracies", "test accuracy (%)")
    top[0].legend(frameon=False, fontsize=7)
    top[1].plot([92], [73], "x", color=GREY, label="published")
    top[1].legend(*(entries[-1:] for entries in top[1].get_legend_handles_labels()), frameon=False, fontsize=7)
    _draw_adjacency(top[2], results)
    _draw_masks(top[3], results)
    for axes, name in zip(bottom, (*INPUTS, REINITIALISED), strict=True):
        axes.sharey(bottom[0])
        _draw_transfer(axes, results, name)
    bottom[0].legend(frameon=False, fontsize=7)
    bottom[0].set_ylabel("test accuracy (%)")
    for axes, letter in zip((*top[:2], *bottom, *top[2:]), (*"abcdefg", "S2"), strict=True):
        axes.set_title(f"{letter}  {axes.get_title()}".rstrip(), loc="left", fontsize=8)
        axes.set_title("")
    tidy((*top, *bottom), tick_size=7, label_size=8)
    return figure


def _draw_rounds(axes: Axes, results: Results[Settings, Measured], what: str, label: str) -> None:
    """Draw each trial thin, and their mean."""
    scale = 100 if what == "accuracies" else 1
    sparsities = 100 * np.array(results.settings.sparsities)
    tickets = results.where(kind="tickets")
    for kind, network in NETWORK.items():
        trials = scale * np.array([getattr(trial, what) for trial in results.where(kind=kind)])
        axes.plot(sparsities, trials.T, color=_COLOURS[network], linewidth=0.5, alpha=0.4)
        axes.plot(sparsities, trials.mean(0), color=_COLOURS[network], linewidth=1.2, label=network)
    dense = scale * float(np.mean([getattr(trial, what)[0] for trial in tickets]))
    axes.axhline(dense, color=_COLOURS["dense"], linewidth=1, linestyle=":", label="dense")
    axes.axvline(sparsities[results.settings.transfer_round], color=GREY, linewidth=0.5)
    axes.set(title="networks after training", xlabel="sparsity (%)", ylabel=label)


def _draw_transfer(axes: Axes, results: Results[Settings, Measured], name: str) -> None:
    settings = results.settings
    chunks = np.array_split(np.arange(settings.transfer_steps), settings.transfer_evaluations)
    steps = [chunk[-1] + 1 for chunk in chunks]
    shown = ("tickets", "dense", dense_inputs(name)), ("random", "random mask", name), ("tickets", "ticket", name)
    for kind, network, inputs in shown:
        curves = 100 * np.array([trial.transfers[f"{network} {inputs}"] for trial in results.where(kind=kind)])
        axes.plot(steps, curves.T, color=_COLOURS[network], linewidth=0.5, alpha=0.4)
        axes.plot(steps, curves.mean(0), color=_COLOURS[network], linewidth=1.2, label=network)
    axes.set(title=f"new data, {name}", xlabel="step")


def _draw_adjacency(axes: Axes, results: Results[Settings, Measured]) -> None:
    tickets, controls = (first_masks(results, kind) for kind in ("tickets", "random"))
    bars = (
        ("random\nmask", controls, adjacency, _COLOURS["random mask"]),
        ("ticket,\nany order", tickets, expected_adjacency, _COLOURS["dense"]),
        ("ticket", tickets, adjacency, _COLOURS["ticket"]),
    )
    for place, (_, masks, statistic, colour) in enumerate(bars):
        values = [100 * statistic(mask) for mask in masks]
        axes.bar(place, np.mean(values), width=0.6, color=colour, alpha=0.5)
        axes.plot([place] * len(values), values, "o", color=colour, markersize=3)
    axes.set_xticks(range(len(bars)), [bar[0] for bar in bars])
    axes.set(title="adjacent inputs of the first layer", ylabel="next input unmasked (%)")


def _draw_masks(axes: Axes, results: Results[Settings, Measured]) -> None:
    """Draw the first trial's masks side by side, units with most adjacent inputs first."""
    first = [first_masks(results, kind)[0] for kind in ("tickets", "random")]
    ordered = [mask[np.argsort(-(mask[:, :-1] & mask[:, 1:]).sum(1), kind="stable")] for mask in first]
    gap = np.zeros((len(first[0]), 8), bool)
    axes.imshow(np.hstack([ordered[0], gap, ordered[1]]), cmap="Greys", aspect="auto", interpolation="nearest")
    length = first[0].shape[1]
    axes.set_xticks([length / 2, length * 1.5 + gap.shape[1]], ["ticket", "random mask"])
    axes.set(title="masks of the first layer", ylabel="hidden units, by adjacency", yticks=[])
