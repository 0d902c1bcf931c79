"""Builds a complete dataset repository in a folder: Parquet for each config and split, figures, and the card."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from datasets import DatasetInfo
from datasets.utils import tqdm

from ..dataset.mnist1d import Mnist1D
from ..dataset.presets import CONFIGS, PRESETS
from ..utils.files import write_text
from ..utils.resources import resource_folder
from .dataset_card import render_dataset_card, render_tasks, task_configs
from .manifest import hash_folder, write_manifest
from .repo_folder import replacing_folder

ROWS_PER_FILE = 100_000
"""Rows of a Parquet file: 16 MB, so that each of several workers gets files of a large config."""

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
    parameters: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> BuiltRepo:
    """Write a dataset repository that stock `datasets` loads from the folder or, once uploaded, from the Hub.

    The same call writes the same bytes. Everything is written beside the folder and renamed at the end, so the folder is
    unchanged if the build fails or is interrupted. A manifest, ``.mnist1d-hf.json``, lists the files and their hashes.

    Parameters
    ----------
    output_dir : path-like
        Folder to write; it must be missing or empty, unless ``overwrite`` is given.
    configs : iterable of str, optional
        Configs to include, all four by default.
    num_samples : int, optional
        Rows of ``large``, train and test together.
    parameters : mapping of str to object, optional
        Generation parameters to change, by name, in each of ``configs``, which must then be given. The card says what was
        changed, and a changed ``default`` or ``shuffled`` is not listed as a task of the benchmark.
    overwrite : bool
        Replace an earlier build, which its manifest identifies. A folder that holds anything else, or a file of a build
        that was changed since, is refused all the same.

    Returns
    -------
    BuiltRepo
        Folder, rows and files.

    Raises
    ------
    TypeError
        If a parameter is unknown, or its value is of the wrong type.
    ValueError
        If a config is unknown, a value is out of range or turns a config into another, ``num_samples`` is given without
        ``large``, or ``parameters`` without ``configs``.
    OSError
        If the folder must not be replaced, or cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     repo = build_dataset_repo(folder, configs=["custom-noise"], parameters={"corr_noise_scale": 0.4})
    >>> repo.rows
    {'custom-noise': {'train': 4000, 'test': 1000}}
    """
    parameters = dict(parameters or {})
    if parameters and not configs:
        raise ValueError(
            f"changed parameters ({', '.join(parameters)}) need the configs they are for; name them, for example "
            f"--config custom-noise (configs=['custom-noise'])"
        )
    names = list(dict.fromkeys(configs or CONFIGS))
    rows = _rows_by_config(names, num_samples, parameters)
    folder = Path(output_dir).resolve()
    with (
        # A cache of its own: from the user's, a builder would take over the info of an earlier preparation.
        TemporaryDirectory() as cache,
        replacing_folder(Path(output_dir), overwrite=overwrite) as unfinished,
    ):
        builders = {
            name: Mnist1D(config_name=name, cache_dir=cache, **{**parameters, **rows.get(name, {})}) for name in names
        }
        _refuse_twins(names, parameters)
        infos = {name: _write_config(builder, unfinished / name) for name, builder in builders.items()}
        shutil.copytree(resource_folder("dataset_card") / FIGURE_FOLDER, unfinished / FIGURE_FOLDER)
        write_documents(unfinished, infos, parameters=parameters)
        write_manifest(unfinished, hash_folder(unfinished))
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return BuiltRepo(
        folder=folder,
        rows={
            name: {split: found.num_examples for split, found in info.splits.items()} for name, info in infos.items()
        },
        files={path.relative_to(folder).as_posix(): path.stat().st_size for path in paths},
        infos=infos,
    )


def write_documents(
    folder: Path, infos: Mapping[str, DatasetInfo], *, parameters: Mapping[str, Any] | None = None, **card: str
) -> None:
    """Write the card of a repository, and ``eval.yaml`` if a config is a benchmark; ``card`` goes to its renderer."""
    write_text(folder / CARD_NAME, render_dataset_card(infos, parameters=parameters, **card))
    tasks = task_configs(infos, parameters)
    if tasks:
        write_text(folder / TASKS_NAME, render_tasks(tasks))


def _rows_by_config(
    names: Sequence[str], num_samples: int | None, parameters: Mapping[str, Any]
) -> dict[str, dict[str, int]]:
    """Return ``num_samples`` by the configs it is for: those of independent shards, which can have any number of rows."""
    if num_samples is None:
        return {}
    sharded = [name for name, preset in PRESETS.items() if preset.is_sharded]
    if not set(sharded) & set(names):
        named = " and ".join(map(repr, sharded))
        raise ValueError(f"num_samples={num_samples} applies to the config {named} alone, which is not among {names}")
    if "num_samples" in parameters:
        raise ValueError("num_samples is given twice, alone and among the parameters; leave out one")
    return {name: {"num_samples": num_samples} for name in sharded}


def _refuse_twins(names: Iterable[str], parameters: Mapping[str, Any]) -> None:
    """Raise if shuffling is turned on or off in a config that has a twin which is just that."""
    for name in names if "shuffle_seq" in parameters else ():
        shuffled = CONFIGS[name].replace(shuffle_seq=parameters["shuffle_seq"])
        for other, values in CONFIGS.items():
            if other != name and values == shuffled:
                raise ValueError(
                    f"shuffle_seq={shuffled.shuffle_seq} makes the config {name!r} the config {other!r}; name that one"
                )


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
