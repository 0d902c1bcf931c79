"""Publishes the dataset, the baselines and a collection of them to a namespace on the Hub.

Each repository gets one commit on top of the one that was looked at, so that a reader sees the old release or the new one.
Every attempt begins by looking at what is there, so that nothing is done twice, even if an answer was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, Discussion, HfApi
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

from ..baselines.registry import list_checkpoints
from ..errors import BusyError, HubError
from ..version import DATA_VERSION, __version__
from .account import check_account, check_namespace
from .collection import COLLECTION_TITLE, Item, plan_collection, publish_collection
from .comparison import FileChange
from .manifest import FileHash, hash_file
from .model_repo import dataset_repo_id, model_repo_id, release_tag
from .release import Release, built_releases
from .remote import RemoteRepo, connect, explained, make_sure, read_repo, retry

PARTS = ("dataset", "models", "collection")
"""What can be published."""

MAX_OPERATIONS = 100
"""Files in one commit; more go to a pull request in several commits, which is merged at the end."""

TITLE = f"Publish MNIST-1D data version {DATA_VERSION} with mnist1d-hf {__version__}"
"""Title of the commits and pull requests."""

Operation = CommitOperationAdd | CommitOperationDelete


@dataclass(frozen=True)
class PublishedRepo:
    """What becomes of one repository, or of the collection."""

    repo_type: str
    """``"dataset"``, ``"model"`` or ``"collection"``."""
    repo_id: str
    """Its id on the Hub; the title of a collection."""
    url: str
    """Where to look at it."""
    commit: str | None
    """Its newest commit; None for a collection, and for a repository that is not there."""
    changes: tuple[FileChange, ...] = field(repr=False)
    """What happens to each file, or to each item of the collection."""
    pull_request: str | None = None
    """Address of the pull request that proposes the changes, if that was asked for."""

    @property
    def changed(self) -> bool:
        """Whether anything happens."""
        return any(change.status != "unchanged" for change in self.changes)


@dataclass(frozen=True)
class _Target:
    """Where to publish, and how."""

    api: HfApi
    namespace: str
    author: str
    private: bool = False
    create_pr: bool = False
    revision: str | None = None


def publish(
    namespace: str,
    *,
    only: str | None = None,
    configs: Iterable[str] | None = None,
    num_samples: int | None = None,
    private: bool = False,
    create_pr: bool = False,
    revision: str | None = None,
    dry_run: bool = False,
    review: Callable[[Sequence[PublishedRepo]], bool] | None = None,
    progress: Callable[[PublishedRepo], None] | None = None,
    token: str | None = None,
) -> list[PublishedRepo]:
    """Publish the dataset, the baselines and a collection of them; what is there already is left as it is.

    Parameters
    ----------
    namespace : str
        User or organisation to publish to.
    only : {"dataset", "models", "collection"}, optional
        Publish one part; all three if not given.
    configs : iterable of str, optional
        Configs of the dataset to publish, all four if not given. Others that are on the Hub stay there.
    num_samples : int, optional
        Rows of the config ``large``.
    private : bool
        Make new repositories private.
    create_pr : bool
        Propose the changes as pull requests instead of making them.
    revision : str, optional
        Branch to publish to, made if needed; the main branch if not given.
    dry_run : bool
        Only return what would happen; this takes no token.
    review : callable, optional
        Shown what will happen before anything does; if it returns False, nothing does.
    progress : callable, optional
        Called with each repository when it is done.
    token : str, optional
        Token of the Hub; that of `huggingface_hub` if not given.

    Returns
    -------
    list of PublishedRepo
        One a repository, the dataset first, and the collection last.

    Raises
    ------
    HubError
        If the Hub, the token or the namespace does not allow it, or a file there belongs to somebody else. What was published
        before stays, and calling again goes on.
    ValueError
        If the namespace, a config or an option is not valid.
    """
    check_namespace(namespace)
    if only is not None and only not in PARTS:
        raise ValueError(f"only={only!r} is none of {', '.join(PARTS)}")
    if create_pr and revision is not None:
        raise ValueError(f"a pull request goes to the main branch; give either create_pr or revision={revision!r}")
    if only == "collection" and (create_pr or revision is not None):
        raise ValueError("a collection has no branches and no pull requests; leave out create_pr and revision")
    if only in ("models", "collection") and (configs is not None or num_samples is not None):
        raise ValueError(f"configs and num_samples are for the dataset, which only={only!r} leaves out")
    api = connect(token)
    with explained(api):
        author = "" if dry_run else check_account(api, namespace)
        target = _Target(api, namespace, author, private, create_pr, revision)
        with built_releases(namespace, only=only, configs=configs, num_samples=num_samples) as releases:
            planned = [retry(partial(_plan, target, release)) for release in releases]
            if only in (None, "collection") and not create_pr and revision is None:
                planned.append(retry(partial(_plan_collection, target)))
            agreed = review is None or review(planned)
            return _carry_out(target, releases, planned, progress) if agreed and not dry_run else planned


def _carry_out(
    target: _Target,
    releases: Sequence[Release],
    planned: Sequence[PublishedRepo],
    progress: Callable[[PublishedRepo], None] | None,
) -> list[PublishedRepo]:
    """Do what was planned, the repositories first."""
    for plan in planned:
        _refuse_conflicts(target, plan)
    published = []
    for number, plan in enumerate(planned):
        if plan.repo_type == "collection":
            url = publish_collection(target.api, target.namespace, _items(target.namespace), private=target.private)
            published.append(replace(plan, url=url))
        else:
            published.append(_publish(target, releases[number], plan))
        if progress:
            progress(published[-1])
    return published


def _publish(target: _Target, release: Release, planned: PublishedRepo) -> PublishedRepo:
    """Publish one repository, in as many attempts as it takes."""
    done = [planned]

    def attempt() -> PublishedRepo:
        api, repo, revision = target.api, release.repo, target.revision
        if planned.commit is None:
            make_sure(lambda: api.create_repo(**repo, private=target.private), lambda: api.repo_exists(**repo))
        if revision is not None:
            make_sure(
                lambda: api.create_branch(**repo, branch=revision),
                lambda: api.revision_exists(**repo, revision=revision),
            )
        plan = _plan(target, release)
        _refuse_conflicts(target, plan)
        if not plan.changed:
            # An attempt before this one succeeded, though its answer was lost, or somebody else published the same.
            return replace(plan, changes=done[-1].changes)
        done.append(plan)
        return _commit(target, release, plan)

    published = retry(attempt) if planned.changed else planned
    if release.repo_type == "dataset" and not target.create_pr and target.revision is None:
        while not retry(partial(_tag, target.api, release.repo)):
            continue
    return published


def _plan(target: _Target, release: Release) -> PublishedRepo:
    """Return what publishing would do."""
    remote = read_repo(target.api, **release.repo, revision=target.revision)
    prefix = "datasets/" if release.repo_type == "dataset" else ""
    url = f"{target.api.endpoint}/{prefix}{release.repo_id}"
    changes = tuple(release.compare(target.api, remote))
    return PublishedRepo(release.repo_type, release.repo_id, url, remote.commit, changes)


def _plan_collection(target: _Target) -> PublishedRepo:
    changes = plan_collection(target.api, target.namespace, _items(target.namespace))
    return PublishedRepo("collection", COLLECTION_TITLE, f"{target.api.endpoint}/collections", None, tuple(changes))


def _items(namespace: str) -> list[Item]:
    """Return type and id of what the collection groups."""
    models: list[Item] = [("model", model_repo_id(namespace, name, config)) for config, name in list_checkpoints()]
    return [("dataset", dataset_repo_id(namespace)), *models]


def _refuse_conflicts(target: _Target, plan: PublishedRepo) -> None:
    """Raise if a file on the Hub is somebody else's; a pull request may propose to replace it."""
    paths = [change.path for change in plan.changes if change.status == "conflict"]
    if paths and not target.create_pr:
        raise HubError(
            f"{', '.join(paths[:3])}{', ...' if len(paths) > 3 else ''} in {plan.url} was not written by mnist1d-hf, or was "
            f"changed since; propose the new version as a pull request with --create-pr, or delete the file there first"
        )


