"""The builder. These tests also run with the oldest `datasets` that is supported."""

import dataclasses
import hashlib
import itertools
import threading

import datasets
import numpy as np
import pyarrow as pa
import pytest
from datasets import load_dataset, load_dataset_builder

import mnist1d_hf
from mnist1d_hf import CONFIGS, DATA_VERSION, GenerationParameters, Mnist1D, Mnist1DConfig, generate_shard, make_dataset
from mnist1d_hf.dataset.checksums import FROZEN_SHA256, sha256
from mnist1d_hf.dataset.parameters import PARAMETER_NAMES
from mnist1d_hf.dataset.rows import ADDITIONS, Rows


def arrays(dataset):
    columns = dataset.with_format("numpy")[:]
    return columns["x"], columns["y"]


def streamed(dataset, batch_size=1000):
    batches = list(dataset.with_format("numpy").iter(batch_size))
    return tuple(np.concatenate([batch[name] for batch in batches]) for name in ("x", "y"))


@pytest.mark.parametrize("config", ["default", "shuffled"])
@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("streaming", [False, True])
def test_the_frozen_dataset_is_loaded_bit_for_bit(config, split, streaming):
    dataset = load_dataset("mnist1d", config, split=split, streaming=streaming)
    if streaming:
        dataset = datasets.Dataset.from_list(list(dataset), features=dataset.features)
    assert sha256(dataset) == FROZEN_SHA256[config, split]


def test_columns_have_the_documented_types():
    features = load_dataset("mnist1d", split="test").features
    assert list(features) == ["x", "y"]
    assert (features["x"].feature.dtype, features["x"].length) == ("float32", 40)
    assert features["y"] == datasets.ClassLabel(names=[str(digit) for digit in range(10)])


def test_the_config_has_exactly_the_generation_parameters_and_the_additions():
    own = {field.name for field in dataclasses.fields(Mnist1DConfig)} - {
        field.name for field in dataclasses.fields(datasets.BuilderConfig)
    }
    assert own == {*PARAMETER_NAMES, *ADDITIONS}
    assert Mnist1DConfig().parameters == GenerationParameters()


@pytest.mark.parametrize("config", ["default", "shuffled", "custom-noise"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"corr_noise_scale": 0.4, "seed": 3},
        {"num_samples": 1234, "train_split": 0.37, "padding": [2, 9], "final_seq_length": 17, "shuffle_seq": True},
    ],
)
def test_any_parameters_give_make_datasets_rows(config, changes):
    loaded = load_dataset("mnist1d", config, **changes)
    expected = make_dataset(CONFIGS[config].replace(**changes))
    for split, x, y in (("train", "x", "y"), ("test", "x_test", "y_test")):
        np.testing.assert_array_equal(arrays(loaded[split])[0], expected[x].astype(np.float32))
        np.testing.assert_array_equal(arrays(loaded[split])[1], expected[y])


def test_custom_noise_doubles_both_scales():
    assert (CONFIGS["custom-noise"].corr_noise_scale, CONFIGS["custom-noise"].iid_noise_scale) == (0.5, 0.04)


# Change it only together with DATA_VERSION.
CUSTOM_NOISE_SHA256 = "c45bf737a3fa0e8b83551b3349fd2dea9aad620bfd7664d968fc1fb0b955acac"


def test_the_bytes_of_custom_noise_do_not_change():
    loaded = load_dataset("mnist1d", "custom-noise")
    digests = "".join(sha256(loaded[split])[name] for split in ("train", "test") for name in ("x", "y"))
    assert hashlib.sha256(digests.encode()).hexdigest() == CUSTOM_NOISE_SHA256


def test_examples_are_the_same_rows_as_tables():
    builder = Mnist1D(config_name="large", num_samples=110)
    generator = builder._split_generators(None)[0]
    examples = list(builder._generate_examples(**generator.gen_kwargs))
    keys = [key for key, _ in examples]
    assert len(set(keys)) == len(keys) == 100
    x, y = streamed(builder.as_streaming_dataset("train"))
    np.testing.assert_array_equal(np.array([example["x"] for _, example in examples], np.float32), x)
    np.testing.assert_array_equal([example["y"] for _, example in examples], y)
    assert isinstance(builder, datasets.GeneratorBasedBuilder)


# --- tables


