"""Damaged entries of the cache of `datasets`: what can be seen is said, with the folder to remove; a check finds the rest."""

import json
import shutil
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from click.testing import CliRunner
from datasets import load_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mnist1d_hf
from mnist1d_hf import Mnist1D, cli
from mnist1d_hf.dataset.cache import check_cache
from mnist1d_hf.dataset.checksums import FROZEN_SHA256, sha256
from mnist1d_hf.errors import DamagedCacheError

INFO, TRAIN, TEST = "dataset_info.json", "mnist1d-train.arrow", "mnist1d-test.arrow"
OPTIONS = {"num_samples": 50, "seed": 1}


@pytest.fixture
def entry(datasets_cache):
    """The folder of a small cache entry."""
    builder = Mnist1D(config_name="default", **OPTIONS)
    builder.download_and_prepare()
    assert {path.name for path in Path(builder.cache_dir).iterdir()} >= {INFO, TRAIN, TEST}
    return Path(builder.cache_dir)


def prepare(*arguments):
    return CliRunner().invoke(cli.main, ["prepare", *arguments])


SETTINGS = [word for name, value in OPTIONS.items() for word in ("--set", f"{name}={value}")]


def without_rows(folder):
    table = pa.ipc.open_stream((folder / TRAIN).read_bytes()).read_all()
    with pa.OSFile(str(folder / TRAIN), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table.slice(0, 7))


DAMAGES = {
    **{
        f"{name} of {size} bytes": lambda folder, name=name, size=size: (folder / name).write_bytes(
            (folder / name).read_bytes()[:size]
        )
        for name in (TRAIN, TEST)
        for size in (0, 3, 100, 900, 1500)
    },
    "no train": lambda folder: (folder / TRAIN).unlink(),
    "no test": lambda folder: (folder / TEST).unlink(),
    "text": lambda folder: (folder / TRAIN).write_text("hello"),
    "fewer rows": without_rows,
    **{
        f"info {content[:10]!r}": lambda folder, content=content: (folder / INFO).write_bytes(content)
        for content in (
            b"", b"{", b"[]", b"null", b"3", b"{}", b"\xff", b'{"splits": 3}', b'{"features": {"x": 1}, "splits": {}}',
            b'{"splits": {"train": {"name": "train"}}}', b"[" * 100_000,
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_names_the_folder_to_remove(entry, damage):
    damage(entry)
    for load in (mnist1d_hf.load_dataset, lambda **options: load_dataset("mnist1d", **options)):
        with pytest.raises(DamagedCacheError) as caught:
            load(**OPTIONS)
        assert str(caught.value).startswith(f"the cache entry {entry} is damaged (")
        assert str(caught.value).endswith("); remove this folder and try again")
        assert str(caught.value).isprintable()
    failed = prepare("default", "--check", *SETTINGS)
    assert failed.exit_code == 1
    assert failed.stderr == f"Error: {caught.value}\n"
    shutil.rmtree(entry)
    assert mnist1d_hf.load_dataset(**OPTIONS)["train"].num_rows == 40
    assert prepare("default", "--check", *SETTINGS).exit_code == 0


@pytest.mark.parametrize("split", ["train[:5]", "train+test", datasets.Split.TRAIN])
def test_a_part_of_a_damaged_entry_names_the_folder_too(entry, split):
    (entry / TRAIN).unlink()
    with pytest.raises(DamagedCacheError, match="remove this folder and try again"):
        mnist1d_hf.load_dataset(split=split, **OPTIONS)


def test_a_split_that_does_not_exist_is_no_damage(entry):
    for split in ("validation", "train[", "train[:5]+x"):
        with pytest.raises(ValueError, match=r"Unknown split|Unrecognized instruction") as caught:
            mnist1d_hf.load_dataset(split=split, **OPTIONS)
        assert not isinstance(caught.value, DamagedCacheError)


def test_what_is_not_prepared_is_no_damage(datasets_cache):
    with pytest.raises(FileNotFoundError, match="could not find data in"):
        Mnist1D(config_name="default").as_dataset()


def overwrite(path, start, content):
    data = bytearray(path.read_bytes())
    data[start : start + len(content)] = content
    path.write_bytes(data)


def test_the_check_finds_values_that_load_silently(datasets_cache):
    prepare("default")
    (folder,) = (path.parent for path in datasets_cache.rglob(TEST))
    sound = prepare("default", "--check")
    assert sound.exit_code == 0
    assert sound.output == f'load_dataset("mnist1d", "default")  {folder}  as generated now\n'
    overwrite(folder / TEST, 50_000, b"\x01" * 1000)
    assert sha256(mnist1d_hf.load_dataset(split="test")) != FROZEN_SHA256["default", "test"]
    result = prepare("default", "--check")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: the cache entry {folder} is not what would be generated (rows 0 to 999 of test are different); remove this "
        "folder and run mnist1d-hf prepare again\n"
    )
    assert result.stdout == ""


def test_the_check_goes_through_the_shards_of_large(datasets_cache):
    prepare("large", "--set", "num_samples=33000")
    assert prepare("large", "--set", "num_samples=33000", "--check", "--json").exit_code == 0
    (path,) = datasets_cache.rglob(TRAIN)
    overwrite(path, path.stat().st_size - 100_000, b"\x00" * 8)
    result = prepare("large", "--set", "num_samples=33000", "--check")
    assert result.exit_code == 1
    assert "rows 20000 to 29999 of train are different" in result.stderr


def test_without_names_the_check_takes_what_is_there(datasets_cache):
    result = prepare("--check")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "Error: the cache has no entry of default, shuffled, large, custom-noise; run mnist1d-hf"
    )
    prepare("shuffled")
    result = prepare("--check", "--json")
    assert list(json.loads(result.stdout)) == ["shuffled"]
    result = prepare("--check", "shuffled", "default")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: the cache has no entry of default; run mnist1d-hf prepare")
    assert {path.name for path in (datasets_cache / "mnist1d").iterdir()} == {"shuffled"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_check_finds_any_damage(entry, data):
    path = entry / data.draw(st.sampled_from([TRAIN, TEST]))
    original = path.read_bytes()
    start = data.draw(st.integers(0, len(original) - 1))
    overwrite(path, start, data.draw(st.binary(min_size=1, max_size=20)))
    builder = Mnist1D(config_name="default", **OPTIONS)
    expected = {
        split: list(rows) for split, rows in Mnist1D(config_name="default", **OPTIONS).as_streaming_dataset().items()
    }
    try:
        check_cache(builder)
        assert {split: list(rows) for split, rows in builder.as_dataset().items()} == expected
    except DamagedCacheError as error:
        assert str(entry) in str(error)
        assert str(error).isprintable()
    finally:
        path.write_bytes(original)
