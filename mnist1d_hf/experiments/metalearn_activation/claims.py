"""What the paper says about learned activation functions, compared with what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...utils.statistics import LEVEL, PAIRED_TEST, describe
from ..claims import Claim, as_control, judged, tested_claim
from ..results import Results
from .activations import FIXED
from .comparison import FAST_TWO_LAYERS, FIXED_KIND, IMAGES, LEARNED, SIGNALS, TWO_LAYERS, Measured
from .learning import SPAN
from .settings import Settings

PUBLISHED_LOSSES = {LEARNED: 0.94, "ReLU": 1.34, "Swish": 1.37, "ELU": 1.47, "tanh": 1.52, "Softplus": 1.65}
"""Mean inner losses in nats; the first over the last 200 inner steps and all outer steps, the others over all inner steps."""

LOSS_TOLERANCE = 0.1
"""How far a mean inner loss may be from the published one, as a fraction of it."""

PUBLISHED_MARGIN = 5.0
"""Points of test accuracy by which the learned one is ahead."""

SAME_ACCURACY = 1.0
"""Points of test accuracy within which two lines of Figure 7 lie on each other."""

MIDDLE = range(3, 6)
"""Ranks of seven that are the middle of the pack."""

_EACH = f"{PAIRED_TEST}, against each of them"
_TWO_SIDED = f"two one-sided t-tests over seeds, p < {LEVEL}"


def uncorrected_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare the learned activation function with the fixed ones, and its shape with the paper's."""
    return [
        _accuracy_claim(results, LEARNED),
        _margin_claim(results),
        _shape_claim(results),
        _same_accuracy_claim(results),
        _early_claim(results, IMAGES),
        _rank_claim(results, IMAGES),
        *map(
            as_control,
            (
                _early_claim(results, SIGNALS),
                _rank_claim(results, SIGNALS),
                _unseen_claim(results),
                _loss_claim(results),
                _published_losses_claim(results),
                _accuracy_claim(results, TWO_LAYERS),
                _divergence_claim(results),
            ),
        ),
    ]


def of_all_seeds(results: Results[Settings, Measured], name: str, measure: str) -> list[float]:
    """Return one of the measures of an activation function, one per seed: ``"accuracies"`` or another list of `Comparison`."""
    parts = results.where(kind=FIXED_KIND if name in FIXED else name)
    return [getattr(part, measure)[part.names.index(name)] for part in parts]


def transferred(results: Results[Settings, Measured], task: str, name: str, measure: str) -> list[list[float]]:
    """Return one of the curves of the CNN with an activation function, one per seed, with a value per tested epoch."""
    parts = results.where(kind=FIXED_KIND if name in FIXED else name)
    return [part.transfers[task][part.names.index(name)][measure] for part in parts]


def _title(kind: str) -> str:
    return "the learned activation function" + (", its network with two hidden layers," if kind == TWO_LAYERS else "")


def _against_each(ours: Sequence[float], fixed: dict[str, list[float]], *, above: bool) -> list[list[float]]:
    """Return, for each fixed one, by how much ours is better, one per seed."""
    sign = 1 if above else -1
    return [(sign * np.subtract(ours, theirs)).tolist() for theirs in fixed.values()]


def _compared(
    statement: str, published: str, ours: list[float], fixed: dict[str, list[float]], *, above: bool, digits: int
) -> Claim:
    """Claim that ours is above, or below, every fixed one."""
    best = (max if above else min)(fixed, key=lambda name: sum(fixed[name]))
    return tested_claim(
        statement=statement,
        published=published,
        measured=f"{describe(ours, digits)} against {describe(fixed[best], digits)} of {best}, the best of them",
        test=_EACH,
        differences=_against_each(ours, fixed, above=above),
    )


def _accuracy_claim(results: Results[Settings, Measured], kind: str) -> Claim:
    return _compared(
        f"{_title(kind)} gives the MLP a higher test accuracy than every fixed one, in percent",
        f"more than {PUBLISHED_MARGIN:.0f} points ahead",
        of_all_seeds(results, kind, "accuracies"),
        {name: of_all_seeds(results, name, "accuracies") for name in FIXED},
        above=True,
        digits=1,
    )


