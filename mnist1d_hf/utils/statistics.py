"""Intervals and tests over rows and seeds, from scipy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from .checks import check_integer

LEVEL = 0.05
"""Significance level of the tests."""

PAIRED_TEST = f"one-sided paired t-test over seeds, p < {LEVEL}"
"""The test of `p_greater`, in words."""


def p_greater(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the p-value, in [0, 1], of a one-sided paired t-test that ``a`` is greater than ``b``, a value per seed each.

    If all differences are equal, it is 0.5 if they are zero, else 0 or 1. Fewer than two seeds raise ValueError.
    """
    differences = np.asarray(a, float) - np.asarray(b, float)
    if len(differences) < 2:
        raise ValueError("a test over seeds needs at least two of them")
    if np.allclose(differences, differences[0], rtol=1e-12, atol=0):
        # Without spread, but for rounding, there is no t: the sign of the difference decides.
        return 0.5 - 0.5 * float(np.sign(differences[0]))
    return float(stats.ttest_rel(a, b, alternative="greater").pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values, in [0, 1], corrected for their number by Holm's step-down method (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    steps = np.arange(len(p_values), 0, -1) * np.asarray(p_values, float)[order]
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps))
    return [float(p) for p in corrected]


def wilson_interval(correct: int, rows: int) -> tuple[float, float]:
    """Return the ends, in [0, 1], of the 95 % Wilson score interval around the fraction ``correct / rows``.

    Raises TypeError if a count is not an integer, and ValueError if it is out of range.
    """
    check_integer("rows", rows, low=1)
    check_integer("correct", correct, low=0, high=rows)
    interval = stats.binomtest(correct, rows).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the ends of the 95 % confidence interval of a mean over seeds, by Student's t; None for fewer than two."""
    if len(values) < 2:
        return None
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / len(values) ** 0.5
    half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return mean - half, mean + half


def describe(values: Sequence[float], digits: int = 1) -> str:
    """Return mean and standard deviation over seeds as text: ``"94.1 ± 0.5"``, or the value alone for one seed."""
    text = f"{np.mean(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} ± {np.std(values, ddof=1):.{digits}f}"
