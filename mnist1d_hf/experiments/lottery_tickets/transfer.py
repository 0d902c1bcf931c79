"""The transfer of tickets and random masks to a new dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...baselines.data import load_tensors
from ...utils.seeds import generator
from ..experiment import StepCounter
from .masked_mlp import Layers, MaskedMLP, evaluate, initial_layers, train
from .settings import Settings

INPUTS = ("as is", "flipped", "shuffled")
"""What is done to the signals of the new dataset: nothing, reversed in time, and their points permuted."""

REINITIALISED = "re-initialised"
"""The ticket's mask on new weights, with the signals as they are."""

NETWORK = {"tickets": "ticket", "random": "random mask"}
"""The network that a kind of part trains, in the figure and in the transfers."""

Data = tuple[Tensor, Tensor, Tensor, Tensor]
"""Signals and labels, training and test."""


def load(**parameters: Any) -> Data:
    """Load training and test rows, generated with other parameters if given."""
    return (*load_tensors("default", "train", **parameters), *load_tensors("default", "test", **parameters))


def dense_inputs(name: str) -> str:
    """Return the inputs of the dense network that a transfer is compared with."""
    return name if name in INPUTS else INPUTS[0]


def transfer_networks(
    settings: Settings, initial: Layers, masks: Layers, kind: str, seed: int, count: StepCounter
) -> dict[str, list[float]]:
    """Return test accuracies, fractions, while training on the new dataset, by network and what is done to the signals."""
    x_train, y_train, x_test, y_test = load(seed=settings.transfer_data_seed)
    length = x_train.shape[1]
    # The same for both kinds.
    stream = generator(seed, "transfer")
    ascending = torch.arange(length)
    order = {"as is": ascending, "flipped": ascending.flip(0), "shuffled": torch.randperm(length, generator=stream)}
    reinitialised = initial_layers(length, settings.hidden_size, stream)
    network = NETWORK[kind]
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
