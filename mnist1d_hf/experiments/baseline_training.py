"""Training of the baselines, as several experiments do it."""

from __future__ import annotations

from dataclasses import replace

from ..baselines.architectures import get_architecture
from ..baselines.recipes import TrainingSettings
from ..baselines.training import ProgressCallback
from .experiment import Progress

MODELS = ("gru", "mlp", "cnn", "logistic")
"""Those of the paper, the slow ones first."""

COLOURS = {"cnn": "C0", "gru": "C1", "logistic": "C2", "mlp": "C3"}
"""Of the models, in figures."""


OWN, PAPER = "tuned", "paper-4000"
"""Recipes: the project's own, chosen on validation rows, and the authors' loop on all training rows."""


def recipe(model: str, steps: int | None, name: str = OWN) -> TrainingSettings:
    """Return the settings of a recipe to train a model with, with another number of steps if given."""
    settings = get_architecture(model).recipes[name]
    return settings if steps is None else replace(settings, steps=steps, log_every=max(1, steps // 10))


def show(progress: Progress) -> ProgressCallback:
    """Return the callback of `train` that moves the progress bar of a part."""
    return lambda step, loss, accuracy: progress(step, f"loss {loss:.3f}, accuracy {100 * accuracy:.1f} %")
