"""Finds lottery tickets in an MLP, and trains them on other data (section 5.1, Figures 4 a-g and S2).

A ticket is what is left of a network after rounds of training, pruning its smallest weights, and rewinding the others to what
they were before training. Random masks of the same sparsity on the same initial weights are the control. The ticket next to
92 % sparsity is then trained on a new dataset of the same distribution, beside the dense network it was found in and its
random mask.
"""

from __future__ import annotations

import torch

from ...utils.seeds import generator
from ..experiment import Experiment, Progress, StepCounter
from ..results import Part
from .adjacency import pack
from .claims import uncorrected_claims
from .figure import plot
from .masked_mlp import Layers, MaskedMLP, evaluate, initial_layers, prune, random_masks, train
from .settings import Measured, Settings
from .transfer import INPUTS, Data, load, transfer_networks

__all__ = ["EXPERIMENT", "claims", "plot", "run"]


class LotteryTickets(Experiment[Settings, Measured]):
    """Tickets and random masks at every sparsity, and on new data."""

    name = "lottery-tickets"
    settings = Settings()
    quick = Settings(
        hidden_size=60, rounds=25, steps=80, transfer_steps=200, transfer_batch_size=100, transfer_evaluations=6
    )
    measurement = Measured
    remarks = (
        "The paper has two trials. Here the random masks are trained on the new data as well.",
        "At low sparsity, tickets, random masks and the dense network differ only by chance.",
        "Shuffled, a ticket loses most of its lead over the dense network, but not all of it. In the two trials of the "
        "authors' public code it falls slightly behind.",
        "Tickets have units with many inputs and units with none. That alone makes more of their inputs adjacent "
        "than in a random mask, which is the paper's comparison. Against random orders of each unit's own inputs, "
        "the difference is not significant in every trial.",
    )
    uncorrected_claims = staticmethod(uncorrected_claims)
    plot = staticmethod(plot)

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return two parts per seed: one ticket comes from another, so a trial cannot be measured in smaller pieces."""
        finding = settings.rounds * settings.steps
        return [
            Part(f"{kind}-seed{seed}", finding + transfers * settings.transfer_steps, {"kind": kind, "seed": seed})
            for kind, transfers in (("tickets", 2 * len(INPUTS) + 1), ("random", len(INPUTS) + 1))
            for seed in range(seeds)
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the networks of a trial."""
        kind, seed = part.values["kind"], part.values["seed"]
        data = load()
        initial = initial_layers(data[0].shape[1], settings.hidden_size, generator(seed))
        count = StepCounter(progress)
        accuracies, losses, kept = _train_rounds(settings, data, initial, kind, seed, count)
        transfers = transfer_networks(settings, initial, kept, kind, seed, count)
        return Measured(accuracies, losses, transfers, pack(kept[0][:, :-1].numpy()))


def _train_rounds(
    settings: Settings, data: Data, initial: Layers, kind: str, seed: int, count: StepCounter
) -> tuple[list[float], list[float], Layers]:
    """Return test accuracy and loss by round, and the masks of the round that is transferred."""
    stream = generator(seed, "batches")
    accuracies, losses, kept = [], [], []
    trained, masks = initial, [torch.ones_like(layer, dtype=torch.bool) for layer in initial]
    for number, sparsity in enumerate(settings.sparsities):
        if kind == "random":
            masks = random_masks(initial, sparsity, stream)
        else:
            masks = prune(trained, masks, sparsity)
        if number == settings.transfer_round:
            kept = masks
        network = MaskedMLP(initial, masks, settings.learning_rate)
        train(network, data[0], data[1], range(settings.steps), settings.batch_size)
        trained = network.layers()
        accuracy, loss = evaluate(network, data[2], data[3])
        accuracies.append(round(accuracy, 4))
        losses.append(round(loss, 4))
        count(settings.steps, f"{100 * accuracy:.1f} % at sparsity {sparsity:.2f}")
    return accuracies, losses, kept


EXPERIMENT = LotteryTickets()
run, claims = EXPERIMENT.run, EXPERIMENT.claims
