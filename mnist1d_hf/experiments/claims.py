"""Claims of the paper, what was measured, and one of three verdicts on each.

A test over seeds can say that a claim holds, that it does not, or neither. Its p-values are corrected for the number of the
paper's claims that are tested in the same experiment, by Holm's method.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..utils.statistics import LEVEL, PAIRED_TEST, describe, holm, mean_interval, p_greater

Verdict = Literal["holds", "does not hold", "cannot be told"]

HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
UNTOLD: Verdict = "cannot be told"


@dataclass(frozen=True)
class Effect:
    """A mean over seeds, with its 95 % confidence interval by Student's t."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Claim:
    """Something the paper says, and what was measured."""

    statement: str
    published: str
    measured: str
    test: str
    """When the claim counts as holding."""
    verdict: Verdict
    is_control: bool = False
    """Whether it is a comparison of this project, which the paper does not make."""
    p: float | None = None
    """p-value of the claim; None if it is not judged by a test over seeds."""
    p_opposite: float | None = None
    """p-value of its opposite; None if there is none."""
    effect: Effect | None = None
    """The difference that the test is about."""
    corrected_p: float | None = None
    """p-value of the claim after Holm's correction; None for controls, which are not corrected."""

    @property
    def holds(self) -> bool:
        """Whether the verdict is that it holds."""
        return self.verdict == HOLDS


def judged(fulfilled: Iterable[bool]) -> Verdict:
    """Return the verdict on a condition that should be fulfilled for each seed: none tells, if some do and others do not."""
    values = [bool(value) for value in fulfilled]
    return HOLDS if all(values) else UNTOLD if any(values) else FAILS


def tested_claim(
    statement: str,
    published: str,
    measured: str,
    differences: Sequence[Sequence[float]],
    *,
    test: str = PAIRED_TEST,
    digits: int = 2,
) -> Claim:
    """Claim that the mean over seeds of every one of some ``differences`` is above zero.

    With several, the claim holds where the least of them is (intersection-union test), and the effect is that of the
    one with the largest p-value. With one seed there is no test, and the verdict is that it cannot be told.
    """
    if len(differences[0]) < 2:
        return Claim(statement, published, measured, test, UNTOLD)
    zeros = [0.0] * len(differences[0])
    p_values = [p_greater(values, zeros) for values in differences]
    worst = differences[int(np.argmax(p_values))]
    low, high = mean_interval(worst) or (0.0, 0.0)
    effect = Effect(*(round(float(value), digits) for value in (np.mean(worst), low, high)))
    opposite = min(1.0, len(differences) * min(p_greater(zeros, values) for values in differences))
    claim = Claim(statement, published, measured, test, UNTOLD, p=max(p_values), p_opposite=opposite, effect=effect)
    return replace(claim, verdict=_tested(max(p_values), opposite))


def paired_claim(
    statement: str,
    published: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    above: bool = True,
    text: str = "{} against {}",
    digits: int = 1,
) -> Claim:
    """Claim that ``ours`` is above ``theirs``, or below them, by a paired t-test over seeds; ``text`` shows both means."""
    measured = text.format(describe(ours, digits), describe(theirs, digits))
    differences = np.subtract(ours, theirs) if above else np.subtract(theirs, ours)
    return tested_claim(statement, published, measured, [differences.tolist()], digits=digits + 1)


def as_control(claim: Claim) -> Claim:
    """Return a comparison of this project's own, which the paper does not make."""
    return replace(claim, is_control=True)


def corrected(claims: Sequence[Claim]) -> list[Claim]:
    """Correct the p-values of the paper's claims that are tested in an experiment for their number, and judge them by those."""
    places = [place for place, claim in enumerate(claims) if claim.p is not None and not claim.is_control]
    p_values = holm([claims[place].p or 0.0 for place in places])
    opposites = holm([claims[place].p_opposite or 0.0 for place in places])
    judged_claims = list(claims)
    for place, p, opposite in zip(places, p_values, opposites, strict=True):
        judged_claims[place] = replace(claims[place], corrected_p=p, verdict=_tested(p, opposite))
    return [_rounded(claim) for claim in judged_claims]


def changed_by_correction(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that would hold, or not, without the correction."""
    return [
        claim
        for claim in claims
        if claim.corrected_p is not None and claim.verdict != _tested(claim.p or 0.0, claim.p_opposite or 0.0)
    ]


def _tested(p: float, p_opposite: float) -> Verdict:
    return HOLDS if p < LEVEL else FAILS if p_opposite < LEVEL else UNTOLD


def _rounded(claim: Claim) -> Claim:
    """Keep three digits of p-values: further ones may differ between machines."""
    return replace(
        claim,
        p=_three_digits(claim.p),
        p_opposite=_three_digits(claim.p_opposite),
        corrected_p=_three_digits(claim.corrected_p),
    )


def _three_digits(p: float | None) -> float | None:
    return None if p is None else float(f"{p:.3g}")
