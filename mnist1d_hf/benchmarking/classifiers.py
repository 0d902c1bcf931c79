"""Classifiers in the manner of scikit-learn: fitted once on all rows, without steps."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..baselines.metrics import Evaluation
from ..baselines.scores import Evaluator
from ..dataset.templates import NUM_CLASSES

Rows = tuple[Tensor, Tensor]


def fit(classifier: Any, rows: Rows, seed: int) -> float:
    """Fit a classifier with the random state of a seed, in one thread; return the seconds."""
    if hasattr(classifier, "get_params"):
        states = [name for name in classifier.get_params() if name.rpartition("__")[2] == "random_state"]
        if states:
            classifier.set_params(**dict.fromkeys(states, seed))
    start = time.perf_counter()
    with _one_thread():
        classifier.fit(*(column.numpy() for column in rows))
    return time.perf_counter() - start


def evaluate_classifier(classifier: Any, rows: Rows) -> Evaluation:
    """Compare what a classifier predicts with the labels: by probabilities if it has them, otherwise by the class alone."""
    x, y = (column.numpy() for column in rows)
    with _one_thread():
        if hasattr(classifier, "predict_proba"):
            return Evaluator(y).evaluate(_of_all_classes(classifier, classifier.predict_proba(x)), probabilities=True)
        if hasattr(classifier, "predict"):
            chosen = np.asarray(classifier.predict(x)).astype(np.int64)
            return Evaluator(y).evaluate(np.eye(NUM_CLASSES)[chosen], probabilities=True)
        return Evaluator(y).evaluate(classifier.decision_function(x))


def describe_parameters(classifier: Any) -> dict[str, Any]:
    """Return the parameters of a classifier as plain values for JSON."""
    parameters = classifier.get_params(deep=False) if hasattr(classifier, "get_params") else {}
    return {name: value if _is_plain(value) else repr(value) for name, value in parameters.items()}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


def _of_all_classes(classifier: Any, probabilities: Any) -> NDArray[Any]:
    """Return probabilities with a column for every class, even for one without training rows."""
    array = np.asarray(probabilities)
    classes = getattr(classifier, "classes_", None)
    if classes is None or array.ndim != 2 or array.shape[1] != len(classes):
        return array
    every = np.zeros((len(array), NUM_CLASSES))
    every[:, np.asarray(classes).astype(np.int64)] = array
    return every


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep the libraries below scikit-learn, which has threadpoolctl, to one thread."""
    if "sklearn" not in sys.modules:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
