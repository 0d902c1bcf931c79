"""What a dataset repository will hold, known before any of it is made: configs, files, documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import DatasetInfo

from ..dataset.mnist1d import Mnist1D
from ..dataset.presets import CONFIGS, PRESETS
from ..utils.files import write_text
from ..utils.resources import resource_folder
from ..version import DATA_VERSION, __version__
from .dataset_card import render_dataset_card, render_tasks
from .manifest import FileHash, hash_folder
from .parquet_files import ParquetFile, check_rows_per_file, list_parquet_files, needs_subfolders

CARD_NAME = "README.md"
TASKS_NAME = "eval.yaml"
FIGURE_FOLDER = "figures"
NOTEBOOK_NAME = "notebook.ipynb"
"""What the Hub offers to open."""


@dataclass(frozen=True)
class DatasetPlan:
    """The configs of a repository and their files; nothing is generated yet."""

    builders: dict[str, Mnist1D]
    """Builders of the configs by name."""
    parameters: dict[str, Any]
    """Generation parameters that were changed, in all configs."""
    rows_per_file: int | None
    """Rows of each Parquet file, if not the usual number."""

    @cached_property
    def files(self) -> list[ParquetFile]:
        """All Parquet files."""
        return [file for builder in self.builders.values() for file in list_parquet_files(builder, self.rows_per_file)]

    @property
    def nested(self) -> list[str]:
        """Configs with too many files for one folder."""
        return [name for name, builder in self.builders.items() if needs_subfolders(builder, self.rows_per_file)]

    @property
    def settings(self) -> dict[str, Any]:
        """All that the bytes depend on."""
        return {
            "mnist1d-hf": __version__,
            "data version": DATA_VERSION,
            **{name: version(name) for name in ("numpy", "pyarrow")},
            "configs": {name: self._settings(builder) for name, builder in self.builders.items()},
        }

    def _settings(self, builder: Mnist1D) -> dict[str, Any]:
        rows = check_rows_per_file(self.rows_per_file, sum(builder.config.split_rows.values()))
        return {**vars(builder.config.parameters), "rows_per_file": rows}

    def infos(self, files: Mapping[str, FileHash]) -> dict[str, DatasetInfo]:
        """Return features, splits and sizes by config, given all Parquet files by path."""
        infos = {}
        for name, builder in self.builders.items():
            info = infos[name] = builder.info.copy()
            info.download_size = sum(files[file.path].size for file in self.files if file.config == name)
            info.size_in_bytes = info.download_size + info.dataset_size
        return infos

    def write_documents(self, folder: Path, files: Mapping[str, FileHash]) -> dict[str, FileHash]:
        """Write everything but the Parquet files and the manifest to a folder, and return its hashes."""
        copy_fixed_files(folder)
        write_documents(folder, self.infos(files), parameters=self.parameters, nested=self.nested)
        return hash_folder(folder)

    def describes(self, manifest: Mapping[str, FileHash]) -> bool:
        """Whether a manifest is that of a finished build of just this plan."""
        files = {file.path: manifest[file.path] for file in self.files if file.path in manifest}
        if len(files) != len(self.files):
            return False
        with TemporaryDirectory() as folder:
            # The card tells the parameters.
            return {**files, **self.write_documents(Path(folder), files)} == manifest


def plan_dataset(
    configs: Iterable[str] | None = None,
    num_samples: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    rows_per_file: int | None = None,
) -> DatasetPlan:
    """Check the arguments of `build_dataset_repo`, and return what it will build."""
    parameters = dict(parameters or {})
    if parameters and not configs:
        raise ValueError(
            f"changed parameters ({', '.join(parameters)}) need the configs they are for; name them, for example "
            f"--config custom-noise (configs=['custom-noise'])"
        )
    names = list(dict.fromkeys(configs or CONFIGS))
    rows = _rows_by_config(names, num_samples, parameters)
    # A cache of its own: from the user's, a builder would take over the info of an earlier preparation.
    with TemporaryDirectory() as cache:
        builders = {
            name: Mnist1D(config_name=name, cache_dir=cache, **{**parameters, **rows.get(name, {})}) for name in names
        }
    _refuse_twins(names, parameters)
    for builder in builders.values():
        check_rows_per_file(rows_per_file, sum(builder.config.split_rows.values()))
    return DatasetPlan(builders, parameters, rows_per_file)


def copy_fixed_files(folder: Path) -> None:
    """Copy what is the same in every repository to a folder: the figures and the notebook."""
    shutil.copytree(resource_folder("dataset_card") / FIGURE_FOLDER, folder / FIGURE_FOLDER)
    shutil.copyfile(resource_folder("notebooks") / "ten-minutes.ipynb", folder / NOTEBOOK_NAME)


def write_documents(
    folder: Path, infos: Mapping[str, DatasetInfo], *, parameters: Mapping[str, Any] | None = None, **card: Any
) -> None:
    """Write the card of a repository, and ``eval.yaml`` if a config is a benchmark; ``card`` goes to its renderer."""
    write_text(folder / CARD_NAME, render_dataset_card(infos, parameters=parameters, **card))
    tasks = render_tasks(infos, parameters)
    if tasks:
        write_text(folder / TASKS_NAME, tasks)


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
