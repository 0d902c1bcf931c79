"""What sums up trained baselines: the card of each, and one table, figure and report of all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import paper
from ..utils.figures import save_figure
from ..utils.files import write_text
from ..utils.rendering import render_template
from ..utils.resources import resource_folder
from ..utils.statistics import mean_interval
from .bundled import has_checkpoint
from .figures import plot_results
from .model_card import CARD_NAME, render_model_card
from .results import RESULTS_NAME, Result, format_results, parse_results
from .runs import folder_name, read_metrics
from .tasks import BENCHMARK_TASKS, TASKS

ORDER_GAP = 5
"""Points of accuracy that a model loses by shuffling, at least, if it uses the order of the points."""


class Standing(NamedTuple):
    """A result and its rank among those of a task, by the mean on the fresh rows."""

    rank: int
    result: Result


def write_report(folder: str | os.PathLike[str]) -> list[Path]:
    """Write the cards of the checkpoints that `train_baselines` wrote to a folder, and a report of all its results.

    The report is results.csv, results.png and README.md. The paths of everything written are returned.
    """
    folder = Path(folder)
    measured = read_metrics(folder)
    texts = {
        folder / metrics["task"] / folder_name(metrics["model"], metrics["recipe"]) / CARD_NAME: render_model_card(
            metrics
        )
        for metrics in measured
        if has_checkpoint(metrics["task"], metrics["recipe"])
    }
    texts[folder / RESULTS_NAME] = format_results(measured)
    results = parse_results(texts[folder / RESULTS_NAME])
    texts[folder / CARD_NAME] = _report(results)
    for path, text in texts.items():
        write_text(path, text)
    compared = {task: [standing.result for standing in standings] for task, standings in _rank(results).items()}
    return [*texts, save_figure(plot_results(compared), folder / "results.png")]


def _rank(results: Iterable[Result]) -> dict[str, list[Standing]]:
    """Return what is compared on each task, the best first: reference lines and tuned networks."""
    ranked = {}
    for task in TASKS:
        compared = [one for one in results if one.task == task and (one.recipe == "tuned" or one.kind == "reference")]
        means = [np.mean(one.fresh) for one in compared]
        standings = [
            Standing(1 + sum(other > mean for other in means), one) for one, mean in zip(compared, means, strict=True)
        ]
        if standings:
            ranked[task] = sorted(standings, key=lambda standing: standing.rank)
    return ranked


def _report(results: Sequence[Result]) -> str:
    ranked = _rank(results)
    return render_template(
        resource_folder("models") / "report_template.md",
        overview=_overview({task: ranked[task] for task in BENCHMARK_TASKS if task in ranked}),
        tasks=[(TASKS[task], [_line(standing) for standing in ranked[task]]) for task in ranked],
        order=_order(ranked) if {"default", "shuffled"} <= set(ranked) else None,
        papers=[_line(Standing(0, one)) for one in results if one.recipe.startswith("paper")],
        held_out=_cost_of_holding_out(results),
    )


def _line(standing: Standing) -> dict[str, Any]:
    """Return a line of the table of a task."""
    rank, one = standing
    published = paper.table_1(one.task, one.model)
    return {
        "rank": rank,
        "task": one.task,
        "model": one.model,
        "recipe": one.recipe,
        "parameters": "" if one.parameters is None else f"{one.parameters:,}",
        "macs": "" if one.macs is None else f"{one.macs:,}",
        "test": _mean(one.test),
        "fresh": _mean(one.fresh),
        "checkpoint": f"{100 * one.test[0]:.1f}" if has_checkpoint(one.task, one.recipe) else "",
        "paper": published or "",
        "seconds": f"{one.seconds:.1f}",
    }


def _mean(accuracies: Sequence[float]) -> str:
    """Return a mean in percent with half its 95 % interval, or the mean alone of one seed."""
    interval, mean = mean_interval(accuracies), f"{100 * np.mean(accuracies):.2f}"
    return f"{mean} ± {50 * (interval[1] - interval[0]):.2f}" if interval else mean


def _fresh(result: Result) -> float:
    """Return the mean accuracy on the fresh rows, in percent."""
    return float(100 * np.mean(result.fresh))


def _overview(ranked: Mapping[str, Sequence[Standing]]) -> dict[str, Any]:
    """Return the means and ranks of each model on every task, the models by their rank on the first."""
    cells: dict[str, dict[str, str]] = {}
    for task, standings in ranked.items():
        for rank, one in standings:
            cells.setdefault(one.model, {})[task] = f"{_fresh(one):.1f} ({rank})"
    return {"tasks": list(ranked), "cells": cells}


def _order(ranked: Mapping[str, Sequence[Standing]]) -> dict[str, Any]:
    """Return what each model loses by shuffling, the most first, and how far those come that do without the order."""
    shuffled = {one.model: one for _, one in ranked["shuffled"]}
    pairs = [(one, shuffled[one.model]) for _, one in ranked["default"] if one.model in shuffled]
    gaps: list[dict[str, Any]] = [
        {
            "model": one.model,
            "default": _fresh(one),
            "shuffled": _fresh(other),
            "fresh": _fresh(one) - _fresh(other),
            "test": 100 * (np.mean(one.test) - np.mean(other.test)),
        }
        for one, other in pairs
    ]
    gaps.sort(key=lambda gap: -gap["fresh"])
    without = [gap["model"] for gap in gaps if gap["fresh"] < ORDER_GAP]
    best = {
        task: next((standing for standing in ranked[task] if standing.result.model in without), None)
        for task in BENCHMARK_TASKS
        if task in ranked
    }
    return {
        "gap": ORDER_GAP,
        "gaps": gaps,
        "using": [gap["model"] for gap in gaps if gap["model"] not in without],
        "without": without,
        "best": [
            (task, standing.result.model, f"{_fresh(standing.result):.1f}", standing.rank, len(ranked[task]))
            for task, standing in best.items()
            if standing
        ],
    }


def _cost_of_holding_out(results: Iterable[Result]) -> list[tuple[str, str]]:
    """Return what the paper's models lose on the test rows of `default` when rows are held out, in points."""
    means = {(one.recipe, one.model): 100 * np.mean(one.test) for one in results if one.task == "default"}
    return [
        (model, f"{means['paper-4000', model] - mean:.1f}")
        for (recipe, model), mean in means.items()
        if recipe == "paper" and ("paper-4000", model) in means
    ]
