"""The data in each framework, with the real libraries."""

import collections

import datasets
import numpy as np
import pytest
from datasets import load_dataset
from datasets.distributed import split_dataset_by_node

import mnist1d_hf
from mnist1d_hf import GenerationParameters, Mnist1D, generate_shard
from mnist1d_hf.hub.dataset_repo import build_dataset_repo


@pytest.fixture(scope="module")
def expected():
    dataset = mnist1d_hf.make_dataset()
    return dataset["x_test"].astype(np.float32), dataset["y_test"]


def as_numpy(column):
    """Any framework's column as an array, without changing its type."""
    if hasattr(column, "to_pylist"):
        return np.array(column.to_pylist(), dtype=np.float32 if "list" in str(column.type) else np.int64)
    array = np.asarray(column)
    return np.stack(list(array)) if array.dtype == object else array


FORMATS = {
    "numpy": ("numpy", "ndarray"),
    "torch": ("torch", "Tensor"),
    "jax": ("jaxlib", "ArrayImpl"),
    "polars": ("polars", "Series"),
    "pandas": ("pandas", "Series"),
    "arrow": ("pyarrow", "ChunkedArray"),
}


@pytest.mark.parametrize("streaming", [False, True])
def test_the_jax_format_gives_the_same_rows(streaming, expected, jax):
    check_format("jax", streaming, expected)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"jax"}))
@pytest.mark.parametrize("streaming", [False, True])
def test_every_format_gives_the_same_rows_in_its_own_type(name, streaming, expected):
    check_format(name, streaming, expected)


def check_format(name, streaming, expected):
    dataset = load_dataset("mnist1d", split="test", streaming=streaming).with_format(name)
    batches = list(dataset.iter(batch_size=300))
    module, kind = FORMATS[name]
    assert type(batches[0]["x"]).__module__.partition(".")[0] == module
    assert type(batches[0]["x"]).__name__ == kind
    for column, values in zip(("x", "y"), expected, strict=True):
        loaded = np.concatenate([as_numpy(batch[column]) for batch in batches])
        np.testing.assert_array_equal(loaded, values)
        if name != "jax":  # JAX has no int64 unless it is asked for
            assert loaded.dtype == values.dtype


def large():
    return load_dataset("mnist1d", "large", split="train", streaming=True, num_samples=22_000)


def row_counts(batches):
    """How often each row occurs, rows told apart by their bytes."""
    return collections.Counter(row.tobytes() for batch in batches for row in np.asarray(batch["x"], np.float32))


def all_rows():
    return collections.Counter(
        row.tobytes()
        for index in range(2)
        for row in generate_shard(GenerationParameters(), split="train", index=index)[0]
    )


