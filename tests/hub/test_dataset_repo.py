"""Building a dataset repository: what is in it, and what happens when it cannot be finished."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from datasets import get_dataset_config_names, load_dataset
from filelock import FileLock

from mnist1d_hf.dataset.checksums import FROZEN_SHA256, sha256
from mnist1d_hf.hub import resuming
from mnist1d_hf.hub.dataset_repo import build_dataset_repo
from mnist1d_hf.hub.manifest import MANIFEST_NAME, hash_file, parse_manifest

from ..conftest import ROOT
from .killing import KILLED

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
        ".mnist1d-hf.json",
        "README.md",
        "eval.yaml",
        "notebook.ipynb",
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


def test_the_notebook_that_the_hub_offers_to_open_is_the_first_one(repo):
    first = ROOT / "notebooks" / "ten-minutes.ipynb"
    assert (repo.folder / "notebook.ipynb").read_bytes() == first.read_bytes()


def test_the_manifest_lists_all_other_files(repo):
    manifest = parse_manifest((repo.folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    assert {path: file.size for path, file in manifest.items()} | {
        MANIFEST_NAME: repo.files[MANIFEST_NAME]
    } == repo.files
    assert all(hash_file(repo.folder / path) == file for path, file in manifest.items())


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
    with pytest.raises(FileExistsError, match=rf"holds files that no build wrote, or .* \({name}\)"):
        build_dataset_repo(tmp_path / "repo", overwrite=True, **SMALL)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["README.md", "default/test-00000-of-00001.parquet"])
def test_overwrite_never_loses_a_changed_file_of_a_build(name, tmp_path):
    build_dataset_repo(tmp_path / "repo", configs=["default"])
    with (tmp_path / "repo" / name).open("a") as file:
        file.write("my notes")
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match=rf"or that were changed since \({name}\)"):
        build_dataset_repo(tmp_path / "repo", overwrite=True, **SMALL)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["README.md", "figures/holiday.png", "default/a-of-b.parquet", MANIFEST_NAME])
def test_a_folder_without_a_manifest_is_not_taken_for_a_build(name, tmp_path):
    (tmp_path / "t" / name).parent.mkdir(parents=True)
    (tmp_path / "t" / name).write_text("mine")
    with pytest.raises(
        FileExistsError, match=r"t is not known to be a build, since it has no readable .mnist1d-hf.json"
    ):
        build_dataset_repo(tmp_path / "t", overwrite=True, **SMALL)
    assert contents(tmp_path) == {f"t/{name}": hashlib.sha256(b"mine").hexdigest()}


def test_neighbours_with_the_names_of_temporary_folders_are_kept(tmp_path):
    for name in (".t.incomplete", ".t.replaced", ".t.123-0123abcd.incomplete"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_text("mine")
    (tmp_path / ".t.lock").write_text("mine")
    before = contents(tmp_path)
    build_dataset_repo(tmp_path / "t", configs=["default"])
    assert {path: file for path, file in contents(tmp_path).items() if not path.startswith("t/")} == before


def test_what_appears_during_a_build_is_kept(tmp_path, monkeypatch):
    def write_parquet(file, path, write=resuming.write_parquet):
        hashes = write(file, path)
        (tmp_path / "repo").mkdir(exist_ok=True)
        (tmp_path / "repo" / "notes.txt").write_text("mine")
        return hashes

    monkeypatch.setattr(resuming, "write_parquet", write_parquet)
    with pytest.raises(FileExistsError, match="repo is not empty"):
        build_dataset_repo(tmp_path / "repo", configs=["default"])
    assert contents(tmp_path) == {"repo/notes.txt": hashlib.sha256(b"mine").hexdigest()}
    assert [path.name for path in tmp_path.iterdir()] == ["repo"]


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=["full", "^C"]
)
@pytest.mark.parametrize("existing", [False, True])
def test_a_failing_build_leaves_what_was_there(failure, existing, tmp_path, monkeypatch):
    if existing:
        build_dataset_repo(tmp_path / "repo", configs=["shuffled"])
    before = contents(tmp_path)
    written = []

    def write_parquet(file, path, write=resuming.write_parquet):
        hashes = write(file, path)
        written.append(path)
        if len(written) == 3:
            raise failure
        return hashes

    monkeypatch.setattr(resuming, "write_parquet", write_parquet)
    with pytest.raises(type(failure)):
        build_dataset_repo(tmp_path / "repo", overwrite=True, **SMALL)
    assert len(written) == 3
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["repo"] if existing else [])


KILLED_BUILD = (
    """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from mnist1d_hf.hub import dataset_plan, dataset_repo, repo_folder, resuming

