"""Learns features without labels, and reads them out by layer (section 5.5, Figure 8).

SimCLR trains three convolutions and a projector; see `simclr`. Then the labels are read out of each layer by a logistic
regression, which is fitted on the training rows and scored on the test rows, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...baselines.data import load_tensors
from ...dataset.templates import NUM_CLASSES
from ...utils.extras import require
from ...utils.figures import DARK_GREY, GREY
from ...utils.statistics import PAIRED_TEST, describe, is_greater
from ..experiment import Claim, Experiment, Part, Progress, Results
from ..layers import Network
from .simclr import Augmentation, draw_network, layer_outputs, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PROJECTORS: dict[str, tuple[int, ...]] = {"deep": (125, 125, 125, 16), "default": (125, 16), "none": ()}
"""Units of each layer of the projector."""

PUBLISHED = {
    "default": (32.8, 75.1, 80.9, 82.1, 76.1, 75.0),
    "none": (32.8, 82.2, 79.5, 53.4),
    "deep": (32.8, 75.9, 82.4, 79.5, 77.3, 72.8, 65.0, 61.1),
}
"""Linear accuracy of each layer in percent, from the pixels to the output."""

PUBLISHED_NEIGHBORS = 59.6
"""Accuracy of nearest neighbours among the pixels, in percent."""

WANTED_ACCURACY = 80.0
"""What the linear accuracy of the convolutions should reach, in percent."""

FEATURES = 3
"""The layer that is used: the output of the convolutions, without the projector."""

APART = (0, 3, 6, 8)
"""Digits that stand apart in the paper's t-SNE of the output."""

NAMES = {"default": "the projector", "none": "no projector", "deep": "the deep projector"}
_STYLES = {"default": ("k", "-"), "none": ("C0", "--"), "deep": ("C3", "-.")}

Features = NDArray[np.float32]
Labels = NDArray[np.int64]

# Rows that go through the network at once, to bound memory.
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    train_rows: int = 4000
    """The first ones."""
    channels: int = 25
    epochs: int = 200
    batch_size: int = 100
    learning_rate: float = 1e-2
    temperature: float = 0.5
    augmentation: Augmentation = field(default_factory=Augmentation)
    neighbors: int = 10
    embedded_rows: int = 1000
    """Test rows in the t-SNE."""


@dataclass(frozen=True)
class Measured:
    """What is measured with one projector: a value, or a list, a seed of the part."""

    linear_accuracies: list[list[float]]
    """Of each layer in percent, from the pixels to the output."""
    final_losses: list[float]
    """Mean InfoNCE loss in the last epoch, in nats."""
    silhouettes: list[list[float]]
    """Mean silhouette of each digit's test rows in the output, in [-1, 1]."""
    neighbor_accuracy: float
    """Of nearest neighbours among the pixels, in percent."""
    embedding: list[list[float]]
    """Both coordinates of test rows in a t-SNE of the output, of the first seed; empty but with the default projector."""
    labels: list[int]
    """Of these rows."""


class SelfSupervised(Experiment[Settings, Measured]):
    """The experiment; see the module."""

    name = "self-supervised"
    settings = Settings()
    quick = Settings(train_rows=500, epochs=4, embedded_rows=200)
    measurement = Measured

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each projector, whose seeds are members of one stack.

        Without a projector there are two, as it takes the least time: so two processes share the work evenly.
        """
        everyone = list(range(seeds))
        half = -(-seeds // 2)
        stacks = [("deep", everyone), ("default", everyone), ("none", everyone[:half]), ("none", everyone[half:])]
        return [
            Part("-".join(map(str, [projector, *stack])), settings.epochs, {"projector": projector, "seeds": stack})
            for projector, stack in stacks
            if stack
        ]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Train the seeds with one projector, and evaluate every layer."""
        projector, seeds = part.values["projector"], part.values["seeds"]
        x, y = load_tensors("default", f"train[:{settings.train_rows}]")
        x_test, y_test = load_tensors("default", "test")
        network = draw_network(x.shape[1], settings.channels, PROJECTORS[projector], seeds)
        losses = train(
            network,
            x,
            seeds=seeds,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            temperature=settings.temperature,
            augmentation=settings.augmentation,
            progress=lambda epoch, loss: progress(epoch, f"loss {loss:.3f}"),
        )
        features, features_test = all_features(network, x), all_features(network, x_test)
        labels, labels_test = y.numpy(), y_test.numpy()
        embeds = projector == "default"
        # One thread, as in the training: another process is busy on the next core.
        with require("threadpoolctl", "experiments").threadpool_limits(1):
            progress(settings.epochs, "linear accuracies")
            pixels = linear_accuracy(x.numpy(), labels, x_test.numpy(), labels_test)
            return Measured(
                linear_accuracies=[
                    [pixels]
                    + [
                        linear_accuracy(train[member], labels, test[member], labels_test)
                        for train, test in zip(features, features_test, strict=True)
                    ]
                    for member in range(len(seeds))
                ],
                final_losses=[round(loss, 3) for loss in losses],
                silhouettes=[class_silhouettes(output, labels_test) for output in features_test[-1]],
                neighbor_accuracy=neighbor_accuracy(x.numpy(), labels, x_test.numpy(), labels_test, settings.neighbors),
                embedding=embed(features_test[-1][0][: settings.embedded_rows], seeds[0]) if embeds else [],
                labels=labels_test[: settings.embedded_rows].tolist() if embeds else [],
            )

    def claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare where the best layer is, and how good."""
        return [
            *(_middle_is_best(results, projector) for projector in PUBLISHED),
            _accuracy_is_reached(results),
            _projector_helps(results),
            _digits_stand_apart(results),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw the t-SNE of the output, and the linear accuracy by layer."""
        figure: Figure = require("matplotlib.figure", "plot").Figure(figsize=(7, 3.1), layout="constrained")
        embedding, layers = figure.subplots(1, 2)
        _draw_embedding(embedding, _of(results, "default")[0])
        _draw_layers(layers, results)
        return figure


