"""JSON files of results: written whole or not at all, with what made them."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any


def provenance() -> dict[str, Any]:
    """Return versions and command, for files of results.

    Returns
    -------
    dict of str to Any
        ``versions``, a dict, and ``command``, a string.
    """
    return {
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("mnist1d-hf", "torch", "numpy", "datasets")},
        },
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def write_json(path: Path, content: Mapping[str, Any], indent: int | None = None) -> None:
    """Write a file of results, which is whole or not there at every moment.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made.
    content : mapping of str to Any
        What to write.
    indent : int, optional
        Spaces a level; everything is on one line if not given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.incomplete")
    unfinished.write_text(json.dumps(content, indent=indent) + "\n", encoding="utf-8")
    unfinished.replace(path)
