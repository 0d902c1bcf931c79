"""The reference classifiers by name: how each is made, and its settings, which `models/select_references.py` chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...utils.extras import require
from ..tasks import FRESH_ROWS
from .dtw import NearestByWarping
from .minirocket import MiniRocketRidge

# Rows scored at a time, whose features fit into memory.
_CHUNK = 2000


@dataclass(frozen=True)
class Reference:
    """A classifier with the interface of scikit-learn."""

    name: str
    description: str
    """One sentence."""
    factory: Callable[..., Any]
    """Makes it from its settings, and from ``random_state`` if it is random."""
    settings: Mapping[str, Any]
    """Chosen on validation rows; the others are the library's defaults."""
    is_random: bool
    """Whether another seed gives another classifier; the others need only one."""
    cost: float
    """Rough seconds with one seed on a task, to start long work first."""
    fresh_rows: int = FRESH_ROWS
    """Fresh rows that it is evaluated on, fewer where all would take long."""

    def create(self, seed: int, **changes: Any) -> Any:
        """Return a classifier that is not fitted yet."""
        state = {"random_state": seed} if self.is_random else {}
        return self.factory(**{**self.settings, **changes}, **state)


def _sklearn(module: str, name: str) -> Callable[..., Any]:
    """Return what makes a classifier of scikit-learn, imported when it is called."""

    def create(**settings: Any) -> Any:
        return getattr(require(f"sklearn.{module}", "reference"), name)(**settings)

    return create


REFERENCES = {
    one.name: one
    for one in (
        Reference(
            "extra-trees",
            "Extremely randomised trees; they take the points for unordered features.",
            _sklearn("ensemble", "ExtraTreesClassifier"),
            {"n_estimators": 100, "max_features": 1.0},
            is_random=True,
            cost=10,
        ),
        Reference(
            "gradient-boosting",
            "Gradient boosting on histograms; it takes the points for unordered features.",
            _sklearn("ensemble", "HistGradientBoostingClassifier"),
            {},
            is_random=False,
            cost=40,
        ),
        Reference(
            "svm",
            "A support vector machine with Gaussian kernel, which sees only distances between signals.",
            _sklearn("svm", "SVC"),
            {"C": 100.0, "gamma": 0.03},
            is_random=False,
            cost=30,
        ),
        Reference(
            "1nn",
            "The class of the nearest training row by Euclidean distance.",
            _sklearn("neighbors", "KNeighborsClassifier"),
            {"n_neighbors": 1, "algorithm": "brute"},
            is_random=False,
            cost=5,
        ),
        Reference(
            "1nn-dtw",
            "The class of the nearest training row by dynamic time warping, which shifts points along the signal.",
            NearestByWarping,
            {"window": 8},
            is_random=False,
            cost=40,
            fresh_rows=2_000,
        ),
        Reference(
            "minirocket",
            "A ridge classifier on MiniRocket's 9996 features, from fixed convolutions with quantiles as biases.",
            MiniRocketRidge,
            {"alpha": 10000.0},
            is_random=True,
            cost=20,
            fresh_rows=10_000,
        ),
    )
}
"""The reference classifiers by name."""


def get_reference(name: str) -> Reference:
    """Return a reference classifier; a ValueError for an unknown name lists the known ones."""
    if name not in REFERENCES:
        raise ValueError(f"unknown reference classifier {name!r}; there are {', '.join(REFERENCES)}")
    return REFERENCES[name]


def score(classifier: Any, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return log-probabilities, or decision values where there are no probabilities, for every row and class."""
    chunks = np.split(x, range(_CHUNK, len(x), _CHUNK))
    if not hasattr(classifier, "predict_proba"):
        return np.concatenate([classifier.decision_function(chunk) for chunk in chunks])
    with np.errstate(divide="ignore"):
        scores: NDArray[np.float64] = np.log(np.concatenate([classifier.predict_proba(chunk) for chunk in chunks]))
    return scores
