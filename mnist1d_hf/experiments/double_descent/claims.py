"""What the paper says about double descent, compared with what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...dataset.templates import NUM_CLASSES
from ...utils.statistics import PAIRED_TEST, describe
from ..claims import Claim, judged, paired_claim, tested_claim
from ..results import Results
from .curves import FITTED, Curve, curve_of
from .settings import Measured, Settings


def uncorrected_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare the peaks, and where they are."""
    mlp, clean, squared = (curve_of(results, "mlp", name) for name in ("noisy", "clean", "squared"))
    cnn = curve_of(results, "cnn", "noisy")
    rows = results.settings.rows
    return [
        _peak_claim("MLP", mlp, "54 % at width 50, 45 % at 300"),
        _peak_claim("CNN", cnn, "a peak; 28 % at 100 channels"),
        _fitted_claim("MLP", mlp, "50 and 60"),
        _fitted_claim("CNN", cnn, "at its own threshold"),
        _height_claim("without label noise the MLP's peak is slight", clean, mlp),
        _height_claim("the CNN's peak is less pronounced than the MLP's", cnn, mlp),
        _threshold_claim("negative log likelihood", mlp, rows, per_output=False),
        _threshold_claim("squared error", squared, rows, per_output=True),
    ]


def _peak_claim(name: str, curve: Curve, published: str) -> Claim:
    peak = curve.peak
    mean, errors = curve.test.mean(1), curve.test.tolist()
    before, behind = int(mean[: peak + 1].argmin()), peak + int(mean[peak:].argmin())
    places = (before, peak, behind)
    return tested_claim(
        statement=f"with label noise the {name}'s test error rises to a peak and falls again",
        published=published,
        measured=", ".join(f"{describe(errors[place])} % at width {curve.widths[place]}" for place in places),
        differences=[np.subtract(errors[peak], errors[place]).tolist() for place in (before, behind)],
        test=f"at the peak above the lowest of narrower and of wider networks, {PAIRED_TEST}",
    )


def _fitted_claim(name: str, curve: Curve, published: str) -> Claim:
    widths = [*map(str, curve.widths), "none"]
    pairs = list(zip(curve.peaks, curve.fitted, strict=True))
    peaks, fitted = ([widths[place] for place in places] for places in zip(*pairs, strict=True))
    return Claim(
        statement=f"the {name}'s test error peaks where its training error reaches zero",
        published=published,
        measured=f"peaks at widths {', '.join(peaks)}; training error at most {100 * FITTED:.0f} % from {', '.join(fitted)}",
        test="at most two of the widths apart, for each seed",
        verdict=judged(fit < len(curve.widths) and abs(peak - fit) <= 2 for peak, fit in pairs),
    )


def _height_claim(statement: str, lower: Curve, higher: Curve) -> Claim:
    text = "{} against {} points above its surroundings"
    claim = paired_claim(statement, "seen in the figure", lower.heights, higher.heights, above=False, text=text)
    return replace(claim, test=f"height above the lowest error on either side, {claim.test}")


def _threshold_claim(loss: str, curve: Curve, rows: int, *, per_output: bool) -> Claim:
    """Compare how many parameters fit the training rows with n and with n K, as ratios."""
    name, count = ("n K", rows * NUM_CLASSES) if per_output else ("n", rows)
    fitted = [place for place in curve.fitted if place < len(curve.widths)]
    parameters = curve.parameters[fitted]
    n, nk = (np.abs(np.log(parameters / count)) for count in (rows, rows * NUM_CLASSES))
    measured = f"the mean test error peaks at {curve.parameters[curve.peak]}, the training error "
    if len(fitted) == len(curve.fitted):
        ratios = describe((parameters / count).tolist(), digits=2)
        measured += f"is at most {100 * FITTED:.0f} % from {', '.join(map(str, parameters))}, {ratios} times {name}"
    else:
        measured += f"is above {100 * FITTED:.0f} % at every width for {len(curve.fitted) - len(fitted)} seeds"
    return Claim(
        statement=f"with the {loss} the interpolation threshold is at {name} parameters, n rows and K outputs",
        published=f"{count}",
        measured=measured,
        test=f"training error at most {100 * FITTED:.0f} % from a number nearer to {name} than to "
        f"{'n' if per_output else 'n K'}, as a ratio, for each seed",
        verdict=judged([*((nk < n) if per_output else (n < nk)), *[False] * (len(curve.fitted) - len(fitted))]),
    )
