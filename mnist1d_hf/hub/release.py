"""A release: repositories on disk, ready to be compared with those on the Hub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard, HfApi

from ..baselines.bundled import list_checkpoints
from ..dataset.presets import CONFIGS
from ..utils.extras import check_extras
from .comparison import FileChange, compare
from .dataset_card import render_dataset_card
from .dataset_plan import CARD_NAME, TASKS_NAME, write_documents
from .dataset_repo import build_dataset_repo
from .manifest import MANIFEST_NAME, FileHash, hash_file, hash_folder, parse_manifest, write_manifest
from .naming import dataset_repo_id, model_repo_id
from .remote_repo import RemoteRepo, read_text


@dataclass(frozen=True)
class Release:
    """One repository on disk."""

    repo_type: str
    """``"dataset"`` or ``"model"``."""
    repo_id: str
    """Its id on the Hub."""
    folder: Path
    """Where it is."""
    infos: dict[str, DatasetInfo] = field(default_factory=dict)
    """Features, splits and sizes of the built configs of a dataset; none for a model."""
    files: dict[str, FileHash] = field(default_factory=dict)
    """Hashes of its files, except for documents that depend on what is on the Hub: manifest, and card of a dataset."""

    @property
    def repo(self) -> dict[str, Any]:
        """Id and type, as arguments of the client's functions."""
        return {"repo_id": self.repo_id, "repo_type": self.repo_type}

    def compare(self, api: HfApi, remote: RemoteRepo) -> list[FileChange]:
        """Finish the documents to suit what is on the Hub, and compare all files with it.

        Configs of the dataset that are on the Hub but not in this release are kept, in the card too.
        """
        others = {path.partition("/")[0] for path in remote.files if self.infos} & (CONFIGS.keys() - self.infos.keys())
        if not others:
            local = self._finish({}, {})
            is_published = all(remote.holds(path, file) for path, file in local.items())
            return compare(local, remote, local if is_published else self._remote_manifest(api, remote))
        manifest = self._remote_manifest(api, remote)
        staying = {path: file for path, file in manifest.items() if path.partition("/")[0] in others}
        local = self._finish(self._listed(api, remote, others), staying)
        return compare(local, remote, {path: file for path, file in manifest.items() if path not in staying})

    def _remote_manifest(self, api: HfApi, remote: RemoteRepo) -> dict[str, FileHash]:
        """Return the files that an earlier release wrote; none if there is no readable manifest."""
        if remote.commit is None or MANIFEST_NAME not in remote.files:
            return {}
        try:
            return parse_manifest(read_text(api, **self.repo, commit=remote.commit, path=MANIFEST_NAME))
        except ValueError:
            return {}

    def _listed(self, api: HfApi, remote: RemoteRepo, configs: Set[str]) -> dict[str, DatasetInfo]:
        """Return what the card on the Hub says of these configs; nothing if somebody made it unreadable."""
        if not configs or remote.commit is None or CARD_NAME not in remote.files:
            return {}
        text = read_text(api, **self.repo, commit=remote.commit, path=CARD_NAME)
        try:
            infos = DatasetInfosDict.from_dataset_card_data(DatasetCard(text).data)
            listed = {name: info for name, info in infos.items() if name in configs}
            render_dataset_card({**listed, **self.infos})
        except Exception:  # of any kind; the comparison shows what is wrong with the card
            return {}
        return listed

    def _finish(self, kept: dict[str, DatasetInfo], staying: dict[str, FileHash]) -> dict[str, FileHash]:
        """Write the documents and return the hashes of all files of this release."""
        files = dict(self.files)
        if self.infos:
            infos = {**kept, **self.infos}
            write_documents(self.folder, {name: infos[name] for name in CONFIGS if name in infos}, repo_id=self.repo_id)
            documents = (CARD_NAME, TASKS_NAME)
            files |= {name: hash_file(self.folder / name) for name in documents if (self.folder / name).exists()}
        write_manifest(self.folder, {**files, **staying})
        return {**files, MANIFEST_NAME: hash_file(self.folder / MANIFEST_NAME)}


@contextmanager
def built_releases(
    namespace: str,
    *,
    only: str | None = None,
    configs: Iterable[str] | None = None,
    num_samples: int | None = None,
) -> Iterator[list[Release]]:
    """Build what is to be published in a temporary folder; the dataset comes first, for the models name it.

    ``only`` is "dataset" or "models"; both are built by default, and neither for anything else.
    """
    if only in (None, "models"):
        check_extras("torch")
    with TemporaryDirectory() as temporary:
        releases = []
        if only in (None, "dataset"):
            repo = build_dataset_repo(Path(temporary) / "dataset", configs=configs, num_samples=num_samples)
            documents = (CARD_NAME, TASKS_NAME, MANIFEST_NAME)
            files = {path: file for path, file in hash_folder(repo.folder).items() if path not in documents}
            releases.append(Release("dataset", dataset_repo_id(namespace), repo.folder, repo.infos, files))
        for config, name in list_checkpoints() if only in (None, "models") else ():
            from .model_repo import build_model_repo  # needs torch

            repo_id = model_repo_id(namespace, name, config)
            folder = Path(temporary) / repo_id
            build_model_repo(folder, name, config, namespace)
            releases.append(Release("model", repo_id, folder, files=hash_folder(folder)))
        yield releases
