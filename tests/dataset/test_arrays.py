"""Arrays: the rows of `load_dataset` in the shapes of other libraries."""

import subprocess
import sys

import numpy as np
import pytest

from mnist1d_hf import load_arrays, load_dataset


@pytest.mark.parametrize("config", ["default", "shuffled", "large", "custom-noise"])
def test_rows_are_those_of_load_dataset(config):
    options = {"num_samples": 2000, "seed": 3, "label_noise": 0.1, "x_clean": True}
    arrays, rows = load_arrays(config, **options), load_dataset(config, **options).with_format("numpy")
    assert list(arrays) == ["train", "test"]
    for split, columns in arrays.items():
        assert {name: column.dtype for name, column in columns.items()} == {
            "x": np.float32, "y": np.int64, "y_true": np.int64, "x_clean": np.float32,
        }  # fmt: skip
        for name, column in columns.items():
            np.testing.assert_array_equal(column, rows[split][:][name])


@pytest.mark.parametrize(("channels", "shape"), [(None, (40,)), ("first", (1, 40)), ("last", (40, 1))])
def test_the_channel_is_where_it_is_asked_for(channels, shape):
    columns = load_arrays(split="test", channels=channels, x_clean=True)
    assert columns["x"].shape == columns["x_clean"].shape == (1000, *shape)
    np.testing.assert_array_equal(columns["x"].reshape(1000, 40), load_arrays(split="test")["x"])
    assert columns["y"].shape == (1000,)


@pytest.mark.parametrize(("validation", "rows"), [(600, 600), (0.15, 600), (np.int64(1), 1), (3999, 3999)])
def test_the_last_training_rows_are_held_out(validation, rows):
    x, y = load_arrays(split="train", return_X_y=True)
    (x_train, y_train), (x_held, y_held), (x_test, _) = load_arrays(return_X_y=True, validation=validation)
    np.testing.assert_array_equal(x_train, x[:-rows])
    np.testing.assert_array_equal(x_held, x[-rows:])
    np.testing.assert_array_equal(np.concatenate([y_train, y_held]), y)
    assert len(x_test) == 1000
    np.testing.assert_array_equal(load_arrays(split="validation", validation=validation)["x"], x_held)
    np.testing.assert_array_equal(load_arrays(split="train", validation=validation)["x"], x_train)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"split": "valid"}, ValueError, "the 'split' parameter must be one of 'train', 'test', got 'valid'$"),
        ({"split": "validation"}, ValueError, "got 'validation'; give its number of rows, for example validation=600"),
        ({"channels": "middle"}, ValueError, "the 'channels' parameter must be 'first', 'last' or None, got 'middle'"),
        (
            {"validation": 4000},
            ValueError,
            r"a number of rows from 0 to 3999, or a share of them in \(0, 1\), got 4000",
        ),
        ({"validation": -1}, ValueError, "got -1"),
        ({"validation": 1.5}, ValueError, "got 1.5"),
        ({"validation": float("nan")}, ValueError, "validation"),
        ({"validation": True}, TypeError, "got True"),
        ({"validation": "600"}, TypeError, "got '600'"),
        ({"config": "tiny"}, ValueError, "unknown config 'tiny' of mnist1d; the configs are default, shuffled"),
        ({"sed": 1}, TypeError, "unknown generation parameter 'sed'"),
    ],
)
def test_wrong_values_are_named(options, error, message):
    with pytest.raises(error, match=message):
        load_arrays(**options)


def test_neither_datasets_nor_torch_is_imported():
    load = "mnist1d_hf.load_arrays('large', num_samples=100)"
    code = f"import sys, mnist1d_hf; {load}; print({{'datasets', 'torch'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_scikit_learn_takes_them_as_they_are():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = load_arrays(split="train", return_X_y=True, num_samples=500)
    assert linear_model.RidgeClassifier().fit(x, y).score(x, y) > 0.3


def test_torch_takes_them_as_they_are():
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(load_arrays(split="test", channels="first")["x"])
    assert torch.nn.Conv1d(1, 2, 3)(x).shape == (1000, 2, 38)