def all_features(network: Network, x: Tensor) -> list[Features]:
    """Return the output of every layer for signals that are the same for all members.

    Parameters
    ----------
    network : Network
        The members.
    x : Tensor of shape (rows, length)
        Signals.

    Returns
    -------
    list of ndarray of float32, shape (members, rows, features)
        From the first convolution to the output.
    """
    members = len(network.parameters[0])
    outputs = [layer_outputs(network, rows.expand(members, -1, -1)) for rows in x.split(_ROWS_AT_ONCE)]
    return [torch.cat(layer, dim=1).numpy() for layer in zip(*outputs, strict=True)]


def linear_accuracy(x: Features, y: Labels, x_test: Features, y_test: Labels) -> float:
    """Fit a logistic regression to standardised features, and score it.

    Parameters
    ----------
    x, x_test : ndarray of float32, shape (rows, features)
        Features of training and test rows.
    y, y_test : ndarray of int64, shape (rows,)
        Their labels.

    Returns
    -------
    float
        Accuracy on the test rows, in percent.
    """
    scaler = require("sklearn.preprocessing", "experiments").StandardScaler().fit(x)
    regression = require("sklearn.linear_model", "experiments").LogisticRegression(max_iter=5000)
    regression.fit(scaler.transform(x), y)
    return round(100 * float(regression.score(scaler.transform(x_test), y_test)), 2)


def neighbor_accuracy(x: Features, y: Labels, x_test: Features, y_test: Labels, neighbors: int) -> float:
    """Classify test rows by the majority of their nearest training rows.

    Parameters
    ----------
    x, x_test : ndarray of float32, shape (rows, features)
        Features of training and test rows.
    y, y_test : ndarray of int64, shape (rows,)
        Their labels.
    neighbors : int
        Number of them.

    Returns
    -------
    float
        Accuracy on the test rows, in percent.
    """
    classifier = require("sklearn.neighbors", "experiments").KNeighborsClassifier(neighbors)
    return round(100 * float(classifier.fit(x, y).score(x_test, y_test)), 2)


def class_silhouettes(x: Features, y: Labels) -> list[float]:
    """Return the mean silhouette of each class by the cosine: near 1 if it stands apart, below 0 if it is among others.

    Parameters
    ----------
    x : ndarray of float32, shape (rows, features)
        Features.
    y : ndarray of int64, shape (rows,)
        Their labels, of each class at least one.

    Returns
    -------
    list of float
        One a class, in [-1, 1].
    """
    silhouettes = require("sklearn.metrics", "experiments").silhouette_samples(x, y, metric="cosine")
    return [round(float(silhouettes[y == label].mean()), 3) for label in range(NUM_CLASSES)]


def embed(x: Features, seed: int) -> list[list[float]]:
    """Lay rows out in the plane with t-SNE by the cosine.

    Parameters
    ----------
    x : ndarray of float32, shape (rows, features)
        Features.
    seed : int
        Of what t-SNE draws.

    Returns
    -------
    list of list of float
        Both coordinates of each row, to one digit.
    """
    tsne = require("sklearn.manifold", "experiments").TSNE(metric="cosine", random_state=seed)
    coordinates: list[list[float]] = tsne.fit_transform(x).astype(np.float64).round(1).tolist()
    return coordinates


def _of(results: Results[Settings, Measured], projector: str) -> list[Measured]:
    """Return the parts with a projector, in the order of their seeds."""
    return [one for name, one in results.measured.items() if name.split("-")[0] == projector]


