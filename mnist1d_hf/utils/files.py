"""Atomic writes (a file is written completely or not at all), and the provenance of results."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside a file, which replaces the file when the block ends and is deleted if it fails.

    The file's folder must exist.
    """
    unfinished = path.with_name(f".{path.name}.incomplete")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8 and with ``\\n`` on every platform; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Mapping[str, Any], indent: int | None = None, **options: Any) -> None:
    """Write a JSON file atomically; further options are those of `json.dumps`."""
    write_text(path, json.dumps(content, indent=indent, **options) + "\n")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on."""
    names = ("mnist1d-hf", "torch", "numpy", "datasets")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def provenance() -> dict[str, Any]:
    """Return what produced a file of results: ``versions``, a dict, and ``command``, a string."""
    return {"versions": versions(), "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])}
