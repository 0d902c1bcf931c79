"""Lottery tickets: the rounds, the transfers, and what is claimed of them."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch

from mnist1d_hf.experiments import lottery_tickets as experiment
from mnist1d_hf.experiments.lottery_tickets import study, transfer
from mnist1d_hf.experiments.lottery_tickets.adjacency import pack, unpack
from mnist1d_hf.experiments.lottery_tickets.masked_mlp import MaskedMLP, train
from mnist1d_hf.experiments.results import Results

SMALL = study.Settings(
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

    for module in (study, transfer):
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
    by_kind = {kind: study.Measured(accuracies[kind], [1.0] * 25, transfers, pack(masks[kind])) for kind in accuracies}
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


@pytest.mark.long
def test_the_quick_form_runs_and_its_figure_is_not_empty(executor):
    results = experiment.run(quick=True, executor=executor)
    assert set(results.measured) == {f"{kind}-seed{seed}" for kind in ("tickets", "random") for seed in range(3)}
    for seed in range(3):
        tickets, random = (results.measured[f"{kind}-seed{seed}"] for kind in ("tickets", "random"))
        assert tickets.accuracies[0] == random.accuracies[0] > 0.3
        assert len(tickets.accuracies) == 25
    figure = experiment.plot(results)
    assert all(axes.lines or axes.images for axes in figure.axes)
    assert len(experiment.claims(results)) == 11
