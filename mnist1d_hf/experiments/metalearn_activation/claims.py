"""What the paper says about learned activation functions, compared with what was measured."""

from __future__ import annotations

import numpy as np

from ...utils.statistics import PAIRED_TEST, describe
from ..claims import FAILS, HOLDS, Claim, judged, tested_claim
from ..results import Results
from .activations import FIXED
from .comparison import CNN, DIGITS, FIXED_KIND, LEARNED, TWO_LAYERS, Measured
from .learning import SPAN
from .settings import Settings

PUBLISHED_LOSSES = {LEARNED: 0.94, "ReLU": 1.34, "Swish": 1.37, "ELU": 1.47, "tanh": 1.52, "Softplus": 1.65}
"""Mean inner losses in nats; the first over the last 200 inner steps and all outer steps, the others over all inner steps."""

LOSS_TOLERANCE = 0.1
"""How far a mean inner loss may be from the published one, as a fraction of it."""

PUBLISHED_MARGIN = 5.0
"""Points of test accuracy by which the learned one is ahead."""

MIDDLE = range(3, 6)
"""Ranks of seven that are the middle of the pack."""


def uncorrected_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare the learned activation function with the fixed ones, and its shape with the paper's."""
    return [
        _loss_claim(results, LEARNED),
        _accuracy_claim(results, LEARNED),
        _margin_claim(results),
        _published_losses_claim(results),
        _shape_claim(results),
        _early_claim(results),
        _rank_claim(results, CNN),
        _rank_claim(results, DIGITS),
        _loss_claim(results, TWO_LAYERS),
        _accuracy_claim(results, TWO_LAYERS),
    ]


def _parts(results: Results[Settings, Measured], name: str) -> list[tuple[Measured, int]]:
    """Return, per seed, the measurement that has an activation function, and its place in there."""
    return [(part, part.names.index(name)) for part in results.where(kind=FIXED_KIND if name in FIXED else name)]


def _losses(results: Results[Settings, Measured], name: str) -> list[float]:
    return [part.losses[place] for part, place in _parts(results, name)]


def mlp_accuracies(results: Results[Settings, Measured], name: str) -> list[float]:
    """Return the test accuracies of the MLP with an activation function, in percent, one per seed."""
    return [part.accuracies[place] for part, place in _parts(results, name)]


def cnn_accuracies(results: Results[Settings, Measured], task: str, name: str) -> list[list[float]]:
    """Return the test accuracies of the CNN after each of the epochs, in percent, one list per seed."""
    return [part.transfers[task][place] for part, place in _parts(results, name)]


def _learned_title(kind: str) -> str:
    return "the learned activation function" + (", its network with two hidden layers," if kind == TWO_LAYERS else "")


def _loss_claim(results: Results[Settings, Measured], kind: str) -> Claim:
    learned = _losses(results, kind)
    fixed = {name: _losses(results, name) for name in FIXED}
    best = min(fixed, key=lambda name: sum(fixed[name]))
    return tested_claim(
        statement=f"{_learned_title(kind)} trains the MLP to a lower loss than every fixed one",
        published="0.94 against 1.34 of ReLU (not means over the same steps)",
        measured=f"{describe(learned, 2)} against {describe(fixed[best], 2)} of {best}, the best of them",
        test=f"{PAIRED_TEST}, against each of them",
        differences=[np.subtract(losses, learned).tolist() for losses in fixed.values()],
    )


def _accuracy_claim(results: Results[Settings, Measured], kind: str) -> Claim:
    learned = mlp_accuracies(results, kind)
    fixed = {name: mlp_accuracies(results, name) for name in FIXED}
    best = max(fixed, key=lambda name: sum(fixed[name]))
    return tested_claim(
        statement=f"{_learned_title(kind)} gives the MLP a higher test accuracy than every fixed one, in percent",
        published=f"more than {PUBLISHED_MARGIN:.0f} points ahead",
        measured=f"{describe(learned)} against {describe(fixed[best])} of {best}, the best of them",
        test=f"{PAIRED_TEST}, against each of them",
        differences=[np.subtract(learned, accuracies).tolist() for accuracies in fixed.values()],
    )


