"""Downloads what is published, with the clients everybody has, and checks it: hashes, rows and accuracies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
from datasets.exceptions import DatasetGenerationError
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, HfApi, ModelCard
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from ..baselines.bundled import list_checkpoints
from ..dataset.checksums import FROZEN_SHA256, sha256
from ..dataset.presets import evaluation_config
from ..errors import HubError
from ..utils.extras import check_extras
from ..utils.patience import patience
from ..utils.text import one_line
from .client import check_namespace, connect, explained
from .dataset_plan import CARD_NAME
from .manifest import MANIFEST_NAME, hash_file, parse_manifest
from .naming import checked_name, dataset_repo_id, model_repo_id, space_repo_id
from .remote_repo import check_commit
from .retries import retry
from .space_repo import SDK

PARTS = ("dataset", "models", "space")
"""What can be checked."""


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

    repo_id: str
    """Id of the repository; that of the Space, which the dataset has too, begins with ``"spaces/"``."""
    what: str
    """``"files"``, a config and split, ``"accuracy"``, ``"sdk"``, or the file that is wrong."""
    ok: bool
    """Whether it passed."""
    detail: str
    """What was found."""


def verify(
    namespace: str,
    *,
    only: str | None = None,
    expected: Iterable[str] = (),
    revision: str | None = None,
    progress: Callable[[Check], None] | None = None,
    token: str | None = None,
) -> list[Check]:
    """Check what is published in a namespace: every file's hash, every config's rows, every checkpoint's accuracy, the Space.

    Parameters
    ----------
    namespace : str
        User or organisation.
    only : {"dataset", "models", "space"}, optional
        Check one part; all three by default.
    expected : iterable of str
        Ids of repositories that must exist, as in `Check`; others are checked if they do.
    revision : str, optional
        Branch, tag or commit to check; the main branch by default.
    progress : callable, optional
        Called with each check once it is done.
    token : str, optional
        Token of the Hub, for private repositories; by default the one that `huggingface_hub` finds.

    Returns
    -------
    list of Check
        All of them, those that passed too.

    Raises
    ------
    HubError
        If nothing is published there, or the Hub cannot be reached.
    ValueError
        If the namespace is not valid.
    """
    check_namespace(namespace)
    if only not in (None, *PARTS):
        raise ValueError(f"only={only!r} is not one of {', '.join(PARTS)}")
    expected = set(expected)
    api = connect(token)
    checks: list[Check] = []
    with patience(), TemporaryDirectory() as temporary:
        pull = _Puller(api, Path(temporary), revision)
        for repo_type, repo_id in _repositories(namespace, only):
            name = checked_name(repo_type, repo_id)
            for found in _check_repo(pull, repo_type, repo_id, name in expected):
                check = replace(found, repo_id=name)
                checks.append(check)
                if progress:
                    progress(check)
    if not checks:
        at = f" at the revision {revision!r}" if revision else ""
        raise HubError(
            f"nothing is published in {namespace!r}{at}, or it is private and there is no token that may read it; to publish, "
            f"run: mnist1d-hf publish {namespace}"
        )
    return checks


def _repositories(namespace: str, only: str | None) -> list[tuple[str, str]]:
    found = [("dataset", dataset_repo_id(namespace))] if only in (None, "dataset") else []
    if only in (None, "models"):
        check_extras("torch")
        found += [("model", model_repo_id(namespace, name, config)) for config, name in list_checkpoints()]
    return found + ([("space", space_repo_id(namespace))] if only in (None, "space") else [])


class _Puller:
    """Downloads to a folder of its own and loads from there, so that the user's caches hide no difference."""

    def __init__(self, api: HfApi, folder: Path, revision: str | None) -> None:
        self._api, self._folder, self.revision = api, folder, revision
        self._test_rows: dict[tuple[str, str, str], Any] = {}

    def split(self, folder: Path, config: str, split: str) -> Any:
        """Load a split with stock `datasets`; whether it has as many rows as the card says is left to the caller."""
        cache = str(self._folder / "datasets")
        return datasets.load_dataset(str(folder), config, split=split, cache_dir=cache, verification_mode="no_checks")

    def test_rows(self, repo_id: str, revision: str, config: str) -> Any:
        """Return the test rows at a revision of a dataset, or None if there is no such repository or revision."""
        key = (repo_id, revision, config)
        if key not in self._test_rows:
            folder = self.repo("dataset", repo_id, revision)
            if folder is None and self.revision:
                # Data on a branch gets its tag only when it is published to the main branch.
                folder = self.repo("dataset", repo_id, self.revision)
            self._test_rows[key] = folder and self.split(folder, config, "test")
        return self._test_rows[key]

    def sdk(self, repo_id: str) -> str | None:
        """Return what the Hub runs a Space on."""
        with explained(self._api):
            return retry(lambda: self._api.space_info(repo_id, revision=self.revision)).sdk

    def repo(self, repo_type: str, repo_id: str, revision: str | None) -> Path | None:
        """Return a folder with the repository's files, or None if there is no such repository or revision."""

        def download() -> str:
            commit = check_commit(self._api, self._api.repo_info(repo_id, repo_type=repo_type, revision=revision).sha)
            cache = self._folder / "hub"
            return self._api.snapshot_download(repo_id, repo_type=repo_type, revision=commit, cache_dir=cache)

        with explained(self._api):
            try:
                return Path(retry(download))
            except (RepositoryNotFoundError, RevisionNotFoundError):
                return None


