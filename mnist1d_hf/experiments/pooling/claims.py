"""What the paper says about pooling, compared with what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..experiment import Claim, paired_claim
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

POOLED = ("max", "average", "L2")
"""The kinds that pool."""

NAMES = {"none": "no pooling", "stride": "stride 2"} | {kind: f"{kind} pooling" for kind in POOLED}
"""What the kinds are called in claims and figure."""


def claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare what pooling gains over striding with few rows and with many."""
    fewest, most = results.settings.train_rows[0], results.settings.train_rows[-1]
    return [
        *(_ahead(results, kind, "stride", fewest) for kind in POOLED),
        *(_not_ahead(results, kind, "stride", most) for kind in POOLED),
        *(_gain_shrinks(results, kind, fewest, most) for kind in POOLED),
        _not_ahead(results, "stride", "none", fewest),
    ]


def final_accuracies(results: Results[Settings, Measured], kind: str, rows: int) -> list[float]:
    """Return the test accuracy per seed at the end of the training, in percent: the mean over its last sixth."""
    measured = results.one(kind=kind, rows=rows)
    at_the_end = np.array(measured.steps) > measured.steps[-1] * 5 / 6
    means: list[float] = np.array(measured.test_accuracies)[:, at_the_end].mean(axis=1).tolist()
    return means


def _ahead(results: Results[Settings, Measured], kind: str, other: str, rows: int) -> Claim:
    published = NOT_PUBLISHED
    if rows in PUBLISHED_ROWS:
        column = PUBLISHED_ROWS.index(rows)
        published = f"{PUBLISHED[kind][column]} against {PUBLISHED[other][column]}"
    return paired_claim(
        f"{NAMES[kind]} is ahead of {NAMES[other]} at {rows} rows, in percent",
        published,
        final_accuracies(results, kind, rows),
        final_accuracies(results, other, rows),
    )


def _not_ahead(results: Results[Settings, Measured], kind: str, other: str, rows: int) -> Claim:
    ahead = _ahead(results, kind, other, rows)
    return replace(
        ahead,
        statement=ahead.statement.replace("is ahead", "is not ahead"),
        published="no difference, or behind" + (f" (in one run {ahead.published})" if rows in PUBLISHED_ROWS else ""),
        test=f"not ahead by the {ahead.test}",
        holds=not ahead.holds,
    )


def _gain_shrinks(results: Results[Settings, Measured], kind: str, fewest: int, most: int) -> Claim:
    ends = [[final_accuracies(results, name, rows) for name in (kind, "stride")] for rows in (fewest, most)]
    gains = [np.subtract(pooled, strided).tolist() for pooled, strided in ends]
    published = dict(zip(PUBLISHED_ROWS, np.subtract(PUBLISHED[kind], PUBLISHED["stride"]), strict=True))
    is_known = fewest in published and most in published
    return paired_claim(
        f"{NAMES[kind]} gains more over stride 2 at {fewest} than at {most} rows, in points",
        f"{published[fewest]:.1f} against {published[most]:.1f}" if is_known else NOT_PUBLISHED,
        *gains,
    )
