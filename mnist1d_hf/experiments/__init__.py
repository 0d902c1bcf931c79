"""The paper's experiments, one module each: ``run()`` measures, ``plot(results)`` draws, ``claims(results)`` compares."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..utils.extras import check_extras

TITLES = {
    "spatial-priors": "The spatial prior of the baselines (section 3, Table 1, Figure 2)",
    "classwise-errors": "Errors of the baselines by digit (supplement, Table 1)",
    "lottery-tickets": "Lottery tickets (section 5.1, Figures 4 a-g and S2)",
    "double-descent": "Double descent (section 5.2, Figure 5)",
    "metalearn-learning-rate": "Metalearning a learning rate (section 5.3, Figure 6)",
    "metalearn-activation": "Metalearning an activation function (section 5.4, Figure 7)",
    "self-supervised": "Self-supervised learning (section 5.5, Figure 8)",
    "pooling": "Kinds of pooling (section 5.6, Figure 9)",
    "dimensionality-reduction": "Dimensionality reduction (Figure 3)",
}
"""Experiments by name, in the order of the paper, with what they are about."""

EXTRAS = {name: ("torch", "plot") for name in TITLES} | {
    name: ("torch", "plot", "experiments")
    for name in ("metalearn-activation", "self-supervised", "dimensionality-reduction")
}
"""Extras that each needs to be measured and, with `plot`, drawn; the extra `experiments` installs all of them."""

INTERACTIVE_TITLES = {"human": "The human baseline, a quiz in the terminal (Table 1, supplementary figure)"}
"""Experiments that a person has to answer, which are therefore not among `TITLES`."""


def find(name: str) -> Any:
    """Return the module of an experiment, with ``EXPERIMENT``, ``run``, ``plot`` and ``claims``.

    Raises ValueError for a name that is not one of `TITLES`, and MissingExtraError if torch is not installed.
    """
    if name not in TITLES:
        raise ValueError(f"unknown experiment {name!r}; the experiments are {', '.join(TITLES)}")
    check_extras("torch", instead="experiments")
    return import_module(f".{name.replace('-', '_')}", __name__)


def __getattr__(name: str) -> Any:
    """Import the module of an experiment, and torch with it, on first use."""
    if name.replace("_", "-") in TITLES:
        return find(name.replace("_", "-"))
    if name in INTERACTIVE_TITLES:
        check_extras("torch", instead="experiments")
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
