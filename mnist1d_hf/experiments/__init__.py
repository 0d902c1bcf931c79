"""The paper's experiments, one module each: ``run()`` measures, ``plot(results)`` draws, ``claims(results)`` compares."""

from __future__ import annotations

from importlib import import_module
from typing import Any

TITLES = {
    "spatial-priors": "The spatial prior of the baselines (section 3, Table 1, Figure 2)",
    "classwise-errors": "Errors of the baselines by digit (supplement, Table 1)",
    "metalearn-learning-rate": "Metalearning a learning rate (section 5.3, Figure 6)",
}
"""Names of the experiments and what they are, in the order of the paper."""


def find(name: str) -> Any:
    """Return the module of an experiment.

    Parameters
    ----------
    name : str
        One of `TITLES`.

    Returns
    -------
    module
        With ``EXPERIMENT``, ``run``, ``plot`` and ``claims``.

    Raises
    ------
    ValueError
        If there is no such experiment.
    MissingExtraError
        If torch is not installed.
    """
    if name not in TITLES:
        raise ValueError(f"unknown experiment {name!r}; the experiments are {', '.join(TITLES)}")
    return import_module(f".{name.replace('-', '_')}", __name__)


def __getattr__(name: str) -> Any:
    """Import a module of an experiment, and torch with it, when it is first used."""
    if name.replace("_", "-") in TITLES:
        return find(name.replace("_", "-"))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