def _margin_claim(results: Results[Settings, Measured]) -> Claim:
    ours = of_all_seeds(results, LEARNED, "accuracies")
    ahead = _against_each(ours, {name: of_all_seeds(results, name, "accuracies") for name in FIXED}, above=True)
    least = min(ahead, key=sum)
    return tested_claim(
        statement=f"it is more than {PUBLISHED_MARGIN:.0f} points of test accuracy ahead of every fixed one",
        published=f"more than {PUBLISHED_MARGIN:.0f}",
        measured=f"{describe(least)} ahead of the best of them",
        test=f"{_EACH}; the effect is what exceeds {PUBLISHED_MARGIN:.0f}",
        differences=[[margin - PUBLISHED_MARGIN for margin in margins] for margins in ahead],
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


def _same_accuracy_claim(results: Results[Settings, Measured]) -> Claim:
    elu, tanh = (of_all_seeds(results, name, "accuracies") for name in ("ELU", "tanh"))
    distances = np.subtract(elu, tanh)
    return tested_claim(
        statement="with ELU and with tanh the MLP has the same test accuracy, in percent",
        published="in Figure 7 the line of tanh obscures that of ELU",
        measured=f"{describe(elu)} with ELU, {describe(tanh)} with tanh",
        test=f"within {SAME_ACCURACY:g} point of each other, {_TWO_SIDED}",
        differences=[(SAME_ACCURACY + distances).tolist(), (SAME_ACCURACY - distances).tolist()],
    )


def _cnn(results: Results[Settings, Measured], task: str) -> str:
    return "CNN on " + ("MNIST-1D" if task == SIGNALS else results.where(kind=LEARNED)[0].images)


def _of_epoch(results: Results[Settings, Measured], task: str, measure: str, place: int) -> dict[str, list[float]]:
    """Return a measure of the CNN with each activation function after the tested epoch at an index, one per seed."""
    return {name: [curve[place] for curve in transferred(results, task, name, measure)] for name in (LEARNED, *FIXED)}


def _early_claim(results: Results[Settings, Measured], task: str) -> Claim:
    fixed = _of_epoch(results, task, "training_losses", 0)
    return _compared(
        f"transferred, it has the lowest training loss early on: {_cnn(results, task)}, mean of the first epoch, in nats",
        "especially good at a low training loss early on, in CNNs on MNIST and CIFAR-10",
        fixed.pop(LEARNED),
        fixed,
        above=False,
        digits=2,
    )


def final_ranks(results: Results[Settings, Measured], task: str) -> list[int]:
    """Rank the learned activation function by the CNN's test loss after the last epoch, one per seed; 1 is the best."""
    losses = _of_epoch(results, task, "test_losses", -1)
    ours = losses.pop(LEARNED)
    return [1 + sum(theirs[seed] < own for theirs in losses.values()) for seed, own in enumerate(ours)]


def _rank_claim(results: Results[Settings, Measured], task: str) -> Claim:
    losses, ranks = _of_epoch(results, task, "test_losses", -1), final_ranks(results, task)
    best = min(FIXED, key=lambda name: sum(losses[name]))
    epochs = results.settings.signal_epochs if task == SIGNALS else results.settings.image_epochs
    return Claim(
        statement="transferred, it is in the middle of the pack by the final test loss: "
        f"{_cnn(results, task)}, {epochs[-1]} epochs",
        published="middle of the pack, in CNNs on MNIST and CIFAR-10",
        measured=f"rank {', '.join(map(str, ranks))} of {len(losses)}; {describe(losses[LEARNED], 2)} nats against "
        f"{describe(losses[best], 2)} of {best}, the best fixed one",
        test=f"rank {MIDDLE[0]} to {MIDDLE[-1]}, for each seed",
        verdict=judged(rank in MIDDLE for rank in ranks),
    )


def _unseen_claim(results: Results[Settings, Measured]) -> Claim:
    return _compared(
        f"on {results.settings.evaluations} MLPs and batches it was not learned with it gives a higher mean test accuracy "
        "than every fixed one, in percent",
        "not tried",
        of_all_seeds(results, LEARNED, "unseen_accuracies"),
        {name: of_all_seeds(results, name, "unseen_accuracies") for name in FIXED},
        above=True,
        digits=1,
    )


def _loss_claim(results: Results[Settings, Measured]) -> Claim:
    return _compared(
        "it trains the MLP to a lower mean loss of the last "
        f"{results.settings.counted_steps} inner steps than every fixed one, in nats",
        "0.94 against 1.34 of ReLU in the authors' notebook (not means over the same steps)",
        of_all_seeds(results, LEARNED, "losses"),
        {name: of_all_seeds(results, name, "losses") for name in FIXED},
        above=False,
        digits=2,
    )


def _published_losses_claim(results: Results[Settings, Measured]) -> Claim:
    measured = {name: of_all_seeds(results, name, "all_losses") for name in FIXED}
    measured[LEARNED] = [float(np.mean(trial.outer_losses)) for trial in results.where(kind=LEARNED)]
    differences = []
    for name, loss in PUBLISHED_LOSSES.items():
        distances, margin = np.subtract(measured[name], loss), LOSS_TOLERANCE * loss
        differences += [(margin + distances).tolist(), (margin - distances).tolist()]
    return tested_claim(
        statement="inner losses averaged as those in the authors' notebook are: the learned activation function's over the "
        f"last {results.settings.counted_steps} inner steps and all outer steps, those of the others over all inner steps",
        published=", ".join(f"{name} {loss:.2f}" for name, loss in PUBLISHED_LOSSES.items()),
        measured=", ".join(f"{name} {np.mean(measured[name]):.2f}" for name in PUBLISHED_LOSSES),
        test=f"within {100 * LOSS_TOLERANCE:.0f} % of each, {_TWO_SIDED}",
        differences=differences,
    )


def _divergence_claim(results: Results[Settings, Measured]) -> Claim:
    trials = results.where(kind=FAST_TWO_LAYERS)
    lost = [next((step for step, norm in enumerate(trial.gradient_norms) if norm < 0), None) for trial in trials]
    ends = [trial.outer_losses[-1] for trial in trials]
    rate = results.settings.outer_learning_rate
    return Claim(
        statement=f"with two hidden layers and the outer learning rate of one, {rate:g}, the learning diverges",
        published=f"{rate:g} in the authors' code, with one hidden layer",
        measured=f"first at outer step {', '.join(str(step) if step is not None else 'none' for step in lost)}; objective at "
        f"the end {describe(ends, 2)} nats",
        test="an outer gradient that is not finite, for each seed",
        verdict=judged(step is not None for step in lost),
    )
