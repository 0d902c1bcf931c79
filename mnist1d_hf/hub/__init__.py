"""Repositories for the Hub: built on disk, published to a namespace, and verified there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import HubError
from .dataset_repo import BuiltRepo, build_dataset_repo

__all__ = [
    "BuiltRepo",
    "Check",
    "HubError",
    "Leaderboard",
    "PublishedRepo",
    "build_dataset_repo",
    "publish",
    "read_leaderboard",
    "submit",
    "verify",
]

# They use the client of the Hub, which takes a while to import, so they are imported when they are first used.
_LAZY = {
    "PublishedRepo": "planning",
    "publish": "publishing",
    "Check": "verification",
    "verify": "verification",
    "submit": "submission",
    "Leaderboard": "standings",
    "read_leaderboard": "leaderboard",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
