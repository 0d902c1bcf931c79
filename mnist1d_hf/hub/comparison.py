"""Compares a release on disk with a repository on the Hub: what publishing would change there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .manifest import MANIFEST_NAME, FileHash
from .remote_repo import RemoteRepo

Status = Literal["new", "changed", "unchanged", "deleted", "conflict", "pending"]


@dataclass(frozen=True)
class FileChange:
    """What happens to one file of a repository."""

    path: str
    size: int
    """Bytes; those of the file on the Hub if it is deleted."""
    status: Status
    """``conflict``: the file on the Hub was not written by this package, or has been changed since. ``pending``: there is a
    file of this package, and the new one has yet to be made."""
    is_estimated: bool = False
    """Whether the size is an estimate, since the file has yet to be made."""


def compare(local: dict[str, FileHash], remote: RemoteRepo, manifest: dict[str, FileHash]) -> list[FileChange]:
    """Compare the files to publish, by path, with a repository; return one change per file, sorted by path.

    Files that have yet to be made have no hash; where there is a file on the Hub that may not be replaced, they conflict.
    ``manifest`` lists what an earlier release wrote. Of those files, the ones no longer in ``local`` are deleted unless
    somebody changed them. Files that it does not list belong to others and are kept.
    """
    changes = [
        FileChange(path, file.size, _status(path, file, remote, manifest), not file.sha256)
        for path, file in local.items()
    ]
    changes += [
        FileChange(path, file.size, "deleted")
        for path, file in manifest.items()
        if path not in local and remote.holds(path, file)
    ]
    return sorted(changes, key=lambda change: change.path)


def _status(path: str, file: FileHash, remote: RemoteRepo, manifest: dict[str, FileHash]) -> Status:
    if path not in remote.files:
        return "new"
    if file.sha256 and remote.holds(path, file):
        return "unchanged"
    if path == MANIFEST_NAME or (path in manifest and remote.holds(path, manifest[path])):
        return "changed" if file.sha256 else "pending"
    return "conflict"
