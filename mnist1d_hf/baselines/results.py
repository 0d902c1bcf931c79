"""The results of all baselines, one line per run in models/results.csv; needs no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..utils.resources import resource_folder

RESULTS_NAME = "results.csv"

_KEYS = ("task", "model", "recipe", "kind", "parameters", "macs")
_COLUMNS = (*_KEYS, "seed", "test_accuracy", "fresh_accuracy", "seconds")


@dataclass(frozen=True)
class Result:
    """All runs of a model on a task with a recipe."""

    task: str
    model: str
    recipe: str
    kind: str  # "network", or "reference" for a classifier that is not trained by gradients
    parameters: int | None
    macs: int | None
    seeds: tuple[int, ...]
    test: tuple[float, ...]  # accuracy of each seed on the test rows, a fraction
    fresh: tuple[float, ...]  # on the fresh rows
    seconds: float  # of training, mean of the seeds


def read_results() -> list[Result]:
    """Return the results of every baseline of the package, in the order of the file."""
    return parse_results((resource_folder("models") / RESULTS_NAME).read_text(encoding="utf-8"))


def parse_results(text: str) -> list[Result]:
    """Return the results that `format_results` wrote, in the order of their first lines."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for line in csv.DictReader(io.StringIO(text)):
        groups.setdefault(tuple(line[key] for key in _KEYS), []).append(line)
    return [_result(key, runs) for key, runs in groups.items()]


def _result(key: tuple[str, ...], runs: list[dict[str, str]]) -> Result:
    task, model, recipe, kind, parameters, macs = key
    return Result(
        task,
        model,
        recipe,
        kind,
        parameters=int(parameters) if parameters else None,
        macs=int(macs) if macs else None,
        seeds=tuple(int(run["seed"]) for run in runs),
        test=tuple(float(run["test_accuracy"]) for run in runs),
        fresh=tuple(float(run["fresh_accuracy"]) for run in runs),
        seconds=sum(float(run["seconds"]) for run in runs) / len(runs),
    )


def format_results(metrics: Iterable[Mapping[str, Any]]) -> str:
    """Return the lines of all runs, as CSV, from the content of ``metrics.json`` of each baseline."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in metrics:
        kind = "reference" if one["recipe"] == "reference" else "network"
        key = (one["task"], one["model"], one["recipe"], kind, one["parameters"], one["macs"])
        for run in one["runs"]:
            accuracies = (f"{run[rows]['accuracy']:.5f}" for rows in ("test", "fresh"))
            writer.writerow([*key, run["seed"], *accuracies, run["seconds"]])
    return text.getvalue()
