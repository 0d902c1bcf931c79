"""Builds a complete dataset repository in a folder: Parquet for each config and split, figures, and the card."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
from datasets import DatasetInfo
from datasets.utils import tqdm
from filelock import FileLock, Timeout

from ..dataset.mnist1d import Mnist1D
from ..dataset.presets import CONFIGS
from ..utils.resources import resource_folder
from .dataset_card import TASKS, render_card, render_tasks

ROWS_PER_FILE = 100_000
"""Rows of a Parquet file: 16 MB, so that the large config gives each of several workers a file."""

CARD_NAME = "README.md"
TASKS_NAME = "eval.yaml"
FIGURE_FOLDER = "figures"


@dataclass(frozen=True)
class BuiltRepo:
    """A dataset repository on disk."""

    folder: Path
    """Where it is."""
    rows: dict[str, dict[str, int]]
    """Number of rows by config and split."""
    files: dict[str, int]
    """Size in bytes of each file, by its path in the repository, sorted."""
    infos: dict[str, DatasetInfo] = field(repr=False)
    """Features, splits and sizes by config."""


def build_dataset_repo(
    output_dir: str | os.PathLike[str],
    *,
    configs: Iterable[str] | None = None,
    num_samples: int | None = None,
    overwrite: bool = False,
) -> BuiltRepo:
    """Write a dataset repository that stock `datasets` loads from the folder or, once uploaded, from the Hub.

    The same call writes the same bytes. Everything is written beside the folder and renamed at the end: if that fails or is
    interrupted, the folder is what it was.

    Parameters
    ----------
    output_dir : path-like
        Folder to write; it must be missing or empty, unless ``overwrite`` is given.
    configs : iterable of str, optional
        Configs to include, all four if not given.
    num_samples : int, optional
        Rows of ``large``, train and test together.
    overwrite : bool
        Replace what an earlier build wrote. A folder that holds anything else is refused all the same.

    Returns
    -------
    BuiltRepo
        Folder, rows and files.

    Raises
    ------
    ValueError
        If a config is unknown, or ``num_samples`` is given without ``large`` or out of range.
    OSError
        If the folder must not be replaced, or cannot be written.
    """
    names = list(dict.fromkeys(configs or CONFIGS))
    if num_samples is not None and "large" not in names:
        raise ValueError(f"num_samples={num_samples} applies to the config 'large' alone, which is not among {names}")
    folder = Path(output_dir).resolve()
    # A cache of its own: from the user's, a builder would take up the info of an earlier preparation.
    with TemporaryDirectory() as cache, _replacing(folder, overwrite=overwrite) as unfinished:
        changes = {"large": {} if num_samples is None else {"num_samples": num_samples}}
        builders = {name: Mnist1D(config_name=name, cache_dir=cache, **changes.get(name, {})) for name in names}
        infos = {name: _write_config(builder, unfinished / name) for name, builder in builders.items()}
        shutil.copytree(resource_folder("dataset_card") / FIGURE_FOLDER, unfinished / FIGURE_FOLDER)
        write_documents(unfinished, infos)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return BuiltRepo(
        folder=folder,
        rows={
            name: {split: split_info.num_examples for split, split_info in info.splits.items()}
            for name, info in infos.items()
        },
        files={path.relative_to(folder).as_posix(): path.stat().st_size for path in paths},
        infos=infos,
    )


def write_documents(folder: Path, infos: dict[str, DatasetInfo], **card: str) -> None:
    """Write what describes a repository: the card, and ``eval.yaml`` if it has a config that is a benchmark.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the repository.
    infos : dict of str to datasets.DatasetInfo
        Features, splits and sizes of each config in the repository, by name.
    **card : str
        Other arguments of `render_card`.
    """
    texts = {CARD_NAME: render_card(infos, **card)}
    if any(config in infos for config in TASKS):
        texts[TASKS_NAME] = render_tasks(infos)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _write_config(builder: Mnist1D, folder: Path) -> DatasetInfo:
    """Write the Parquet files of a config and return its info with their size."""
    folder.mkdir()
    info: DatasetInfo = builder.info
    for split, split_info in info.splits.items():
        _write_split(builder, split, split_info.num_examples, folder)
    info.download_size = sum(path.stat().st_size for path in folder.iterdir())
    info.size_in_bytes = info.download_size + info.dataset_size
    return info


def _write_split(builder: Mnist1D, split: str, rows: int, folder: Path) -> None:
    """Write one split as Parquet, the way the Hub's viewer and deduplicating storage like it best."""
    schema = builder.info.features.arrow_schema
    # The Hub recognises optimised files by this key, which pyarrow does not write itself.
    schema = schema.with_metadata({**schema.metadata, b"use_content_defined_chunking": b"true"})
    tables = builder.as_streaming_dataset(split).with_format("arrow").iter(ROWS_PER_FILE)
    number_of_files = math.ceil(rows / ROWS_PER_FILE)
    with tqdm(total=rows, desc=f"Writing {builder.config.name}/{split}", unit=" rows") as progress:
        for number, table in enumerate(tables):
            pq.write_table(
                table.cast(schema),
                folder / f"{split}-{number:05d}-of-{number_of_files:05d}.parquet",
                row_group_size=ROWS_PER_FILE,
                # Signals hardly repeat a value; a dictionary of them makes files half as large again.
                use_dictionary=["y"],
                use_content_defined_chunking=True,
                write_page_index=True,
            )
            progress.update(len(table))


def _check_replaceable(folder: Path, *, overwrite: bool) -> None:
    """Raise if writing the folder would lose something, or pull the ground from under the shell."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; name a folder to write the repository to")
    if Path.cwd().is_relative_to(folder):
        raise FileExistsError(f"{folder} is or holds the current folder; name a folder inside it, for example mnist1d")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{folder} is not empty; name another folder, or give --overwrite (overwrite=True)")
    foreign = sorted(
        relative.as_posix()
        for relative in (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
        if not _is_ours(relative)
    )
    if foreign:
        raise FileExistsError(
            f"{folder} holds files that no build wrote ({', '.join(foreign[:3])}{', ...' if len(foreign) > 3 else ''}), so "
            f"it is not overwritten; name another folder, or move them away"
        )


def _is_ours(path: Path) -> bool:
    """Whether a build writes a file of this name."""
    return path.as_posix() in (CARD_NAME, TASKS_NAME) or any(
        PurePosixPath(path.as_posix()).match(pattern)
        for pattern in (f"{FIGURE_FOLDER}/*.png", *(f"{config}/*-of-*.parquet" for config in CONFIGS))
    )


@contextmanager
def _replacing(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder that takes the place of another when the block ends, or vanishes when it fails.

    What a killed run left behind is cleared, or put back, by the next.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished, replaced, lock = (
        folder.with_name(f".{folder.name}.{suffix}") for suffix in ("incomplete", "replaced", "lock")
    )
    try:
        with FileLock(lock, timeout=0):
            if replaced.exists() and not folder.exists():
                replaced.rename(folder)
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.rmtree(replaced, ignore_errors=True)
            try:
                _check_replaceable(folder, overwrite=overwrite)
                unfinished.mkdir()
                yield unfinished
                if folder.exists():
                    folder.rename(replaced)
                unfinished.rename(folder)
            except BaseException:
                if replaced.exists() and not folder.exists():
                    replaced.rename(folder)
                raise
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
                shutil.rmtree(replaced, ignore_errors=True)
                lock.unlink(missing_ok=True)
    except Timeout:
        raise FileExistsError(f"another build is writing {folder}; wait for it to end") from None
