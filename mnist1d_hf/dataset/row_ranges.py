"""Streams of a config in shards: ranges of rows, which `datasets` shuffles and splits among nodes and workers.

A list of shards, as `datasets` has it, takes gigabytes for 10**11 rows, and cannot be split evenly among nodes unless their
number divides that of the shards: every node would then make all rows and keep its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pyarrow as pa
from datasets.iterable_dataset import ArrowExamplesIterable
from numpy.typing import NDArray

from .generator import SHARD_ROWS

MAX_RANGES = 61_440
"""Ranges at most, 2**12 * 15; from there on, a range has several shards."""

# Rows are made examples so many at a time, as `datasets` does.
_EXAMPLES_AT_ONCE = 10

Ranges = NDArray[np.int64]


def split_ranges(rows: int) -> Ranges:
    """Return the first row of each range of a split and the one after its last, shape (ranges, 2), the longer ones first."""
    shards = -(-rows // SHARD_ROWS)
    ranges = min(shards, MAX_RANGES)
    least, longer = divmod(shards, ranges)
    bounds = np.arange(ranges + 1, dtype=np.int64) * least
    bounds += np.minimum(np.arange(ranges + 1), longer)
    bounds = np.minimum(bounds * SHARD_ROWS, rows)
    return np.stack([bounds[:-1], bounds[1:]], axis=1)


def count_parts(ranges: int) -> int:
    """Return the number of parts that `datasets` may hand out.

    It gives each node as many parts, if their number allows it, and otherwise lets every node make all rows; a worker gets at
    least one part. 192 can be divided by 2, 3, 4, 6, 8, 16, 32 and 64; so can 960, which leaves 15 workers to each of 64 nodes;
    and 3072 also by 1024. A few shards are handed out whole: they are soon made, and `push_to_hub` writes a file for each part.
    """
    if ranges < 10:
        return ranges
    unit = 192 if ranges < 96 else 960 if ranges < 3072 else 3072
    return -(-ranges // unit) * unit


def stream(make_tables: Callable[[int, int], Iterator[pa.Table]], rows: int) -> RowRanges:
    """Return the stream of a split of so many rows."""
    ranges = split_ranges(rows)
    return RowRanges(make_tables, ranges, count_parts(len(ranges)), are_shards=rows <= MAX_RANGES * SHARD_ROWS)


class RowRanges(ArrowExamplesIterable):  # type: ignore[misc]
    """Streams ranges of rows, one after another; resumes at any row, and can be cut between any two.

    ``make_tables``, which must be picklable, yields the rows from its first argument to its second as tables. ``ranges`` are
    those of `split_ranges`, and ``are_shards`` tells whether each is a shard, so that as many ranges are as many rows.
    """

    num_shards = 1
    """Number of parts that `datasets` may hand out; a property of other streams."""

    def __init__(
        self, make_tables: Callable[[int, int], Iterator[pa.Table]], ranges: Ranges, num_shards: int, are_shards: bool
    ) -> None:
        super().__init__(make_tables, {})
        self.ranges = ranges
        self.num_shards = num_shards
        self.are_shards = are_shards

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for row, table in self._remaining():
            for batch in table.to_reader(max_chunksize=_EXAMPLES_AT_ONCE):
                for example in batch.to_pylist():
                    self._advance(1)
                    yield row, example

    def _iter_arrow(self) -> Iterator[tuple[int, pa.Table]]:
        for row, table in self._remaining():
            self._advance(len(table))
            yield row, table

    def _advance(self, rows: int) -> None:
        """Count rows before they are yielded, as `datasets` does."""
        if self._state_dict:
            self._state_dict["shard_example_idx"] += rows

    def _remaining(self) -> Iterator[tuple[int, pa.Table]]:
        """Yield tables from the row where the state is, each with the number of its first row."""
        state = self._state_dict or {"shard_idx": 0, "shard_example_idx": 0}
        skipped = state["shard_example_idx"]
        for start, stop in self.ranges[state["shard_idx"] :]:
            row = int(start) + skipped
            for table in self.generate_tables_fn(row, int(stop)):
                yield row, table
                row += len(table)
            skipped = 0
            if self._state_dict:
                self._state_dict["shard_idx"] += 1
                self._state_dict["shard_example_idx"] = 0

    def shuffle_data_sources(self, generator: np.random.Generator) -> RowRanges:
        """Shuffle the ranges, into the order that `datasets` gives to a list of them."""
        order = list(range(len(self.ranges)))
        deepcopy(generator).shuffle(order)
        return RowRanges(self.generate_tables_fn, self.ranges[order], self.num_shards, self.are_shards)

    def shard_data_sources(self, num_shards: int, index: int, contiguous: bool = True) -> RowRanges:
        """Return one of so many parts: the shards that `datasets` would choose where they are enough, otherwise a run of rows.

        What nodes and workers get is not contiguous, and as many rows for each.
        """
        parts = len(self.split_shard_indices_by_worker(num_shards, index, contiguous))
        # Who is past the last part gets nothing, and is not asked for it.
        num_shards = min(num_shards, self.num_shards)
        count = len(self.ranges)
        whole = self.are_shards and (num_shards <= count if contiguous else count % num_shards == 0)
        if not parts:
            ranges = self.ranges[:0]
        elif not whole:
            ranges = self._cut(num_shards, index)
        elif contiguous:
            least, more = divmod(count, num_shards)
            first = least * index + min(index, more)
            ranges = self.ranges[first : first + least + (index < more)]
        else:
            ranges = self.ranges[index::num_shards]
        return RowRanges(self.generate_tables_fn, ranges, max(1, parts), whole)

    def reshard_data_sources(self) -> RowRanges:
        """Return the same; there are parts enough."""
        return self

    def _cut(self, parts: int, index: int) -> Ranges:
        """Return the ranges of one part of the rows; the sizes of parts differ by at most one row."""
        bounds = np.concatenate([[0], np.cumsum(self.ranges[:, 1] - self.ranges[:, 0])])
        start, stop = (part * int(bounds[-1]) // parts for part in (index, index + 1))
        if start == stop:
            return self.ranges[:0]
        first = np.searchsorted(bounds, start, side="right") - 1
        last = np.searchsorted(bounds, stop, side="left")
        ranges = self.ranges[first:last].copy()
        ranges[0, 0] += start - bounds[first]
        ranges[-1, 1] -= bounds[last] - stop
        return ranges