folder, name, call, moment = sys.argv[1:]
repo_folder.shutil = SimpleNamespace(rmtree=repo_folder.shutil.rmtree)  # not what temporary folders use
owner = {"write_parquet": resuming, "write_documents": dataset_plan, "write_manifest": dataset_repo,
         "rename": Path, "rmtree": repo_folder.shutil}[name]
"""
    + KILLED
    + """
dataset_repo.build_dataset_repo(folder, configs=["default", "large"], num_samples=2200, overwrite=True)
"""
)


@pytest.mark.long
@pytest.mark.parametrize(
    ("stage", "left"),
    [
        (("write_parquet", 1, "before"), "old"),  # nothing is written yet
        (("write_parquet", 3, "after"), "old"),  # one config is, and half of the other
        (("write_documents", 1, "before"), "old"),
        (("write_manifest", 1, "after"), "old"),
        (("rename", 1, "before"), "old"),  # all is written
        (("rename", 1, "after"), None),  # the old build is moved away
        (("rename", 2, "after"), "new"),
        (("rmtree", 1, "before"), "new"),  # the old build is not removed yet
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_a_killed_build_leaves_what_was_there_and_the_next_one_cleans_up(stage, left, tmp_path):
    old = contents(build_dataset_repo(tmp_path / "repo", configs=["shuffled"]).folder)
    new = contents(build_dataset_repo(tmp_path / "expected" / "repo", **SMALL).folder)
    shutil.rmtree(tmp_path / "expected")
    command = [sys.executable, "-c", KILLED_BUILD, str(tmp_path / "repo"), *map(str, stage)]
    assert subprocess.run(command).returncode == 9
    assert contents(tmp_path / "repo") == {"old": old, "new": new, None: {}}[left]
    assert len(list(tmp_path.iterdir())) == (1 if left is None else 2)
    with pytest.raises(FileExistsError, match="is not empty"):  # the old build is put back
        build_dataset_repo(tmp_path / "repo", **SMALL)
    assert contents(tmp_path / "repo") == (new if left == "new" else old)
    assert [path.name for path in tmp_path.iterdir()] == ["repo"]
    assert contents(build_dataset_repo(tmp_path / "repo", overwrite=True, **SMALL).folder) == new
    assert [path.name for path in tmp_path.iterdir()] == ["repo"]


def test_two_builds_of_one_folder_do_not_mix(tmp_path, monkeypatch):
    def write_parquet(file, path, write=resuming.write_parquet):
        monkeypatch.setattr(resuming, "write_parquet", write)
        with pytest.raises(FileExistsError, match=r"another build is writing .*repo; wait for it to end"):
            build_dataset_repo(tmp_path / "repo", configs=["shuffled"])
        return write(file, path)

    monkeypatch.setattr(resuming, "write_parquet", write_parquet)
    repo = build_dataset_repo(tmp_path / "repo", **SMALL)
    assert repo.files.keys() >= {"default/test-00000-of-00001.parquet", "large/test-00000-of-00001.parquet"}
    assert [path.name for path in tmp_path.iterdir()] == ["repo"]


def test_a_lock_is_not_removed_while_it_is_held(tmp_path, monkeypatch):
    held = []

    def unlink(path, *arguments, dir_fd=None, remove=os.unlink, **options):
        if os.fspath(path) == "lock" or os.fspath(path).endswith(f"{os.sep}lock"):
            folder = next(path for path in tmp_path.glob(".repo.*"))
            with FileLock(folder / "lock", timeout=0):
                held.append(folder)
        remove(path, *arguments, dir_fd=dir_fd, **options)

    monkeypatch.setattr(os, "unlink", unlink)
    build_dataset_repo(tmp_path / "repo", configs=["default"])
    assert len(held) == 1


def test_an_unknown_config_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"unknown config 'tiny' of mnist1d"):
        build_dataset_repo(tmp_path / "deep" / "repo", configs=["default", "tiny"])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named_as_it_was_given(read_only_folder):
    with pytest.raises(OSError, match=r"cannot write \(Read-only file system\): 'repo'$"):
        build_dataset_repo("repo", configs=["default"])
    assert not list(read_only_folder.iterdir())
