"""What can be read out of features: by a logistic regression, nearest neighbours, silhouettes and t-SNE.

Features are float32, of shape (rows, features); labels int64, of shape (rows,), with every class among them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...baselines.layers.layer import Network
from ...dataset.templates import NUM_CLASSES
from ...utils.extras import require
from .simclr import layer_outputs

Features = NDArray[np.float32]
Labels = NDArray[np.int64]

RANGE = 999
"""Coordinates are kept as whole numbers between minus and plus this."""

# Rows that go through the network at once, to bound memory.
_ROWS_AT_ONCE = 500


def all_features(network: Network, x: Tensor) -> list[Features]:
    """Return the output (members, rows, features) of every layer, from the first, for signals (rows, length)."""
    outputs = [layer_outputs(network, rows.expand(network.num_members, -1, -1)) for rows in x.split(_ROWS_AT_ONCE)]
    return [torch.cat(layer, dim=1).numpy() for layer in zip(*outputs, strict=True)]


def linear_accuracy(x: Features, y: Labels, x_test: Features, y_test: Labels) -> float:
    """Fit a logistic regression to standardised features, and return its accuracy on the test rows in percent."""
    scaler = require("sklearn.preprocessing", "experiments").StandardScaler().fit(x)
    regression = require("sklearn.linear_model", "experiments").LogisticRegression(tol=1e-2, max_iter=1000)
    regression.fit(scaler.transform(x), y)
    return round(100 * float(regression.score(scaler.transform(x_test), y_test)), 2)


def neighbor_accuracy(x: Features, y: Labels, x_test: Features, y_test: Labels, neighbors: int) -> float:
    """Classify test rows by the majority of their nearest training rows; accuracy in percent."""
    classifier = require("sklearn.neighbors", "experiments").KNeighborsClassifier(neighbors)
    return round(100 * float(classifier.fit(x, y).score(x_test, y_test)), 2)


def class_silhouettes(x: Features, y: Labels) -> list[float]:
    """Return the mean silhouette of each class by the cosine, in [-1, 1]: near 1 if it stands apart from the others."""
    silhouettes = require("sklearn.metrics", "experiments").silhouette_samples(x, y, metric="cosine")
    return [round(float(silhouettes[y == label].mean()), 3) for label in range(NUM_CLASSES)]


def embed(x: Features, seed: int) -> list[list[int]]:
    """Lay rows out in the plane with t-SNE by the cosine, in the authors' settings; return both coordinates of each row."""
    # What scikit-learn 0.24, which the authors used, did by default.
    tsne = require("sklearn.manifold", "experiments").TSNE(
        metric="cosine", init="random", learning_rate=200.0, random_state=seed
    )
    coordinates = tsne.fit_transform(x).astype(np.float64)
    whole: list[list[int]] = np.rint(RANGE * coordinates / np.abs(coordinates).max()).astype(int).tolist()
    return whole
