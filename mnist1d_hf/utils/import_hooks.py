"""Calls a function once a module has been imported, without importing it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class AfterImport:
    """Finder for `sys.meta_path` that leaves a module to the finders behind it, and calls a function after its execution.

    It then removes itself. Where the module is missing or fails, it waits for the next attempt to import it.
    """

    def __init__(self, module: str, function: Callable[[], None]) -> None:
        self.module = module
        self.function = function
        self.loader: Any = None

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the next finder finds, to be loaded by this object; None for any other module."""
        if name != self.module or self not in sys.meta_path:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
            if spec:
                if spec.loader:
                    self.loader, spec.loader = spec.loader, self  # type: ignore[assignment]  # a loader, though no Loader
                return spec
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        return self.loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module by its own loader, which is then the only one that it knows of, and call the function."""
        module.__loader__ = module.__spec__.loader = self.loader  # type: ignore[union-attr]
        self.loader.exec_module(module)
        # In a new list: another thread that is going through this one would skip a finder.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
        self.function()
