"""The leaderboard of a task as a table: for a terminal, as Markdown, and as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..utils.statistics import mean_interval
from ..utils.tables import align
from ..utils.text import markdown, printable
from ..version import DATA_VERSION


@dataclass(frozen=True)
class Standing:
    """One model on a task."""

    model: str
    """Id of its repository; the name of a baseline."""
    kind: str
    """``"submitted"``; ``"network"`` or ``"reference"`` for a baseline of this package."""
    seeds: tuple[int, ...]
    test: tuple[float, ...]
    """Accuracy of each seed on the test rows, a fraction."""
    fresh: tuple[float, ...]
    """On the fresh rows."""
    parameters: int | None
    macs: int | None
    protocol: str | None = None
    """Version of the protocol; None for baselines, which follow the package's own."""
    data_version: str | None = None
    commit: str | None = None
    """Commit that was read."""
    verdict: str | None = None
    """``"confirmed"``, ``"not confirmed"`` or ``"not evaluated"``; None if it was not verified."""
    detail: str = ""
    """Why it is not confirmed, or not evaluated."""

    @property
    def mean_fresh(self) -> float:
        """Mean accuracy on the fresh rows, by which models are ranked."""
        return sum(self.fresh) / len(self.fresh)

    @property
    def is_ranked(self) -> bool:
        """Whether nothing is known to be wrong with it."""
        return self.verdict != "not confirmed"


@dataclass(frozen=True)
class LeftOut:
    """A repository that cannot be shown."""

    repo_id: str
    reason: str


class Leaderboard:
    """Models on one task, best first; ``str()`` of it is a table for a terminal.

    Parameters
    ----------
    task : str
        Task.
    standings : iterable of Standing
        The models, in any order.
    left_out : sequence of LeftOut
        Repositories that could not be shown.
    """

    def __init__(self, task: str, standings: Iterable[Standing], left_out: Sequence[LeftOut] = ()) -> None:
        self.task = task
        self.standings = sorted(standings, key=lambda one: (not one.is_ranked, -one.mean_fresh, one.model))
        self.left_out = list(left_out)

    @cached_property
    def ranks(self) -> list[int | None]:
        """The rank of each model, counted from 1, equal for equal accuracies; None for one that is not confirmed."""
        accuracies = [one.mean_fresh for one in self.standings if one.is_ranked]
        return [
            1 + sum(other > one.mean_fresh for other in accuracies) if one.is_ranked else None for one in self.standings
        ]

    def __str__(self) -> str:
        """Return the table, and lines about what is not as it should be."""
        head, *lines = self._lines()
        width = len(str(len(lines)))
        cells = [(f"{rank or '-':>{width}}  {printable(name)}", *others) for rank, name, *others in lines]
        table = align([(f"{'':>{width}}  {head[1]}", *head[2:]), *cells])
        return "\n".join([f"{self._title()}\n", table, *(["", *notes] if (notes := self._notes()) else [])])

    def to_markdown(self) -> str:
        """Return the table as Markdown, in which nobody's name is markup.

        Returns
        -------
        str
            Title, table and notes.
        """
        head, *lines = self._lines()
        rows = [[cell or "" for cell in head], ["---:", "---", *["---:"] * (len(head) - 2)]]
        for one, (rank, name, *others) in zip(self.standings, lines, strict=True):
            label = markdown(name)
            if one.kind == "submitted":
                label = f"[{label}](https://huggingface.co/{one.model})"
            rows.append([rank or "-", label, *others])
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        notes = "".join(f"\n- {markdown(note)}" for note in self._notes())
        return f"{markdown(self._title())}\n\n{table}\n{notes}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON.

        Returns
        -------
        dict
            ``task``, ``models`` (each with its ``rank``, accuracies by seed and their 95 % intervals) and ``left_out``.
        """
        models = [
            {
                "rank": rank,
                **{name: list(value) if isinstance(value, tuple) else value for name, value in vars(one).items()},
                "test_interval": mean_interval(one.test),
                "fresh_interval": mean_interval(one.fresh),
            }
            for rank, one in zip(self.ranks, self.standings, strict=True)
        ]
        return {"task": self.task, "models": models, "left_out": [vars(one) for one in self.left_out]}

    def _title(self) -> str:
        submitted = sum(one.kind == "submitted" for one in self.standings)
        models = f"{submitted} submitted model{'' if submitted == 1 else 's'}"
        return f"MNIST-1D, task {self.task}: {models} among the baselines, by accuracy on fresh rows, in percent"

    def _lines(self) -> list[list[str]]:
        """Return the head, and the cells of each model: rank, name and numbers."""
        verified = any(one.verdict for one in self.standings)
        head = [
            "",
            "model",
            "kind",
            "fresh",
            "test",
            "seeds",
            "parameters",
            "MACs",
            *(["verified"] if verified else []),
        ]
        lines = [
            [
                "" if rank is None else str(rank),
                one.model,
                one.kind,
                _percent(one.fresh, 2),
                _percent(one.test, 1),
                str(len(one.seeds)),
                _count(one.parameters),
                _count(one.macs),
                *([one.verdict or ""] if verified else []),
            ]
            for rank, one in zip(self.ranks, self.standings, strict=True)
        ]
        return [head, *lines]

    def _notes(self) -> list[str]:
        """Return a line for everything that is not as it should be."""
        from ..baselines.protocol import PROTOCOL_VERSION  # needs torch

        notes = []
        for one in self.standings:
            if one.verdict in ("not confirmed", "not evaluated"):
                notes.append(f"{one.model} is {one.verdict}: {one.detail}")
            if one.protocol not in (None, PROTOCOL_VERSION):
                notes.append(f"{one.model} follows version {one.protocol} of the protocol, not {PROTOCOL_VERSION}")
            if one.data_version not in (None, DATA_VERSION):
                notes.append(f"{one.model} was measured on version {one.data_version} of the data, not {DATA_VERSION}")
        return [
            printable(note) for note in [*notes, *(f"{one.repo_id} is left out: {one.reason}" for one in self.left_out)]
        ]


def _percent(accuracies: Sequence[float], digits: int) -> str:
    """Return the mean in percent with half its 95 % interval, which one seed does not have."""
    mean, interval = f"{100 * sum(accuracies) / len(accuracies):.{digits}f}", mean_interval(accuracies)
    return mean if interval is None else f"{mean} ± {50 * (interval[1] - interval[0]):.{digits}f}"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