@pytest.mark.long
@pytest.mark.forks
@pytest.mark.parametrize(
    ("num_samples", "nodes", "workers"),
    [(22_000, 1, 0), (22_000, 1, 3), (22_000, 2, 2), (110_000, 2, 3)],
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This DataLoader will create 3 worker processes:UserWarning")
def test_nodes_with_dataloaders_have_each_row_once(num_samples, nodes, workers):
    from torch.utils import data

    stream = load_dataset("mnist1d", "large", split="train", streaming=True, num_samples=num_samples)
    counts, lengths = collections.Counter(), []
    for rank in range(nodes):
        node = split_dataset_by_node(stream, rank=rank, world_size=nodes).batch(1000)
        found = row_counts(data.DataLoader(node, batch_size=None, num_workers=workers))
        counts += found
        lengths.append(sum(found.values()))
    tables = Mnist1D(config_name="large", num_samples=num_samples).tables("train", 0, sum(lengths))
    x = np.concatenate([np.stack(table["x"].to_numpy()) for table in tables])
    assert len(x) == num_samples * 10 // 11
    assert counts == collections.Counter(row.tobytes() for row in x)
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.long
@pytest.mark.forks
@pytest.mark.parametrize("config", ["default", "large"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_dataloader_with_two_workers_gives_every_row_once(config, expected):
    from torch.utils import data

    options = {"num_samples": 22_000} if config == "large" else {}
    stream = load_dataset("mnist1d", config, split="train", streaming=True, **options).with_format("torch")
    batches = list(data.DataLoader(stream, batch_size=500, num_workers=2))
    plain = load_dataset("mnist1d", config, split="train", **options).with_format("numpy")
    assert row_counts(batches) == row_counts([plain[:]])
    assert type(batches[0]["x"]).__name__ == "Tensor"
    assert tuple(batches[0]["x"].shape) == (500, 40)


def test_a_dataloader_over_the_prepared_dataset_gives_every_row_once():
    from torch.utils import data

    dataset = load_dataset("mnist1d", split="train").with_format("torch")
    batches = list(data.DataLoader(dataset, batch_size=100, shuffle=True))
    assert row_counts(batches) == row_counts([dataset[:]])


@pytest.mark.parametrize("config", ["default", "large"])
def test_two_nodes_give_every_row_once(config):
    options = {"num_samples": 22_000} if config == "large" else {}
    counts = []
    for rank in range(2):
        stream = load_dataset("mnist1d", config, split="train", streaming=True, **options).with_format("numpy")
        counts.append(row_counts(split_dataset_by_node(stream, rank=rank, world_size=2).iter(1000)))
    whole = load_dataset("mnist1d", config, split="train", **options).with_format("numpy")
    assert counts[0] + counts[1] == row_counts([whole[:]])
    assert sum(counts[0].values()) == sum(counts[1].values())


def test_shuffled_epochs_differ_and_each_has_every_row_once():
    stream = large().shuffle(seed=1, buffer_size=100).with_format("numpy")
    epochs = []
    for epoch in (0, 1, 0):
        stream.set_epoch(epoch)
        epochs.append(list(stream.iter(1000)))
    first_rows = [batches[0]["x"] for batches in epochs]
    np.testing.assert_array_equal(first_rows[0], first_rows[2])
    assert not np.array_equal(first_rows[0], first_rows[1])
    assert row_counts(epochs[0]) == row_counts(epochs[1]) == all_rows()


@pytest.mark.parametrize("rows", [1, 999, 1000, 1001, 3999])
def test_iteration_resumes_at_the_same_row(rows):
    def stream():
        return load_dataset("mnist1d", split="train", streaming=True)

    whole = [example["x"] for example in stream()]
    first = stream()
    iterator = iter(first)
    head = [next(iterator)["x"] for _ in range(rows)]
    second = stream()
    second.load_state_dict(first.state_dict())
    assert head + [example["x"] for example in second] == whole


@pytest.mark.long
@pytest.mark.parametrize(
    ("batch_size", "batches", "shuffled"),
    [(7, 1, False), (7, 5, False), (1000, 1, False), (3000, 5, False), (700, 5, True)],
)
def test_batches_resume_at_the_same_row(batch_size, batches, shuffled):
    def stream():
        # A buffer of one shuffles the shards, whose rows are in random order already, and can be resumed exactly.
        dataset = large().shuffle(seed=3, buffer_size=1) if shuffled else large()
        return dataset.with_format("numpy")

    whole = np.concatenate([batch["x"] for batch in stream().iter(10_000)])
    first = stream()
    iterator = first.iter(batch_size)
    head = [next(iterator)["x"] for _ in range(batches)]
    second = stream()
    second.load_state_dict(first.state_dict())
    np.testing.assert_array_equal(np.concatenate(head + [batch["x"] for batch in second.iter(batch_size)]), whole)


@pytest.fixture(scope="module")
def parquet_folder(tmp_path_factory):
    return build_dataset_repo(tmp_path_factory.mktemp("parquet") / "mnist1d", configs=["default"]).folder / "default"


def test_polars_reads_the_parquet_files(parquet_folder, expected):
    import polars

    frame = polars.read_parquet(parquet_folder / "test-*.parquet")
    assert frame.schema["x"] == polars.Array(polars.Float32, 40)
    np.testing.assert_array_equal(frame["x"].to_numpy(), expected[0])
    np.testing.assert_array_equal(frame["y"].to_numpy(), expected[1])


def test_duckdb_reads_the_parquet_files(parquet_folder, expected):
    import duckdb

    rows = duckdb.sql(f"select x, y from '{parquet_folder}/test-*.parquet'").fetchall()
    np.testing.assert_array_equal(np.array([x for x, _ in rows], np.float32), expected[0])
    np.testing.assert_array_equal([y for _, y in rows], expected[1])


def test_pyarrow_and_pandas_read_the_parquet_files(parquet_folder, expected):
    import pandas
    from pyarrow import parquet

    path = next(parquet_folder.glob("test-*.parquet"))
    for table in (parquet.read_table(path).to_pandas(), pandas.read_parquet(path)):
        np.testing.assert_array_equal(np.stack(table["x"]), expected[0])
        np.testing.assert_array_equal(table["y"], expected[1])


def test_streamed_parquet_files_become_tensors(parquet_folder, expected):
    from mnist1d_hf.baselines import to_tensors

    stream = load_dataset(str(parquet_folder.parent), "default", split="test", streaming=True).with_format("arrow")
    for column, values in zip(zip(*map(to_tensors, stream.iter(300)), strict=True), expected, strict=True):
        np.testing.assert_array_equal(np.concatenate(column), values)


def test_stock_datasets_recovers_the_features_from_the_parquet_files(parquet_folder):
    path = str(next(parquet_folder.glob("test-*.parquet")))
    dataset = load_dataset("parquet", data_files=path, split="train")
    assert dataset.features["y"] == datasets.ClassLabel(names=[str(digit) for digit in range(10)])
    assert dataset.features["x"].length == 40
