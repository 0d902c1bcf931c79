"""Checkpoint files: safetensors weights and their ``config.json``, on disk, in the package or on the Hub."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import RemoteEntryNotFoundError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from ..errors import CheckpointError, HubError
from ..utils.download import download_file
from ..utils.hub_errors import explain
from ..utils.text import escape, show
from ..version import DATA_VERSION, __version__
from .bundled import WEIGHTS_NAME as WEIGHTS_NAME

CONFIG_NAME = "config.json"

FORMAT_VERSION = 1
"""Version of what a checkpoint's files hold; raise it when older packages cannot load new checkpoints."""

MAX_CONFIG_BYTES = 2**20
MAX_WEIGHTS_BYTES = 2**28
"""Size of the largest file of weights that is loaded, and of the largest model; the baselines take less than 1 MB."""
MAX_TENSORS = 1024
"""Tensors that a checkpoint may have; the largest baseline has 50."""

_LISTED_PROBLEMS = 20


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
        return resolve_file(self.source, name, self.download)


def open_checkpoint(source: str | os.PathLike[str], **download: Any) -> Checkpoint:
    """Find a checkpoint in a folder or on the Hub and read its ``config.json``; see `registry.find_checkpoint`."""
    if is_path(source) and not Path(source).is_dir():
        state = "is a file" if Path(source).exists() else "does not exist"
        raise CheckpointError(
            f"the folder {source} {state}; a checkpoint is a folder with {CONFIG_NAME} and {WEIGHTS_NAME}"
        )
    options = {name: value for name, value in download.items() if value is not None}
    path = resolve_file(os.fspath(source), CONFIG_NAME, options)
    if re.fullmatch("[0-9a-f]{40}", path.parent.name):
        # In the cache of the Hub, the folder is the commit: all files come from it, even if another is made meanwhile.
        options["revision"] = path.parent.name
    return Checkpoint(os.fspath(source), read_config(path), path, options)


def is_path(source: str | os.PathLike[str]) -> bool:
    """Return whether this can only be a path, and not the id of a repository."""
    return not isinstance(source, str) or Path(source).is_absolute() or bool(re.match(r"[/.~]|.*\\|.*/$", source))


def save_weights(state_dict: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]) -> None:
    """Write weights as safetensors with metadata in the file's header; the same weights give the same bytes."""
    # Copies: safetensors refuses tensors that share memory, as tied weights do, and `load_state_dict` asks for each name.
    weights = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in sorted(state_dict.items())
    }
    path.write_bytes(_with_sorted_header(save(weights, metadata={"format": "pt", **metadata})))


