"""The tasks: what a model is trained on, and what it is evaluated on; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from ..dataset.parameters import GenerationParameters
from ..dataset.presets import CONFIGS, evaluation_config

FRESH_ROWS = 100_000
"""Rows that no training has seen, beside the 1000 test rows."""


@dataclass(frozen=True)
class Task:
    """Rows to train on, and rows to be evaluated on."""

    name: str
    config: str
    """Config of the dataset."""
    description: str
    """One sentence."""
    train_rows: int | None = None
    """Number of training rows, the first ones; all if None."""
    steps_factor: int = 1
    """Multiplies the training steps of a recipe, since it takes more steps to see more rows."""

    @property
    def test_config(self) -> str:
        """Config whose test rows are those of the task."""
        return evaluation_config(self.config)

    @property
    def fresh_parameters(self) -> GenerationParameters:
        """Generation parameters of the fresh rows, those of the test rows; shards of them are made."""
        return CONFIGS[self.test_config]


TASKS = {
    task.name: task
    for task in (
        Task("default", "default", "The 4000 training rows of the paper."),
        Task("shuffled", "shuffled", "The same rows, with one fixed permutation of the points of every signal."),
        Task("noisy", "custom-noise", "4000 training rows with twice the noise."),
        Task("few", "default", "The first 500 training rows of `default`.", train_rows=500),
        Task(
            "large",
            "large",
            "50,000 training rows like those of `default`, whose test rows count.",
            train_rows=50_000,
            steps_factor=4,
        ),
    )
}
"""The tasks by name."""

BENCHMARK_TASKS = ("default", "shuffled", "noisy", "few")
"""Tasks on which models are compared."""

CHECKPOINT_TASKS = ("default", "shuffled", "large")
"""Tasks of which the package has checkpoints; each is named like its config."""


def get_task(name: str) -> Task:
    """Return a task; a ValueError for an unknown name lists the known ones."""
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r}; the tasks are {', '.join(TASKS)}")
    return TASKS[name]
