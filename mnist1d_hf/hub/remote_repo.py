"""The state of a repository on the Hub, and what publishing a release would change there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from ..errors import HubError
from ..utils.hub_errors import foreign_answer
from .manifest import MANIFEST_NAME, FileHash

Status = Literal["new", "changed", "unchanged", "deleted", "conflict", "pending"]


@dataclass(frozen=True)
class RemoteRepo:
    """The state of a repository at one revision."""

    commit: str | None
    """Its newest commit; None if there is no such repository."""
    files: dict[str, FileHash] = field(default_factory=dict)
    """Its files by path; the hash that the Hub does not list is empty."""

    def holds(self, path: str, file: FileHash) -> bool:
        """Return whether the repository has a file with this path and content."""
        found = self.files.get(path)
        return found is not None and (found.sha256 == file.sha256 if found.sha256 else found.git_oid == file.git_oid)


def read_repo(api: HfApi, repo_id: str, repo_type: str, revision: str | None = None) -> RemoteRepo:
    """Look at a repository, in one request; at the main branch if there is no such revision."""
    try:
        info = api.repo_info(repo_id, repo_type=repo_type, revision=revision, files_metadata=True)
    except RevisionNotFoundError:
        if revision is None:
            raise
        return read_repo(api, repo_id, repo_type)
    except RepositoryNotFoundError:
        return RemoteRepo(None)
    return RemoteRepo(
        check_commit(api, info.sha),
        {
            str(file.rfilename): FileHash(file.size or 0, file.lfs.sha256 if file.lfs else "", file.blob_id or "")
            for file in getattr(info, "siblings", None) or ()
        },
    )


def check_commit(api: HfApi, commit: object) -> str:
    """Return the id of a commit; raise a HubError if it is none, which the client would make a folder of."""
    if isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{40}", commit):
        return commit
    raise HubError(foreign_answer(f"this is no commit: {commit!r:.100}", api.endpoint))


def read_text(api: HfApi, repo_id: str, repo_type: str, commit: str, path: str) -> str:
    """Download a text file of a repository, past the user's cache."""
    with TemporaryDirectory() as cache:
        file = api.hf_hub_download(repo_id, path, repo_type=repo_type, revision=commit, cache_dir=cache)
        return Path(file).read_text(encoding="utf-8", errors="replace")


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
