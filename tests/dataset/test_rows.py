"""What can be added to the rows: wrong labels, and signals without noise; the same however the rows are made."""

import numpy as np
import pytest
from datasets import load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist1d_hf import generate_shard, make_dataset
from mnist1d_hf.dataset.generator import SHARD_ROWS
from mnist1d_hf.dataset.parameters import GenerationParameters
from mnist1d_hf.dataset.rows import Rows

CONFIGS = ["default", "shuffled", "large"]


def loaded(config, split="train", **options):
    return load_dataset("mnist1d", config, split=split, num_samples=2200, **options).with_format("numpy")[:]


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_is_added_unless_it_is_asked_for(config):
    rows = Rows(config, label_noise=0.0, x_clean=False)
    assert rows.changes == {}
    assert list(rows.columns("train", 0, 10)) == ["x", "y"]


@pytest.mark.parametrize("config", CONFIGS)
def test_columns_are_added_and_the_others_stay(config):
    plain, noisy = loaded(config), loaded(config, label_noise=0.2, x_clean=True)
    assert list(noisy) == ["x", "y", "y_true", "x_clean"]
    np.testing.assert_array_equal(noisy["x"], plain["x"])
    np.testing.assert_array_equal(noisy["y_true"], plain["y"])
    assert 0.15 < (noisy["y"] != noisy["y_true"]).mean() < 0.25


def test_test_labels_are_true():
    test = loaded("default", "test", label_noise=0.9)
    np.testing.assert_array_equal(test["y"], test["y_true"])


def test_wrong_labels_are_the_nine_others_alike():
    columns = Rows("large", label_noise=0.5).columns("train", 0, SHARD_ROWS)
    shifts = (columns["y"] - columns["y_true"]) % 10
    counts = np.bincount(shifts, minlength=10)
    assert abs(counts[0] / SHARD_ROWS - 0.5) < 0.02
    assert (abs(counts[1:] / SHARD_ROWS - 0.5 / 9) < 0.01).all()


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_more_noise_replaces_the_same_labels_and_more(first, second, seed):
    low, high = sorted((first, second))
    wrong = []
    for share in (low, high):
        columns = Rows("default", label_noise=share, num_samples=500, seed=seed).columns("train", 0, 400)
        wrong.append(columns["y"] != columns["y_true"] if share else np.zeros(400, bool))
    assert (wrong[0] <= wrong[1]).all()


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_rows_do_not_depend_on_how_they_are_asked_for(config, size):
    rows = Rows(config, label_noise=0.3, x_clean=True, **({} if config != "large" else {"num_samples": 22_000}))
    whole = rows.columns("train", 2990, 4000)
    for start in (2990, 3500, 4000 - size):
        part = rows.columns("train", start, min(start + size, 4000))
        for name, column in part.items():
            np.testing.assert_array_equal(column, whole[name][start - 2990 : start - 2990 + size])


def test_streams_have_the_additions_too():
    options = {"label_noise": 0.3, "x_clean": True, "num_samples": 22_000}
    stream = load_dataset("mnist1d", "large", split="train", streaming=True, **options).with_format("numpy")
    batch = next(iter(stream.skip(12_000).iter(batch_size=500)))
    columns = Rows("large", **options).columns("train", 12_000, 12_500)
    for name, column in columns.items():
        np.testing.assert_array_equal(batch[name], column)


@pytest.mark.parametrize("shuffle_seq", [False, True])
def test_without_noise_both_signals_are_equal(shuffle_seq):
    # One of the two has no signal of its own in the padding, which is where the correlated noise goes.
    options = {"corr_noise_scale": 0.0, "iid_noise_scale": 0.0, "shuffle_seq": shuffle_seq, "x_clean": True}
    for config in ("default", "large"):
        columns = loaded(config, **options)
        np.testing.assert_array_equal(columns["x"], columns["x_clean"])


def test_parts_without_noise_are_exactly_equal():
    columns = Rows("default", iid_noise_scale=0.0, x_clean=True).columns("train", 0, 1000)
    equal = columns["x"] == columns["x_clean"]
    # The digit itself, about 12 of the 60 to 72 points between padding.
    assert (equal.sum(axis=1) >= 4).all()
    assert 0.1 < equal.mean() < 0.4


def test_clean_signals_are_on_the_scale_of_the_noisy_ones():
    parameters = GenerationParameters(seed=3)
    clean = Rows("default", seed=3, x_clean=True).columns("train", 0, 4000)["x_clean"]
    noisy = make_dataset(parameters)["x"]
    # The noise has mean 0 and is independent of the signals: their difference is as large as it, whatever is standardised.
    assert abs((noisy - clean).mean()) < 0.01
    assert 0.3 < (noisy - clean).std() < 0.7
    assert abs(np.polyfit(clean.ravel(), noisy.ravel(), 1)[0] - 1) < 0.01
    x, _ = generate_shard(parameters, split="train", index=0)
    shard = Rows("large", seed=3, x_clean=True).columns("train", 0, SHARD_ROWS)["x_clean"]
    assert abs(np.polyfit(shard.ravel(), x.ravel(), 1)[0] - 1) < 0.01


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"label_noise": 1},
            ValueError,
            "the 'label_noise' parameter must be a number of at least 0 and below 1, got 1",
        ),
        ({"label_noise": -0.1}, ValueError, "at least 0 and below 1"),
        ({"label_noise": "0.1"}, TypeError, "'label_noise'"),
        ({"label_noise": float("nan")}, ValueError, "'label_noise'"),
        ({"x_clean": 1}, TypeError, "the 'x_clean' parameter must be True or False"),
        ({"noise": 1}, TypeError, "unknown generation parameter 'noise'"),
    ],
)
def test_wrong_values_are_named(options, error, message):
    with pytest.raises(error, match=message):
        Rows("default", **options)
    with pytest.raises(error, match=message):
        load_dataset("mnist1d", **options)


def test_each_addition_has_a_cache_entry_of_its_own(datasets_cache):
    for options in ({}, {"label_noise": 0.1}, {"label_noise": 0.2}, {"x_clean": True}):
        load_dataset("mnist1d", num_samples=100, **options)
    assert len({path.parent for path in datasets_cache.rglob("*.arrow")}) == 4
    again = load_dataset("mnist1d", num_samples=100, label_noise=0.1)
    assert again["train"].column_names == ["x", "y", "y_true"]