@pytest.mark.parametrize(
    ("config", "rows", "lengths"),
    [
        ("default", (0, 4000), [4000]),
        ("default", (1500, 1501), [1]),
        ("shuffled", (3999, 4000), [1]),
        ("large", (0, 20_000), [10_000, 10_000]),
        ("large", (9_000, 10_000), [1_000]),
        ("large", (9_999, 20_000), [1, 10_000]),
        ("large", (12_345, 12_345), []),
    ],
)
def test_tables_are_rows_of_the_split_cut_where_shards_end(config, rows, lengths):
    builder = Mnist1D(config_name=config, **({"num_samples": 22_000} if config == "large" else {}))
    tables = list(builder.tables("train", *rows))
    assert [len(table) for table in tables] == lengths
    whole = [table for _, table in builder._generate_tables("train", [(0, builder.config.split_rows["train"])])]
    expected = pa.concat_tables(whole).slice(rows[0], rows[1] - rows[0])
    assert pa.concat_tables([expected.schema.empty_table(), *tables]).equals(expected)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("validation", 0, 1), ValueError, "'split' parameter must be one of 'train', 'test', got 'validation'"),
        (("test", 0, 1001), ValueError, "'stop' parameter must be an integer from 0 to 1000, got 1001"),
        (("test", 6, 5), ValueError, "'start' parameter must be an integer from 0 to 5, got 6"),
        (("test", 0, 5.0), TypeError, "'stop' parameter must be an integer from 0 to 1000, got 5.0"),
    ],
)
def test_rows_that_a_split_does_not_have_raise_at_once(arguments, error, message):
    with pytest.raises(error, match=message):
        Mnist1D().tables(*arguments)


# --- large


def test_large_has_a_million_training_rows():
    info = load_dataset_builder("mnist1d", "large").info
    assert {name: split.num_examples for name, split in info.splits.items()} == {"train": 1_000_000, "test": 100_000}


@pytest.mark.parametrize("num_samples", [11, 27_000, 27_001])
@pytest.mark.parametrize("streaming", [False, True])
def test_large_is_the_beginning_of_its_shards(num_samples, streaming):
    loaded = load_dataset("mnist1d", "large", num_samples=num_samples, streaming=streaming)
    rows = {}
    for split in ("train", "test"):
        x, y = (streamed if streaming else arrays)(loaded[split])
        rows[split] = len(x)
        shards = [generate_shard(GenerationParameters(), split=split, index=index) for index in range(3)]
        np.testing.assert_array_equal(x, np.concatenate([shard_x for shard_x, _ in shards])[: len(x)])
        np.testing.assert_array_equal(y, np.concatenate([shard_y for _, shard_y in shards])[: len(y)])
    assert sum(rows.values()) == num_samples
    assert rows["train"] == int(num_samples * (10 / 11))


@pytest.mark.forks
@pytest.mark.parametrize("num_proc", [2, 3])
def test_large_has_the_same_rows_whatever_num_proc(num_proc, tmp_path):
    one = load_dataset("mnist1d", "large", num_samples=44_000)
    several = load_dataset("mnist1d", "large", num_samples=44_000, num_proc=num_proc, cache_dir=str(tmp_path / "other"))
    for split in ("train", "test"):
        for ours, theirs in zip(arrays(one[split]), arrays(several[split]), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("config", "options", "threaded"),
    [
        ("large", {}, True),
        ("large", {"num_proc": 1}, False),
        ("large", {"streaming": True}, False),
        ("default", {}, False),
        # There is memory for one such shard, but not for several.
        pytest.param("large", {"final_seq_length": 16_000}, False, marks=pytest.mark.long),
    ],
    ids=["prepared", "one process", "streamed", "not in shards", "much memory"],
)
def test_only_shards_that_one_process_prepares_are_made_in_threads(config, options, threaded, monkeypatch):
    made_by = set()

    def spy(*args, **kwargs):
        made_by.add(threading.current_thread())
        return columns(*args, **kwargs)

    columns = Rows.columns
    monkeypatch.setattr(Rows, "columns", spy)
    loaded = load_dataset("mnist1d", config, num_samples=100, split="train", **options)
    assert len(list(loaded)) in (80, 90)
    assert (made_by == {threading.main_thread()}) is not threaded


@pytest.mark.forks
def test_the_default_config_takes_num_proc_too():
    loaded = load_dataset("mnist1d", num_proc=2)
    assert sha256(loaded["train"]) == FROZEN_SHA256["default", "train"]


def test_a_billion_rows_stream_at_once():
    stream = load_dataset("mnist1d", "large", num_samples=10**9, streaming=True)
    assert stream["train"].info.splits["train"].num_examples == 909_090_909
    batch = next(iter(stream["train"].with_format("numpy").iter(10)))
    np.testing.assert_array_equal(batch["x"], generate_shard(GenerationParameters(), split="train", index=0)[0][:10])


def test_more_rows_than_the_disk_holds_are_refused_at_once():
    with pytest.raises(OSError, match=r"Not enough disk space. Needed: .* TiB"):
        load_dataset("mnist1d", "large", num_samples=10**12)


# --- the cache


