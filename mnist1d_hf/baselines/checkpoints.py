"""Checkpoint files: safetensors weights and their ``config.json``, on disk, in the package or on the Hub."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import RemoteEntryNotFoundError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..errors import CheckpointError, HubError
from ..utils.hub_errors import explain
from ..version import DATA_VERSION, __version__

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"

FORMAT_VERSION = 1
"""Version of what a checkpoint's files hold; raised when an older package could not load a newer checkpoint."""


def save_weights(state_dict: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write weights as safetensors; the same weights give the same bytes.

    Parameters
    ----------
    state_dict : dict of str to Tensor
        Weights by name.
    path : pathlib.Path
        File to write.
    metadata : dict of str to str
        Goes into the file's header.
    """
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(state_dict.items())}
    path.write_bytes(_with_sorted_header(save(weights, metadata={"format": "pt", **metadata})))


def load_weights(model: nn.Module, path: Path, *, strict: bool = True) -> None:
    """Load weights into a model.

    Parameters
    ----------
    model : torch.nn.Module
        Model to fill.
    path : pathlib.Path
        File of safetensors.
    strict : bool
        Whether the file must hold all of the model's tensors and no other.

    Raises
    ------
    CheckpointError
        If the file is no complete safetensors file, or its tensors are not the model's; the message names them.
    """
    try:
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is no complete safetensors file ({error}); get it again") from error
    expected = model.state_dict()
    problems = [f"lacks {name}" for name in expected if name not in weights] if strict else []
    problems += [f"has an unknown {name}" for name in weights if name not in expected] if strict else []
    problems += [
        f"has {name} of shape {tuple(tensor.shape)} instead of {tuple(expected[name].shape)}"
        for name, tensor in weights.items()
        if name in expected and tensor.shape != expected[name].shape
    ]
    if problems:
        raise CheckpointError(f"{path} is not a checkpoint of this {type(model).__name__}: it {'; it '.join(problems)}")
    model.load_state_dict(weights, strict=strict)


def resolve_file(model_id: str | os.PathLike[str], name: str, **download: Any) -> Path:
    """Return the path of a checkpoint's file, downloaded if the checkpoint is no folder.

    Parameters
    ----------
    model_id : str or path-like
        Folder, or id of a repository on the Hub.
    name : str
        Name of the file.
    **download : object
        Options of `huggingface_hub.hf_hub_download`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    CheckpointError
        If there is no such folder, or the folder or the repository lacks the file.
    HubError
        If the repository or the revision is missing, or the Hub is out of reach.
    """
    if Path(model_id).is_dir():
        path = Path(model_id) / name
        if not path.is_file():
            raise CheckpointError(
                f"{model_id} has no {name}; a checkpoint is a folder with {CONFIG_NAME} and {WEIGHTS_NAME}"
            )
        return path
    if str(model_id).count("/") != 1:
        raise CheckpointError(f"{str(model_id)!r} is no folder, and no repository '<namespace>/<name>' on the Hub")
    options = {option: value for option, value in download.items() if value is not None}
    try:
        return Path(hf_hub_download(str(model_id), name, library_name="mnist1d-hf", **options))
    except RemoteEntryNotFoundError as error:
        raise CheckpointError(
            f"{model_id} has no {name} on the Hub; a checkpoint is a repository with {CONFIG_NAME} and {WEIGHTS_NAME}"
        ) from error
    except Exception as error:
        reason = explain(error, endpoint=options.get("endpoint"), revision=options.get("revision"))
        if reason is None:
            raise
        raise HubError(f"{name} of {str(model_id)!r} cannot be loaded: {reason}") from error


def find_commit(path: Path) -> str | None:
    """Return the commit that a file was downloaded from, so that others can be taken from the same.

    Parameters
    ----------
    path : pathlib.Path
        What `resolve_file` returned.

    Returns
    -------
    str or None
        None for a file that is not in the cache of the Hub.
    """
    return path.parent.name if re.fullmatch("[0-9a-f]{40}", path.parent.name) else None


def read_config(path: Path) -> dict[str, Any]:
    """Read a ``config.json``.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    CheckpointError
        If it is no JSON object, or of a newer version than this package knows.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON ({error})") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path} holds no JSON object")
    for name, known in (("format_version", str(FORMAT_VERSION)), ("data_version", DATA_VERSION)):
        found = str(config.get(name, known))
        if _is_newer(found, known):
            raise CheckpointError(
                f"{path} is of {name} {found}, newer than the {known} of this mnist1d-hf {__version__}; run: "
                f"pip install --upgrade mnist1d-hf"
            )
    return config


def _is_newer(version: str, known: str) -> bool:
    return [int(part) for part in re.findall(r"\d+", version)] > [int(part) for part in re.findall(r"\d+", known)]


def _with_sorted_header(content: bytes) -> bytes:
    """Sort the header of a safetensors file, whose metadata the library writes in an order that changes.

    The file is the size of the header in 8 bytes, the header as JSON padded with spaces, and the tensors; see
    https://huggingface.co/docs/safetensors#format.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode()
    return content[:8] + header.ljust(size) + content[8 + size :]
