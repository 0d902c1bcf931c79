"""The checkpoints inside the package: which there are, and where; needs no torch."""

from __future__ import annotations

from pathlib import Path

from .. import paper
from ..utils.resources import resource_folder
from .recipes import CHECKPOINT_RECIPES, RECIPES
from .tasks import CHECKPOINT_TASKS

WEIGHTS_NAME = "model.safetensors"


def has_checkpoint(task: str, recipe: str) -> bool:
    """Return whether a model trained on a task with a recipe is kept; of others there are the metrics alone."""
    return task in CHECKPOINT_TASKS and recipe in CHECKPOINT_RECIPES


def list_checkpoints() -> list[tuple[str, str]]:
    """Return the checkpoints inside the package.

    Returns
    -------
    list of (str, str)
        Config and model name of each: `default`, `shuffled`, then `large`, the models in the order of `list_models`.
    """
    folder = resource_folder("models")
    return [
        (config, name)
        for config in CHECKPOINT_TASKS
        for name in sorted({path.parent.name for path in (folder / config).glob(f"*/{WEIGHTS_NAME}")}, key=_place)
        # Those of other recipes are there to be compared with.
        if not name.endswith(tuple(f"-{recipe}" for recipe in RECIPES))
    ]


def checkpoint_folder(name: str, config: str = "default") -> Path:
    """Return the folder of a checkpoint inside the package; a ValueError for an unknown one lists the known ones."""
    if (config, name) not in list_checkpoints():
        known = ", ".join(f"{model} ({trained_on})" for trained_on, model in list_checkpoints())
        raise ValueError(f"there is no checkpoint of {name!r} trained on {config!r}; there are {known}")
    return resource_folder("models") / config / name


def _place(name: str) -> tuple[bool | str, ...]:
    """Sort the paper's four first, in its order, and the others by name."""
    return (*(name != known for known in paper.NAMES), name)
