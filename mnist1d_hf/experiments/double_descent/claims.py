"""What the paper says about double descent, compared with what was measured.

The paper's figure shows test errors of the MLP. That of its first version, the only one with a CNN, shows test losses.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...dataset.templates import NUM_CLASSES
from ...utils.statistics import PAIRED_TEST, describe
from ..claims import UNTOLD, Claim, as_control, judged, paired_claim, tested_claim
from ..results import Results
from .curves import FITTED, Curve, curve_of
from .settings import Measured, Settings

SAME = 2.0
"""Thresholds whose ratio is below this count as the same: neighbouring widths have up to 1.6 times the parameters."""


def uncorrected_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare the peaks, and where they are; controls are what only the authors' notebook shows."""
    mlp, clean, squared = (curve_of(results, "mlp", name) for name in ("noisy", "clean", "squared"))
    cnn = curve_of(results, "cnn", "noisy")
    mlp_loss, cnn_loss = (curve_of(results, name, "noisy", is_loss=True) for name in ("mlp", "cnn"))
    rows = results.settings.rows
    less_pronounced = "the CNN's peak is less pronounced than the MLP's"
    return [
        _peak_claim("MLP", mlp, "47.2 % at width 16, 54.1 % at 47, 45.5 % at 300"),
        _fitted_claim("MLP", mlp, "at around 50 hidden units (peak at 47, fitted from 61)"),
        _peak_claim("CNN", cnn_loss, "a peak (0.62 nats at width 10, 3.10 at 24, 1.77 at 100)"),
        _fitted_claim("CNN", cnn_loss, "both at width 24"),
        _same_threshold_claim(mlp, cnn),
        _height_claim(less_pronounced, cnn_loss, mlp_loss, "much less (1.32 against 3.16 nats)"),
        _threshold_claim("negative log likelihood", mlp, rows, per_output=False),
        _threshold_claim("squared error", squared, rows, per_output=True),
        as_control(_peak_claim("CNN", cnn, "19.6 % at width 10, 33.8 % at 18, 27.4 % at 95")),
        as_control(_height_claim(less_pronounced, cnn, mlp, "6.4 against 6.8 points")),
        as_control(_height_claim("without label noise the MLP's peak is slight", clean, mlp, "0.6 against 6.8 points")),
    ]


def _peak_claim(name: str, curve: Curve, published: str) -> Claim:
    peak = curve.peak
    mean, scores = curve.test.mean(1), curve.test.tolist()
    before, behind = int(mean[: peak + 1].argmin()), peak + int(mean[peak:].argmin())
    places = (before, peak, behind)
    digits, unit = (2, "nats") if curve.is_loss else (1, "%")
    return tested_claim(
        statement=f"with label noise the {name}'s {_score(curve)} rises to a peak and falls again",
        published=published,
        measured=", ".join(f"{describe(scores[p], digits)} {unit} at width {curve.widths[p]}" for p in places),
        differences=[np.subtract(scores[peak], scores[place]).tolist() for place in (before, behind)],
        test=f"at the peak above the lowest of narrower and of wider networks, {PAIRED_TEST}",
    )


def _fitted_claim(name: str, curve: Curve, published: str) -> Claim:
    widths = [*map(str, curve.widths), "none"]
    pairs = list(zip(curve.peaks, curve.fitted, strict=True))
    peaks, fitted = ([widths[place] for place in places] for places in zip(*pairs, strict=True))
    return Claim(
        statement=f"the {name}'s {_score(curve)} peaks where its training error reaches zero",
        published=published,
        measured=f"peaks at widths {', '.join(peaks)}; training error at most {100 * FITTED:.0f} % from {', '.join(fitted)}",
        test="at most two of the widths apart, for each seed",
        verdict=judged(fit < len(curve.widths) and abs(peak - fit) <= 2 for peak, fit in pairs),
    )


def _same_threshold_claim(mlp: Curve, cnn: Curve) -> Claim:
    """Compare the parameters from which the training rows are fitted; there is no ratio, if for a seed no width does."""
    claim = Claim(
        statement=f"the CNN has the same interpolation threshold in parameters as the MLP, to less than {SAME:g} times",
        published="the same (4858 and 6903 parameters)",
        measured=f"training error at most {100 * FITTED:.0f} % from {_listed(cnn)} parameters, from {_listed(mlp)}",
        test=f"{PAIRED_TEST}, of the ratio's logarithm against those of {SAME:g} and 1/{SAME:g}",
        verdict=UNTOLD,
    )
    if not np.isfinite([mlp.thresholds, cnn.thresholds]).all():
        return claim
    ratios = cnn.thresholds / mlp.thresholds
    differences = [(np.log(SAME) + sign * np.log(ratios)).tolist() for sign in (1, -1)]
    measured = f"{claim.measured}: {describe(ratios.tolist(), 2)} times"
    return tested_claim(claim.statement, claim.published, measured, differences, test=claim.test)


def _height_claim(statement: str, lower: Curve, higher: Curve, published: str) -> Claim:
    text = f"{{}} against {{}} {'nats' if lower.is_loss else 'points'} above its surroundings"
    digits = 2 if lower.is_loss else 1
    claim = paired_claim(
        f"{statement}, by {_score(lower)}",
        published,
        lower.heights,
        higher.heights,
        above=False,
        text=text,
        digits=digits,
    )
    return replace(claim, test=f"height above the lowest on either side, {claim.test}")


def _threshold_claim(loss: str, curve: Curve, rows: int, *, per_output: bool) -> Claim:
    """Compare how many parameters fit the training rows with n and with n K, as ratios."""
    name, count = ("n K", rows * NUM_CLASSES) if per_output else ("n", rows)
    n, nk = (np.abs(np.log(curve.thresholds / number)) for number in (rows, rows * NUM_CLASSES))
    reached = np.isfinite(curve.thresholds)
    measured = f"the mean test error peaks at {curve.parameters[curve.peak]}, the training error is "
    if reached.all():
        ratios = describe((curve.thresholds / count).tolist(), digits=2)
        measured += f"at most {100 * FITTED:.0f} % from {_listed(curve)}, {ratios} times {name}"
    else:
        measured += f"above {100 * FITTED:.0f} % at every width for {np.sum(~reached)} seeds"
    return Claim(
        statement=f"with the {loss} the interpolation threshold is at {name} parameters, n rows and K outputs",
        published=f"{count}",
        measured=measured,
        test=f"training error at most {100 * FITTED:.0f} % from a number nearer to {name} than to "
        f"{'n' if per_output else 'n K'}, as a ratio, for each seed",
        verdict=judged(nk < n if per_output else n < nk),
    )


def _score(curve: Curve) -> str:
    return "test loss" if curve.is_loss else "test error"


def _listed(curve: Curve) -> str:
    """Return the thresholds of the seeds as text."""
    return ", ".join(f"{threshold:.0f}" if np.isfinite(threshold) else "none" for threshold in curve.thresholds)
