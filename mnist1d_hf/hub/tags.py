"""The tag of the dataset that holds the current version of the data."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import RevisionNotFoundError

from ..errors import BusyError, HubError
from ..version import DATA_VERSION
from .manifest import FileHash
from .naming import release_tag
from .remote_repo import read_repo
from .retries import retry


def tag_data(api: HfApi, repo: dict[str, Any]) -> None:
    """Let the tag of the data version point at the newest data on the main branch."""
    retry(partial(_settle_tag, api, repo))


def _settle_tag(api: HfApi, repo: dict[str, Any]) -> None:
    """Move the tag and look again, for another publisher may move it too; raise a BusyError if it needs another move."""
    if _move_tag(api, repo) and _move_tag(api, repo):
        raise BusyError(
            f"the tag {release_tag(DATA_VERSION)} of {repo['repo_id']} was moved, but does not point at the newest data; "
            f"wait some minutes and publish again"
        )


def _move_tag(api: HfApi, repo: dict[str, Any]) -> bool:
    """Move the tag if it points at other data; return whether that was so."""
    name, refs = release_tag(DATA_VERSION), api.list_repo_refs(**repo)
    main = next((ref.target_commit for ref in refs.branches if ref.name == "main"), None)
    if main is None:
        raise HubError(f"{repo['repo_id']} has no branch main to tag; make one on the Hub and publish again")
    tagged = next((ref.target_commit for ref in refs.tags if ref.name == name), None)
    if tagged == main or (tagged and _data(api, repo, tagged) == _data(api, repo, main)):
        return False
    if tagged:
        with suppress(RevisionNotFoundError):
            api.delete_tag(**repo, tag=name)
    api.create_tag(**repo, tag=name, revision=main)
    return True


def _data(api: HfApi, repo: dict[str, Any], commit: str) -> dict[str, FileHash]:
    files = read_repo(api, **repo, revision=commit).files
    return {path: file for path, file in files.items() if path.endswith(".parquet")}
