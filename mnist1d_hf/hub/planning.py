"""What publishing would do to each repository, and whether it may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from huggingface_hub import HfApi
from huggingface_hub.constants import REPO_TYPES_URL_PREFIXES

from ..baselines.bundled import list_checkpoints
from ..dataset.presets import evaluation_config
from ..errors import HubError
from ..version import DATA_VERSION, __version__
from .naming import dataset_repo_id
from .release import Release
from .remote_repo import FileChange, read_repo
from .retries import retry

TITLE = f"Publish MNIST-1D data version {DATA_VERSION} with mnist1d-hf {__version__}"
"""Title of the commits and pull requests of a release."""


@dataclass(frozen=True)
class PublishedRepo:
    """What becomes of one repository, or of the collection."""

    repo_type: str
    """``"dataset"``, ``"model"``, ``"space"`` or ``"collection"``."""
    repo_id: str
    """Its id on the Hub; the title of a collection."""
    url: str
    """Where to look at it."""
    commit: str | None
    """Its newest commit; None for a collection, and for a repository that does not exist."""
    changes: tuple[FileChange, ...] = field(repr=False)
    """What happens to each file, or to each item of the collection."""
    pull_request: str | None = None
    """Address of the pull request that proposes the changes, if requested."""

    @property
    def changed(self) -> bool:
        """Whether anything happens, or may happen once pending files are made."""
        return any(change.status != "unchanged" for change in self.changes)


@dataclass(frozen=True)
class Target:
    """Where to publish, as whom, and how."""

    api: HfApi
    namespace: str
    author: str
    private: bool = False
    create_pr: bool = False
    revision: str | None = None
    title: str = TITLE
    """Title of commits and pull requests."""


def plan_repo(target: Target, release: Release) -> PublishedRepo:
    """Compare a release with its repository on the Hub, in one request if nothing has changed."""
    remote = read_repo(target.api, **release.repo, revision=target.revision)
    prefix = REPO_TYPES_URL_PREFIXES.get(release.repo_type, "")
    url = f"{target.api.endpoint}/{prefix}{release.repo_id}"
    changes = tuple(release.compare(target.api, remote))
    return PublishedRepo(release.repo_type, release.repo_id, url, remote.commit, changes)


def refuse_conflicts(target: Target, plan: PublishedRepo) -> None:
    """Raise a HubError if a file on the Hub is somebody else's; a pull request may propose to replace it."""
    paths = [change.path for change in plan.changes if change.status == "conflict"]
    if paths and not target.create_pr:
        raise HubError(
            f"{', '.join(paths[:3])}{', ...' if len(paths) > 3 else ''} in {plan.url} was not written by mnist1d-hf, or was "
            f"changed since; propose the new version as a pull request with --create-pr, or delete the file there first"
        )


def refuse_models_without_rows(target: Target, configs: Iterable[str]) -> None:
    """Raise a HubError if models would name rows that are neither published with them, in ``configs``, nor on the Hub."""
    missing = {evaluation_config(config) for config, _ in list_checkpoints()}.difference(configs)
    if not missing:
        return
    dataset = dataset_repo_id(target.namespace)
    remote = retry(lambda: read_repo(target.api, dataset, "dataset", target.revision))
    missing -= {path.partition("/")[0] for path in remote.files}
    if missing:
        raise HubError(
            f"the models are evaluated on configs that {dataset} would not have: {', '.join(sorted(missing))}; publish them "
            f"too, or the dataset alone with --only dataset (only='dataset')"
        )
