"""Compares a repository on disk with the one on the Hub: what a release would change there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .manifest import MANIFEST_NAME, FileHash
from .remote import RemoteRepo

Status = Literal["new", "changed", "unchanged", "deleted", "conflict"]


@dataclass(frozen=True)
class FileChange:
    """What happens to one file of a repository."""

    path: str
    size: int
    """Bytes, of the file that goes if it is deleted."""
    status: Status
    """``conflict``: the file on the Hub was not written by this package, or was changed since."""


def compare(local: dict[str, FileHash], remote: RemoteRepo, manifest: dict[str, FileHash]) -> list[FileChange]:
    """Compare files on disk with a repository.

    Parameters
    ----------
    local : dict of str to FileHash
        Files to publish, with their manifest.
    remote : RemoteRepo
        What is there.
    manifest : dict of str to FileHash
        What an earlier release wrote there. Files it lists that are no longer in ``local`` are deleted, if nobody changed
        them; files it does not list belong to others and are left alone.

    Returns
    -------
    list of FileChange
        One a file, sorted by path.
    """
    changes = [FileChange(path, file.size, _status(path, file, remote, manifest)) for path, file in local.items()]
    changes += [
        FileChange(path, file.size, "deleted")
        for path, file in manifest.items()
        if path not in local and remote.holds(path, file)
    ]
    return sorted(changes, key=lambda change: change.path)


def _status(path: str, file: FileHash, remote: RemoteRepo, manifest: dict[str, FileHash]) -> Status:
    if path not in remote.files:
        return "new"
    if remote.holds(path, file):
        return "unchanged"
    if path == MANIFEST_NAME:
        return "changed"
    return "changed" if path in manifest and remote.holds(path, manifest[path]) else "conflict"
