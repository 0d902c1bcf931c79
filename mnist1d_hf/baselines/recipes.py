"""How the baselines are trained: what can be set, and what all recipes of the paper share."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from ..utils.checks import check_integer

RECIPES = ("tuned", "paper", "paper-4000", "paper-256")
"""Names of the recipes: this project's settings, and the paper's for its four models (see `PAPER_RECIPES`)."""

CHECKPOINT_RECIPES = ("tuned", "paper")
"""Recipes of which the package has checkpoints."""

RECIPE_SIZES = {"paper-256": {"hidden_size": 256}}
"""Sizes of the models of a recipe, where they are not the default ones."""

VALIDATION_ROWS = 600
"""Training rows held out, the last ones, while settings are chosen."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a model is trained: AdamW, and by default a one-cycle schedule. Values out of range raise a ValueError."""

    steps: int = 1500  # optimiser steps, at least 1
    batch_size: int = 100  # rows per batch, at least 1
    learning_rate: float = 1e-2  # the highest, > 0
    weight_decay: float = 0.1  # decoupled, >= 0
    label_smoothing: float = 0.0  # in [0, 1)
    one_cycle: bool = True  # up over the first tenth of the steps, then down to 0 along a cosine; otherwise constant
    shuffle: bool = True  # a new order of the rows for every epoch; otherwise always the same
    validation_rows: int = 0  # training rows held out, the last ones, >= 0
    early_stopping: bool = False  # keep the weights of the point of the curves with the best validation accuracy
    log_every: int = 100  # steps between two points of the curves, at least 1

    def __post_init__(self) -> None:
        """Raise an error that names a bad field."""
        for name, low in (("steps", 1), ("batch_size", 1), ("validation_rows", 0), ("log_every", 1)):
            check_integer(name, getattr(self, name), low=low)
        for name in ("learning_rate", "weight_decay", "label_smoothing"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"the {name!r} setting must be a number, got {value!r} of type {type(value).__name__}")
            if not math.isfinite(value) or value < 0 or (name == "learning_rate" and value == 0):
                raise ValueError(f"the {name!r} setting must be a finite number of at least 0, got {value!r}")
        if self.label_smoothing >= 1:
            raise ValueError(f"the 'label_smoothing' setting must be below 1, got {self.label_smoothing!r}")
        if self.early_stopping and not self.validation_rows:
            raise ValueError("early_stopping=True needs validation_rows, which decide when to stop; got 0")

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if not self.one_cycle:
            return self.learning_rate
        warm_up = max(1, self.steps // 10)
        if step < warm_up:
            return self.learning_rate * (step + 1) / warm_up
        progress = (step - warm_up) / max(1, self.steps - warm_up)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


PAPER_SETTINGS = TrainingSettings(
    steps=6000,
    weight_decay=0.0,
    one_cycle=False,
    shuffle=False,
    validation_rows=VALIDATION_ROWS,
    early_stopping=True,
    log_every=250,
)
"""The paper's settings for its four models. Its code stops early on the test rows; this one, on rows held out."""

PAPER_4000_SETTINGS = dataclasses.replace(PAPER_SETTINGS, validation_rows=0, early_stopping=False)
"""The last step of the same loop on all 4000 rows."""

PAPER_RECIPES = {"paper": PAPER_SETTINGS, "paper-4000": PAPER_4000_SETTINGS}
"""What each of the paper's four models has; the MLP has "paper-256" too, the last step with the size in the authors' code."""

DEFAULT_SETTINGS = TrainingSettings(learning_rate=2e-2, label_smoothing=0.1)
"""Settings for a model about which nothing is known: those of `models/select_settings.py --default` that are good for most."""
