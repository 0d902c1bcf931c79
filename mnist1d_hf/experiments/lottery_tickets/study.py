"""Finds lottery tickets in an MLP, and trains them on other data (section 5.1, Figures 4 a-g and S2).

A ticket is what is left of a network after rounds of training, pruning its smallest weights, and rewinding the others to what
they were before training. Random masks of the same sparsity on the same initial weights are the control. The ticket next to
92 % sparsity is then trained on a new dataset of the same distribution, beside the dense network it was found in and its
random mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ...baselines.data import load_tensors
from ...dataset.templates import NUM_CLASSES
from ...utils.extras import require
from ...utils.figures import GREY
from ...utils.statistics import LEVEL, PAIRED_TEST, describe, is_greater
from ..experiment import Claim, Experiment, Part, Progress, Results
from .adjacency import adjacency, expected_adjacency, p_adjacent, pack, unpack
from .masked_mlp import Layers, MaskedMLP, initial_layers, prune, random_masks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INPUTS = ("as is", "flipped", "shuffled")
"""What is done to the signals of the new dataset: nothing, reversed in time, and their points permuted."""

REINITIALISED = "re-initialised"
"""The ticket's mask on new weights, with the signals as they are."""

_NETWORK = {"tickets": "ticket", "random": "random mask"}
"""What a kind of part trains, in the figure and in the transfers."""

_COLOURS = {"ticket": "C3", "random mask": "C0", "dense": "#5f6b76"}


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    hidden_size: int = 500
    learning_rate: float = 2e-2
    rounds: int = 100
    """Sparsities from 0 to 1, evenly spaced."""
    steps: int = 1501
    batch_size: int = 100
    transfer_sparsity: float = 0.92
    """The ticket of the nearest round is transferred."""
    transfer_data_seed: int = 43
    transfer_steps: int = 6000
    transfer_batch_size: int = 500
    transfer_evaluations: int = 24

    @property
    def sparsities(self) -> list[float]:
        """Sparsity of each round."""
        return [float(value) for value in np.linspace(0, 1, self.rounds)]

    @property
    def transfer_round(self) -> int:
        """The round whose ticket is transferred."""
        return int(np.abs(np.subtract(self.sparsities, self.transfer_sparsity)).argmin())


@dataclass(frozen=True)
class Measured:
    """What a part measures: the tickets of a trial, or its random masks."""

    accuracies: list[float]
    """On the test rows after training, a fraction, by round."""
    losses: list[float]
    """Mean cross-entropy of the test rows, in nats."""
    transfers: dict[str, list[float]]
    """Test accuracy on the new dataset while training, by network and what is done to it."""
    mask: str
    """First layer of the transferred mask, without biases, as `pack` writes it."""


Data = tuple[Tensor, Tensor, Tensor, Tensor]
"""Signals and labels, training and test."""
Count = Callable[[int, str], None]
"""Called with the number of steps done since the last call, and what was measured."""


