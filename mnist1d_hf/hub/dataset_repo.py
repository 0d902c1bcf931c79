"""Builds a complete dataset repository, in a folder or in a store: Parquet for each config and split, figures, and the card."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import DatasetInfo

from ..dataset.presets import PRESETS
from ..utils.processes import local_processes
from ..utils.progress import RowProgress
from ..utils.tasks import run_tasks
from .dataset_plan import DatasetPlan, plan_dataset
from .manifest import MANIFEST_NAME, FileHash, hash_bytes, hash_folder, write_manifest
from .parquet_files import ParquetFile
from .repo_folder import replacing_folder
from .resuming import begin, is_begun, read_finished, store_file
from .storage import Storage, is_url

# With fewer rows, starting processes takes longer than they save.
_ROWS_FOR_PROCESSES = 2_000_000


@dataclass(frozen=True)
class BuiltRepo:
    """A dataset repository."""

    address: str
    """Where it is: the path of a folder, or an address of fsspec."""
    rows: dict[str, dict[str, int]]
    """Number of rows by config and split."""
    files: dict[str, int]
    """Size in bytes of each file, by its path in the repository, sorted."""
    infos: dict[str, DatasetInfo] = field(repr=False)
    """Features, splits and sizes by config."""

    @property
    def folder(self) -> Path:
        """The folder that it is in, for one on a disk."""
        return Path(self.address)


def build_dataset_repo(
    output_dir: str | os.PathLike[str],
    *,
    configs: Iterable[str] | None = None,
    num_samples: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    rows_per_file: int | None = None,
    executor: Executor | None = None,
    retries: int = 2,
) -> BuiltRepo:
    """Write a dataset repository that stock `datasets` loads from the folder or, once uploaded, from the Hub.

    The same call writes the same bytes, however many workers share it. A manifest, ``.mnist1d-hf.json``, lists the files and
    their hashes. A folder without an ``executor`` is replaced whole: everything is written beside it and renamed at the end,
    so it is unchanged if the build fails or is interrupted. Anywhere else, finished files are kept: the same call resumes the
    build, and the manifest, written last, says that it is complete.

    From 2 million rows of ``large`` on, one process per core works, so a script needs ``if __name__ == "__main__":``.

    Parameters
    ----------
    output_dir : path-like
        Folder to write, or an address of fsspec, for example ``s3://bucket/folder``, whose library takes keys from the
        environment; it must be missing or empty, unless ``overwrite`` is given or the same build is resumed.
    configs : iterable of str, optional
        Configs to include, all four by default.
    num_samples : int, optional
        Rows of ``large``, train and test together.
    parameters : mapping of str to object, optional
        Generation parameters to change, by name, in each of ``configs``, which must then be given. The card says what was
        changed, and a changed ``default`` or ``shuffled`` is not listed as a task of the benchmark.
    overwrite : bool
        Replace an earlier build, which its manifest identifies. A folder that holds anything else, or a file of a build
        that was changed since, is refused all the same. In a store, a change is known by its size.
    rows_per_file : int, optional
        Rows of each Parquet file, a multiple of 100,000, the rows of a row group. By default 100,000 for a config of less than
        10**9 rows, 3,000,000 (480 MB) for one of less than 10**12, and 30,000,000 for a larger one.
    executor : concurrent.futures.Executor, optional
        Writes the files of ``large``, for example `mnist1d_hf.cluster.open_executor`; a folder must be one that all workers
        share.
    retries : int
        How often a file that fails on an executor is tried again.

    Returns
    -------
    BuiltRepo
        Address, rows and files.

    Raises
    ------
    TypeError
        If a parameter is unknown, or its value is of the wrong type.
    ValueError
        If a config is unknown, a value is out of range or turns a config into another, ``num_samples`` is given without
        ``large``, or ``parameters`` without ``configs``.
    OSError
        If the folder must not be replaced, cannot be written, or its disk is too small.
    TasksFailedError
        If some files could not be written by the workers; the others are finished.
    WorkerError
        If the workers are lost.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     repo = build_dataset_repo(folder, configs=["custom-noise"], parameters={"corr_noise_scale": 0.4})
    >>> repo.rows
    {'custom-noise': {'train': 4000, 'test': 1000}}
    """
    plan = plan_dataset(configs, num_samples, parameters, rows_per_file)
    if executor is None and not is_url(output_dir) and not is_begun(Storage.at(output_dir)):
        with replacing_folder(Path(output_dir), overwrite=overwrite) as unfinished:
            files = _Build(plan, Storage(str(unfinished)), "none is kept").run()
        address = str(Path(output_dir).resolve())
    else:
        storage = Storage.at(output_dir)
        if storage.is_memory and not isinstance(executor, ThreadPoolExecutor | None):
            raise ValueError(
                f"{storage.address} is the memory of this process, which other processes cannot write to; name another "
                f"address, or give no executor, or one of threads"
            )
        build = _Build(plan, storage, "finished files are kept: rerun to resume", executor, retries)
        files = _finished_files(plan, storage) or build.run(overwrite=overwrite)
        address = storage.address
    infos = plan.infos(files)
    rows = {name: {split: found.num_examples for split, found in info.splits.items()} for name, info in infos.items()}
    return BuiltRepo(address, rows, {path: files[path].size for path in sorted(files)}, infos)


def _finished_files(plan: DatasetPlan, storage: Storage) -> dict[str, FileHash]:
    """Return the files of this very build, if it is there already and whole; none otherwise."""
    manifest = read_finished(storage)
    if manifest is None or not plan.describes(manifest):
        return {}
    # Of a build that was interrupted at its very end.
    storage.remove_hidden()
    return {**manifest, MANIFEST_NAME: hash_bytes(storage.read(MANIFEST_NAME) or b"")}


@dataclass(frozen=True)
class _Build:
    """Writes what is planned: files by workers, then documents, and last the manifest."""

    plan: DatasetPlan
    storage: Storage
    kept: str
    """What becomes of finished files if others fail."""
    executor: Executor | None = None
    retries: int = 0
    files: dict[str, FileHash] = field(default_factory=dict)

    def run(self, *, overwrite: bool = False) -> dict[str, FileHash]:
        """Write all files, and return their sizes and hashes."""
        self._check_disk()
        begin(self.storage, self.plan.settings, [file.path for file in self.plan.files], overwrite=overwrite)
        self._write_files()
        with TemporaryDirectory() as temporary:
            folder = Path(temporary)
            self.files.update(self.plan.write_documents(folder, self.files))
            write_manifest(folder, self.files)
            documents = hash_folder(folder)
            for path in sorted(documents, key=MANIFEST_NAME.__eq__):
                self.storage.write(path, (folder / path).read_bytes())
        self.storage.remove_hidden()
        return {**self.files, MANIFEST_NAME: documents[MANIFEST_NAME]}

    def _check_disk(self) -> None:
        """Raise an OSError if the disk of a folder has too little space for what is missing."""
        if self.storage.folder is None:
            return
        nearest = next(path for path in (self.storage.folder, *self.storage.folder.parents) if path.exists())
        free, there = shutil.disk_usage(nearest).free, sum(self.storage.sizes().values())
        needed = sum(file.estimated_size for file in self.plan.files)
        if needed > free + there:
            raise OSError(
                f"the build takes about {_gigabytes(needed)}, and its disk has {_gigabytes(free)} left; name a "
                f"folder on another disk, or build fewer rows"
            )

    def _write_files(self) -> None:
        """Write the Parquet files, those of configs in shards by the workers."""
        spread = [file for file in self.plan.files if PRESETS[file.config].is_sharded]
        here = [file for file in self.plan.files if not PRESETS[file.config].is_sharded]
        rows = {file.path: file.rows for file in self.plan.files}
        with closing(RowProgress(rows)) as progress, self._workers(spread) as workers:

            def finished(path: str, file: FileHash) -> None:
                self.files[path] = file
                progress.finish(path)

            if workers is None:
                here, spread = here + spread, []
            try:
                for file in here:
                    finished(file.path, store_file(file, self.storage))
            except KeyboardInterrupt as error:
                finished_files = f"{len(self.files)} of {len(self.plan.files)} files are finished"
                error.args = error.args or (f"{finished_files}; {self.kept}",)
                raise
            if workers is not None:
                paths = {file.title: file.path for file in spread}
                run_tasks(
                    workers,
                    store_file,
                    {file.title: (file, self.storage) for file in spread},
                    lambda title, stored: finished(paths[title], stored),
                    retries=self.retries,
                    what="files",
                    kept=self.kept,
                )

    @contextmanager
    def _workers(self, spread: list[ParquetFile]) -> Iterator[Executor | None]:
        """Yield what writes the files of large configs; nothing if this process does it best."""
        processes = min(os.cpu_count() or 1, len(spread))
        if self.executor is not None:
            yield self.executor
        elif self.storage.is_memory or processes < 2 or sum(file.rows for file in spread) < _ROWS_FOR_PROCESSES:
            yield None
        else:
            with local_processes({}, processes, kept=self.kept, what="files") as pool:
                yield pool


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
