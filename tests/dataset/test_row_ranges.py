"""Streams of many rows: who gets which, in which order, and where they resume.

Most tests let `datasets` stream the numbers of the rows, which are made at once, instead of the rows.
"""

import collections
import itertools
import json
import pickle
import tracemalloc

import datasets
import numpy as np
import pyarrow as pa
import pytest
from datasets import load_dataset
from datasets.distributed import split_dataset_by_node
from datasets.iterable_dataset import ArrowExamplesIterable
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnist1d_hf import GenerationParameters, generate_shard
from mnist1d_hf.dataset import row_ranges
from mnist1d_hf.dataset.generator import SHARD_ROWS
from mnist1d_hf.dataset.transform import Transform

NODES = [2, 3, 4, 6, 8, 16, 32, 64]
PRESET_ROWS = {"train": 1_000_000, "test": 100_000}
ROWS = st.one_of(st.integers(1, 3 * SHARD_ROWS), st.integers(1, 10**7))


class RowNumbers:
    """Makes tables of row numbers, which end where shards end, and counts the rows."""

    def __init__(self):
        self.made = 0

    def __call__(self, start, stop):
        while start < stop:
            end = min(stop, start - start % SHARD_ROWS + SHARD_ROWS)
            self.made += end - start
            yield pa.table({"row": np.arange(start, end)})
            start = end


INFO = datasets.DatasetInfo(features=datasets.Features({"row": datasets.Value("int64")}))


def numbered(rows):
    """A stream of row numbers, and what counts those that were made."""
    numbers = RowNumbers()
    return datasets.IterableDataset(row_ranges.stream(numbers, rows), info=INFO), numbers


