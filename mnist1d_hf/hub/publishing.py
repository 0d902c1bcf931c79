"""Publishes the dataset, the baselines, a page to play with and a collection of them to a namespace on the Hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from ..dataset.presets import CONFIGS
from .client import check_account, check_namespace, connect, explained
from .collection import plan_collection, publish_collection
from .commits import create_repo, publish_repo, tag_data
from .naming import dataset_repo_id
from .planning import PublishedRepo, Target, plan_repo, refuse_conflicts, refuse_models_without_rows
from .release import Release, built_releases
from .retries import retry
from .uploads import upload_files

PARTS = ("dataset", "models", "space", "collection")
"""What can be published."""


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
    executor: Executor | None = None,
    retries: int = 2,
) -> list[PublishedRepo]:
    """Publish the dataset, the baselines, the Space and a collection of them; what is published already is left unchanged.

    Parameters
    ----------
    namespace : str
        User or organisation to publish to.
    only : {"dataset", "models", "space", "collection"}, optional
        Publish one part; all four by default.
    configs : iterable of str, optional
        Configs of the dataset to publish, all four by default. Other configs on the Hub are kept.
    num_samples : int, optional
        Rows of the config ``large``, train and test together.
    private : bool
        Make new repositories private.
    create_pr : bool
        Propose the changes as pull requests instead of making them.
    revision : str, optional
        Branch to publish to, created if needed; the main branch by default.
    dry_run : bool
        Only return what would happen; this needs no token.
    review : callable, optional
        Called with what will happen before anything does; if it returns False, nothing does.
    progress : callable, optional
        Called with each repository once it is done.
    token : str, optional
        Token of the Hub; by default the one that `huggingface_hub` finds.
    executor : concurrent.futures.Executor, optional
        Lets its workers make the files of ``large`` and upload them, one file at a time each, with the token that
        `huggingface_hub` finds there; see `mnist1d_hf.cluster.open_executor`. All of it is committed at the end. By default
        everything is built in a temporary folder of this machine first.
    retries : int
        How often a file that fails on the executor is tried again.

    Returns
    -------
    list of PublishedRepo
        One per repository, the dataset first, and the collection last.

    Raises
    ------
    HubError
        If the Hub, the token or the namespace does not allow it, a file there belongs to somebody else, or the models are
        evaluated on configs that are not published. What was published before that stays; call again to resume.
    TasksFailedError
        If some files failed on the executor; the message names them. The others are uploaded; call again to resume.
    ValueError
        If the namespace, a config or an option is not valid.
    """
    check_namespace(namespace)
    if only is not None and only not in PARTS:
        raise ValueError(f"only={only!r} is not one of {', '.join(PARTS)}")
    if create_pr and revision is not None:
        raise ValueError(f"a pull request goes to the main branch; give either create_pr or revision={revision!r}")
    if only == "collection" and (create_pr or revision is not None):
        raise ValueError("a collection has no branches and no pull requests; leave out create_pr and revision")
    if only not in (None, "dataset") and (configs is not None or num_samples is not None):
        raise ValueError(f"configs and num_samples are for the dataset, which only={only!r} leaves out")
    configs = list(configs or CONFIGS)
    api = connect(token)
    with explained(api, writing=True):
        if dry_run:
            # Whether the Hub can be reached, before there is any other work.
            retry(lambda: api.repo_exists(dataset_repo_id(namespace), repo_type="dataset"))
        author = "" if dry_run else check_account(api, namespace)
        target = Target(api, namespace, author, private, create_pr, revision)
        with built_releases(
            namespace, only=only, configs=configs, num_samples=num_samples, leave_sharded=executor is not None
        ) as releases:
            if only in (None, "models") and not create_pr:
                refuse_models_without_rows(target, () if only else configs)
            planned = [retry(partial(plan_repo, target, release)) for release in releases]
            if only in (None, "collection") and not create_pr and revision is None:
                planned.append(retry(partial(plan_collection, target)))
            agreed = review is None or review(planned)
            if not agreed or dry_run:
                return planned
            return _carry_out(target, releases, planned, progress, executor, retries)


def _carry_out(
    target: Target,
    releases: Sequence[Release],
    planned: Sequence[PublishedRepo],
    progress: Callable[[PublishedRepo], None] | None,
    executor: Executor | None,
    retries: int,
) -> list[PublishedRepo]:
    """Do what was planned: a repository for each release, then the collection if there is one more plan."""
    for plan in planned:
        refuse_conflicts(target, plan)
    published = []
    for number, plan in enumerate(planned):
        if plan.repo_type == "collection":
            published.append(replace(plan, url=publish_collection(target)))
        else:
            release = releases[number]
            if executor is not None and release.planned:
                # Workers make and upload the planned files; it is compared again, now that all of it is known.
                retry(partial(create_repo, target, release, plan))
                release = upload_files(target, release, executor, retries)
                plan = retry(partial(plan_repo, target, release))
                refuse_conflicts(target, plan)
            published.append(publish_repo(target, release, plan))
            if plan.repo_type == "dataset" and not target.create_pr and target.revision is None:
                tag_data(target.api, release.repo)
        if progress:
            progress(published[-1])
    return published
