"""The state of a repository on the Hub."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from ..errors import HubError
from ..utils.hub_errors import foreign_answer
from .manifest import FileHash


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
