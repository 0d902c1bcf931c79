"""Where a measured model stands among the baselines of a task."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import paper
from ..baselines.results import Result
from ..utils.statistics import mean_interval
from .measurement import Measurement


class Estimate(NamedTuple):
    """A mean accuracy over seeds, a fraction, and half its 95 % interval; None for one seed."""

    mean: float
    half: float | None

    def percent(self, digits: int) -> str:
        """Return it in percent: ``"96.1 ± 0.7"``, or the mean alone for one seed."""
        mean = f"{100 * self.mean:.{digits}f}"
        return mean if self.half is None else f"{mean} ± {100 * self.half:.{digits}f}"


@dataclass(frozen=True)
class Entry:
    """A line of the table of a task."""

    name: str
    kind: str  # "own", "network", "reference", or "human" for the paper's
    test: Estimate
    fresh: Estimate | None = None  # None for the human
    parameters: int | None = None
    macs: int | None = None
    seconds: float | None = None  # of training, for one seed
    rank: int | None = None  # by accuracy on the fresh rows, counted from 1; None for the human

    @property
    def order(self) -> float:
        """The accuracy by which the lines are sorted."""
        return (self.fresh or self.test).mean


def rank_entries(name: str, measurement: Measurement, baselines: Iterable[Result]) -> list[Entry]:
    """Return a measured model among the baselines of its task and the paper's human, the best first."""
    task = measurement.metrics["task"]
    entries = [_own_entry(name, measurement)]
    # Other recipes of the same models are there to be compared with the paper.
    entries += [
        _baseline_entry(result)
        for result in baselines
        if result.task == task and (result.kind == "reference" or result.recipe == "tuned")
    ]
    accuracies = [entry.order for entry in entries]
    entries = [
        dataclasses.replace(entry, rank=1 + sum(other > entry.order for other in accuracies)) for entry in entries
    ]
    human = paper.table_1(task, "human")
    if human:
        name = "human (paper's guess)" if human.is_guess else "human (paper)"
        entries.append(Entry(name, "human", Estimate(human.mean / 100, human.sd / 100)))
    return sorted(entries, key=lambda entry: -entry.order)


def find_own(entries: Sequence[Entry]) -> Entry:
    """Return the measured model among the baselines."""
    return next(entry for entry in entries if entry.kind == "own")


def count_ranked(entries: Sequence[Entry]) -> int:
    """Return how many models have a rank."""
    return sum(entry.rank is not None for entry in entries)


def shuffling_gaps(default: Sequence[Entry], shuffled: Sequence[Entry]) -> list[tuple[Entry, float]]:
    """Return what shuffling costs each model that both tasks have, as a fraction of the fresh rows; the largest gap first."""
    accuracies = {(entry.kind, entry.name): entry.fresh.mean for entry in shuffled if entry.fresh}
    gaps = [
        (entry, entry.fresh.mean - accuracies[entry.kind, entry.name])
        for entry in default
        if entry.fresh and (entry.kind, entry.name) in accuracies
    ]
    return sorted(gaps, key=lambda gap: -gap[1])


def _own_entry(name: str, measurement: Measurement) -> Entry:
    metrics = measurement.metrics
    return Entry(
        name=name,
        kind="own",
        test=_estimate([run["test"]["accuracy"] for run in metrics["runs"]]),
        fresh=_estimate([run["fresh"]["accuracy"] for run in metrics["runs"]]),
        parameters=metrics["parameters"],
        macs=metrics["macs"],
        seconds=float(np.mean([run["seconds"] for run in metrics["runs"]])),
    )


def _baseline_entry(result: Result) -> Entry:
    return Entry(
        name=result.model,
        kind=result.kind,
        test=_estimate(result.test),
        fresh=_estimate(result.fresh),
        parameters=result.parameters,
        macs=result.macs,
        seconds=result.seconds,
    )


def _estimate(accuracies: Sequence[float]) -> Estimate:
    interval = mean_interval(accuracies)
    return Estimate(float(np.mean(accuracies)), (interval[1] - interval[0]) / 2 if interval else None)
