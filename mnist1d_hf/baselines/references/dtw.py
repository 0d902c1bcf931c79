"""The nearest training row by dynamic time warping, all training rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class NearestByWarping:
    """Gives a signal the class of the training signal from which its warping distance is smallest.

    Parameters
    ----------
    window : int
        Points by which two signals may be shifted against each other (Sakoe-Chiba band), at least 0; with 0 it is the Euclidean
        distance.
    """

    def __init__(self, *, window: int) -> None:
        self._window = window

    def fit(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> NearestByWarping:
        """Keep the training rows."""
        self._x, self._y = x, y
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return 1 for the class of the nearest training row and 0 for the others."""
        nearest = self._y[warping_distances(x, self._x, self._window).argmin(axis=1)]
        probabilities: NDArray[np.float64] = np.equal(nearest[:, None], self.classes_).astype(np.float64)
        return probabilities


def warping_distances(queries: NDArray[np.float32], rows: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Return the squared warping distance of every query from every row, of shape (queries, rows)."""
    points = np.ascontiguousarray(rows.T)
    return np.stack([_distances(query, points, window) for query in queries])


def _distances(query: NDArray[np.float32], points: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Return the distances of one query from signals of shape (length, rows): rows lie side by side, for long vectors."""
    length = len(points)
    # best[j] is the cost of the best path to the query's current point and the first j points of a row.
    best = np.full((length + 1, points.shape[1]), np.inf, np.float32)
    best[0] = 0
    for i, value in enumerate(query):
        low, high = max(0, i - window), min(length, i + window + 1)
        costs = (points[low:high] - value) ** 2
        paths = np.minimum(best[low:high], best[low + 1 : high + 1])
        best[low] = np.inf
        for j in range(low, high):
            np.minimum(paths[j - low], best[j], out=best[j + 1])
            best[j + 1] += costs[j - low]
    distances: NDArray[np.float32] = best[length]
    return distances
