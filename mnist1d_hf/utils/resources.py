"""Folders of the repository that are shipped with the package."""

from __future__ import annotations

from pathlib import Path


def resource_folder(name: str) -> Path:
    """Return a folder that is at the top of the repository and, in a wheel, inside the package."""
    package = Path(__file__).parent.parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name!r} is missing from this installation of mnist1d-hf; reinstall it")
