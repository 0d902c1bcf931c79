"""Statistics over seeds, for the claims."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtr

LEVEL = 0.05
"""Level of the tests."""

PAIRED_TEST = f"one-sided paired t-test over seeds, p < {LEVEL}"
"""What `is_greater` does, in words."""


def p_greater(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the p-value of a one-sided paired t-test that ``a`` is greater than ``b``.

    Parameters
    ----------
    a, b : sequence of float
        One value a seed, in the same order, at least two.

    Returns
    -------
    float
        In [0, 1]; 0 or 1 if all differences are the same and not zero.

    Raises
    ------
    ValueError
        If there are fewer than two seeds, or not equally many.
    """
    differences = np.asarray(a, float) - np.asarray(b, float)
    if len(differences) < 2:
        raise ValueError("a test over seeds needs at least two of them")
    mean, error = differences.mean(), differences.std(ddof=1) / len(differences) ** 0.5
    if error == 0:
        return 0.5 if mean == 0 else float(mean < 0)
    return float(1 - stdtr(len(differences) - 1, mean / error))


def is_greater(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return whether ``a`` is greater than ``b``, by `PAIRED_TEST`; with one seed, whether it is greater at all.

    Parameters
    ----------
    a, b : sequence of float
        One value a seed, in the same order.

    Returns
    -------
    bool
        True if the claim holds.
    """
    if len(a) == 1:
        return bool(a[0] > b[0])
    return p_greater(a, b) < LEVEL


def describe(values: Sequence[float], digits: int = 1) -> str:
    """Return mean and standard deviation over seeds as text.

    Parameters
    ----------
    values : sequence of float
        One value a seed.
    digits : int
        Digits after the point.

    Returns
    -------
    str
        For example ``"94.1 ± 0.5"``, or the value alone if there is one seed.
    """
    text = f"{np.mean(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} ± {np.std(values, ddof=1):.{digits}f}"
