"""What the paper says about lottery tickets, compared with what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import combine_pvalues

from ...utils.statistics import LEVEL, describe
from ..claims import HOLDS, UNTOLD, Claim, paired_claim, tested_claim
from ..results import Results
from .adjacency import adjacency, expected_adjacency, p_adjacent, unpack
from .settings import Measured, Settings
from .transfer import REINITIALISED, dense_inputs


def uncorrected_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare tickets with random masks and the dense network, and adjacency with chance."""
    return [
        _over_sparsities(results),
        *_sparsity_claims(results),
        *_transfer_claims(results),
        _shuffling_claim(results),
        *_adjacency_claims(results),
    ]


def first_masks(results: Results[Settings, Measured], kind: str) -> list[NDArray[np.bool_]]:
    """Return the first layer's mask (units, inputs) of each trial that was transferred."""
    return [unpack(measured.mask, results.settings.hidden_size) for measured in results.where(kind=kind)]


def _over_sparsities(results: Results[Settings, Measured]) -> Claim:
    """Compare tickets with random masks over all sparsities but 0 and 1, where both are the same network."""
    groups = (results.where(kind=kind) for kind in ("tickets", "random"))
    ours, others = (100 * np.array([trial.accuracies[1:-1] for trial in group]) for group in groups)
    inner, above = results.settings.sparsities[1:-1], ours.mean(0) > others.mean(0)
    count = int(above[::-1].cumprod().sum())
    ahead = f", at all from {100 * inner[-count]:.0f} % on" if 0 < count < len(above) else ""
    gains = (ours - others).mean(1).tolist()
    return tested_claim(
        statement="at the same sparsity tickets beat random masks, in the mean over all sparsities, in points",
        published="better at the same sparsity",
        measured=f"{describe(gains)}; the mean of the trials is above at {above.sum()} of {len(above)} sparsities{ahead}",
        differences=[gains],
    )


def _sparsity_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare tickets with random masks and the dense network, at the sparsity that is transferred and at 95 %."""
    tickets, controls = results.where(kind="tickets"), results.where(kind="random")
    where, sparsities = results.settings.transfer_round, results.settings.sparsities
    sparse = int(np.argmax(np.array(sparsities) > 0.95))
    chance, dense = [trial.accuracies[where] for trial in controls], [trial.accuracies[0] for trial in tickets]
    return [
        _in_percent(
            f"at {100 * sparsities[number]:.0f} % sparsity tickets beat {others}",
            published,
            [trial.accuracies[number] for trial in tickets],
            control,
        )
        for number, others, control, published in (
            (where, "random masks", chance, "72-74 against less"),
            (where, "the dense network", dense, "72-74 against about 63"),
            (sparse, "the dense network", dense, "more against about 63"),
        )
    ]


def _transfer_claims(results: Results[Settings, Measured]) -> list[Claim]:
    tickets = results.where(kind="tickets")
    return [
        _in_percent(
            f"on new data, {name}, the ticket {'beats' if better else 'is worse than'} the dense network",
            published,
            [trial.transfers[f"ticket {name}"][-1] for trial in tickets],
            [trial.transfers[f"dense {dense_inputs(name)}"][-1] for trial in tickets],
            above=better,
        )
        for name, better, published in (
            ("as is", True, "about 70 against less"),
            ("flipped", True, "about 70 against less"),
            ("shuffled", False, "less against more"),
            (REINITIALISED, True, "more against less"),
        )
    ]


def _shuffling_claim(results: Results[Settings, Measured]) -> Claim:
    as_is, shuffled = (
        [
            100 * (trial.transfers[f"ticket {name}"][-1] - trial.transfers[f"dense {name}"][-1])
            for trial in results.where(kind="tickets")
        ]
        for name in ("as is", "shuffled")
    )
    return paired_claim(
        "on new data, the ticket leads the dense network by less on shuffled than on unshuffled signals, in points",
        "seen in the figure",
        shuffled,
        as_is,
        above=False,
    )


def _adjacency_claims(results: Results[Settings, Measured]) -> list[Claim]:
    """Compare with random masks, as the paper does, and with the ticket's own units in a random order of their inputs.

    Tickets have units with many inputs and others with none, which alone makes more of them adjacent.
    """
    masks = first_masks(results, "tickets")
    ours, expected = [100 * adjacency(mask) for mask in masks], [100 * expected_adjacency(mask) for mask in masks]
    p_values = [p_adjacent(mask) for mask in masks]
    listed, combined = ", ".join(f"{p:.2g}" for p in p_values), float(combine_pvalues(p_values).pvalue)
    statement = "in the ticket's first layer, unmasked inputs are next to each other more often than"
    return [
        paired_claim(
            f"{statement} in random masks",
            "above chance",
            ours,
            [100 * adjacency(mask) for mask in first_masks(results, "random")],
            text="{} % of them against {} %",
        ),
        Claim(
            statement=f"{statement} in a random order of each unit's inputs",
            published="not compared",
            measured=f"{describe(ours)} % of them against {describe(expected)} % expected, p {listed}",
            test=f"permutation test of the inputs of each unit, the p-values of the trials combined (Fisher), p < {LEVEL}",
            verdict=HOLDS if combined < LEVEL else UNTOLD,
            is_control=True,
            p=combined,
        ),
    ]


def _in_percent(
    statement: str, published: str, ours: Sequence[float], theirs: Sequence[float], above: bool = True
) -> Claim:
    """Compare accuracies, which are fractions."""
    ours, theirs = ([100 * value for value in values] for values in (ours, theirs))
    return paired_claim(statement, f"{published} (%)", ours, theirs, above=above, text="{} against {} (%)")