class LotteryTickets(Experiment[Settings, Measured]):
    """The experiment; see the module."""

    name = "lottery-tickets"
    settings = Settings()
    quick = Settings(
        hidden_size=60, rounds=25, steps=80, transfer_steps=200, transfer_batch_size=100, transfer_evaluations=6
    )
    measurement = Measured
    remarks = (
        "Three trials, where the paper has two; the random masks are trained on the new data as well.",
        "At low sparsity, tickets, random masks and the dense network differ by chance alone, by a point or two.",
        "Shuffled, a ticket loses most of its lead but is still ahead of the dense network, in each of three "
        "trials. In the two of the authors' public code it is behind by 0.1 and by 1.8 points.",
        "Tickets have units with many inputs and units with none. That alone makes more of their inputs adjacent "
        "than in a random mask, which is the paper's comparison. Against random orders of each unit's own inputs,"
        " which was tried, it is not significant in every trial.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return two parts a seed: one ticket comes from another, so that a trial cannot be measured in smaller pieces."""
        finding = settings.rounds * settings.steps
        return [
            Part(f"{kind}-seed{seed}", finding + transfers * settings.transfer_steps, {"kind": kind, "seed": seed})
            for kind, transfers in (("tickets", 2 * len(INPUTS) + 1), ("random", len(INPUTS) + 1))
            for seed in range(seeds)
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the networks of a trial."""
        kind, seed = part.values["kind"], part.values["seed"]
        data = _load()
        initial = initial_layers(data[0].shape[1], settings.hidden_size, torch.Generator().manual_seed(seed))
        done = 0

        def count(steps: int, what: str) -> None:
            nonlocal done
            done += steps
            progress(done, what)

        accuracies, losses, kept = _train_rounds(settings, data, initial, kind, seed, count)
        transfers = _transfer(settings, initial, kept, kind, seed, count)
        return Measured(accuracies, losses, transfers, pack(kept[0][:, :-1].numpy()))

    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare tickets with random masks and the dense network, and adjacency with chance."""
        tickets, controls = _of_kind(results, "tickets"), _of_kind(results, "random")
        claims = [_at_every_sparsity(results.settings, tickets, controls)]
        where = results.settings.transfer_round
        sparse = int(np.argmax(np.array(results.settings.sparsities) > 0.95))
        chance, dense = [one.accuracies[where] for one in controls], [one.accuracies[0] for one in tickets]
        for number, others, control, published in (
            (where, "random masks", chance, "72-74 against less"),
            (where, "the dense network", dense, "72-74 against about 63"),
            (sparse, "the dense network", dense, "more against about 63"),
        ):
            share = f"{100 * results.settings.sparsities[number]:.0f} %"
            found = [one.accuracies[number] for one in tickets]
            claims.append(_comparison(f"at {share} sparsity tickets beat {others}", published, found, control))
        for name, published in (
            ("as is", "about 70 against less"),
            ("flipped", "about 70 against less"),
            ("shuffled", "less against more"),
            (REINITIALISED, "more against less"),
        ):
            worse = name == "shuffled"
            statement = f"on new data, {name}, the ticket {'is worse than' if worse else 'beats'} the dense network"
            ours = [one.transfers[f"ticket {name}"][-1] for one in tickets]
            theirs = [one.transfers[f"dense {_dense_of(name)}"][-1] for one in tickets]
            claims.append(_comparison(statement, published, ours, theirs, above=not worse))
        return [*claims, _shuffling_claim(tickets), *_adjacency_claims(results.settings, tickets, controls)]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw accuracy over sparsity, the transfers, adjacency and masks."""
        figure: Figure = require("matplotlib.figure", "plot").Figure(figsize=(11, 5.2), layout="constrained")
        top, bottom = figure.subplots(2, 4)
        _draw_rounds(top[0], results, "losses", "test loss (nats)")
        _draw_rounds(top[1], results, "accuracies", "test accuracy (%)")
        top[0].legend(frameon=False, fontsize=7)
        top[1].plot([92], [73], "x", color=GREY, label="published")
        top[1].legend(*(one[-1:] for one in top[1].get_legend_handles_labels()), frameon=False, fontsize=7)
        _draw_adjacency(top[2], results)
        _draw_masks(top[3], results)
        for axes, name in zip(bottom, (*INPUTS, REINITIALISED), strict=True):
            axes.sharey(bottom[0])
            _draw_transfer(axes, results, name)
        bottom[0].legend(frameon=False, fontsize=7)
        bottom[0].set_ylabel("test accuracy (%)")
        for axes, letter in zip((*top[:2], *bottom, *top[2:]), (*"abcdefg", "S2"), strict=True):
            axes.set_title(f"{letter}  {axes.get_title()}".rstrip(), loc="left", fontsize=8)
            axes.set_title("")
        for axes in (*top, *bottom):
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=7)
            axes.xaxis.label.set_size(8)
            axes.yaxis.label.set_size(8)
        return figure


def _load(**parameters: Any) -> Data:
    return (*load_tensors("default", "train", **parameters), *load_tensors("default", "test", **parameters))


def _train_rounds(
    settings: Settings, data: Data, initial: Layers, kind: str, seed: int, count: Count
) -> tuple[list[float], list[float], Layers]:
    """Return test accuracy and loss by round, and the masks of the round that is transferred."""
    # Not the generator of the initial weights, which the seed itself draws.
    generator = torch.Generator().manual_seed(seed + 2**32)
    accuracies, losses, kept = [], [], []
    trained, masks = initial, [torch.ones_like(layer, dtype=torch.bool) for layer in initial]
    for number, sparsity in enumerate(settings.sparsities):
        if kind == "random":
            masks = random_masks(initial, sparsity, generator)
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


def _transfer(
    settings: Settings, initial: Layers, masks: Layers, kind: str, seed: int, count: Count
) -> dict[str, list[float]]:
    """Return test accuracies while training on the new dataset, by network and what is done to it."""
    x_train, y_train, x_test, y_test = _load(seed=settings.transfer_data_seed)
    length = x_train.shape[1]
    # The same for both kinds.
    generator = torch.Generator().manual_seed(seed + 2 * 2**32)
    order = {
        "as is": torch.arange(length),
        "flipped": torch.arange(length).flip(0),
        "shuffled": torch.randperm(length, generator=generator),
    }
    reinitialised = initial_layers(length, settings.hidden_size, generator)
    network = _NETWORK[kind]
    runs = {f"{network} {name}": (initial, masks, order[name]) for name in INPUTS}
    runs[f"{network} {REINITIALISED}"] = (reinitialised, masks, order["as is"])
    if kind == "tickets":
        dense = [torch.ones_like(mask) for mask in masks]
        runs |= {f"dense {name}": (initial, dense, order[name]) for name in INPUTS}
    accuracies: dict[str, list[float]] = {}
    for name, (layers, layer_masks, positions) in runs.items():
        trained = MaskedMLP(layers, layer_masks, settings.learning_rate)
        accuracies[name] = []
        for steps in np.array_split(np.arange(settings.transfer_steps), settings.transfer_evaluations):
            train(trained, x_train[:, positions], y_train, steps.tolist(), settings.transfer_batch_size)
            accuracy, _ = evaluate(trained, x_test[:, positions], y_test)
            accuracies[name].append(round(accuracy, 4))
            count(len(steps), f"{100 * accuracy:.1f} % {name}")
    return accuracies


def train(network: MaskedMLP, x: Tensor, y: Tensor, steps: Sequence[int], batch_size: int) -> None:
    """Train on the rows in their order, epoch after epoch.

    Parameters
    ----------
    network : MaskedMLP
        Network, which is changed.
    x : Tensor of float32, shape (rows, length)
        Signals.
    y : Tensor of int64, shape (rows,)
        Labels.
    steps : sequence of int
        Numbers of the steps, which decide the rows.
    batch_size : int
        Rows of a batch.
    """
    targets = F.one_hot(y, NUM_CLASSES).to(x.dtype)
    num_batches = len(x) // batch_size
    for step in steps:
        rows = slice(step % num_batches * batch_size, (step % num_batches + 1) * batch_size)
        network.step(x[rows], targets[rows])


def evaluate(network: MaskedMLP, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return accuracy, a fraction, and mean cross-entropy, in nats, of a network on signals and labels."""
    logits = network.logits(x)
    return float((logits.argmax(1) == y).float().mean()), float(F.cross_entropy(logits, y))


def _of_kind(results: Results[Settings, Measured], kind: str) -> list[Measured]:
    """Return the trials, in the order of their seeds."""
    return [results.measured[f"{kind}-seed{seed}"] for seed in range(results.seeds)]


def _masks(settings: Settings, trials: Sequence[Measured]) -> list[NDArray[np.bool_]]:
    return [unpack(one.mask, settings.hidden_size) for one in trials]


def _dense_of(name: str) -> str:
    """Return what the dense network is trained on that a transfer is compared with."""
    return name if name in INPUTS else INPUTS[0]


def _comparison(
    statement: str, published: str, ours: Sequence[float], theirs: Sequence[float], above: bool = True
) -> Claim:
    """Compare accuracies of the trials."""
    first, second = (describe([100 * value for value in values]) for values in (ours, theirs))
    return Claim(
        statement=statement,
        published=f"{published} (%)",
        measured=f"{first} against {second} (%)",
        test=PAIRED_TEST,
        holds=is_greater(ours, theirs) if above else is_greater(theirs, ours),
    )


def _at_every_sparsity(settings: Settings, tickets: Sequence[Measured], controls: Sequence[Measured]) -> Claim:
    # At 0 and 1 both are the same network.
    inner = settings.sparsities[1:-1]
    ours, others = (np.mean([one.accuracies for one in trials], axis=0)[1:-1] for trials in (tickets, controls))
    above = ours > others
    count = int(above[::-1].cumprod().sum())
    ahead = f", at all from {100 * inner[-count]:.0f} % on" if 0 < count < len(above) else ""
    return Claim(
        statement="tickets beat random masks at every sparsity",
        published="at every sparsity",
        measured=f"at {above.sum()} of {len(above)}{ahead}; by {100 * (ours - others).mean():.1f} points in the mean over them",
        test="the mean of the trials above, at each sparsity but 0 and 1",
        holds=bool(above.all()),
    )


def _shuffling_claim(tickets: Sequence[Measured]) -> Claim:
    leads = [
        [100 * (one.transfers[f"ticket {name}"][-1] - one.transfers[f"dense {name}"][-1]) for one in tickets]
        for name in ("as is", "shuffled")
    ]
    return Claim(
        statement="on new data, the ticket's lead over the dense network is less shuffled than as is, in points",
        published="seen in the figure",
        measured=f"{describe(leads[1])} against {describe(leads[0])}",
        test=PAIRED_TEST,
        holds=is_greater(*leads),
    )


def _adjacency_claims(settings: Settings, tickets: Sequence[Measured], controls: Sequence[Measured]) -> list[Claim]:
    """Compare with random masks, as the paper does, and with the ticket's own units in a random order of their inputs.

    Tickets have units with many inputs and others with none, which alone makes more of them adjacent.
    """
    masks = _masks(settings, tickets)
    ours, expected = [100 * adjacency(mask) for mask in masks], [100 * expected_adjacency(mask) for mask in masks]
    random = [100 * adjacency(mask) for mask in _masks(settings, controls)]
    p_values = [p_adjacent(mask) for mask in masks]
    statement = "in the ticket's first layer, unmasked inputs are next to each other more often than"
    return [
        Claim(
            statement=f"{statement} in random masks",
            published="above chance",
            measured=f"{describe(ours)} % of them against {describe(random)} %",
            test=PAIRED_TEST,
            holds=is_greater(ours, random),
        ),
        Claim(
            statement=f"{statement} in a random order of each unit's inputs",
            published="above chance",
            measured=f"{describe(ours)} % of them against {describe(expected)} % expected, p ≤ {max(p_values):.3f}",
            test=f"permutation test of the inputs of each unit, p < {LEVEL} in each trial",
            holds=max(p_values) < LEVEL,
        ),
    ]


def _draw_rounds(axes: Axes, results: Results[Settings, Measured], what: str, label: str) -> None:
    """Draw each trial thin, and their mean."""
    scale = 100 if what == "accuracies" else 1
    sparsities = 100 * np.array(results.settings.sparsities)
    tickets = _of_kind(results, "tickets")
    for kind, network in _NETWORK.items():
        trials = scale * np.array([getattr(one, what) for one in _of_kind(results, kind)])
        axes.plot(sparsities, trials.T, color=_COLOURS[network], linewidth=0.5, alpha=0.4)
        axes.plot(sparsities, trials.mean(0), color=_COLOURS[network], linewidth=1.2, label=network)
    dense = scale * float(np.mean([getattr(one, what)[0] for one in tickets]))
    axes.axhline(dense, color=_COLOURS["dense"], linewidth=1, linestyle=":", label="dense")
    axes.axvline(sparsities[results.settings.transfer_round], color=GREY, linewidth=0.5)
    axes.set(title="networks after training", xlabel="sparsity (%)", ylabel=label)


def _draw_transfer(axes: Axes, results: Results[Settings, Measured], name: str) -> None:
    settings = results.settings
    chunks = np.array_split(np.arange(settings.transfer_steps), settings.transfer_evaluations)
    steps = [chunk[-1] + 1 for chunk in chunks]
    for kind, network, inputs in (
        ("tickets", "dense", _dense_of(name)),
        ("random", "random mask", name),
        ("tickets", "ticket", name),
    ):
        curves = 100 * np.array([one.transfers[f"{network} {inputs}"] for one in _of_kind(results, kind)])
        axes.plot(steps, curves.T, color=_COLOURS[network], linewidth=0.5, alpha=0.4)
        axes.plot(steps, curves.mean(0), color=_COLOURS[network], linewidth=1.2, label=network)
    axes.set(title=f"new data, {name}", xlabel="step")


def _draw_adjacency(axes: Axes, results: Results[Settings, Measured]) -> None:
    tickets, controls = (_masks(results.settings, _of_kind(results, kind)) for kind in ("tickets", "random"))
    bars = (
        ("random\nmask", controls, adjacency, _COLOURS["random mask"]),
        ("ticket,\nany order", tickets, expected_adjacency, _COLOURS["dense"]),
        ("ticket", tickets, adjacency, _COLOURS["ticket"]),
    )
    for place, (_, masks, statistic, colour) in enumerate(bars):
        values = [100 * statistic(mask) for mask in masks]
        axes.bar(place, np.mean(values), width=0.6, color=colour, alpha=0.5)
        axes.plot([place] * len(values), values, "o", color=colour, markersize=3)
    axes.set_xticks(range(len(bars)), [bar[0] for bar in bars])
    axes.set(title="adjacent inputs of the first layer", ylabel="next input unmasked (%)")


def _draw_masks(axes: Axes, results: Results[Settings, Measured]) -> None:
    """Draw the first trial's masks side by side, units with most adjacent inputs first."""
    first = [_masks(results.settings, _of_kind(results, kind))[0] for kind in ("tickets", "random")]
    ordered = [mask[np.argsort(-(mask[:, :-1] & mask[:, 1:]).sum(1), kind="stable")] for mask in first]
    gap = np.zeros((len(first[0]), 8), bool)
    axes.imshow(np.hstack([ordered[0], gap, ordered[1]]), cmap="Greys", aspect="auto", interpolation="nearest")
    length = first[0].shape[1]
    axes.set_xticks([length / 2, length * 1.5 + gap.shape[1]], ["ticket", "random mask"])
    axes.set(title="masks of the first layer", ylabel="hidden units, by adjacency", yticks=[])


EXPERIMENT = LotteryTickets()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
