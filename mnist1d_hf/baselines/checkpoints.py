"""Checkpoint files: safetensors weights and their ``config.json``, on disk, in the package or on the Hub."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub.errors import RemoteEntryNotFoundError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..errors import CheckpointError, HubError
from ..utils.download import download_file
from ..utils.hub_errors import explain
from ..version import DATA_VERSION, __version__

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"

FORMAT_VERSION = 1
"""Version of what a checkpoint's files hold; raise it when older packages cannot load new checkpoints."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in a folder or on the Hub, found by `find_checkpoint`, with its ``config.json`` read."""

    source: str  # folder, or id of the repository
    config: Mapping[str, Any]  # content of config.json
    config_path: Path
    # Options of `hf_hub_download`; the revision is the commit that config.json came from. There may be a token among them.
    download: Mapping[str, Any] = field(repr=False)

    def file(self, name: str) -> Path:
        """Return the path of another file of the same commit, downloaded if necessary.

        Parameters
        ----------
        name : str
            Name of the file, for example ``"metrics.json"``.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        CheckpointError
            If the checkpoint has no such file.
        HubError
            If the Hub refuses, or cannot be reached.
        """
        return _resolve_file(self.source, name, self.download)


def open_checkpoint(source: str | os.PathLike[str], **download: Any) -> Checkpoint:
    """Find a checkpoint in a folder or on the Hub and read its ``config.json``; see `registry.find_checkpoint`."""
    options = {name: value for name, value in download.items() if value is not None}
    path = _resolve_file(os.fspath(source), CONFIG_NAME, options)
    if re.fullmatch("[0-9a-f]{40}", path.parent.name):
        # In the cache of the Hub, the folder is the commit: all files come from it, even if another is made meanwhile.
        options["revision"] = path.parent.name
    return Checkpoint(os.fspath(source), read_config(path), path, options)


def save_weights(state_dict: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]) -> None:
    """Write weights as safetensors with metadata in the file's header; the same weights give the same bytes."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(state_dict.items())}
    path.write_bytes(_with_sorted_header(save(weights, metadata={"format": "pt", **metadata})))


def load_weights(model: nn.Module, path: Path, *, strict: bool = True) -> None:
    """Load safetensors into a model; if strict, the file must hold all of its tensors and no other.

    A CheckpointError says that the file is not valid, or names the tensors that do not fit.
    """
    try:
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is not a valid safetensors file ({error}); download it again") from error
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


def read_config(path: Path) -> dict[str, Any]:
    """Read a ``config.json``; a CheckpointError says that it is damaged, or newer than this package."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON ({error})") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path} does not hold a JSON object")
    for name, known in (("format_version", str(FORMAT_VERSION)), ("data_version", DATA_VERSION)):
        found = str(config.get(name, known))
        if _is_newer(found, known):
            raise CheckpointError(
                f"{path} has {name} {found}, newer than the {known} that mnist1d-hf {__version__} knows; run: "
                f"pip install --upgrade mnist1d-hf"
            )
    return config


def _resolve_file(source: str, name: str, options: Mapping[str, Any]) -> Path:
    """Return the path of a checkpoint's file, downloaded if the source is no folder."""
    if Path(source).is_dir():
        path = Path(source) / name
        if not path.is_file():
            raise CheckpointError(
                f"{source} has no {name}; a checkpoint is a folder with {CONFIG_NAME} and {WEIGHTS_NAME}"
            )
        return path
    if source.count("/") != 1:
        raise CheckpointError(f"{source!r} is neither a folder nor a repository '<namespace>/<name>' on the Hub")
    try:
        return download_file(source, name, **options)
    except RemoteEntryNotFoundError as error:
        raise CheckpointError(
            f"{source} has no {name} on the Hub; a checkpoint is a repository with {CONFIG_NAME} and {WEIGHTS_NAME}"
        ) from error
    except Exception as error:
        reason = explain(error, endpoint=options.get("endpoint"), revision=options.get("revision"))
        if reason is None:
            raise
        raise HubError(f"{name} of {source!r} cannot be loaded: {reason}") from error


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
