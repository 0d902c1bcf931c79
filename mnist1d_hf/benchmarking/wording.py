"""The lines of a report: tables, and what is said about them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ..baselines.recipes import VALIDATION_ROWS
from ..baselines.tasks import FRESH_ROWS, get_task
from ..utils.tables import align, shorten
from ..utils.text import shorten_name
from .standings import Entry, count_ranked, find_own, shuffling_gaps

WIDTH = 120
"""Characters of the longest line."""

_HEAD = ("  rank", "model", "parameters", "MACs", "test accuracy %", "fresh accuracy %", "seconds")


def title(name: str, metrics: Sequence[Mapping[str, Any]]) -> str:
    """Say what was measured, and how."""
    seeds = len(metrics[0]["seeds"])
    means = f"means and 95 % intervals over {seeds} seeds" if seeds > 1 else "one seed"
    return f"{shorten_name(name)} under protocol {metrics[0]['protocol']}: {means}"


def heading(task: str, entries: Sequence[Entry]) -> str:
    """Say how the model does on a task, and what the task is."""
    description = get_task(task).description.replace("`", "")
    return f"{task}: rank {find_own(entries).rank} of {count_ranked(entries)}. {description}"


def lines(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Return the cells of the table of a task, its head first."""
    return [_HEAD, *map(_line, entries)]


def text_table(entries: Sequence[Entry]) -> str:
    """Return the table of a task for a terminal."""
    return align(lines(entries), left=2)


def _line(entry: Entry) -> tuple[str, ...]:
    mark = ">" if entry.kind == "own" else " "
    return (
        f"{mark} {'' if entry.rank is None else entry.rank}",
        shorten_name(entry.name),
        _count(entry.parameters),
        _count(entry.macs),
        entry.test.percent(1),
        entry.fresh.percent(2) if entry.fresh else "",
        "" if entry.seconds is None else f"{entry.seconds:,.1f}",
    )


def _count(number: int | None) -> str:
    if number is None:
        return ""
    return f"{number:,}" if number < 10**10 else f"{float(number):.2e}"


def notes(name: str, standings: Mapping[str, Sequence[Entry]], metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what stands below the tables, one paragraph each."""
    return [
        *_gap_note(name, standings),
        *_search_notes(metrics),
        f"Ranks go by the fresh rows: {FRESH_ROWS:,} that no training has seen. Seconds are those of training one seed; the "
        f"baselines' were measured on another machine.",
        *(f"Warning: {warning}" for warning in warnings(standings, metrics)),
    ]


def warnings(standings: Mapping[str, Sequence[Entry]], metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what keeps the numbers from being compared as they stand."""
    found = []
    if min(len(one["seeds"]) for one in metrics) < 2:
        found.append(
            "with one seed there is no interval, and no telling a better model from a luckier seed; give more seeds"
        )
    alone = [task for task, entries in standings.items() if count_ranked(entries) == 1]
    if alone:
        found.append(f"no baseline was measured on {', '.join(alone)}")
    return found


def own_gap(standings: Mapping[str, Sequence[Entry]]) -> float | None:
    """Return what shuffling costs the model, a fraction of the fresh rows; None unless both tasks were measured."""
    return next((gap for entry, gap in _gaps(standings) if entry.kind == "own"), None)


def _gaps(standings: Mapping[str, Sequence[Entry]]) -> list[tuple[Entry, float]]:
    return shuffling_gaps(standings.get("default", ()), standings.get("shuffled", ()))


def _gap_note(name: str, standings: Mapping[str, Sequence[Entry]]) -> list[str]:
    own = own_gap(standings)
    if own is None:
        return []
    others = [f"{entry.name} {_points(gap)}" for entry, gap in _gaps(standings) if entry.kind != "own"]
    beside = f" It costs the baselines: {', '.join(others)}." if others else ""
    return [
        f"Shuffling costs {shorten_name(name)} {_points(own)} points of accuracy, a measure of how much it uses the order of "
        f"the points.{beside}"
    ]


def _points(gap: float) -> str:
    # Without the sign of a rounded zero.
    return f"{round(100 * gap, 1) + 0:.1f}"


def _search_notes(metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which settings were tried, once if it is the same for several tasks."""
    tasks: dict[str, list[str]] = {}
    for one in metrics:
        if one.get("search"):
            tasks.setdefault(_describe_search(one["search"]), []).append(one["task"])
    return [
        f"Settings tried for {', '.join(names)}, with their accuracy in percent on {VALIDATION_ROWS} training rows held out: "
        f"{tried}."
        for tried, names in tasks.items()
    ]


def _describe_search(search: Sequence[Mapping[str, Any]]) -> str:
    """List what was tried, the best first, by the settings that differ."""
    first, *others = search
    varied = [name for name in first if any(other.get(name) != first[name] for other in others)] or list(first)
    ordered = sorted(search, key=lambda tried: -tried["validation_accuracy"])
    return "; ".join(
        f"{' '.join(f'{name}={shorten(tried[name])}' for name in varied if name != 'validation_accuracy')} "
        f"{100 * tried['validation_accuracy']:.1f}{' (chosen)' if place == 0 else ''}"
        for place, tried in enumerate(ordered)
    )


def wrap(note: str) -> str:
    """Return a paragraph for a terminal."""
    return textwrap.fill(note, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def html_paragraph(note: str) -> str:
    """Return a paragraph for a notebook."""
    return f"<p>{escape(note)}</p>"
