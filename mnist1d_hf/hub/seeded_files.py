"""Files that the Hub itself puts into a new Space, which the first release may replace and delete."""

from __future__ import annotations

from huggingface_hub import HfApi

from .manifest import FileHash
from .remote_repo import RemoteRepo, read_repo

# What a new static Space holds, and the title of the commit it comes in, which the Hub makes together with the repository.
_ATTRIBUTES = ".gitattributes"
_SEEDED = {_ATTRIBUTES, "README.md", "index.html", "style.css"}
_TITLE = "initial commit"


def read_seeded_files(api: HfApi, repo_id: str, remote: RemoteRepo) -> dict[str, FileHash]:
    """Return the files, by path, that the Hub put into a Space; none if somebody else began its history.

    The first commit is there before anybody can write to the Space, so what it holds is the Hub's, whatever the text of its
    templates; a file that differs from it today was changed by somebody. Unlike the answer to a request to create the Space,
    the history can be read again, by a run that resumes one whose answer was lost. A history that was squashed, duplicated
    or pushed from elsewhere begins with another title, or with other files as well.
    """
    assert remote.commit is not None
    first = api.list_repo_commits(repo_id, repo_type="space", revision=remote.commit)[-1]
    if first.title != _TITLE:
        return {}
    files = read_repo(api, repo_id, "space", first.commit_id).files
    return {path: file for path, file in files.items() if path != _ATTRIBUTES} if files.keys() <= _SEEDED else {}
