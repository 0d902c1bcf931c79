"""A release: repositories on disk, ready to be compared with those on the Hub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard, HfApi

from ..baselines.bundled import list_checkpoints
from ..dataset.presets import CONFIGS, PRESETS
from ..utils.extras import check_extras
from .dataset_card import render_dataset_card
from .dataset_plan import CARD_NAME, TASKS_NAME, DatasetPlan, copy_fixed_files, plan_dataset, write_documents
from .dataset_repo import build_dataset_repo
from .manifest import MANIFEST_NAME, FileHash, hash_file, hash_folder, parse_manifest, write_manifest
from .naming import dataset_repo_id, model_repo_id, space_repo_id
from .parquet_files import ParquetFile
from .remote_repo import FileChange, RemoteRepo, compare, read_text
from .seeded_files import read_seeded_files
from .space_repo import build_space_repo


@dataclass(frozen=True)
class Release:
    """One repository on disk."""

    repo_type: str
    """``"dataset"``, ``"model"`` or ``"space"``."""
    repo_id: str
    """Its id on the Hub."""
    folder: Path
    """Where it is."""
    infos: dict[str, DatasetInfo] = field(default_factory=dict)
    """Features, splits and sizes of the built configs of a dataset; none for others."""
    files: dict[str, FileHash] = field(default_factory=dict)
    """Hashes of its files, except for documents that depend on what is on the Hub: manifest, and card of a dataset. Those of
    files that have yet to be made are empty."""
    plan: DatasetPlan | None = None
    """Of a dataset, what its configs and their files are."""
    planned: dict[str, ParquetFile] = field(default_factory=dict)
    """Files that workers make and upload, by path; they are never in the folder."""
    operations: dict[str, bytes] = field(default_factory=dict)
    """Operations that commit what workers have uploaded, pickled, since one that was committed cannot be used again."""

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
            is_published = all(file.sha256 and remote.holds(path, file) for path, file in local.items())
            return compare(local, remote, local if is_published else self._remote_manifest(api, remote))
        manifest = self._remote_manifest(api, remote)
        staying = {path: file for path, file in manifest.items() if path.partition("/")[0] in others}
        local = self._finish(self._listed(api, remote, others), staying)
        return compare(local, remote, {path: file for path, file in manifest.items() if path not in staying})

    def with_files(self, files: dict[str, FileHash], operations: dict[str, bytes]) -> Release:
        """Return this release with more files, or exact sizes in place of estimates, and the operations that commit them."""
        assert self.plan is not None
        hashes = {**self.files, **files}
        return replace(self, infos=self.plan.infos(hashes), files=hashes, operations=operations)

    def _remote_manifest(self, api: HfApi, remote: RemoteRepo) -> dict[str, FileHash]:
        """Return the files that an earlier release wrote, or, before the first one, the Hub; none if that cannot be told."""
        if remote.commit is None:
            return {}
        if MANIFEST_NAME not in remote.files:
            return read_seeded_files(api, self.repo_id, remote) if self.repo_type == "space" else {}
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
            nested = {path.partition("/")[0] for path in {**files, **staying} if path.count("/") > 1}
            listed = {name: infos[name] for name in CONFIGS if name in infos}
            write_documents(self.folder, listed, repo_id=self.repo_id, nested=nested)
            documents = (CARD_NAME, TASKS_NAME)
            files |= {name: hash_file(self.folder / name) for name in documents if (self.folder / name).exists()}
        write_manifest(self.folder, {**files, **staying})
        files[MANIFEST_NAME] = hash_file(self.folder / MANIFEST_NAME)
        if not all(file.sha256 for file in self.files.values()):
            # Both name sizes that are not known yet.
            files |= {name: FileHash(files[name].size, "", "") for name in (CARD_NAME, MANIFEST_NAME)}
        return files


@contextmanager
def built_releases(
    namespace: str,
    *,
    only: str | None = None,
    configs: Iterable[str] | None = None,
    num_samples: int | None = None,
    leave_sharded: bool = False,
) -> Iterator[list[Release]]:
    """Build what is to be published in a temporary folder; the dataset comes first, for the models name it.

    ``only`` is "dataset", "models" or "space"; all are built by default, and none for anything else. With ``leave_sharded``,
    the files of sharded configs are only planned.
    """
    if only in (None, "models"):
        check_extras("torch")
    with TemporaryDirectory() as temporary:
        releases = []
        if only in (None, "dataset"):
            plan = plan_dataset(configs, num_samples)
            left = [name for name in plan.builders if leave_sharded and PRESETS[name].is_sharded]
            release = Release("dataset", dataset_repo_id(namespace), Path(temporary) / "dataset", plan=plan)
            releases.append(_build(release, plan, left, None if left else num_samples))
        for config, name in list_checkpoints() if only in (None, "models") else ():
            from .model_repo import build_model_repo  # needs torch

            repo_id = model_repo_id(namespace, name, config)
            folder = Path(temporary) / repo_id
            build_model_repo(folder, name, config, namespace)
            releases.append(Release("model", repo_id, folder, files=hash_folder(folder)))
        if only in (None, "space"):
            folder = Path(temporary) / "space"
            build_space_repo(folder, namespace)
            releases.append(Release("space", space_repo_id(namespace), folder, files=hash_folder(folder)))
        yield releases


def _build(release: Release, plan: DatasetPlan, left: list[str], num_samples: int | None) -> Release:
    """Build the files of a dataset, except those of the configs in ``left``, of which there are estimates."""
    built = [name for name in plan.builders if name not in left]
    if built:
        build_dataset_repo(release.folder, configs=built, num_samples=num_samples)
    else:
        copy_fixed_files(release.folder)
    documents = (CARD_NAME, TASKS_NAME, MANIFEST_NAME)
    files = {path: file for path, file in hash_folder(release.folder).items() if path not in documents}
    planned = {file.path: file for file in plan.files if file.config in left}
    files |= {path: FileHash(file.estimated_size, "", "") for path, file in planned.items()}
    return replace(release, planned=planned).with_files(files, {})