def _by_layer(results: Results[Settings, Measured], projector: str) -> NDArray[np.float64]:
    """Return the linear accuracies, of shape (seeds, layers)."""
    return np.concatenate([one.linear_accuracies for one in _of(results, projector)])


def _middle_is_best(results: Results[Settings, Measured], projector: str) -> Claim:
    accuracies, published = _by_layer(results, projector), np.array(PUBLISHED[projector])
    best = int(accuracies.mean(0).argmax())
    between = (accuracies.argmax(1) > 0) & (accuracies.argmax(1) < accuracies.shape[1] - 1)
    return Claim(
        statement=f"with {NAMES[projector]} the best layer is in the middle",
        published=f"layer {published.argmax()} with {published.max()} %, the output {published[-1]} %",
        measured=f"layer {best} with {describe(accuracies[:, best].tolist())} %, "
        f"the output {describe(accuracies[:, -1].tolist())} %",
        test="for each seed the best layer is neither the input nor the output",
        holds=bool(between.all()),
    )


def _accuracy_is_reached(results: Results[Settings, Measured]) -> Claim:
    accuracies = _by_layer(results, "default")[:, FEATURES].tolist()
    return Claim(
        statement=f"the linear accuracy of the convolutions is at least {WANTED_ACCURACY:.0f} %",
        published=f"{PUBLISHED['default'][FEATURES]}",
        measured=describe(accuracies),
        test="the mean over seeds",
        holds=sum(accuracies) / len(accuracies) >= WANTED_ACCURACY,
    )


def _projector_helps(results: Results[Settings, Measured]) -> Claim:
    ours, other = (_by_layer(results, projector)[:, FEATURES].tolist() for projector in ("default", "none"))
    return Claim(
        statement="the linear accuracy of the convolutions is better with the projector than without, in percent",
        published=f"{PUBLISHED['default'][FEATURES]} against {PUBLISHED['none'][FEATURES]}",
        measured=f"{describe(ours)} against {describe(other)}",
        test=PAIRED_TEST,
        holds=is_greater(ours, other),
    )


def _digits_stand_apart(results: Results[Settings, Measured]) -> Claim:
    silhouettes = np.array(_of(results, "default")[0].silhouettes)
    apart = np.isin(np.arange(NUM_CLASSES), APART)
    ours, other = silhouettes[:, apart].mean(1).tolist(), silhouettes[:, ~apart].mean(1).tolist()
    return Claim(
        statement="digits 0, 3, 6 and 8 stand apart in the output",
        published="seen in the t-SNE",
        measured=f"mean silhouette {describe(ours, digits=2)} against {describe(other, digits=2)} of the others",
        test=PAIRED_TEST,
        holds=is_greater(ours, other),
    )


def _draw_embedding(axis: Axes, one: Measured) -> None:
    points, labels = np.array(one.embedding), np.array(one.labels)
    axis.scatter(points[:, 0], points[:, 1], c=labels, cmap="tab10", vmin=-0.5, vmax=9.5, s=3, edgecolors="none")
    for digit in range(NUM_CLASSES):
        x, y = np.median(points[labels == digit], axis=0)
        axis.text(x, y, str(digit), ha="center", va="center", fontsize=9)
    axis.set(xticks=[], yticks=[], aspect="equal")
    axis.set_title("t-SNE of the output, test rows", fontsize=9)
    axis.spines[:].set_visible(False)


def _draw_layers(axis: Axes, results: Results[Settings, Measured]) -> None:
    for projector, (color, style) in _STYLES.items():
        accuracies = _by_layer(results, projector)
        layers = range(accuracies.shape[1])
        axis.plot(layers, PUBLISHED[projector], "o", color=GREY, markersize=6, fillstyle="none")
        axis.errorbar(
            layers,
            accuracies.mean(0),
            accuracies.std(0),
            color=color,
            linestyle=style,
            linewidth=1,
            marker="o",
            markersize=3,
            label=NAMES[projector].removeprefix("the "),
        )
    neighbors = _of(results, "default")[0].neighbor_accuracy
    axis.axhline(neighbors, color=DARK_GREY, linestyle=":", linewidth=0.8)
    axis.text(7, neighbors, "nearest neighbours of pixels", fontsize=7, ha="right", va="top", color=DARK_GREY)
    axis.set(xlabel="layer (0: pixels)", ylabel="linear accuracy (%)", xticks=range(8))
    axis.set_title("linear accuracy by layer; circles: published", fontsize=9)
    axis.legend(frameon=False, fontsize=7, loc="lower right")
    axis.spines[["top", "right"]].set_visible(False)


EXPERIMENT = SelfSupervised()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
