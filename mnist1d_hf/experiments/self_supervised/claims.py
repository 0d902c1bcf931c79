"""What the paper says about self-supervised learning, compared with what was measured."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from ...dataset.templates import NUM_CLASSES
from ...utils.statistics import PAIRED_TEST, describe
from ..claims import Claim, as_control, judged, paired_claim, tested_claim
from ..results import Results
from .settings import Measured, Settings

PUBLISHED = {
    "default": (32.8, 75.1, 80.9, 82.1, 76.1, 75.0),
    "none": (32.8, 82.2, 79.5, 53.4),
    "deep": (32.8, 75.9, 82.4, 79.5, 77.3, 72.8, 65.0, 61.1),
}
"""Linear accuracy of each layer in percent, from the pixels to the output."""

MARGIN = 3.0
"""Accuracies that differ by less are similar, in points: about what two measurements on 1000 rows differ by."""

COMMON_LAYERS = 3
"""Layers that all networks have: the convolutions."""

SECOND = 2
"""The layer that the paper finds best over all three networks."""

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
        _networks_are_similar(results),
        _second_layer_is_best(results),
        _digits_stand_apart(results),
        as_control(_projector_helps(results)),
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


def _networks_are_similar(results: Results[Settings, Measured]) -> Claim:
    best = {projector: accuracies_by_layer(results, projector).max(axis=1) for projector in PUBLISHED}
    pairs = list(permutations(best.values(), 2))
    return tested_claim(
        statement="the three networks are of similar quality",
        published=", ".join(f"{max(values)}" for values in PUBLISHED.values()) + " % in their best layers",
        measured=", ".join(f"{describe(values.tolist())} with {NAMES[name]}" for name, values in best.items())
        + ", in percent",
        differences=[(MARGIN - (one - other)).tolist() for one, other in pairs],
        test=f"each pair differs by less than {MARGIN:g} points, either way, {PAIRED_TEST}",
    )


def _second_layer_is_best(results: Results[Settings, Measured]) -> Claim:
    layers = range(1, COMMON_LAYERS + 1)
    mean = np.mean([accuracies_by_layer(results, projector)[:, : COMMON_LAYERS + 1] for projector in PUBLISHED], axis=0)
    published = np.mean([values[: COMMON_LAYERS + 1] for values in PUBLISHED.values()], axis=0)
    others = [layer for layer in range(COMMON_LAYERS + 1) if layer != SECOND]
    return tested_claim(
        statement="over the three networks the accuracy is highest after the second layer",
        published=", ".join(f"{published[layer]:.1f}" for layer in layers) + " % after layers 1 to 3",
        measured=", ".join(describe(mean[:, layer].tolist()) for layer in layers) + " %",
        differences=[(mean[:, SECOND] - mean[:, layer]).tolist() for layer in others],
        test=f"the mean over networks after layer {SECOND} against each other layer, pixels too, {PAIRED_TEST}",
    )


def _projector_helps(results: Results[Settings, Measured]) -> Claim:
    return paired_claim(
        "the linear accuracy of the convolutions is better with the projector than without, in percent",
        f"{PUBLISHED['default'][FEATURES]} against {PUBLISHED['none'][FEATURES]}",
        *(accuracies_by_layer(results, projector)[:, FEATURES].tolist() for projector in ("default", "none")),
    )


def _digits_stand_apart(results: Results[Settings, Measured]) -> Claim:
    silhouettes = np.concatenate([measured.silhouettes for measured in results.where(projector="default")])
    others = silhouettes[:, ~np.isin(np.arange(NUM_CLASSES), APART)].mean(axis=1)
    listed = ", ".join(f"{digit}: {describe(silhouettes[:, digit].tolist(), 2)}" for digit in APART)
    return tested_claim(
        statement="digits 0, 3, 6 and 8 stand apart in the output",
        published="seen in the t-SNE",
        measured=f"silhouettes {listed}; mean of the others {describe(others.tolist(), 2)}",
        differences=[(silhouettes[:, digit] - others).tolist() for digit in APART],
        test=f"each against the mean of the others, {PAIRED_TEST}",
        digits=3,
    )
