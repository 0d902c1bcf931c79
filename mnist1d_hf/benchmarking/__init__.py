"""Any model under the protocol of the baselines (models/PROTOCOL.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..utils.extras import check_extras

if TYPE_CHECKING:
    from .running import benchmark

__all__ = ["benchmark"]


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first used; a MissingExtraError says how to install it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    check_extras("torch")
    from .running import benchmark

    return benchmark
