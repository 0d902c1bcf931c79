"""Finds models by name: architectures to create, and checkpoints in the package, in folders and on the Hub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..utils.text import escape, show
from .architectures import MODELS, Baseline, get_architecture
from .bundled import checkpoint_folder as checkpoint_folder
from .bundled import list_checkpoints as list_checkpoints
from .checkpoints import WEIGHTS_NAME, Checkpoint, is_path, open_checkpoint
from .layout import ONNX_NAME


def list_models() -> list[str]:
    """Return the names of the architectures, the paper's four first.

    Returns
    -------
    list of str
        Names for `create_model`.

    Examples
    --------
    >>> list_models()
    ['logistic', 'mlp', 'cnn', 'gru', 'resnet', 's4d', 'tcn', 'transformer']
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

    Examples
    --------
    >>> import torch
    >>> model = create_model("mlp", hidden_size=32)
    >>> model.num_parameters
    2698
    >>> model(torch.zeros(5, 40)).shape
    torch.Size([5, 10])
    """
    return get_architecture(name).model(**sizes)


def find_checkpoint(
    model: str | os.PathLike[str], config: str = "default", *, revision: str | None = None, **download: Any
) -> Checkpoint:
    """Find the checkpoint that `load_model` loads, to read its other files too; parameters and errors are the same.

    Returns
    -------
    Checkpoint
        Its files are all of one commit, even if the repository changes meanwhile.
    """
    if isinstance(model, str) and model in MODELS:
        model = checkpoint_folder(model, config)
    elif not is_path(model) and not Path(model).is_dir() and str(model).count("/") != 1:
        raise ValueError(
            f"{str(model)!r} is not a model: give one of {', '.join(MODELS)}, a folder, or a repository '<namespace>/<name>'"
        )
    return open_checkpoint(model, revision=revision, **download)


def load_model(
    model: str | os.PathLike[str] | Checkpoint, config: str = "default", *, revision: str | None = None, **download: Any
) -> Baseline:
    """Load a trained model.

    Parameters
    ----------
    model : str, path-like or Checkpoint
        Name of a checkpoint inside the package (``"cnn"``), a folder, the id of a repository on the Hub
        (``"<namespace>/mnist1d-cnn"``), or what `find_checkpoint` returned.
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
        If the checkpoint is missing, damaged, or of an unknown architecture, whose code is never run (the message names its
        ONNX file), if its weights are not finite numbers, or if it takes more than 256 MiB. What ``config.json`` asks for takes
        no memory before the weights are known to have it.
    HubError
        If the repository or the revision is missing, or the Hub is out of reach.
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> model = load_model("cnn", config="shuffled")
    >>> model.metadata["dataset_config"], model.num_parameters
    ('shuffled', 5210)
    """
    if not isinstance(model, Checkpoint):
        model = find_checkpoint(model, config, revision=revision, **download)
    architecture = model.config.get("architecture")
    if not isinstance(architecture, str) or architecture not in MODELS:
        raise CheckpointError(
            f"{model.config_path} names the architecture {show(architecture)}; known are {', '.join(MODELS)}. No code of a "
            f"repository is run: {_other_ways(model.source, architecture)}"
        )
    return MODELS[architecture].from_checkpoint(model)


def _other_ways(source: str, architecture: object) -> str:
    """Say what can be done with a checkpoint of an architecture that is not known."""
    name = architecture if isinstance(architecture, str) and architecture.isidentifier() else "its class"
    return (
        f"evaluate its {ONNX_NAME} (mnist1d-hf evaluate {escape(source)}), or load it with its author's class "
        f"({escape(name)}.from_pretrained, or load_state_dict with {WEIGHTS_NAME})"
    )
