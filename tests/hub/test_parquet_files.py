"""The Parquet files of a config: their rows, their names, and what writing one takes."""

import pickle
from fnmatch import fnmatch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mnist1d_hf.dataset.mnist1d import Mnist1D
from mnist1d_hf.dataset.presets import CONFIGS
from mnist1d_hf.hub.manifest import hash_file
from mnist1d_hf.hub.parquet_files import ParquetFile, list_parquet_files, needs_subfolders, write_parquet


def large(num_samples):
    return Mnist1D(config_name="large", num_samples=num_samples)


@pytest.mark.parametrize(
    ("num_samples", "rows_per_file", "count"),
    [
        (220_001, 100_000, 3),
        (999_900_000, 100_000, 9_090 + 909),
        (10**9, 3_000_000, 304 + 31),
        (10**11, 3_000_000, 30_304 + 3_031),
        (10**12, 30_000_000, 30_304 + 3_031),
    ],
)
def test_files_grow_with_the_config_and_stay_some_ten_thousand(num_samples, rows_per_file, count):
    files = list_parquet_files(large(num_samples))
    assert len(files) == count
    assert files[0].rows == rows_per_file
    assert sum(file.rows for file in files) == num_samples
    assert {file.start for file in files if file.split == "test"} == {
        number * rows_per_file for number in range(sum(file.split == "test" for file in files))
    }


def test_files_have_the_rows_that_are_asked_for():
    files = list_parquet_files(large(1_100_000), 300_000)
    assert [(file.path, file.start, file.stop) for file in files] == [
        *(
            (f"large/train-{number:05d}-of-00004.parquet", number * 300_000, min((number + 1) * 300_000, 1_000_000))
            for number in range(4)
        ),
        ("large/test-00000-of-00001.parquet", 0, 100_000),
    ]
    assert files[1].title == "large/train-00001-of-00004, shards 30–59"
    assert list_parquet_files(Mnist1D(config_name="default"))[0].title == "default/train-00000-of-00001"


@pytest.mark.parametrize("rows_per_file", [0, 150_000, 99_999, 2**63])
def test_rows_per_file_are_whole_row_groups(rows_per_file):
    with pytest.raises(ValueError, match=rf"'rows_per_file' parameter must be .*, got {rows_per_file}$"):
        list_parquet_files(large(1_100_000), rows_per_file)


def test_more_than_ten_thousand_files_are_in_subfolders():
    assert not needs_subfolders(large(10**9), 100_000 * 1_000)
    assert not any(file.path.count("/") > 1 for file in list_parquet_files(large(999_900_000), 100_000))
    builder = large(1_100_000_000)
    assert needs_subfolders(builder, 100_000)
    files = list_parquet_files(builder, 100_000)
    paths = [file.path for file in files]
    assert paths[1_999] == "large/train-00001/train-01999-of-10000.parquet"
    assert paths[10_000] == "large/test-00000/test-00000-of-01000.parquet"
    assert all(fnmatch(file.path, f"large/{file.split}-*/*") for file in files)
    assert len(set(paths)) == len(paths) == 11_000
    assert paths[:10_000] == sorted(paths[:10_000])


def test_a_file_is_written_by_whoever_unpickles_it(tmp_path):
    file = pickle.loads(pickle.dumps(ParquetFile("default", CONFIGS["default"], "test", 100, 350, "default/x.parquet")))
    assert write_parquet(file, tmp_path / "x.parquet") == hash_file(tmp_path / "x.parquet")
    written = pq.read_table(tmp_path / "x.parquet")
    expected = pa.concat_tables(Mnist1D(config_name="default").tables("test", 100, 350))
    assert written.equals(expected)


def test_files_of_more_rows_hold_the_same_row_groups(tmp_path):
    builder = large(330_000)
    (whole, *_), (first, second, third, *_) = (list_parquet_files(builder, rows) for rows in (300_000, 100_000))
    for file in (whole, first, second, third):
        write_parquet(file, tmp_path / file.path.rpartition("/")[2])
    joined = pq.ParquetFile(tmp_path / "train-00000-of-00001.parquet")
    assert [joined.metadata.row_group(group).num_rows for group in range(joined.num_row_groups)] == [100_000] * 3
    for group, file in enumerate((first, second, third)):
        assert joined.read_row_group(group).equals(pq.read_table(tmp_path / file.path.rpartition("/")[2]))
