"""Pulls back what is published, with the clients everybody has, and checks it: hashes, rows and accuracies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
from huggingface_hub import DatasetCard, HfApi, ModelCard
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from ..baselines.evaluation import evaluate
from ..baselines.registry import list_checkpoints, load_model
from ..baselines.table import evaluation_config
from ..checksums import FROZEN_SHA256, sha256
from .account import check_namespace
from .dataset_repo import CARD_NAME
from .manifest import MANIFEST_NAME, hash_file, parse_manifest
from .model_repo import dataset_repo_id, model_repo_id
from .remote import HubError, connect, explained, patience, retry


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

    repo_id: str
    """Id of the repository."""
    what: str
    """``"files"``, a config and split, or ``"accuracy"``."""
    ok: bool
    """Whether it is as it should be."""
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
    """Check what is published in a namespace: every file's hash, every config's rows, every checkpoint's accuracy.

    Parameters
    ----------
    namespace : str
        User or organisation.
    only : {"dataset", "models"}, optional
        Check one part; both if not given.
    expected : iterable of str
        Ids of repositories that must be there; without any, those that are there are checked.
    revision : str, optional
        Branch, tag or commit to check; the main branch if not given.
    progress : callable, optional
        Called with each check when it is done.
    token : str, optional
        Token of the Hub, for private repositories; that of `huggingface_hub` if not given.

    Returns
    -------
    list of Check
        All of them, also those that went well.

    Raises
    ------
    HubError
        If nothing is published there, or the Hub cannot be reached.
    ValueError
        If the namespace is not valid.
    """
    check_namespace(namespace)
    expected = set(expected)
    api = connect(token)
    checks: list[Check] = []

    def note(check: Check) -> None:
        checks.append(check)
        if progress:
            progress(check)

    with explained(api), patience(), TemporaryDirectory() as cache:
        pull = _Puller(api, Path(cache), revision)
        for repo_type, repo_id in _repositories(namespace, only):
            folder = pull.folder(repo_type, repo_id)
            if folder is None:
                if repo_id in expected:
                    note(Check(repo_id, "files", False, "the repository is missing"))
                continue
            note(_check_files(repo_id, folder))
            if repo_type == "model":
                note(_check_model(pull, repo_id, folder))
                continue
            for check in _check_dataset(pull, repo_id, folder):
                note(check)
    if not checks:
        raise HubError(f"nothing is published in {namespace!r}; publish it with: mnist1d-hf publish {namespace}")
    return checks


def _repositories(namespace: str, only: str | None) -> list[tuple[str, str]]:
    found = [("dataset", dataset_repo_id(namespace))] if only in (None, "dataset") else []
    if only in (None, "models"):
        found += [("model", model_repo_id(namespace, name, config)) for config, name in list_checkpoints()]
    return found


class _Puller:
    """Downloads into a cache of its own, so that what is checked comes from the Hub."""

    def __init__(self, api: HfApi, cache: Path, revision: str | None) -> None:
        self.api = api
        self.cache = cache
        self.revision = revision
        self._splits: dict[tuple[str, ...], Any] = {}

    def folder(self, repo_type: str, repo_id: str) -> Path | None:
        """Return a folder with the repository's files, or None if there is no such repository or revision."""
        try:
            return Path(
                retry(
                    lambda: self.api.snapshot_download(
                        repo_id, repo_type=repo_type, revision=self.revision, cache_dir=self.cache / "hub"
                    )
                )
            )
        except (RepositoryNotFoundError, RevisionNotFoundError):
            return None

    def split(self, repo_id: str, config: str, split: str, revision: str | None) -> Any:
        """Return a split, loaded with stock `datasets`."""
        key = (repo_id, config, split, revision or "")
        if key not in self._splits:
            self._splits[key] = datasets.load_dataset(
                repo_id,
                config,
                split=split,
                revision=revision,
                token=self.api.token,
                cache_dir=str(self.cache / "datasets"),
            )
        return self._splits[key]


def _check_files(repo_id: str, folder: Path) -> Check:
    """Compare the files with the manifest they were published with."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        return Check(repo_id, "files", False, f"there is no {MANIFEST_NAME}: this was not published by mnist1d-hf")
    try:
        manifest = parse_manifest(path.read_text(encoding="utf-8"))
    except ValueError as error:
        return Check(repo_id, "files", False, str(error))
    wrong = [
        name for name, file in manifest.items() if not (folder / name).is_file() or hash_file(folder / name) != file
    ]
    if wrong:
        return Check(repo_id, "files", False, f"missing or changed: {', '.join(wrong)}")
    return Check(repo_id, "files", True, f"{len(manifest)} files as published")


def _check_dataset(pull: _Puller, repo_id: str, folder: Path) -> Iterator[Check]:
    """Load every config the card lists."""
    try:
        infos = DatasetCard.load(folder / CARD_NAME).data.dataset_info
        infos = [infos] if isinstance(infos, dict) else infos
        splits = [
            (info["config_name"], split["name"], split["num_examples"]) for info in infos for split in info["splits"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Check(repo_id, "card", False, f"the card lists no configs ({error!r})")
        return
    for config, split, rows in splits:
        yield _check_split(pull, repo_id, config, split, rows)


def _check_split(pull: _Puller, repo_id: str, config: str, split: str, rows: int) -> Check:
    what = f"{config}/{split}"
    try:
        loaded = pull.split(repo_id, config, split, pull.revision)
        if len(loaded) != rows:
            return Check(repo_id, what, False, f"{len(loaded):,} rows, the card says {rows:,}")
        frozen = FROZEN_SHA256.get((config, split))
        if frozen and sha256(loaded) != frozen:
            return Check(repo_id, what, False, "these are not the rows of the paper")
    except Exception as error:  # whatever loading raises is what is wrong with the dataset
        return Check(repo_id, what, False, _one_line(error))
    return Check(repo_id, what, True, f"{rows:,} rows{', those of the paper' if frozen else ''}")


def _check_model(pull: _Puller, repo_id: str, folder: Path) -> Check:
    """Evaluate a checkpoint on the rows of the dataset it names, and compare with what its card claims."""
    try:
        results = ModelCard.load(folder / CARD_NAME).data.eval_results
        model = load_model(folder)
        metadata = model.metadata
        config = evaluation_config(metadata["dataset_config"])
        test = pull.split(metadata["dataset"], config, "test", metadata["dataset_revision"])
        evaluation = evaluate(model, test)
    except Exception as error:  # as above
        return Check(repo_id, "accuracy", False, _one_line(error))
    measured = f"{100 * evaluation.accuracy:.2f} % of the test rows of {config}"
    if not results:
        return Check(repo_id, "accuracy", False, f"{measured}, but the card claims none")
    claim = float(results[0].metric_value)
    # Half a row allows for a claim that was rounded.
    ok = abs(claim / 100 - evaluation.accuracy) * evaluation.rows < 0.5
    return Check(repo_id, "accuracy", ok, measured if ok else f"{measured}, the card claims {claim:.2f} %")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
