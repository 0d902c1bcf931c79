"""Lottery tickets: the rounds, the transfers, and what is claimed of them."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch

from mnist1d_hf.experiments import lottery_tickets as experiment
from mnist1d_hf.experiments.lottery_tickets import transfer
from mnist1d_hf.experiments.lottery_tickets.adjacency import pack, unpack
from mnist1d_hf.experiments.lottery_tickets.masked_mlp import MaskedMLP, train
from mnist1d_hf.experiments.results import Results

from ..reading import curves, paragraphs, points, said

SMALL = experiment.Settings(
    hidden_size=20, rounds=25, steps=3, transfer_steps=4, transfer_batch_size=50, transfer_evaluations=2
)


@pytest.fixture
def networks(monkeypatch):
    """Every network that is trained, with what it started from."""
    made = []

    class Watched(MaskedMLP):
        def __init__(self, layers, masks, learning_rate):
            super().__init__(layers, masks, learning_rate)
            made.append((layers, masks))

    for module in (experiment, transfer):
        monkeypatch.setattr(module, "MaskedMLP", Watched)
    return made


def measured(kind, seed=0):
    parts = {part.name: part for part in experiment.EXPERIMENT.plan(SMALL, seed + 1)}
    calls = []
    result = experiment.EXPERIMENT.measure(SMALL, parts[f"{kind}-seed{seed}"], lambda done, what: calls.append(done))
    assert calls == sorted(calls)
    assert calls[-1] == parts[f"{kind}-seed{seed}"].steps
    return result


@pytest.mark.parametrize("kind", ["tickets", "random"])
def test_every_round_has_its_sparsity_and_starts_from_the_initial_weights(kind, networks):
    measured(kind)
    initial = networks[0][0]
    for sparsity, (layers, masks) in zip(SMALL.sparsities, networks, strict=False):
        assert all(torch.equal(a, b) for a, b in zip(layers, initial, strict=True))
        for mask in masks:
            assert int(mask.sum()) == round((1 - sparsity) * mask.numel())


def test_tickets_are_nested_and_random_masks_are_not(networks):
    nested = {}
    for kind in ("tickets", "random"):
        networks.clear()
        measured(kind)
        masks = [masks[1] for _, masks in networks[: SMALL.rounds]]
        nested[kind] = all(not (after & ~before).any() for before, after in pairwise(masks))
    assert nested == {"tickets": True, "random": False}


@pytest.mark.parametrize(("kind", "network"), [("tickets", "ticket"), ("random", "random mask")])
def test_transfers_use_the_mask_and_the_weights_they_say(kind, network, networks):
    result = measured(kind)
    transferred = dict(zip(result.transfers, networks[SMALL.rounds :], strict=True))
    found = networks[SMALL.transfer_round]
    assert SMALL.sparsities[SMALL.transfer_round] == pytest.approx(22 / 24)
    assert np.array_equal(unpack(result.mask, SMALL.hidden_size), found[1][0][:, :-1].numpy())
    for name, (layers, masks) in transferred.items():
        assert all(mask.all() for mask in masks) == name.startswith("dense")
        assert all(map(torch.equal, layers, found[0])) == ("re-initialised" not in name)
        if name.startswith(network):
            assert all(map(torch.equal, masks, found[1]))
        assert len(result.transfers[name]) == SMALL.transfer_evaluations


def test_both_kinds_are_transferred_to_the_same_data_and_weights(networks):
    started = {}
    for kind in ("tickets", "random"):
        networks.clear()
        result = measured(kind)
        started[kind] = dict(zip(result.transfers, networks[SMALL.rounds :], strict=True))
    new = [started["tickets"]["ticket re-initialised"], started["random"]["random mask re-initialised"]]
    assert all(map(torch.equal, new[0][0], new[1][0]))


def test_training_takes_the_rows_in_order_and_starts_again():
    rows = []

    class Network:
        def step(self, x, targets):
            rows.append((x[:, 0].tolist(), targets.argmax(1).tolist()))

    x, y = torch.arange(7.0)[:, None], torch.arange(7)
    train(Network(), x, y, range(1, 5), 2)
    assert rows == [([2, 3], [2, 3]), ([4, 5], [4, 5]), ([0, 1], [0, 1]), ([2, 3], [2, 3])]


def synthetic(ticket, random, dense, blocks=True):
    """Results in which tickets, random masks and dense networks have the given accuracies."""
    generator = np.random.default_rng(0)
    mask = np.zeros((20, 40), bool)
    mask[:, :: 1 if blocks else 2][:, :4] = True
    masks = {"tickets": mask, "random": generator.permuted(mask, axis=1) if blocks else np.roll(mask, 1) | mask}
    accuracies = {"tickets": [dense, *[ticket] * 23, 0.1], "random": [dense, *[random] * 23, 0.1]}
    ends = {"dense": dense, "ticket": ticket, "random mask": random}
    transfers = {
        f"{network} {name}": [0.1, end]
        for network, end in ends.items()
        for name in (*transfer.INPUTS, transfer.REINITIALISED)
    }
    transfers |= {"ticket shuffled": [0.1, dense], "dense shuffled": [0.1, ticket]}
    by_kind = {
        kind: experiment.Measured(accuracies[kind], [1.0] * 25, transfers, pack(masks[kind])) for kind in accuracies
    }
    parts = experiment.EXPERIMENT.plan(SMALL, 3)
    measured = {part.name: by_kind[part.values["kind"]] for part in parts}
    return Results("lottery-tickets", SMALL, 3, parts, measured, 1.0)


def test_claims_hold_for_what_the_paper_saw_and_not_for_its_opposite():
    assert all(claim.holds for claim in experiment.claims(synthetic(0.72, 0.6, 0.63)))
    assert not any(claim.holds for claim in experiment.claims(synthetic(0.6, 0.65, 0.63, blocks=False)))


def test_a_trial_that_goes_the_other_way_is_no_success():
    results = synthetic(0.72, 0.6, 0.63)
    part = results.measured["tickets-seed1"]
    transfers = {**part.transfers, "ticket flipped": [0.1, 0.5]}
    results.measured["tickets-seed1"] = dataclasses.replace(part, transfers=transfers)
    failed = [claim.statement for claim in experiment.claims(results) if not claim.holds]
    assert failed == ["on new data, flipped, the ticket beats the dense network"]


PAIRED = "one-sided paired t-test over seeds, p < 0.05"


def uneven():
    """Results in which the first trial is two points better than the others, at every sparsity but 0."""
    results = synthetic(0.72, 0.6, 0.63)
    for kind in ("tickets", "random"):
        part = results.measured[f"{kind}-seed0"]
        accuracies = [part.accuracies[0], *(round(accuracy + 0.02, 4) for accuracy in part.accuracies[1:])]
        losses = [round(0.5 + 0.01 * place, 2) for place in range(25)]
        transfers = {
            name: [start, end + (0.02 if kind in name else 0.01)] for name, (start, end) in part.transfers.items()
        }
        results.measured[f"{kind}-seed0"] = dataclasses.replace(
            part, accuracies=accuracies, losses=losses, transfers=transfers
        )
    return results


def test_claims_show_both_numbers():
    assert said(experiment.claims(uneven())) == paragraphs(
        f"""
        at the same sparsity tickets beat random masks, in the mean over all sparsities, in points | better at the
        same sparsity | 12.0 ± 0.0; the mean of the trials is above at 23 of 23 sparsities | {PAIRED}

        at 92 % sparsity tickets beat random masks | 72-74 against less (%) | 72.7 ± 1.2 against 60.7 ± 1.2
        (%) | {PAIRED}

        at 92 % sparsity tickets beat the dense network | 72-74 against about 63 (%) | 72.7 ± 1.2 against
        63.0 ± 0.0 (%) | {PAIRED}

        at 96 % sparsity tickets beat the dense network | more against about 63 (%) | 72.7 ± 1.2 against
        63.0 ± 0.0 (%) | {PAIRED}

        on new data, as is, the ticket beats the dense network | about 70 against less (%) | 72.3 ± 0.6
        against 63.3 ± 0.6 (%) | {PAIRED}

        on new data, flipped, the ticket beats the dense network | about 70 against less (%) | 72.3 ± 0.6
        against 63.3 ± 0.6 (%) | {PAIRED}

        on new data, shuffled, the ticket is worse than the dense network | less against more (%) | 63.3 ±
        0.6 against 72.3 ± 0.6 (%) | {PAIRED}

        on new data, re-initialised, the ticket beats the dense network | more against less (%) | 72.3 ± 0.6
        against 63.3 ± 0.6 (%) | {PAIRED}

        on new data, the ticket leads the dense network by less on shuffled than on unshuffled signals, in
        points | seen in the figure | -9.0 ± 0.0 against 9.0 ± 0.0 | {PAIRED}

        in the ticket's first layer, unmasked inputs are next to each other more often than in random masks
        | above chance | 75.0 ± 0.0 % of them against 10.0 ± 0.0 % | {PAIRED}

        in the ticket's first layer, unmasked inputs are next to each other more often than in a random
        order of each unit's inputs | not compared | 75.0 ± 0.0 % of them against 7.5 ± 0.0 % expected, p
        0.001, 0.001, 0.001 | permutation test of the inputs of each unit, the p-values of the trials combined
        (Fisher), p < 0.05
        """
    )


@pytest.mark.parametrize(
    ("behind", "measured"),
    [
        ([1], "11.4 ± 0.0; the mean of the trials is above at 22 of 23 sparsities, at all from 8 % on"),
        ([1, 22], "10.9 ± 0.0; the mean of the trials is above at 21 of 23 sparsities, at all from 96 % on"),
        ([23], "11.4 ± 0.0; the mean of the trials is above at 22 of 23 sparsities"),
        ([0, 24], "12.0 ± 0.0; the mean of the trials is above at 23 of 23 sparsities"),
        (range(1, 24), "-1.0 ± 0.0; the mean of the trials is above at 0 of 23 sparsities"),
    ],
)
def test_the_sparsities_are_named_from_which_on_tickets_are_ahead(behind, measured):
    results = synthetic(0.72, 0.6, 0.63)
    for name, part in results.measured.items():
        if name.startswith("tickets"):
            accuracies = [0.59 if place in behind else accuracy for place, accuracy in enumerate(part.accuracies)]
            results.measured[name] = dataclasses.replace(part, accuracies=accuracies)
    claim = experiment.claims(results)[0]
    assert claim.measured == measured
    assert claim.holds is not measured.startswith("-")


def test_the_figure_shows_every_trial_and_the_means():
    results = uneven()
    figure = experiment.plot(results)
    loss, accuracy, adjacent, masks, *transfers = figure.axes
    sparsities = [round(100 * sparsity, 6) for sparsity in SMALL.sparsities]
    for axes, what, scale in ((loss, "losses", 1), (accuracy, "accuracies", 100)):
        named, lines = dict(curves(axes)), [line for _, line in curves(axes)]
        for kind, label in (("tickets", "ticket"), ("random", "random mask")):
            trials = scale * np.array([getattr(trial, what) for trial in results.where(kind=kind)])
            for trial in trials:
                assert list(zip(sparsities, trial.round(6), strict=True)) in lines
            assert named[label] == list(zip(sparsities, trials.mean(0).round(6), strict=True))
        assert named["dense"] == [(0, 63), (1, 63)] if scale == 100 else [(0, 5 / 6), (1, 5 / 6)]
        assert [(sparsities[22], 0), (sparsities[22], 1)] in lines
        assert axes.get_xlabel() == "sparsity (%)"
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("test loss (nats)", "test accuracy (%)")
    assert points(accuracy) == [(92, 73)]
    assert points(loss) == []
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["ticket", "random mask", "dense"]
    assert [text.get_text() for text in accuracy.get_legend().get_texts()] == ["published"]
    assert [bar.get_height() for bar in adjacent.patches] == pytest.approx([10, 7.5, 75], abs=0.1)
    assert [line[0] for _, line in curves(adjacent)] == [
        (place, round(bar.get_height(), 6)) for place, bar in enumerate(adjacent.patches)
    ]
    names = [label.get_text().replace("\n", " ") for label in adjacent.get_xticklabels()]
    assert names == ["random mask", "ticket, any order", "ticket"]
    assert masks.images[0].get_array().shape == (20, 40 + 8 + 40)
    assert [axes.get_title("left") for axes in figure.axes] == [
        "a  networks after training",
        "b  networks after training",
        "g  adjacent inputs of the first layer",
        "S2  masks of the first layer",
        "c  new data, as is",
        "d  new data, flipped",
        "e  new data, shuffled",
        "f  new data, re-initialised",
    ]
    for axes, name, dense in zip(
        transfers,
        ("as is", "flipped", "shuffled", "re-initialised"),
        ("as is", "flipped", "shuffled", "as is"),
        strict=True,
    ):
        named, lines = dict(curves(axes)), [line for _, line in curves(axes)]
        for kind, label, inputs in (
            ("tickets", "ticket", name),
            ("random", "random mask", name),
            ("tickets", "dense", dense),
        ):
            trials = 100 * np.array([trial.transfers[f"{label} {inputs}"] for trial in results.where(kind=kind)])
            assert named[label] == list(zip((2, 4), trials.mean(0).round(6), strict=True))
            assert all(list(zip((2, 4), trial.round(6), strict=True)) in lines for trial in trials)


def test_the_masks_in_the_figure_are_in_the_order_of_their_adjacent_inputs():
    results = synthetic(0.72, 0.6, 0.63)
    mask = np.zeros((20, 40), bool)
    mask[3, :4] = mask[5, 10:13] = True
    mask[7, ::2] = True
    results.measured["tickets-seed0"] = dataclasses.replace(results.measured["tickets-seed0"], mask=pack(mask))
    image = experiment.plot(results).axes[3].images[0].get_array()
    assert (image[:, :40] == mask[[3, 5, *sorted({*range(20)} - {3, 5})]]).all()
    assert not image[:, 40:48].any()


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(quick=True, executor=executor)
    assert set(results.measured) == {f"{kind}-seed{seed}" for kind in ("tickets", "random") for seed in range(5)}
    for seed in range(5):
        tickets, random = (results.measured[f"{kind}-seed{seed}"] for kind in ("tickets", "random"))
        assert tickets.accuracies[0] == random.accuracies[0] > 0.3
        assert len(tickets.accuracies) == 25
    figure = experiment.plot(results)
    assert all(axes.lines or axes.images for axes in figure.axes)
    assert len(experiment.claims(results)) == 11