@contextmanager
def without_memory() -> Iterator[None]:
    """Make models that take no memory, to compare what a ``config.json`` asks for with what a file of weights holds.

    A CheckpointError says that a model has more tensors than `MAX_TENSORS`: even without memory they take time.
    """
    thread, count = threading.get_ident(), 0

    def register_parameter(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        nonlocal count
        # The hook sees the modules of all threads.
        count += threading.get_ident() == thread
        if count > MAX_TENSORS:
            raise CheckpointError(f"such a model would have more than {MAX_TENSORS} tensors")

    hook = register_module_parameter_registration_hook(register_parameter)
    try:
        with torch.device("meta"):
            yield
    finally:
        hook.remove()


def check_model_size(model: nn.Module) -> None:
    """Raise a CheckpointError if a model would take more memory than `MAX_WEIGHTS_BYTES`."""
    size = sum(tensor.nbytes for tensor in model.state_dict().values())
    if size > MAX_WEIGHTS_BYTES:
        raise CheckpointError(f"such a model would take {size} bytes; at most {MAX_WEIGHTS_BYTES} are loaded")


def read_weights(path: Path, model: nn.Module, *, strict: bool = True) -> dict[str, Tensor]:
    """Read the tensors of a model from safetensors; if strict, the file must hold all of them and no other.

    The model may be one that takes no memory. A CheckpointError says that the file is not valid, or names the tensors that
    do not fit; nothing but the file's header has been read by then, unless what does not fit are the values.
    """
    expected = model.state_dict()
    try:
        size = path.stat().st_size
        if size > MAX_WEIGHTS_BYTES:
            raise CheckpointError(f"{path} has {size} bytes; at most {MAX_WEIGHTS_BYTES} are loaded")
        with safe_open(path, framework="pt") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
            _refuse(path, model, _differences(shapes, expected, strict))
            weights = {name: file.get_tensor(name) for name in shapes if name in expected}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is not a valid safetensors file ({escape(error)}); download it again") from error
    _refuse(path, model, _bad_values(weights, expected))
    return weights


def _differences(shapes: Mapping[str, tuple[int, ...]], expected: Mapping[str, Tensor], strict: bool) -> list[str]:
    problems = [f"lacks {name}" for name in expected if name not in shapes] if strict else []
    problems += [f"has an unknown {escape(name)}" for name in shapes if name not in expected] if strict else []
    problems += [
        f"has {name} of shape {shape} instead of {tuple(expected[name].shape)}"
        for name, shape in shapes.items()
        if name in expected and shape != expected[name].shape
    ]
    return problems


def _bad_values(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    problems = []
    for name, tensor in weights.items():
        dtype = expected[name].dtype
        if tensor.is_floating_point() != dtype.is_floating_point or tensor.is_complex():
            problems.append(f"has {name} of type {tensor.dtype} instead of {dtype}")
        elif not tensor.to(dtype).isfinite().all():
            problems.append(f"has values in {name} that are not finite")
    return problems


def _refuse(path: Path, model: nn.Module, problems: list[str]) -> None:
    if len(problems) > _LISTED_PROBLEMS:
        problems = [*problems[:_LISTED_PROBLEMS], f"has {len(problems) - _LISTED_PROBLEMS} more differences"]
    if problems:
        raise CheckpointError(f"{path} is not a checkpoint of this {type(model).__name__}: it {'; it '.join(problems)}")


def read_config(path: Path) -> dict[str, Any]:
    """Read a ``config.json``; a CheckpointError says that it is damaged, or newer than this package."""
    try:
        size = path.stat().st_size
        config = json.loads(path.read_text(encoding="utf-8")) if size <= MAX_CONFIG_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else escape(error)
        raise CheckpointError(f"{path} cannot be read as JSON ({reason})") from error
    if size > MAX_CONFIG_BYTES:
        raise CheckpointError(f"{path} has {size} bytes; at most {MAX_CONFIG_BYTES} are read")
    if not isinstance(config, dict):
        raise CheckpointError(f"{path} does not hold a JSON object")
    trained_on = config.get("dataset_config", "")
    if not isinstance(trained_on, str):
        raise CheckpointError(f"{path} has dataset_config {show(trained_on)}; it must be the name of a config")
    for name, known in (("format_version", str(FORMAT_VERSION)), ("data_version", DATA_VERSION)):
        found = config.get(name, known)
        if not isinstance(found, int | float | str) or not re.fullmatch(r"\d{1,9}(\.\d{1,9})*", str(found)):
            raise CheckpointError(f"{path} has {name} {show(found)}; it must be a version, for example {known}")
        if _is_newer(str(found), known):
            raise CheckpointError(
                f"{path} has {name} {found}, newer than the {known} that mnist1d-hf {__version__} knows; run: "
                f"pip install --upgrade mnist1d-hf"
            )
    return config


def resolve_file(source: str, name: str, options: Mapping[str, Any]) -> Path:
    """Return the path of a checkpoint's file, downloaded if the source is no folder."""
    if Path(source).is_dir():
        path = Path(source) / name
        if not path.is_file():
            raise CheckpointError(f"{source} has no {name}{_explained(name, 'folder')}")
        return path
    if source.count("/") != 1:
        raise CheckpointError(f"{source!r} is neither a folder nor a repository '<namespace>/<name>' on the Hub")
    try:
        return download_file(source, name, **options)
    except RemoteEntryNotFoundError as error:
        raise CheckpointError(f"{source} has no {name} on the Hub{_explained(name, 'repository')}") from error
    except Exception as error:
        reason = explain(error, endpoint=options.get("endpoint"), revision=options.get("revision"))
        if reason is None:
            raise
        raise HubError(f"{name} of {source!r} cannot be loaded: {reason}") from error


def _explained(missing: str, kind: str) -> str:
    needed = (CONFIG_NAME, WEIGHTS_NAME)
    return f"; a checkpoint is a {kind} with {' and '.join(needed)}" if missing in needed else ""


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
