"""The Parquet files of a config: which rows each holds, what it is called, and how it is written."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from ..dataset.generator import SHARD_ROWS
from ..dataset.mnist1d import Mnist1D
from ..dataset.parameters import GenerationParameters
from ..dataset.presets import PRESETS
from ..utils.checks import check_integer, value_error
from .manifest import FileHash, hash_file

ROW_GROUP_ROWS = 100_000
"""Rows of a row group: 16 MB, so that readers can share a file, and writing it takes little memory."""

# Rows of a file by the rows of its config: at most some thousands of files, up to the Hub's limit of 100,000 in a repository.
_ROWS_PER_FILE = {10**12: 30_000_000, 10**9: 3_000_000, 0: 100_000}

# The Hub takes at most 10,000 files in a folder.
_MAX_FILES = 10_000
_FILES_PER_FOLDER = 1_000


@dataclass(frozen=True)
class ParquetFile:
    """A file of a config, which any worker can write."""

    config: str
    parameters: GenerationParameters
    """All parameters of the config, ``num_samples`` too."""
    split: str
    start: int
    """First row of the split."""
    stop: int
    """The one after the last."""
    path: str
    """Its path in the repository."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.stop - self.start

    @property
    def estimated_size(self) -> int:
        """About how many bytes it will have: four a point, and one a row for its label and the rest, as measured."""
        return self.rows * (4 * self.parameters.final_seq_length + 1)

    @property
    def title(self) -> str:
        """What it is called in messages: its path, and which shards it holds."""
        name = self.path.removesuffix(".parquet")
        if not PRESETS[self.config].is_sharded:
            return name
        return f"{name}, shards {self.start // SHARD_ROWS}–{(self.stop - 1) // SHARD_ROWS}"


def list_parquet_files(builder: Mnist1D, rows_per_file: int | None = None) -> list[ParquetFile]:
    """Return the files of a config, of `check_rows_per_file` rows each; those of a split are in order."""
    config = builder.config
    per_file = check_rows_per_file(rows_per_file, sum(config.split_rows.values()))
    nested = needs_subfolders(builder, rows_per_file)
    files = []
    for split, rows in config.split_rows.items():
        count = math.ceil(rows / per_file)
        for number in range(count):
            folder = f"{split}-{number // _FILES_PER_FOLDER:05d}/" if nested else ""
            path = f"{config.name}/{folder}{split}-{number:05d}-of-{count:05d}.parquet"
            start, stop = number * per_file, min((number + 1) * per_file, rows)
            files.append(ParquetFile(config.name, config.parameters, split, start, stop, path))
    return files


def needs_subfolders(builder: Mnist1D, rows_per_file: int | None = None) -> bool:
    """Whether a config has too many files for one folder; those of a split are in ``<split>-*/`` then."""
    splits = builder.config.split_rows.values()
    per_file = check_rows_per_file(rows_per_file, sum(splits))
    return sum(math.ceil(rows / per_file) for rows in splits) > _MAX_FILES


def check_rows_per_file(rows_per_file: int | None, rows: int) -> int:
    """Return how many rows the files of a config have; raise an error unless it is a multiple of a row group.

    By default, 100,000 in a config of less than 10**9 rows, 3,000,000 (480 MB) in one of less than 10**12, then 30,000,000.
    """
    if rows_per_file is None:
        return next(per_file for least, per_file in _ROWS_PER_FILE.items() if rows >= least)
    if check_integer("rows_per_file", rows_per_file, low=ROW_GROUP_ROWS) % ROW_GROUP_ROWS:
        raise value_error("rows_per_file", rows_per_file, f"a multiple of {ROW_GROUP_ROWS}, the rows of a row group")
    return int(rows_per_file)


def write_parquet(file: ParquetFile, path: Path) -> FileHash:
    """Write a file, the way the Hub's viewer and deduplicating storage like it best, and return its size and hashes.

    It takes the memory of one row group, whatever the number of rows.
    """
    builder = _builder(file.config, file.parameters)
    schema = builder.info.features.arrow_schema
    # The Hub recognises optimised files by this key, which pyarrow does not write itself.
    schema = schema.with_metadata({**schema.metadata, b"use_content_defined_chunking": b"true"})
    with pq.ParquetWriter(
        path,
        schema,
        # Signals hardly repeat a value; a dictionary of them makes files half as large again.
        use_dictionary=["y"],
        use_content_defined_chunking=True,
        write_page_index=True,
    ) as writer:
        for start in range(file.start, file.stop, ROW_GROUP_ROWS):
            tables = builder.tables(file.split, start, min(start + ROW_GROUP_ROWS, file.stop))
            writer.write_table(pa.concat_tables(tables).cast(schema), row_group_size=ROW_GROUP_ROWS)
    return hash_file(path)


@functools.lru_cache(maxsize=4)
def _builder(config: str, parameters: GenerationParameters) -> Mnist1D:
    # A cache of its own: from the user's, a builder would take over the info of an earlier preparation.
    with TemporaryDirectory() as cache:
        return Mnist1D(config_name=config, cache_dir=cache, **vars(parameters))
