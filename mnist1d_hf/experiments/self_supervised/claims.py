"""What the paper says about self-supervised learning, compared with what was measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...dataset.templates import NUM_CLASSES
from ...utils.statistics import describe
from ..claims import FAILS, HOLDS, Claim, judged, paired_claim
from ..results import Results
from .settings import Measured, Settings

PUBLISHED = {
    "default": (32.8, 75.1, 80.9, 82.1, 76.1, 75.0),
    "none": (32.8, 82.2, 79.5, 53.4),
    "deep": (32.8, 75.9, 82.4, 79.5, 77.3, 72.8, 65.0, 61.1),
}
"""Linear accuracy of each layer in percent, from the pixels to the output."""

WANTED_ACCURACY = 80.0
"""What the linear accuracy of the convolutions should reach, in percent."""

FEATURES = 3
"""The layer that is used: the output of the convolutions, without the projector."""

APART = (0, 3, 6, 8)
"""Digits that stand apart in the paper's t-SNE of the output."""

NAMES = {"default": "the projector", "none": "no projector", "deep": "the deep projector"}
"""What the projectors are called in claims and figure."""


def uncorrected_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare where the best layer is, and how good."""
    return [
        *(_middle_is_best(results, projector) for projector in PUBLISHED),
        _accuracy_is_reached(results),
        _projector_helps(results),
        _digits_stand_apart(results),
    ]


def accuracies_by_layer(results: Results[Settings, Measured], projector: str) -> NDArray[np.float64]:
    """Return the linear accuracies with a projector in percent, of shape (seeds, layers)."""
    return np.concatenate([measured.linear_accuracies for measured in results.where(projector=projector)])


def _middle_is_best(results: Results[Settings, Measured], projector: str) -> Claim:
    accuracies, published = accuracies_by_layer(results, projector), np.array(PUBLISHED[projector])
    best = int(accuracies.mean(0).argmax())
    between = (accuracies.argmax(1) > 0) & (accuracies.argmax(1) < accuracies.shape[1] - 1)
    return Claim(
        statement=f"with {NAMES[projector]} the best layer is in the middle",
        published=f"layer {published.argmax()} with {published.max()} %, the output {published[-1]} %",
        measured=f"layer {best} with {describe(accuracies[:, best].tolist())} %, "
        f"the output {describe(accuracies[:, -1].tolist())} %",
        test="for each seed the best layer is neither the input nor the output",
        verdict=judged(between),
    )


def _accuracy_is_reached(results: Results[Settings, Measured]) -> Claim:
    accuracies = accuracies_by_layer(results, "default")[:, FEATURES].tolist()
    return Claim(
        statement=f"the linear accuracy of the convolutions is at least {WANTED_ACCURACY:.0f} %",
        published=f"{PUBLISHED['default'][FEATURES]}",
        measured=describe(accuracies),
        test="the mean over seeds",
        verdict=HOLDS if sum(accuracies) / len(accuracies) >= WANTED_ACCURACY else FAILS,
    )


def _projector_helps(results: Results[Settings, Measured]) -> Claim:
    return paired_claim(
        "the linear accuracy of the convolutions is better with the projector than without, in percent",
        f"{PUBLISHED['default'][FEATURES]} against {PUBLISHED['none'][FEATURES]}",
        *(accuracies_by_layer(results, projector)[:, FEATURES].tolist() for projector in ("default", "none")),
    )


def _digits_stand_apart(results: Results[Settings, Measured]) -> Claim:
    silhouettes = np.concatenate([measured.silhouettes for measured in results.where(projector="default")])
    apart = np.isin(np.arange(NUM_CLASSES), APART)
    return paired_claim(
        "digits 0, 3, 6 and 8 stand apart in the output",
        "seen in the t-SNE",
        silhouettes[:, apart].mean(1).tolist(),
        silhouettes[:, ~apart].mean(1).tolist(),
        text="mean silhouette {} against {} of the others",
        digits=2,
    )
