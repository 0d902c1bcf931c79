"""Repositories as the Hub likes them: built on disk, published to a namespace, and checked there."""

from __future__ import annotations

from typing import Any

from ..errors import HubError
from .dataset_repo import BuiltRepo, build_dataset_repo

__all__ = ["BuiltRepo", "Check", "HubError", "PublishedRepo", "build_dataset_repo", "publish", "verify"]


def __getattr__(name: str) -> Any:
    """Import what publishes checkpoints, and torch with it, when it is first used."""
    if name in ("PublishedRepo", "publish"):
        from . import publishing

        return getattr(publishing, name)
    if name in ("Check", "verify"):
        from . import verification

        return getattr(verification, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
