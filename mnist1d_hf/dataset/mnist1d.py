"""The `datasets` builder of MNIST-1D.

`datasets` names a builder and its cache folder after the module that defines it, hence the name of this file.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import datasets
import pyarrow as pa
from datasets.exceptions import DatasetGenerationError
from datasets.table import table_cast
from numpy.typing import NDArray

from .. import paper
from ..errors import DamagedCacheError
from ..utils.checks import check_integer, value_error
from ..utils.text import escape
from ..utils.threads import map_ahead
from ..version import DATA_VERSION
from . import row_ranges
from .generator import SHARD_ROWS, SPLITS
from .memory import MAX_BYTES, estimated_bytes
from .parameters import PARAMETER_NAMES, GenerationParameters
from .presets import PRESETS, describe_config
from .rows import ADDITIONS, Rows
from .templates import CLASS_NAMES

# What a worker of a DataLoader takes at a time from a config that is not sharded.
_PIECE_ROWS = 1_000
# Threads that make shards for a process that prepares them alone; two take half the time, more were not measured.
_THREADS = 2
# Takes the place of a loading script's hash; without one, `datasets` does not find its cache by name.
_CACHE_HASH = "generated"

# What reading damaged files raises.
_DAMAGES = (pa.ArrowException, ValueError, TypeError, LookupError, AttributeError, RecursionError)


@dataclass
class Mnist1DConfig(datasets.BuilderConfig):
    """A config of the builder: a set of generation parameters, documented in `GenerationParameters`."""

    num_samples: int = GenerationParameters.num_samples
    train_split: float = GenerationParameters.train_split
    template_len: int = GenerationParameters.template_len
    padding: tuple[int, int] = GenerationParameters.padding
    scale_coeff: float = GenerationParameters.scale_coeff
    max_translation: int = GenerationParameters.max_translation
    corr_noise_scale: float = GenerationParameters.corr_noise_scale
    iid_noise_scale: float = GenerationParameters.iid_noise_scale
    shear_scale: float = GenerationParameters.shear_scale
    shuffle_seq: bool = GenerationParameters.shuffle_seq
    final_seq_length: int = GenerationParameters.final_seq_length
    seed: int = GenerationParameters.seed
    label_noise: float = ADDITIONS["label_noise"]
    x_clean: bool = ADDITIONS["x_clean"]

    @property
    def parameters(self) -> GenerationParameters:
        """The generation parameters of this config."""
        return GenerationParameters(**{name: getattr(self, name) for name in PARAMETER_NAMES})

    @property
    def is_sharded(self) -> bool:
        """Whether rows come from independent shards instead of the paper's single random stream."""
        return PRESETS[self.name].is_sharded

    @property
    def rows(self) -> Rows:
        """The rows of this config."""
        changes = {name: getattr(self, name) for name in (*PARAMETER_NAMES, *ADDITIONS)}
        return Rows(self.name, **changes)

    @property
    def split_rows(self) -> dict[str, int]:
        """Number of rows of each split."""
        return self.rows.split_rows


