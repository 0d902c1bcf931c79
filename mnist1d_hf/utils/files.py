"""Atomic writes (a file is written completely or not at all), and the provenance of results."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any


def temporary_name(path: Path, owner: str | None = None) -> str:
    """Return the name of something unfinished beside a path, unique to this process and call unless an owner is given."""
    return f".{path.name}.{owner or f'{os.getpid()}-{token_hex(4)}'}.incomplete"


@contextmanager
def naming(path: Path, unfinished: Path) -> Iterator[None]:
    """Let an OSError that names the temporary path, or something inside it, name the one that was asked for."""
    try:
        yield
    except OSError as error:
        named = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
        if not any(name.is_relative_to(unfinished) for name in named):
            raise
        raise OSError(error.errno, f"cannot write ({error.strerror})", str(path)) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside a file, which replaces the file when the block ends and is deleted if it fails.

    The file's folder must exist.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}; create it, or name another")
    unfinished = path.with_name(temporary_name(path))
    try:
        with naming(path, unfinished):
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
    from importlib.metadata import version  # slow to import

    names = ("mnist1d-hf", "torch", "numpy", "datasets")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def provenance() -> dict[str, Any]:
    """Return what produced a file of results: ``versions``, a dict, and ``command``, a string."""
    return {"versions": versions(), "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])}
