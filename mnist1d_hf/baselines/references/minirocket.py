"""MiniRocket (Dempster, Schmidt and Webb, 2021, https://arxiv.org/abs/2012.08791) with a ridge classifier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...utils.extras import require
from ...utils.seeds import generator

FEATURES = 9_996
"""Number of features; the paper's 10,000, in full sets of 84 kernels."""

# All kernels have nine weights, of which three are 2 and the others -1.
_TAPS = 9
_KERNELS = tuple(combinations(range(_TAPS), 3))

_MOST_DILATIONS = 32


class MiniRocketRidge:
    """A ridge classifier on the features of MiniRocket.

    Parameters
    ----------
    alpha : float
        Strength of the ridge.
    random_state : int
        Draws the training rows that the biases come from.
    """

    def __init__(self, *, alpha: float, random_state: int) -> None:
        self._alpha, self._seed = alpha, random_state

    def fit(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> MiniRocketRidge:
        """Fit biases, scales and weights to training rows."""
        self._rocket = MiniRocket(x, self._seed)
        features = self._rocket(x)
        scales = features.std(axis=0)
        self._scales = np.where(scales > 0, scales, 1)
        features /= self._scales
        self._ridge: Any = require("sklearn.linear_model", "reference").RidgeClassifier(alpha=self._alpha)
        self._ridge.fit(features, y)
        self.classes_ = self._ridge.classes_
        return self

    def decision_function(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a score for each class."""
        scores: NDArray[np.float64] = self._ridge.decision_function(self._rocket(x) / self._scales)
        return scores


class MiniRocket:
    """Turns signals into features: the parts of their points at which a convolution exceeds a bias.

    There are 84 kernels, each with several dilations, and several biases for each of these: quantiles of the convolution of a
    training row that is drawn.
    """

    def __init__(self, x: NDArray[np.float32], seed: int) -> None:
        self._dilations, counts = spread_dilations(x.shape[1])
        golden = (1 + 5**0.5) / 2
        quantiles = np.split(np.arange(1, FEATURES + 1) * golden % 1, np.cumsum(np.repeat(counts, len(_KERNELS)))[:-1])
        drawn = torch.randint(len(x), (len(quantiles),), generator=generator(seed))
        self._biases: list[NDArray[np.float32]] = []
        for dilation in self._dilations:
            for kernel in _KERNELS:
                index = len(self._biases)
                row = int(drawn[index])
                (values,) = _convolve(x[row : row + 1], dilation, [kernel])
                self._biases.append(np.asarray(np.quantile(values, quantiles[index]), np.float32))

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return features of shape (rows, FEATURES)."""
        biases = iter(self._biases)
        features = []
        for number, dilation in enumerate(self._dilations):
            for index, values in enumerate(_convolve(x, dilation, _KERNELS)):
                # Every second kernel leaves out the ends, where it meets zeros.
                margin = _TAPS // 2 * dilation * ((number + index) % 2)
                features.append(_exceeding(values[margin : len(values) - margin], next(biases)))
        return np.concatenate(features).T


def spread_dilations(length: int) -> tuple[list[int], list[int]]:
    """Return the dilations for signals of a length, and how many biases a kernel has with each."""
    highest = np.log2((length - 1) / (_TAPS - 1))
    dilations, counts = np.unique(np.logspace(0, highest, _MOST_DILATIONS, base=2).astype(int), return_counts=True)
    total = FEATURES // len(_KERNELS)
    counts = counts * total // _MOST_DILATIONS
    counts[: total - counts.sum()] += 1
    return dilations.tolist(), counts.tolist()


def _convolve(
    x: NDArray[np.float32], dilation: int, kernels: Iterable[tuple[int, ...]]
) -> Iterator[NDArray[np.float32]]:
    """Yield the convolution with each kernel, with zeros beyond the ends, of shape (points, rows): rows side by side."""
    margin, length = _TAPS // 2 * dilation, x.shape[1]
    padded = np.pad(x.T, ((margin, margin), (0, 0)))
    taps = np.stack([padded[tap * dilation : tap * dilation + length] for tap in range(_TAPS)])
    total = taps.sum(axis=0)
    for a, b, c in kernels:
        yield 3 * (taps[a] + taps[b] + taps[c]) - total


def _exceeding(values: NDArray[np.float32], biases: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return which part of the values, of shape (points, rows), exceeds each bias, of shape (biases, rows)."""
    # Bytes are added fast, and signals have fewer than 256 points.
    counts = [(values > bias).view(np.uint8).sum(axis=0, dtype=np.uint8) for bias in biases]
    return np.stack(counts).astype(np.float32) / np.float32(len(values))
