"""Building a dataset repository: what is in it, and what happens when it cannot be finished."""

import errno
import hashlib
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import get_dataset_config_names, load_dataset
from filelock import FileLock

from mnist1d_hf.dataset.checksums import FROZEN_SHA256, sha256
from mnist1d_hf.hub import dataset_repo
from mnist1d_hf.hub.dataset_repo import build_dataset_repo

SMALL = {"configs": ["default", "large"], "num_samples": 2200}


def contents(folder):
    """Every file under a folder and its hash, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    return build_dataset_repo(tmp_path_factory.mktemp("built") / "mnist1d", num_samples=220_001)


def test_a_repository_has_all_its_files(repo):
    assert set(repo.files) == {
        "README.md",
        "eval.yaml",
        "figures/samples.png",
        "figures/construction.png",
        *(
            f"{config}/{split}-00000-of-00001.parquet"
            for config in ("default", "shuffled", "custom-noise")
            for split in ("train", "test")
        ),
        "large/test-00000-of-00001.parquet",
        *(f"large/train-{number:05d}-of-00002.parquet" for number in range(2)),
    }  # fmt: skip
    assert repo.files == {path: (repo.folder / path).stat().st_size for path in repo.files}
    assert repo.rows["large"] == {"train": 200_000, "test": 20_001}


def test_stock_datasets_loads_every_config(repo):
    assert set(get_dataset_config_names(str(repo.folder))) == {"default", "shuffled", "large", "custom-noise"}
    for config, rows in repo.rows.items():
        loaded = load_dataset(str(repo.folder), config)
        assert {split: len(dataset) for split, dataset in loaded.items()} == rows
        generated = load_dataset("mnist1d", config, **({"num_samples": 220_001} if config == "large" else {}))
        assert loaded["test"].features == generated["test"].features
        for split in rows:
            assert sha256(loaded[split]) == sha256(generated[split])
    assert sha256(load_dataset(str(repo.folder), split="test")) == FROZEN_SHA256["default", "test"]


def test_stock_datasets_streams_a_config(repo):
    stream = load_dataset(str(repo.folder), "shuffled", split="test", streaming=True)
    assert next(iter(stream)) == load_dataset(str(repo.folder), "shuffled", split="test")[0]


def test_parquet_files_are_written_as_the_hub_likes_them(repo):
    for path in repo.folder.rglob("*.parquet"):
        metadata = pq.ParquetFile(path).metadata
        assert metadata.metadata[b"use_content_defined_chunking"] == b"true"
        assert b'"_type": "ClassLabel"' in metadata.metadata[b"huggingface"]
        x, y = (metadata.row_group(0).column(index) for index in range(2))
        assert (x.path_in_schema, y.path_in_schema) == ("x.list.element", "y")
        assert "RLE_DICTIONARY" in y.encodings
        assert "RLE_DICTIONARY" not in x.encodings
        assert x.has_offset_index and x.has_column_index
        assert x.statistics is not None


def test_pages_are_cut_by_content(repo, tmp_path):
    path = repo.folder / "large/train-00000-of-00002.parquet"
    options = {"row_group_size": 100_000, "use_dictionary": ["y"], "write_page_index": True}
    pq.write_table(pq.read_table(path), tmp_path / "plain.parquet", **options)
    pq.write_table(pq.read_table(path), tmp_path / "cut.parquet", use_content_defined_chunking=True, **options)
    pages = path.read_bytes()[:-1000]  # the footer orders its keys differently
    assert (tmp_path / "cut.parquet").read_bytes()[:-1000] == pages
    assert (tmp_path / "plain.parquet").read_bytes()[:-1000] != pages


def test_building_again_gives_the_same_bytes(tmp_path):
    first, second = (build_dataset_repo(tmp_path / name, **SMALL) for name in ("a", "b"))
    assert contents(first.folder) == contents(second.folder)


def test_a_prepared_cache_does_not_change_the_bytes(tmp_path):
    before = contents(build_dataset_repo(tmp_path / "a", configs=["default"]).folder)
    load_dataset("mnist1d", "default")
    assert contents(build_dataset_repo(tmp_path / "b", configs=["default"]).folder) == before


def test_an_empty_folder_is_filled_and_a_missing_parent_made(tmp_path):
    (tmp_path / "empty").mkdir()
    build_dataset_repo(tmp_path / "empty", configs=["default"])
    build_dataset_repo(tmp_path / "deep" / "er", configs=["default"])
    assert contents(tmp_path / "empty") == contents(tmp_path / "deep" / "er")


def test_overwrite_replaces_an_earlier_build(tmp_path):
    build_dataset_repo(tmp_path / "repo", configs=["shuffled"])
    with pytest.raises(FileExistsError, match=r"repo is not empty; name another folder, or give --overwrite"):
        build_dataset_repo(tmp_path / "repo", **SMALL)
    build_dataset_repo(tmp_path / "repo", overwrite=True, **SMALL)
    assert not (tmp_path / "repo" / "shuffled").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["repo"]


@pytest.mark.parametrize("name", ["notes.txt", "default/mine.csv", ".git/HEAD", "mnist1d.py"])
def test_overwrite_never_loses_a_foreign_file(name, tmp_path):
    build_dataset_repo(tmp_path / "repo", configs=["default"])
    (tmp_path / "repo" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "repo" / name).write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match=rf"holds files that no build wrote \({name}\)"):
        build_dataset_repo(tmp_path / "repo", overwrite=True, **SMALL)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=["full", "^C"]
)
@pytest.mark.parametrize("existing", [False, True])
def test_a_failing_build_leaves_what_was_there(failure, existing, tmp_path, monkeypatch):
    if existing:
        build_dataset_repo(tmp_path / "repo", configs=["shuffled"])
    before = contents(tmp_path)
    written = []

    def write_table(table, path, write=pq.write_table, **options):
        write(table, path, **options)
        written.append(path)
        if len(written) == 3:
            raise failure

    monkeypatch.setattr(dataset_repo.pq, "write_table", write_table)
    with pytest.raises(type(failure)):
        build_dataset_repo(tmp_path / "repo", overwrite=True, **SMALL)
    assert len(written) == 3
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["repo"] if existing else [])


@pytest.mark.long
@pytest.mark.parametrize("moment", np.linspace(0.05, 0.95, 6).round(2))
def test_a_killed_build_leaves_what_was_there_and_the_next_one_cleans_up(moment, tmp_path):
    repo = build_dataset_repo(tmp_path / "repo", configs=["shuffled"]).folder
    old = contents(repo)
    code = (
        "import sys; from mnist1d_hf.hub.dataset_repo import build_dataset_repo; print('go', flush=True);"
        f"build_dataset_repo({str(repo)!r}, configs=['large'], num_samples=500_000, overwrite=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"go\n"
    time.sleep(2 * moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert contents(repo) == old or set(contents(repo)) >= {"README.md", "large/train-00000-of-00005.parquet"}
    build_dataset_repo(repo, overwrite=True, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["repo"]


def test_a_build_killed_between_its_two_renames_is_put_back(tmp_path):
    repo = build_dataset_repo(tmp_path / "repo", configs=["shuffled"]).folder
    old = contents(repo)
    repo.rename(tmp_path / ".repo.replaced")
    with pytest.raises(FileExistsError, match="is not empty"):
        build_dataset_repo(repo, **SMALL)
    assert contents(repo) == old
    assert [path.name for path in tmp_path.iterdir()] == ["repo"]


def test_two_builds_of_one_folder_do_not_mix(tmp_path):
    lock = FileLock(tmp_path / ".repo.lock")
    with lock, pytest.raises(FileExistsError, match=r"another build is writing .*repo; wait for it to end"):
        build_dataset_repo(tmp_path / "repo", **SMALL)
    build_dataset_repo(tmp_path / "repo", **SMALL)


def test_an_unknown_config_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"unknown config 'tiny' of mnist1d"):
        build_dataset_repo(tmp_path / "repo", configs=["default", "tiny"])
    assert not list(tmp_path.iterdir())