def _check_repo(pull: _Puller, repo_type: str, repo_id: str, is_expected: bool) -> Iterator[Check]:
    """Check one repository; one that is missing passes unless it is expected, and one that cannot be stored here fails."""
    try:
        folder = pull.repo(repo_type, repo_id, pull.revision)
    except HubError:
        raise
    except Exception as error:
        yield Check(repo_id, "files", False, f"they cannot be downloaded: {_reason(error)}")
        return
    if folder is None:
        if is_expected:
            yield Check(repo_id, "files", False, "the repository is missing")
        return
    yield _check(repo_id, "files", partial(_examine_files, folder))
    if repo_type == "model":
        yield _check(repo_id, "accuracy", partial(_examine_accuracy, pull, folder))
    elif repo_type == "space":
        yield _check(repo_id, "sdk", partial(_examine_sdk, pull, repo_id))
    else:
        yield from _check_dataset(pull, repo_id, folder)


def _check(repo_id: str, what: str, examine: Callable[[], str]) -> Check:
    """Return what an examination finds; whatever it raises is what is wrong, unless the Hub is to blame."""
    try:
        return Check(repo_id, what, True, examine())
    except HubError:
        raise
    except Exception as error:
        return Check(repo_id, what, False, _reason(error))


def _examine_files(folder: Path) -> str:
    """Compare the files with the manifest they were published with."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise ValueError(f"there is no {MANIFEST_NAME}: this was not published by mnist1d-hf")
    manifest = parse_manifest(path.read_text(encoding="utf-8", errors="replace"))
    wrong = [
        name for name, file in manifest.items() if not (folder / name).is_file() or hash_file(folder / name) != file
    ]
    if wrong or not manifest:
        raise ValueError(f"missing or changed: {', '.join(wrong) or 'all'}")
    return f"{len(manifest)} files as published"


def _check_dataset(pull: _Puller, repo_id: str, folder: Path) -> Iterator[Check]:
    """Load every config that the card lists."""
    script = f"{repo_id.partition('/')[2]}.py"
    if (folder / script).exists():
        detail = "`datasets` takes it for a loading script and refuses the repository; delete it there"
        yield Check(repo_id, script, False, detail)
    try:
        card = DatasetCard.load(folder / CARD_NAME).data
        infos = DatasetInfosDict.from_dataset_card_data(card)
        splits = [
            (config, split, info.num_examples)
            for config in MetadataConfigs.from_dataset_card_data(card)
            for split, info in infos[config].splits.items()
        ]
    except Exception as error:  # of any kind: it says what is wrong with the card
        yield Check(repo_id, CARD_NAME, False, f"it does not list configs with their splits: {_reason(error)}")
        return
    if not splits:
        yield Check(repo_id, CARD_NAME, False, "it lists no configs")
    for config, split, rows in splits:
        yield _check(repo_id, f"{config}/{split}", partial(_examine_split, pull, folder, config, split, rows))


def _examine_split(pull: _Puller, folder: Path, config: str, split: str, rows: int) -> str:
    loaded = pull.split(folder, config, split)
    if len(loaded) != rows:
        raise ValueError(f"{len(loaded):,} rows, the card says {rows:,}")
    frozen = FROZEN_SHA256.get((config, split))
    if frozen and sha256(loaded) != frozen:
        raise ValueError("these are not the rows of the paper")
    return f"{rows:,} rows{', those of the paper' if frozen else ''}"


def _examine_sdk(pull: _Puller, repo_id: str) -> str:
    """Ask the Hub what it runs the Space on, which is what its card says."""
    sdk = pull.sdk(repo_id)
    if sdk != SDK:
        raise ValueError(f"the Hub runs it as {sdk!r}, not as {SDK!r}")
    return f"{SDK}, as published"


def _examine_accuracy(pull: _Puller, folder: Path) -> str:
    """Evaluate a checkpoint on the rows of the dataset it names, and compare with what its card claims."""
    from ..baselines import evaluate, load_model  # need torch

    results = ModelCard.load(folder / CARD_NAME).data.eval_results
    claim = float(results[0].metric_value) if results else None
    model = load_model(folder)
    names = ("dataset", "dataset_revision", "dataset_config")
    dataset, revision, trained_on = (model.metadata.get(name) for name in names)
    if not (isinstance(dataset, str) and isinstance(revision, str) and isinstance(trained_on, str)):
        raise ValueError(
            f"config.json names the dataset {dataset!r} at {revision!r} and its config {trained_on!r}, which are not all names"
        )
    config = evaluation_config(trained_on)
    test = pull.test_rows(dataset, revision, config)
    if test is None:
        raise ValueError(f"there is no dataset {dataset} at {revision} to test it on")
    evaluation = evaluate(model, test)
    measured = f"{100 * evaluation.accuracy:.2f} % of the test rows of {config}"
    if claim is None:
        raise ValueError(f"{measured}, but the card claims none")
    # Half a row allows for a claim that was rounded.
    if abs(claim / 100 - evaluation.accuracy) * evaluation.rows >= 0.5:
        raise ValueError(f"{measured}, the card claims {claim:.2f} %")
    return measured


def _reason(error: Exception) -> str:
    return one_line((error.__cause__ or error) if isinstance(error, DatasetGenerationError) else error)
