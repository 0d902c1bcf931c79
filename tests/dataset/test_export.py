"""Exports: other tools read back the rows that were written."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner

from mnist1d_hf import cli, load_arrays
from mnist1d_hf.cli import export as command
from mnist1d_hf.dataset.export import FORMATS, export

SMALL = {"num_samples": 100, "seed": 3}


@pytest.fixture
def rows():
    return load_arrays("shuffled", **SMALL)


def read_ts(path):
    """Read a file as the format is described, by its header."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index("@data")
    header = dict(line[1:].split(" ", 1) for line in lines[:start])
    pairs = [line.split(":") for line in lines[start + 1 :]]
    x = np.array([values.split(",") for values, _ in pairs], np.float32)
    return header, x, np.array([int(label) for _, label in pairs])


def test_npz_is_read_by_numpy(tmp_path, rows):
    (path,) = export(tmp_path / "out", format="npz", config="shuffled", x_clean=True, **SMALL)
    with np.load(path, allow_pickle=False) as content:
        for split, columns in rows.items():
            np.testing.assert_array_equal(content[f"x_{split}"], columns["x"])
            np.testing.assert_array_equal(content[f"y_{split}"], columns["y"])
        assert content["x_clean_test"].shape == (20, 40)


def test_csv_has_every_digit_of_the_numbers(tmp_path, rows):
    paths = export(tmp_path / "out", format="csv", config="shuffled", label_noise=0.5, **SMALL)
    assert [path.name for path in paths] == ["train.csv", "test.csv"]
    for path, columns in zip(paths, rows.values(), strict=True):
        with path.open(encoding="utf-8", newline="") as file:
            head, *lines = csv.reader(file)
        assert head == ["y", "y_true", *(f"x{place}" for place in range(40))]
        table = np.array(lines)
        np.testing.assert_array_equal(table[:, 1].astype(int), columns["y"])
        np.testing.assert_array_equal(table[:, 2:].astype(np.float32), columns["x"])


def test_ts_has_the_header_of_the_archives(tmp_path, rows):
    paths = export(tmp_path / "out", format="ts", config="shuffled", **SMALL)
    assert [path.name for path in paths] == ["MNIST1D_TRAIN.ts", "MNIST1D_TEST.ts"]
    for path, columns in zip(paths, rows.values(), strict=True):
        header, x, y = read_ts(path)
        assert header == {
            "problemName": "MNIST1D", "timestamps": "false", "missing": "false", "univariate": "true",
            "equalLength": "true", "seriesLength": "40", "classLabel": "true 0 1 2 3 4 5 6 7 8 9",
        }  # fmt: skip
        np.testing.assert_array_equal(x, columns["x"])
        np.testing.assert_array_equal(y, columns["y"])


def test_monster_splits_by_the_indices_of_the_test_rows(tmp_path, rows):
    paths = {path.name: path for path in export(tmp_path / "out", format="monster", config="shuffled", **SMALL)}
    x, y = np.load(paths["MNIST1D_X.npy"]), np.load(paths["MNIST1D_Y.npy"])
    test = np.loadtxt(paths["test_indices_fold_0.txt"], dtype=int)
    assert x.shape == (100, 1, 40)
    np.testing.assert_array_equal(x[test, 0], rows["test"]["x"])
    np.testing.assert_array_equal(np.delete(y, test), rows["train"]["y"])


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_bytes_each_time_also_where_they_were(tmp_path, format):
    first = {path.name: path.read_bytes() for path in export(tmp_path / "out", format=format, **SMALL)}
    again = export(tmp_path / "out", format=format, overwrite=True, **SMALL)
    assert {path.name: path.read_bytes() for path in again} == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_the_command_lists_what_it_wrote(tmp_path):
    arguments = ["export", str(tmp_path / "out"), "--format", "ts", "--set", "num_samples=50"]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0, result.output
    assert [line.split()[-1] for line in result.stdout.splitlines()] == [
        str(tmp_path / "out" / f"MNIST1D_{split}.ts") for split in ("TRAIN", "TEST")
    ]
    assert command._FORMATS == tuple(FORMATS)


def test_nothing_that_is_there_is_lost(tmp_path):
    folder = tmp_path / "out"
    export(folder, format="csv", **SMALL)
    before = (folder / "train.csv").read_bytes()
    with pytest.raises(FileExistsError, match=r"is not empty; name another folder, or give --overwrite"):
        export(folder, format="npz", **SMALL)
    (folder / "mine.txt").write_text("mine")
    result = CliRunner().invoke(cli.main, ["export", str(folder), "--format", "npz", "--overwrite"])
    assert result.exit_code == 1
    assert "holds files that export does not write (mine.txt), so it is not overwritten" in result.stderr
    assert (folder / "train.csv").read_bytes() == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="is a file; name a folder"):
        export(tmp_path / "file", format="npz")


def test_unknown_formats_are_named(tmp_path):
    with pytest.raises(ValueError, match="the 'format' parameter must be one of npz, csv, ts, monster, got 'arff'"):
        export(tmp_path / "out", format="arff")
    assert not (tmp_path / "out").exists()