def _commit(target: _Target, release: Release, plan: PublishedRepo) -> PublishedRepo:
    """Commit what has changed, on top of the commit the plan is about."""
    operations = [
        CommitOperationDelete(change.path)
        if change.status == "deleted"
        else CommitOperationAdd(change.path, release.folder / change.path)
        for change in plan.changes
        if change.status != "unchanged"
    ]
    if target.create_pr:
        return _propose(target, release, plan, operations)
    # A pull request can only be for the main branch.
    if len(operations) > MAX_OPERATIONS and target.revision is None:
        return _merge(target, release, plan, operations)
    info = target.api.create_commit(
        **release.repo,
        operations=operations,
        commit_message=TITLE,
        parent_commit=plan.commit,
        revision=target.revision,
    )
    return replace(plan, commit=info.oid)


def _propose(target: _Target, release: Release, plan: PublishedRepo, operations: list[Operation]) -> PublishedRepo:
    """Open a pull request, unless there is one that proposes the same."""
    for earlier in _open_pull_requests(target, release):
        proposed = read_repo(target.api, **release.repo, revision=earlier.git_reference)
        if all(_is_done(release, change, proposed) for change in plan.changes):
            return replace(plan, pull_request=earlier.url)
    info = _open_pull_request(target, release, plan, operations[:MAX_OPERATIONS])
    _fill_pull_request(target, release, info, operations[MAX_OPERATIONS:])
    return replace(plan, pull_request=info.pr_url)


