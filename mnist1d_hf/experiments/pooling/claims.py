"""What the paper says about pooling, compared with what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...utils.statistics import PAIRED_TEST, describe
from ..claims import Claim, as_control, paired_claim, tested_claim
from ..results import Results
from .settings import PUBLISHED_ROWS, Measured, Settings

PUBLISHED = {
    "none": (59.2, 82.0, 91.9, 94.3, 94.4, 96.3),
    "stride": (57.4, 81.7, 89.9, 91.3, 92.2, 95.4),
    "max": (78.2, 89.2, 94.5, 97.0, 96.8, 98.1),
    "average": (78.0, 90.0, 94.0, 96.0, 96.2, 97.3),
    "L2": (77.2, 89.9, 95.3, 96.6, 97.8, 97.1),
}
"""Test accuracy after the last step, in percent, of the single run with each number of rows that the authors published."""

NOT_PUBLISHED = "not for this number of rows"
"""In place of what was published, for other numbers of rows."""

MARGIN = 1.0
"""Points of accuracy below which a difference makes little: one test row in a hundred."""

Accuracies = Callable[[Results[Settings, Measured], str, int], list[float]]
"""Returns the accuracies of a kind with a number of rows that are compared."""

POOLED = ("max", "average", "L2")
"""The kinds that pool."""

NAMES = {"none": "no pooling", "stride": "stride 2"} | {kind: f"{kind} pooling" for kind in POOLED}
"""What the kinds are called in claims and figure."""


def uncorrected_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare pooling and striding with neither, with few rows and with many; controls compare pooling with striding."""
    fewest, most = results.settings.train_rows[0], results.settings.train_rows[-1]
    return [
        *(_ahead(results, kind, "none", fewest) for kind in POOLED),
        _no_help(results, "stride", fewest),
        *(_little_difference(results, kind, most) for kind in POOLED),
        *(_hindered(results, kind, most) for kind in POOLED),
        *(_gain_shrinks(results, kind, fewest, most) for kind in POOLED),
        _max_behind_l2(results, most),
        *(as_control(_ahead(results, kind, "stride", rows)) for rows in (fewest, most) for kind in POOLED),
        *(_after_the_last_step(_ahead(results, kind, "none", fewest, last_accuracies)) for kind in POOLED),
        *(_after_the_last_step(_little_difference(results, kind, most, last_accuracies)) for kind in POOLED),
    ]


def final_accuracies(results: Results[Settings, Measured], kind: str, rows: int) -> list[float]:
    """Return the test accuracy per seed at the end of the training, in percent: the mean over its last sixth."""
    measured = results.one(kind=kind, rows=rows)
    at_the_end = np.array(measured.steps) > measured.steps[-1] * 5 / 6
    means: list[float] = np.array(measured.test_accuracies)[:, at_the_end].mean(axis=1).tolist()
    return means


def last_accuracies(results: Results[Settings, Measured], kind: str, rows: int) -> list[float]:
    """Return the test accuracy per seed after the last step, in percent."""
    return [accuracies[-1] for accuracies in results.one(kind=kind, rows=rows).test_accuracies]


def _published(kind: str, other: str, rows: int) -> str:
    if rows not in PUBLISHED_ROWS:
        return NOT_PUBLISHED
    column = PUBLISHED_ROWS.index(rows)
    return f"in one run {PUBLISHED[kind][column]} against {PUBLISHED[other][column]}"


def _ahead(
    results: Results[Settings, Measured], kind: str, other: str, rows: int, accuracies: Accuracies = final_accuracies
) -> Claim:
    return paired_claim(
        f"{NAMES[kind]} is ahead of {NAMES[other]} at {rows} rows, in percent",
        _published(kind, other, rows),
        *(accuracies(results, name, rows) for name in (kind, other)),
    )


def _no_help(results: Results[Settings, Measured], kind: str, rows: int) -> Claim:
    ours, theirs = (final_accuracies(results, name, rows) for name in (kind, "none"))
    return tested_claim(
        f"{NAMES[kind]} does not help at {rows} rows: it gains less than {MARGIN:g} point over no pooling, in percent",
        f"not striding ({_published(kind, 'none', rows)})",
        f"{describe(ours)} against {describe(theirs)}",
        [(MARGIN - np.subtract(ours, theirs)).tolist()],
        test=f"{PAIRED_TEST}, of the gain against {MARGIN:g} point",
    )


def _little_difference(
    results: Results[Settings, Measured], kind: str, rows: int, accuracies: Accuracies = final_accuracies
) -> Claim:
    ours, theirs = (accuracies(results, name, rows) for name in (kind, "none"))
    gain = np.subtract(ours, theirs)
    return tested_claim(
        f"{NAMES[kind]} makes little difference at {rows} rows: less than {MARGIN:g} point from no pooling, in percent",
        f"not much of a difference ({_published(kind, 'none', rows)})",
        f"{describe(ours)} against {describe(theirs)}",
        [(MARGIN - gain).tolist(), (MARGIN + gain).tolist()],
        test=f"{PAIRED_TEST}, of the gain against {MARGIN:g} point, and of the loss",
    )


def _hindered(results: Results[Settings, Measured], kind: str, rows: int) -> Claim:
    return paired_claim(
        f"{NAMES[kind]} hinders at {rows} rows: it is behind no pooling, in percent",
        f"hindered performance ({_published(kind, 'none', rows)})",
        *(final_accuracies(results, name, rows) for name in (kind, "none")),
        above=False,
    )


def _gain_shrinks(results: Results[Settings, Measured], kind: str, fewest: int, most: int) -> Claim:
    ends = [[final_accuracies(results, name, rows) for name in (kind, "none")] for rows in (fewest, most)]
    gains = [np.subtract(pooled, unpooled).tolist() for pooled, unpooled in ends]
    published = dict(zip(PUBLISHED_ROWS, np.subtract(PUBLISHED[kind], PUBLISHED["none"]), strict=True))
    is_known = fewest in published and most in published
    return paired_claim(
        f"{NAMES[kind]} gains more over no pooling at {fewest} than at {most} rows, in points",
        f"in one run {published[fewest]:.1f} against {published[most]:.1f}" if is_known else NOT_PUBLISHED,
        *gains,
    )


def _max_behind_l2(results: Results[Settings, Measured], rows: int) -> Claim:
    return paired_claim(
        f"max pooling is behind L2 pooling at {rows} rows, in percent",
        f"may perform worse (first version; {_published('max', 'L2', rows)})",
        *(final_accuracies(results, kind, rows) for kind in ("max", "L2")),
        above=False,
    )


def _after_the_last_step(claim: Claim) -> Claim:
    return as_control(replace(claim, statement=f"after the last step, {claim.statement}"))
