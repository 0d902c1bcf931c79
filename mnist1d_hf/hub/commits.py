"""Commits and pull requests of one repository, and the tag of the dataset that holds the current version of the data.

A release is one commit on top of the commit it was compared with, so that readers see the old release or the new one. Every
attempt starts by comparing again, so that nothing is done twice, even if the answer to an earlier attempt was lost.
"""

from __future__ import annotations

import pickle
from contextlib import suppress
from dataclasses import replace
from typing import Any

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, Discussion, HfApi
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

from ..errors import BusyError, HubError
from ..utils.patience import patience
from ..version import DATA_VERSION
from .manifest import FileHash, hash_file
from .naming import release_tag
from .planning import PublishedRepo, Target, plan_repo, refuse_conflicts
from .release import Release
from .remote_repo import FileChange, RemoteRepo, read_repo
from .retries import make_sure, retry
from .space_repo import SDK

MAX_OPERATIONS = 100
"""Files in one commit; more go to a pull request in several commits, which is merged at the end."""

Operation = CommitOperationAdd | CommitOperationDelete


def publish_repo(target: Target, release: Release, planned: PublishedRepo) -> PublishedRepo:
    """Publish a release in as many attempts as it takes, and return what became of its repository."""
    attempted = planned

    def attempt() -> PublishedRepo:
        nonlocal attempted
        create_repo(target, release, planned)
        plan = plan_repo(target, release)
        refuse_conflicts(target, plan)
        if not plan.changed:
            # An earlier attempt succeeded though its answer was lost, or somebody else published the same.
            return replace(plan, changes=attempted.changes)
        attempted = plan
        return _commit(target, release, plan)

    return retry(attempt) if planned.changed else planned


def create_repo(target: Target, release: Release, planned: PublishedRepo) -> None:
    """Create the repository and the branch if they do not exist."""
    api, repo, revision = target.api, release.repo, target.revision
    if planned.commit is None:
        sdk = SDK if release.repo_type == "space" else None
        make_sure(
            lambda: api.create_repo(**repo, private=target.private, space_sdk=sdk), lambda: api.repo_exists(**repo)
        )
    if revision is not None:
        make_sure(
            lambda: api.create_branch(**repo, branch=revision), lambda: api.revision_exists(**repo, revision=revision)
        )


def _commit(target: Target, release: Release, plan: PublishedRepo) -> PublishedRepo:
    """Commit the changes on top of the commit that was compared."""
    operations = [_operation(release, change) for change in plan.changes if change.status != "unchanged"]
    if target.create_pr:
        return _propose(target, release, plan, operations)
    # Pull requests only go to the main branch.
    if len(operations) > MAX_OPERATIONS and target.revision is None:
        return _merge(target, release, plan, operations)
    info = _create_commit(target, release, operations, parent_commit=plan.commit, revision=target.revision)
    return replace(plan, commit=info.oid)


def _operation(release: Release, change: FileChange) -> Operation:
    if change.status == "deleted":
        return CommitOperationDelete(change.path)
    if change.path not in release.planned:
        return CommitOperationAdd(change.path, release.folder / change.path)
    if change.path not in release.operations:
        raise HubError(
            f"{change.path} was removed from {release.repo_id} while it was compared; rerun to upload it again"
        )
    operation: CommitOperationAdd = pickle.loads(release.operations[change.path])
    return operation


def _create_commit(target: Target, release: Release, operations: list[Operation], **options: Any) -> CommitInfo:
    info: CommitInfo = target.api.create_commit(
        **release.repo, operations=operations, commit_message=target.title, **options
    )
    return info


def _add_commits(target: Target, release: Release, info: CommitInfo, operations: list[Operation]) -> None:
    """Add to a pull request what was too much for its first commit."""
    with patience() as watch:
        for start in range(MAX_OPERATIONS, len(operations), MAX_OPERATIONS):
            watch.note_progress()
            _create_commit(target, release, operations[start : start + MAX_OPERATIONS], revision=info.pr_revision)


def _propose(target: Target, release: Release, plan: PublishedRepo, operations: list[Operation]) -> PublishedRepo:
    """Open a pull request, unless an open one proposes the same."""
    for earlier in _find_pull_requests(target, release):
        proposed = read_repo(target.api, **release.repo, revision=earlier.git_reference)
        if all(_is_done(release, change, proposed) for change in plan.changes):
            return replace(plan, pull_request=earlier.url)
    info = _create_commit(target, release, operations[:MAX_OPERATIONS], parent_commit=plan.commit, create_pr=True)
    _add_commits(target, release, info, operations)
    return replace(plan, pull_request=info.pr_url)


def _is_done(release: Release, change: FileChange, remote: RemoteRepo) -> bool:
    if change.status == "deleted":
        return change.path not in remote.files
    return remote.holds(change.path, release.files.get(change.path) or hash_file(release.folder / change.path))


def _merge(target: Target, release: Release, plan: PublishedRepo, operations: list[Operation]) -> PublishedRepo:
    """Gather many files in a pull request and merge it, so that readers see all of them at once."""
    api, repo = target.api, release.repo
    info = _create_commit(target, release, operations[:MAX_OPERATIONS], parent_commit=plan.commit, create_pr=True)
    number = info.pr_num
    assert number is not None
    try:
        _add_commits(target, release, info, operations)
        # The others were left by an interrupted run, or belong to another publisher, who then starts again on top of this.
        for other in _find_pull_requests(target, release):
            if other.num != number:
                api.change_discussion_status(**repo, discussion_num=other.num, new_status="closed")
        api.merge_pull_request(**repo, discussion_num=number)
    except HfHubHTTPError as error:
        if api.get_discussion_details(**repo, discussion_num=number).status == "closed":
            raise BusyError(f"somebody else is publishing to {plan.url} at the same time; try again") from error
        raise
    return replace(plan, commit=read_repo(api, **repo).commit)


def _find_pull_requests(target: Target, release: Release) -> list[Discussion]:
    """Return the open pull requests of this account for this release."""
    found = target.api.get_repo_discussions(
        **release.repo, author=target.author, discussion_type="pull_request", discussion_status="open"
    )
    return [discussion for discussion in found if discussion.title == target.title]


def tag_data(api: HfApi, repo: dict[str, Any]) -> None:
    """Let the tag of the data version point at the newest data on the main branch."""

    def settle() -> None:
        # Look again after a move, for another publisher may move it too.
        if _move_tag(api, repo) and _move_tag(api, repo):
            raise BusyError(
                f"the tag {release_tag(DATA_VERSION)} of {repo['repo_id']} was moved, but does not point at the newest data; "
                f"wait some minutes and publish again"
            )

    retry(settle)


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