def listed(rows):
    """The same from a list of shards, as `datasets` streams it."""
    numbers = RowNumbers()

    def make_tables(shards):
        for shard in shards:
            for table in numbers(shard * SHARD_ROWS, min((shard + 1) * SHARD_ROWS, rows)):
                yield shard, table

    shards = list(range(-(-rows // SHARD_ROWS)))
    return datasets.IterableDataset(ArrowExamplesIterable(make_tables, {"shards": shards}), info=INFO), numbers


def row_numbers(stream, batch_size=SHARD_ROWS):
    batches = [batch["row"].to_numpy() for batch in stream.with_format("arrow").iter(batch_size)]
    return np.concatenate([np.empty(0, np.int64), *batches])


def lengths(part):
    return part.ranges[:, 1] - part.ranges[:, 0]


def check_partition(ranges, rows):
    """Check that ranges, in any order, have each row once."""
    ranges = ranges[ranges[:, 0] < ranges[:, 1]]
    ranges = ranges[np.argsort(ranges[:, 0])]
    assert ranges[0, 0] == 0
    assert ranges[-1, 1] == rows
    np.testing.assert_array_equal(ranges[1:, 0], ranges[:-1, 1])


# --- ranges


@given(rows=ROWS)
@example(rows=1)
@example(rows=row_ranges.MAX_RANGES * SHARD_ROWS)
@example(rows=row_ranges.MAX_RANGES * SHARD_ROWS + 1)
@example(rows=2**53)
def test_ranges_are_whole_shards_and_nearly_equal(rows):
    ranges = row_ranges.split_ranges(rows)
    check_partition(ranges, rows)
    shards = -(-ranges // SHARD_ROWS) @ [-1, 1]
    assert len(ranges) == min(row_ranges.MAX_RANGES, -(-rows // SHARD_ROWS))
    assert (ranges[:, 0] % SHARD_ROWS == 0).all()
    assert (np.diff(shards) <= 0).all()
    assert shards[0] - shards[-1] <= 1


@settings(deadline=None, max_examples=50)
@given(
    rows=ROWS,
    seed=st.none() | st.integers(0, 2**32),
    nodes=st.integers(1, 20),
    workers=st.integers(1, 6),
    contiguous=st.booleans(),
)
@example(rows=10**12, seed=1, nodes=3, workers=2, contiguous=False)
@example(rows=20_001, seed=None, nodes=1, workers=4, contiguous=False)
def test_nodes_and_their_workers_have_each_row_once(rows, seed, nodes, workers, contiguous):
    stream = row_ranges.stream(RowNumbers(), rows)
    if seed is not None:
        stream = stream.shuffle_data_sources(np.random.default_rng(seed))
    parts = []
    for node in range(nodes):
        share = stream.shard_data_sources(nodes, node, contiguous)
        assert share.num_shards == max(1, len(stream.split_shard_indices_by_worker(nodes, node, contiguous)))
        # A worker without a part stops at once.
        parts += [
            share.shard_data_sources(workers, worker, contiguous)
            for worker in range(workers)
            if share.split_shard_indices_by_worker(workers, worker, contiguous)
        ]
    check_partition(np.concatenate([part.ranges for part in parts]), rows)


@settings(deadline=None, max_examples=50)
@given(rows=st.integers(90_001, 10**7), seed=st.none() | st.integers(0, 2**32), nodes=st.sampled_from(NODES))
@example(rows=PRESET_ROWS["test"], seed=None, nodes=64)
@example(rows=10**9, seed=1, nodes=1024)
@example(rows=90_909_091, seed=1, nodes=1024)
@example(rows=909_090_909_091, seed=1, nodes=1024)
def test_no_node_has_more_than_its_share(rows, seed, nodes):
    stream = row_ranges.stream(RowNumbers(), rows)
    assert stream.num_shards % nodes == 0
    if seed is not None:
        stream = stream.shuffle_data_sources(np.random.default_rng(seed))
    shares = [lengths(stream.shard_data_sources(nodes, node, contiguous=False)).sum() for node in range(nodes)]
    # Where the nodes have as many shards each, as ever, the split's last one may not be full.
    equal = len(stream.ranges) % nodes == 0 and len(stream.ranges) < row_ranges.MAX_RANGES
    assert max(shares) - min(shares) <= (SHARD_ROWS if equal else 1)
    assert max(shares) <= 1.1 * -(-rows // nodes) or rows < 10 * SHARD_ROWS


@pytest.mark.parametrize("rows", [1, SHARD_ROWS, SHARD_ROWS + 1, 9 * SHARD_ROWS])
def test_a_few_shards_are_handed_out_whole(rows):
    stream, _ = numbered(rows)
    assert stream.num_shards == listed(rows)[0].num_shards


# --- what datasets makes of them


@pytest.mark.parametrize("split", PRESET_ROWS)
@pytest.mark.parametrize("epoch", [0, 1])
@pytest.mark.parametrize("nodes", NODES)
def test_a_node_makes_only_its_rows_of_the_preset(nodes, epoch, split):
    rows = PRESET_ROWS[split]
    found = []
    for rank in range(nodes):
        stream, numbers = numbered(rows)
        stream.set_epoch(epoch)  # from the second on, the shards are shuffled
        found.append(row_numbers(split_dataset_by_node(stream, rank=rank, world_size=nodes)))
        assert numbers.made == len(found[-1]) <= 1.1 * rows / nodes
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(rows))


@pytest.mark.parametrize("rows", [5, 25_001, 100_000, 235_000, 1_000_000])
@pytest.mark.parametrize("epoch", [0, 1])
def test_the_order_is_that_of_a_list_of_shards(rows, epoch):
    streams = [numbered(rows)[0], listed(rows)[0]]
    for stream in streams:
        stream.set_epoch(epoch)
    ours, theirs = map(row_numbers, streams)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("rows", [5, 25_001, 235_000])
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_shuffled_stream_has_the_order_of_a_list_of_shards(rows, epoch):
    streams = [stream.shuffle(seed=7, buffer_size=100) for stream in (numbered(rows)[0], listed(rows)[0])]
    for stream in streams:
        stream.set_epoch(epoch)
    ours, theirs = (list(stream.take(2000)) for stream in streams)
    assert ours == theirs


@pytest.mark.parametrize("nodes", [2, 4])
def test_nodes_that_divide_the_shards_have_the_same_ones_as_ever(nodes):
    for rank in range(nodes):
        ours, theirs = (
            row_numbers(split_dataset_by_node(stream, rank=rank, world_size=nodes))
            for stream in (numbered(1_000_000)[0], listed(1_000_000)[0])
        )
        np.testing.assert_array_equal(ours, theirs)


@settings(deadline=None, max_examples=15)
@given(
    rows=st.integers(1, 60_000),
    taken=st.integers(0, 25_000),
    epoch=st.integers(0, 3),
    part=st.none() | st.integers(0, 7),
)
@example(rows=30_000, taken=SHARD_ROWS, epoch=0, part=None)
@example(rows=30_000, taken=SHARD_ROWS - 1, epoch=1, part=2)
@example(rows=10**12, taken=25_000, epoch=1, part=None)
def test_examples_resume_at_any_row_and_make_only_what_is_left(rows, taken, epoch, part):
    def start():
        stream, numbers = numbered(rows)
        if part is not None:
            stream = stream.shard(num_shards=stream.num_shards, index=part % stream.num_shards)
        stream.set_epoch(epoch)
        return stream, numbers

    stream, _ = start()
    iterator = iter(stream)
    collections.deque(itertools.islice(iterator, taken), maxlen=0)
    state = json.loads(json.dumps(stream.state_dict()))
    again, numbers = start()
    again.load_state_dict(state)
    expected = list(itertools.islice(iterator, 1000))
    assert list(itertools.islice(again, 1000)) == expected
    # One shard again, and the end of the last one.
    assert numbers.made < len(expected) + 2 * SHARD_ROWS


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(1, 200_000), batch_size=st.integers(1, 15_000), batches=st.integers(1, 10))
@example(rows=30_000, batch_size=SHARD_ROWS, batches=1)
def test_batches_resume_and_make_no_more_again_than_from_a_list_of_shards(rows, batch_size, batches):
    made = {}
    for make_stream in (numbered, listed):
        stream, _ = make_stream(rows)
        stream = stream.with_format("arrow")
        iterator = stream.iter(batch_size)
        collections.deque(itertools.islice(iterator, batches), maxlen=0)
        again, numbers = make_stream(rows)
        again = again.with_format("arrow")
        again.load_state_dict(json.loads(json.dumps(stream.state_dict())))
        found = [batch["row"].to_pylist() for batch in itertools.islice(again.iter(batch_size), 3)]
        assert found == [batch["row"].to_pylist() for batch in itertools.islice(iterator, 3)]
        made[make_stream] = numbers.made
    assert made[numbered] <= made[listed]


def test_a_state_from_a_list_of_shards_still_counts():
    (old, _), (new, _) = listed(1_000_000), numbered(1_000_000)
    iterator = iter(old)
    for _ in range(12_345):
        next(iterator)
    new.load_state_dict(old.state_dict())
    assert next(iter(new)) == {"row": 12_345}


# --- the rows themselves


def rows_of(split, start, stop):
    shards = range(start // SHARD_ROWS, -(-stop // SHARD_ROWS))
    x = np.concatenate([generate_shard(GenerationParameters(), split=split, index=index)[0] for index in shards])
    return x[start - shards[0] * SHARD_ROWS :][: stop - start]


@pytest.mark.parametrize("rank", [0, 40, 63])
def test_one_of_64_nodes_transforms_only_its_rows(rank, monkeypatch):
    transformed = []
    transform = Transform.__call__

    def count(self, classes, draws):
        # The constants of shards come from rows in float64.
        transformed.append(len(classes) if self.dtype == np.float32 else 0)
        return transform(self, classes, draws)

    monkeypatch.setattr(Transform, "__call__", count)
    stream = load_dataset("mnist1d", "large", split="train", streaming=True).with_format("numpy")
    batches = list(split_dataset_by_node(stream, rank=rank, world_size=64).iter(1000))
    assert sum(transformed) == 15_625
    rows = rows_of("train", rank * 15_625, (rank + 1) * 15_625)
    np.testing.assert_array_equal(np.concatenate([batch["x"] for batch in batches]), rows)


def test_1024_nodes_share_a_billion_rows():
    stream = load_dataset("mnist1d", "large", split="train", streaming=True, num_samples=10**9)
    node = split_dataset_by_node(stream, rank=1023, world_size=1024).with_format("numpy")
    assert node.num_shards == 60
    start = 1023 * 909_090_909 // 1024
    np.testing.assert_array_equal(next(iter(node.iter(1000)))["x"], rows_of("train", start, start + 1000))


@pytest.mark.parametrize("num_samples", [10**12, 2**53])
def test_any_number_of_rows_streams_from_little_memory(num_samples):
    list(load_dataset("mnist1d", "large", split="train", streaming=True).take(1))  # what all streams share
    tracemalloc.start()
    try:
        stream = load_dataset("mnist1d", "large", split="train", streaming=True, num_samples=num_samples)
        assert next(iter(stream))["x"] == pytest.approx(rows_of("train", 0, 1)[0])
        shuffled = stream.shuffle(seed=1, buffer_size=10)
        first = next(iter(shuffled))
        assert tracemalloc.get_traced_memory()[1] < 150 * 2**20
    finally:
        tracemalloc.stop()
    assert first != next(iter(stream))
    for each in (stream, shuffled):
        assert len(pickle.dumps(each)) <= 2_000_000
    assert len(json.dumps(stream.state_dict())) <= 1000