def _margin_claim(results: Results[Settings, Measured]) -> Claim:
    fixed = [mlp_accuracies(results, name) for name in FIXED]
    margins = [own - max(others) for own, *others in zip(mlp_accuracies(results, LEARNED), *fixed, strict=True)]
    return Claim(
        statement="points of test accuracy by which the learned activation function is ahead of the best fixed one",
        published=f"more than {PUBLISHED_MARGIN:.0f}",
        measured=describe(margins),
        test="the published margin, for each seed",
        verdict=judged(margin > PUBLISHED_MARGIN for margin in margins),
    )


def _published_losses_claim(results: Results[Settings, Measured]) -> Claim:
    measured = {LEARNED: float(np.mean([trial.outer_losses for trial in results.where(kind=LEARNED)]))}
    for name in FIXED:
        measured[name] = float(np.mean([part.all_losses[place] for part, place in _parts(results, name)]))
    is_near = all(abs(measured[name] / loss - 1) <= LOSS_TOLERANCE for name, loss in PUBLISHED_LOSSES.items())
    return Claim(
        statement="inner losses averaged as the published ones were: the learned activation function's over the last "
        f"{results.settings.counted_steps} inner steps and all outer steps, those of the others over all inner steps",
        published=", ".join(f"{name} {loss:.2f}" for name, loss in PUBLISHED_LOSSES.items()),
        measured=", ".join(f"{name} {measured[name]:.2f}" for name in PUBLISHED_LOSSES),
        test=f"means over seeds within {100 * LOSS_TOLERANCE:.0f} % of each",
        verdict=HOLDS if is_near else FAILS,
    )


def _shape_claim(results: Results[Settings, Measured]) -> Claim:
    extrema = [trial.extrema for trial in results.where(kind=LEARNED)]
    return Claim(
        statement="the learned activation function is not monotonic and has two local extrema",
        published="2",
        measured=f"at {'; '.join(' and '.join(map('{:.2f}'.format, found)) or 'no place' for found in extrema)}",
        test=f"two changes of the slope's sign between {-SPAN:.0f} and {SPAN:.0f}, for each seed",
        verdict=judged(len(found) == 2 for found in extrema),
    )


def transfer_ranks(results: Results[Settings, Measured], task: str, checkpoint: int) -> dict[str, int]:
    """Rank activation functions by the CNN's mean test accuracy over seeds, after the epochs with an index.

    1 is the best; equal accuracies share the better rank.
    """
    sums = {name: sum(curve[checkpoint] for curve in cnn_accuracies(results, task, name)) for name in (LEARNED, *FIXED)}
    return {name: 1 + sum(other > own for other in sums.values()) for name, own in sums.items()}


def _rank_text(results: Results[Settings, Measured], task: str, checkpoint: int) -> str:
    accuracies = [curve[checkpoint] for curve in cnn_accuracies(results, task, LEARNED)]
    ranks = transfer_ranks(results, task, checkpoint)
    best = min(FIXED, key=lambda name: ranks[name])
    others = [curve[checkpoint] for curve in cnn_accuracies(results, task, best)]
    compared = f"{describe(accuracies)} % against {describe(others)} % of {best}, the best fixed one"
    return f"rank {ranks[LEARNED]} of {len(ranks)}, {compared}"


def _rank_claim(results: Results[Settings, Measured], task: str) -> Claim:
    return Claim(
        statement=f"transferred, it is in the middle of the pack: {task}, {results.settings.transfer_epochs[-1]} epochs",
        published="middle of the pack, in CNNs on MNIST and CIFAR-10",
        measured=_rank_text(results, task, -1),
        test=f"rank {MIDDLE[0]} to {MIDDLE[-1]} by the mean test accuracy over seeds",
        verdict=HOLDS if transfer_ranks(results, task, -1)[LEARNED] in MIDDLE else FAILS,
    )


def _early_claim(results: Results[Settings, Measured]) -> Claim:
    return Claim(
        statement=f"transferred, it is best early in training: {CNN}, epoch {results.settings.transfer_epochs[0]}",
        published="best early in training, in CNNs on MNIST and CIFAR-10",
        measured=_rank_text(results, CNN, 0),
        test="rank 1 by the mean test accuracy over seeds",
        verdict=HOLDS if transfer_ranks(results, CNN, 0)[LEARNED] == 1 else FAILS,
    )