def _is_done(release: Release, change: FileChange, remote: RemoteRepo) -> bool:
    if change.status == "deleted":
        return change.path not in remote.files
    return remote.holds(change.path, hash_file(release.folder / change.path))


def _merge(target: _Target, release: Release, plan: PublishedRepo, operations: list[Operation]) -> PublishedRepo:
    """Gather many files in a pull request and merge it, so that readers see all of them at once."""
    api, repo = target.api, release.repo
    info = _open_pull_request(target, release, plan, operations[:MAX_OPERATIONS])
    number = info.pr_num
    assert number is not None
    try:
        _fill_pull_request(target, release, info, operations[MAX_OPERATIONS:])
        # An interrupted run left the others, or somebody else is at them, who has to begin again on top of this.
        for other in _open_pull_requests(target, release):
            if other.num != number:
                api.change_discussion_status(**repo, discussion_num=other.num, new_status="closed")
        api.merge_pull_request(**repo, discussion_num=number)
    except HfHubHTTPError as error:
        if api.get_discussion_details(**repo, discussion_num=number).status == "closed":
            raise BusyError(f"somebody else publishes to {plan.url} at the same time; run this again") from error
        raise
    return replace(plan, commit=read_repo(api, **repo).commit)


def _open_pull_requests(target: _Target, release: Release) -> list[Discussion]:
    """Return the open pull requests of this account for this release."""
    found = target.api.get_repo_discussions(
        **release.repo, author=target.author, discussion_type="pull_request", discussion_status="open"
    )
    return [discussion for discussion in found if discussion.title == TITLE]


def _open_pull_request(
    target: _Target, release: Release, plan: PublishedRepo, operations: list[Operation]
) -> CommitInfo:
    info: CommitInfo = target.api.create_commit(
        **release.repo, operations=operations, commit_message=TITLE, parent_commit=plan.commit, create_pr=True
    )
    return info


def _fill_pull_request(target: _Target, release: Release, info: CommitInfo, operations: list[Operation]) -> None:
    """Add what was too much for one commit."""
    for start in range(0, len(operations), MAX_OPERATIONS):
        part = operations[start : start + MAX_OPERATIONS]
        target.api.create_commit(**release.repo, operations=part, commit_message=TITLE, revision=info.pr_revision)


def _tag(api: HfApi, repo: dict[str, Any]) -> bool:
    """Let the tag of the data version point at the newest data; return whether it did already.

    Whoever publishes at the same time moves it as well, so that it must be looked at again.
    """
    name, refs = release_tag(DATA_VERSION), api.list_repo_refs(**repo)
    main = next(ref.target_commit for ref in refs.branches if ref.name == "main")
    tagged = next((ref.target_commit for ref in refs.tags if ref.name == name), None)
    if tagged == main or (tagged and _data(api, repo, tagged) == _data(api, repo, main)):
        return True
    if tagged:
        with suppress(RevisionNotFoundError):
            api.delete_tag(**repo, tag=name)
    api.create_tag(**repo, tag=name, revision=main)
    return False


def _data(api: HfApi, repo: dict[str, Any], commit: str) -> dict[str, FileHash]:
    files = read_repo(api, **repo, revision=commit).files
    return {path: file for path, file in files.items() if path.endswith(".parquet")}
