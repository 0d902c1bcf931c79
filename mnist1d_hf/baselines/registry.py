"""Finds models by name: architectures to create, and checkpoints in the package, in folders and on the Hub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..dataset.presets import BASELINE_CONFIGS
from ..errors import CheckpointError
from ..utils.resources import resource_folder
from .architectures.models import MODELS, Baseline
from .checkpoints import CONFIG_NAME, WEIGHTS_NAME, find_commit, load_weights, read_config, resolve_file


def list_models() -> list[str]:
    """Return the names of the architectures, the paper's four first.

    Returns
    -------
    list of str
        Names for `create_model`.
    """
    return list(MODELS)


def create_model(name: str, **sizes: Any) -> Baseline:
    """Make a model with fresh weights.

    Parameters
    ----------
    name : str
        Architecture, one of `list_models`.
    **sizes : object
        Arguments of its class, for example ``final_seq_length=80``.

    Returns
    -------
    Baseline
        The model, in training mode.

    Raises
    ------
    TypeError
        If the class has no such argument, or its value is of the wrong type.
    ValueError
        If the architecture is unknown, or a size is out of range.
    """
    if name not in MODELS:
        raise ValueError(f"unknown model {name!r}; the models are {', '.join(MODELS)}")
    return MODELS[name](**sizes)


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
        for config in BASELINE_CONFIGS
        for name in MODELS
        if (folder / config / name / WEIGHTS_NAME).is_file()
    ]


def checkpoint_folder(name: str, config: str = "default") -> Path:
    """Return the folder of a checkpoint inside the package.

    Parameters
    ----------
    name : str
        Name of the model.
    config : str
        Config of the dataset it was trained on.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ValueError
        If there is no such checkpoint; the message lists those there are.
    """
    if (config, name) not in list_checkpoints():
        known = ", ".join(f"{model} ({of})" for of, model in list_checkpoints())
        raise ValueError(f"there is no checkpoint of {name!r} trained on {config!r}; there are {known}")
    return resource_folder("models") / config / name


def load_model(
    model: str | os.PathLike[str], config: str = "default", *, revision: str | None = None, **download: Any
) -> Baseline:
    """Load a trained model.

    Parameters
    ----------
    model : str or path-like
        Name of a checkpoint inside the package (``"cnn"``), a folder, or the id of a repository on the Hub
        (``"<namespace>/mnist1d-cnn"``).
    config : str
        For a checkpoint inside the package, the config of the dataset it was trained on.
    revision : str, optional
        For a repository on the Hub, the branch, tag or commit.
    **download : object
        Other options of `huggingface_hub.hf_hub_download`.

    Returns
    -------
    Baseline
        The model, in evaluation mode. Its `metadata` holds what ``config.json`` says of its training.

    Raises
    ------
    CheckpointError
        If the checkpoint is missing, damaged, or of an unknown architecture.
    HubError
        If the repository or the revision is missing, or the Hub is out of reach.
    ValueError
        If the name is unknown.
    """
    if isinstance(model, str) and model in MODELS:
        model = checkpoint_folder(model, config)
    elif not Path(model).is_dir() and str(model).count("/") != 1:
        raise ValueError(
            f"{str(model)!r} is no model: give one of {', '.join(MODELS)}, a folder, or a repository '<namespace>/<name>'"
        )
    download["revision"] = revision
    path = resolve_file(model, CONFIG_NAME, **download)
    settings = read_config(path)
    architecture = settings.pop("architecture", None)
    if architecture not in MODELS:
        raise CheckpointError(f"{path} names the architecture {architecture!r}; known are {', '.join(MODELS)}")
    model_class = MODELS[architecture]
    sizes = {name: settings.pop(name) for name in model_class.size_names() if name in settings}
    try:
        loaded = model_class(**sizes)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} has sizes that a {architecture} cannot have ({error})") from error
    # Of the same commit, even if another is made meanwhile.
    download["revision"] = find_commit(path) or revision
    load_weights(loaded, resolve_file(model, WEIGHTS_NAME, **download))
    loaded.metadata = settings
    return loaded.eval()
