"""The architectures, one file each: a module of this folder that registers a class adds an architecture."""

from __future__ import annotations

import importlib
import pkgutil

from .base import MODELS, Architecture, Baseline, get_architecture, register

__all__ = ["MODELS", "Architecture", "Baseline", "get_architecture", "import_architectures", "register"]


def import_architectures() -> None:
    """Import every module of this folder, so that it registers what it defines."""
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")


import_architectures()