class Mnist1D(datasets.ArrowBasedBuilder, datasets.GeneratorBasedBuilder):
    """MNIST-1D, generated on the fly from any generation parameters.

    A `GeneratorBasedBuilder` that prepares and streams Arrow tables, which is more than ten times faster than rows.
    Columns: ``x``, a list of ``final_seq_length`` float32 (40 by default), and ``y``, a ClassLabel from "0" to "9".

    Parameters
    ----------
    *args, **kwargs
        Those of `datasets.DatasetBuilder`, and any generation parameter by name.

    Raises
    ------
    TypeError
        If a parameter is unknown, or its value is of the wrong type.
    ValueError
        If the config is unknown, or a parameter's value is out of range. A config that is generated whole may take 8 GiB of
        memory; `large`, which is generated in shards, may have 2**53 rows.

    Examples
    --------
    >>> Mnist1D(config_name="large", num_samples=1100).config.split_rows
    {'train': 1000, 'test': 100}
    """

    BUILDER_CONFIG_CLASS = Mnist1DConfig
    BUILDER_CONFIGS: ClassVar[list[Mnist1DConfig]] = [
        Mnist1DConfig(name=name, version=DATA_VERSION, description=preset.description, **vars(preset.parameters))
        for name, preset in PRESETS.items()
    ]
    DEFAULT_CONFIG_NAME = "default"

    config: Mnist1DConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["hash"] = kwargs.get("hash") or _CACHE_HASH
        self._cache_dir = ""
        try:
            super().__init__(*args, **kwargs)
        except _DAMAGES as error:
            # The entry is known once the parameters are, and its dataset_info.json is read last.
            if not self._cache_dir:
                raise
            raise _damaged(self._cache_dir, error) from error
        if self.info.features is None or set(self.info.splits or ()) != set(SPLITS):
            raise _damaged(self._cache_dir, "its dataset_info.json lacks features or splits")

    def _create_builder_config(
        self, config_name: str | None = None, custom_features: datasets.Features | None = None, **kwargs: Any
    ) -> tuple[Mnist1DConfig, str]:
        """Normalise the parameters: equal ones share a cache entry however they are written, different ones never do."""
        config_name = config_name or self.DEFAULT_CONFIG_NAME
        given_id = {"config_id": kwargs.pop("config_id")} if "config_id" in kwargs else {}
        config, config_id = super()._create_builder_config(
            config_name=config_name, custom_features=custom_features, **given_id, **Rows(config_name, **kwargs).changes
        )
        return config, config_id

    def _info(self) -> datasets.DatasetInfo:
        signal = datasets.Sequence(datasets.Value("float32"), length=self.config.final_seq_length)
        label = datasets.ClassLabel(names=list(CLASS_NAMES))
        features = {"x": signal, "y": label}
        if self.config.label_noise:
            features["y_true"] = label
        if self.config.x_clean:
            features["x_clean"] = signal
        bytes_per_row = sum(4 * signal.length if feature is signal else 8 for feature in features.values())
        rows = self.config.split_rows
        dataset_size = sum(rows.values()) * bytes_per_row
        return datasets.DatasetInfo(
            description=f"MNIST-1D. {describe_config(self.config.name, self.config.parameters)}",
            citation=paper.BIBTEX,
            homepage=paper.ARXIV_URL,
            license="apache-2.0",
            features=datasets.Features(features),
            splits=[
                {"name": name, "num_bytes": rows[name] * bytes_per_row, "num_examples": rows[name]} for name in rows
            ],
            # Lets `datasets` report at once that the disk is too small.
            download_size=0,
            dataset_size=dataset_size,
            size_in_bytes=dataset_size,
        )

    def _split_generators(self, dl_manager: object) -> list[datasets.SplitGenerator]:
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"split": split, "ranges": self._ranges(rows)})
            for split, rows in self.config.split_rows.items()
        ]

    def _ranges(self, rows: int) -> list[tuple[int, int]]:
        """Return what processes that prepare a split share among them."""
        if self.config.is_sharded:
            return [(start, stop) for start, stop in row_ranges.split_ranges(rows).tolist()]
        return [(start, min(start + _PIECE_ROWS, rows)) for start in range(0, rows, _PIECE_ROWS)]

    def _get_examples_iterable_for_split(self, split_generator: datasets.SplitGenerator) -> Any:
        if not self.config.is_sharded:
            return super()._get_examples_iterable_for_split(split_generator)
        split = str(split_generator.name)
        return row_ranges.stream(functools.partial(self._tables, split), self.config.split_rows[split])

    def _download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        try:
            super()._download_and_prepare(*args, **kwargs)
        except DatasetGenerationError as error:
            # `datasets` hides which parameter is to blame.
            if isinstance(error.__cause__, ValueError | MemoryError):
                raise error.__cause__ from None
            raise

    def as_dataset(self, split: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the prepared rows, as `datasets.DatasetBuilder.as_dataset` does.

        Parameters
        ----------
        split : str or datasets.Split, optional
            Split, or a slice of one; all splits by default.
        *args, **kwargs
            Those of `datasets.DatasetBuilder.as_dataset`, for example ``in_memory``.

        Returns
        -------
        datasets.Dataset or datasets.DatasetDict
            The rows.

        Raises
        ------
        DamagedCacheError
            If a file of the cache entry is missing or damaged; the message says which folder to remove.
        """
        whole = split is None or str(split) in self.info.splits
        try:
            loaded = super().as_dataset(split, *args, **kwargs)
        except PermissionError:
            raise
        except (*_DAMAGES, OSError) as error:
            # What is wrong with a slice may be how it is asked for.
            asked = not whole and not isinstance(error, pa.ArrowException | OSError)
            if asked or not os.path.isdir(self._output_dir):
                raise
            raise _damaged(self._output_dir, error) from error
        for name, rows in loaded.items() if isinstance(loaded, dict) else [(str(split), loaded)]:
            info = self.info.splits.get(name)
            if info and len(rows) != info.num_examples:
                raise _damaged(self._output_dir, f"its split {name!r} has {len(rows)} of {info.num_examples} rows")
        return loaded

    def _prepare_split(self, split_generator: datasets.SplitGenerator, **kwargs: Any) -> None:
        # datasets 3 passes this option to every GeneratorBasedBuilder, but its Arrow path does not accept it.
        kwargs.pop("check_duplicate_keys", None)
        fits = estimated_bytes(self.config.parameters, 2 * _THREADS * SHARD_ROWS) <= MAX_BYTES
        if self.config.is_sharded and kwargs.get("num_proc") is None and fits:
            split_generator.gen_kwargs["threads"] = _THREADS
        super()._prepare_split(split_generator, **kwargs)

    def tables(self, split: str, start: int, stop: int) -> Iterator[pa.Table]:
        """Make the rows ``[start, stop)`` of a split, whatever the cache holds.

        Parameters
        ----------
        split : {"train", "test"}
            Split of the config.
        start, stop : int
            First row, and the one after the last.

        Yields
        ------
        pyarrow.Table
            The next rows, at most `SHARD_ROWS`; a table ends where a shard ends.

        Raises
        ------
        TypeError
            If ``start`` or ``stop`` is not an integer.
        ValueError
            If the config has no such split, or the split no such rows.

        Examples
        --------
        >>> [len(table) for table in Mnist1D(config_name="large").tables("train", 9_990, 20_020)]
        [10, 10000, 20]
        """
        if split not in SPLITS:
            raise value_error("split", split, f"one of {', '.join(map(repr, SPLITS))}")
        check_integer("stop", stop, low=0, high=self.config.split_rows[split])
        check_integer("start", start, low=0, high=stop)
        return self._tables(split, start, stop)

    def _generate_examples(self, split: str, ranges: list[tuple[int, int]]) -> Iterator[tuple[int, dict[str, Any]]]:
        for first, table in self._generate_tables(split, ranges):
            yield from enumerate(table.to_pylist(), first)

    def _generate_tables(
        self, split: str, ranges: list[tuple[int, int]], threads: int = 1
    ) -> Iterator[tuple[int, pa.Table]]:
        shards = (
            (first, min(first + SHARD_ROWS, stop)) for start, stop in ranges for first in range(start, stop, SHARD_ROWS)
        )

        def make(rows: tuple[int, int]) -> tuple[int, pa.Table]:
            return rows[0], next(self._tables(split, *rows))

        if threads == 1:
            yield from map(make, shards)
        else:
            next(self._tables(split, 0, 1))  # makes what all shards share
            yield from map_ahead(make, shards, threads)

    def _tables(self, split: str, start: int, stop: int) -> Iterator[pa.Table]:
        while start < stop:
            end = min(stop, start - start % SHARD_ROWS + SHARD_ROWS)
            columns = self.config.rows.columns(split, start, end)
            table = pa.table({name: _to_arrow(columns[name]) for name in self.info.features})
            yield table_cast(table, self.info.features.arrow_schema)
            start = end


def _to_arrow(column: NDArray[Any]) -> pa.Array:
    values = pa.array(column.ravel())
    return values if column.ndim == 1 else pa.FixedSizeListArray.from_arrays(values, column.shape[1])


def _damaged(folder: str, reason: object) -> DamagedCacheError:
    return DamagedCacheError(
        f"the cache entry {folder} is damaged ({escape(reason)}); remove this folder and try again"
    )