def cache_entry(*args, **kwargs):
    return load_dataset_builder("mnist1d", *args, **kwargs).cache_dir


def test_different_parameters_never_share_a_cache_entry():
    changes = {
        "num_samples": 5010, "train_split": 0.81, "template_len": 13, "padding": (36, 61), "scale_coeff": 0.41,
        "max_translation": 49, "corr_noise_scale": 0.26, "iid_noise_scale": 0.021, "shear_scale": 0.76,
        "shuffle_seq": True, "final_seq_length": 41, "seed": 43,
    }  # fmt: skip
    assert set(changes) == set(PARAMETER_NAMES)
    sets = [{}, *({name: value} for name, value in changes.items())]
    sets += [dict(pair) for pair in itertools.combinations(changes.items(), 2)]
    sets += [{"seed": value} for value in (0, 1, 10, 100)] + [
        {"padding": value} for value in ((3, 66), (36, 6), (3, 6))[::2]
    ]
    entries = [cache_entry("default", **changes) for changes in sets]
    entries += [cache_entry(config) for config in CONFIGS if config != "default"]
    assert len(set(entries)) == len(entries)


def test_equal_parameters_share_a_cache_entry():
    assert cache_entry() == cache_entry("default") == cache_entry("default", seed=42, padding=[36, 60])
    assert cache_entry("shuffled", scale_coeff=1) == cache_entry("shuffled", scale_coeff=1.0)
    assert cache_entry("default", padding=[1, 2]) == cache_entry("default", padding=(1, np.int64(2)))
    assert Mnist1D(config_name="default").cache_dir == cache_entry()


def test_the_data_version_is_part_of_the_cache_entry():
    assert f"/{DATA_VERSION}/" in cache_entry().replace("\\", "/")
    assert str(load_dataset_builder("mnist1d").info.version) == DATA_VERSION


def test_a_second_load_reuses_the_first():
    first, second = (load_dataset("mnist1d", split="test") for _ in range(2))
    assert first.cache_files == second.cache_files
    assert first._fingerprint == second._fingerprint


# --- bad input


def test_an_unknown_config_lists_the_four():
    with pytest.raises(
        ValueError, match=r"unknown config 'tiny' of mnist1d; the configs are default, shuffled, large, custom-noise"
    ):
        load_dataset("mnist1d", "tiny")


def test_an_unknown_parameter_is_named():
    with pytest.raises(TypeError, match=r"unknown generation parameter 'noise'; the parameters are num_samples"):
        load_dataset("mnist1d", "large", noise=1)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"seed": -1}, ValueError),
        ({"seed": None}, TypeError),
        ({"num_samples": "5000"}, TypeError),
        ({"padding": 3}, TypeError),
    ],
)
def test_a_bad_value_is_named(changes, error, datasets_cache):
    with pytest.raises(error, match=f"the '{next(iter(changes))}' parameter must be"):
        load_dataset("mnist1d", **changes)
    assert not list(datasets_cache.glob("mnist1d/*"))


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(("config", "value"), [("default", 1e160), ("large", 1e39)])
def test_a_scale_that_numbers_cannot_hold_is_named(config, value, streaming, datasets_cache):
    with pytest.raises(ValueError, match=r"^the 'scale_coeff' parameter must be smaller"):
        next(
            iter(load_dataset("mnist1d", config, split="test", streaming=streaming, num_samples=110, scale_coeff=value))
        )
    assert not list(datasets_cache.rglob("*.arrow"))


def test_an_empty_split_is_refused():
    with pytest.raises(ValueError, match=r"num_samples=10 with train_split=0.05 leaves no rows for the 'train' split"):
        load_dataset("mnist1d", num_samples=10, train_split=0.05)


@pytest.mark.parametrize("option", [{"data_files": "a.csv"}, {"data_dir": "data"}, {"revision": "v1"}])
def test_options_for_files_are_refused(option):
    with pytest.raises(ValueError, match=r"is not supported, since 'mnist1d' is generated; to read files, give their"):
        load_dataset("mnist1d", **option)


def test_other_features_are_honoured():
    features = datasets.Features({"x": datasets.Sequence(datasets.Value("float64")), "y": datasets.Value("int8")})
    for streaming in (False, True):
        dataset = load_dataset("mnist1d", split="test", features=features, streaming=streaming)
        assert dataset.features == features
        assert next(iter(dataset))["y"] == int(make_dataset()["y_test"][0])


def test_the_packages_own_load_dataset_is_the_same(empty_folder):
    ours = mnist1d_hf.load_dataset("shuffled", split="test[:5]", seed=1)
    theirs = load_dataset("mnist1d", "shuffled", split="test[:5]", seed=1)
    assert ours[:] == theirs[:]
    assert mnist1d_hf.load_dataset(split="test").num_rows == 1000
