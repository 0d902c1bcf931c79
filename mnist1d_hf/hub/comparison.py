"""Compares a release on disk with a repository on the Hub: what publishing would change there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .manifest import MANIFEST_NAME, FileHash
from .remote_repo import RemoteRepo

Status = Literal["new", "changed", "unchanged", "deleted", "conflict"]


@dataclass(frozen=True)
class FileChange:
    """What happens to one file of a repository."""

    path: str
    size: int
    """Bytes; those of the file on the Hub if it is deleted."""
    status: Status
    """``conflict``: the file on the Hub was not written by this package, or has been changed since."""


def compare(local: dict[str, FileHash], remote: RemoteRepo, manifest: dict[str, FileHash]) -> list[FileChange]:
    """Compare the files to publish, by path, with a repository; return one change per file, sorted by path.

    ``manifest`` lists what an earlier release wrote. Of those files, the ones no longer in ``local`` are deleted unless
    somebody changed them. Files that it does not list belong to others and are kept.
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
