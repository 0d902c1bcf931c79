"""Builds at an address, or with an executor: the same bytes however they are made, and resumed after any end."""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest
from huggingface_hub import HfApi, snapshot_download

from mnist1d_hf.cluster import open_executor
from mnist1d_hf.errors import TasksFailedError
from mnist1d_hf.hub import dataset_repo, resuming
from mnist1d_hf.hub.dataset_plan import plan_dataset
from mnist1d_hf.hub.dataset_repo import build_dataset_repo
from mnist1d_hf.hub.manifest import MANIFEST_NAME, hash_bytes
from mnist1d_hf.hub.storage import HIDDEN_FOLDER, Storage

from ..conftest import interruptible
from .killing import KILLED
from .test_dataset_repo import contents

# Three files of `large`, and two of `default`.
SMALL = {"configs": ["default", "large"], "num_samples": 110_100, "parameters": {"seed": 1}}
BUILD = f"{HIDDEN_FOLDER}/build.json"


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return contents(build_dataset_repo(tmp_path_factory.mktemp("expected") / "repo", **SMALL).folder)


@pytest.fixture
def memory():
    """Empty addresses in the memory of this process."""
    yield "memory://built"
    fsspec.filesystem("memory").store.clear()


def build(address, **options):
    """Build with an executor, so that the build can be resumed."""
    with ThreadPoolExecutor(2) as executor:
        return build_dataset_repo(address, **{**SMALL, **options}, executor=executor)


@contextmanager
def interrupted(monkeypatch, after):
    """Let this process be interrupted once it has written some files."""
    done = []

    def store_file(*arguments, store=resuming.store_file):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(store(*arguments))
        return done[-1]

    with monkeypatch.context() as patches:
        patches.setattr(dataset_repo, "store_file", store_file)
        with pytest.raises(KeyboardInterrupt, match="finished files are kept: rerun to resume"):
            yield


def test_a_folder_filled_by_threads_has_the_same_bytes(expected, tmp_path):
    repo = build(tmp_path / "repo")
    assert contents(repo.folder) == expected
    assert list(repo.files) == sorted(expected)


def test_memory_and_file_addresses_have_the_same_files(expected, memory, tmp_path):
    repo = build_dataset_repo(memory, **SMALL)
    files = fsspec.filesystem("memory")
    assert {path: files.checksum for path in repo.files}.keys() == expected.keys()
    assert files.cat_file(f"/built/{MANIFEST_NAME}").decode().count('"sha256"') == len(expected) - 1
    build_dataset_repo((tmp_path / "repo").as_uri(), **SMALL)
    assert contents(tmp_path / "repo") == expected
    assert files.cat_file(f"/built/{MANIFEST_NAME}") == (tmp_path / "repo" / MANIFEST_NAME).read_bytes()


@pytest.mark.long
def test_local_processes_write_the_same_bytes(expected, tmp_path, monkeypatch):
    with open_executor("processes:2") as executor:
        build_dataset_repo(tmp_path / "executor", **SMALL, executor=executor)
    monkeypatch.setattr(dataset_repo, "_ROWS_FOR_PROCESSES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    build_dataset_repo(tmp_path / "default", **SMALL)
    assert contents(tmp_path / "executor") == contents(tmp_path / "default") == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["default", "executor"]


@pytest.mark.long
@pytest.mark.parametrize(("num_samples", "rows_per_file"), [(2_200_000, None), (660_000, 300_000)])
def test_large_builds_have_the_same_manifest_on_one_process_threads_and_processes(
    num_samples, rows_per_file, tmp_path, monkeypatch
):
    options = {"configs": ["large"], "num_samples": num_samples, "rows_per_file": rows_per_file}
    monkeypatch.setattr(dataset_repo, "_ROWS_FOR_PROCESSES", min(num_samples, dataset_repo._ROWS_FOR_PROCESSES))
    build(tmp_path / "threads", **options, parameters=None)
    build_dataset_repo(tmp_path / "processes", **options)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    build_dataset_repo(tmp_path / "inline", **options)
    manifests = {
        (folder / MANIFEST_NAME).read_bytes() for folder in tmp_path.glob("*") if folder.name != "datasets-cache"
    }
    assert len(manifests) == 1


@pytest.mark.long
def test_an_interrupted_build_on_processes_leaves_nothing(tmp_path):
    options = ["--config", "large", "--num-samples", "4e6", "--quiet"]
    command = [sys.executable, "-m", "mnist1d_hf", "build", str(tmp_path / "deep" / "repo"), *options]
    with (
        interruptible(),
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process,
    ):
        while not list(tmp_path.glob("deep/.repo.*/new/large/*.parquet")):
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        message = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert re.search(r"\d+ of 41 files are finished; none is kept\.", message)
    assert not list(tmp_path.iterdir())


def test_the_memory_of_the_driver_does_not_grow_with_the_files(tmp_path, monkeypatch):
    def store_file(file, storage):
        return hash_bytes(file.path.encode())

    monkeypatch.setattr(dataset_repo, "store_file", store_file)
    peaks = []
    for files in (10, 100, 1000):
        tracemalloc.start()
        options = {"num_samples": files * 100_000, "parameters": {"final_seq_length": 2}}
        repo = build(tmp_path / str(files), **{**options, "configs": ["large"]})
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sum(path.startswith("large/") for path in repo.files) in (files, files + 1)
    assert peaks[2] - peaks[1] < 20e6


def test_an_interrupted_build_says_how_to_resume_and_makes_only_what_is_missing(
    expected, tmp_path, monkeypatch, written
):
    address = (tmp_path / "repo").as_uri()
    with interrupted(monkeypatch, after=3):
        build_dataset_repo(address, **SMALL)
    assert not (tmp_path / "repo" / MANIFEST_NAME).exists()
    finished = written.copy()
    build_dataset_repo(address, **SMALL)
    assert contents(tmp_path / "repo") == expected
    assert sorted(written) == sorted(path for path in expected if path.endswith(".parquet"))
    assert finished == written[:3]


LARGE = "large/train-00001-of-00002.parquet"


def drop(path):
    path.unlink()


def truncate(path):
    os.truncate(path, path.stat().st_size - 1)


def alter(path):
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


def garble(path):
    path.write_text('{"size": "many"')


@pytest.mark.parametrize(
    ("damage", "path"),
    [
        (drop, LARGE),
        (truncate, LARGE),
        (alter, LARGE),
        *((do, f"{HIDDEN_FOLDER}/{LARGE}.json") for do in (drop, garble)),
    ],
)
def test_what_is_damaged_between_two_runs_is_made_again(damage, path, expected, tmp_path, monkeypatch, written):
    folder = tmp_path / "repo"
    with monkeypatch.context() as patches:
        patches.setattr(dataset_repo, "write_manifest", broken)
        with pytest.raises(OSError, match="broken"):
            build_dataset_repo(folder.as_uri(), **SMALL)
    damage(folder / path)
    written.clear()
    build_dataset_repo(folder.as_uri(), **SMALL)
    assert contents(folder) == expected
    assert written == [LARGE]


def broken(*_):
    raise OSError(errno.EIO, "broken")


KILLED_BUILD = (
    """
import os, sys
from mnist1d_hf.errors import TasksFailedError
from mnist1d_hf.hub import dataset_repo, resuming
from mnist1d_hf.hub.storage import Storage

address, name, call, moment = sys.argv[1:]
owner = {"write_parquet": resuming, "write": Storage, "put": Storage, "write_manifest": dataset_repo, "remove": Storage}[name]
"""
    + KILLED
    + """
dataset_repo.build_dataset_repo(address, configs=["default", "large"], num_samples=2200)
"""
)


@pytest.mark.long
@pytest.mark.parametrize(
    "stage",
    [
        ("write", 1, "before"),
        ("write", 1, "after"),  # it is known which build this is
        ("write_parquet", 2, "after"),
        ("put", 4, "after"),  # a file is there, and its record is not
        ("write_manifest", 1, "after"),
        ("write", 10, "before"),  # the manifest is not there yet
        ("remove", 1, "before"),
        ("remove", 1, "after"),
    ],
    ids=lambda stage: " ".join(map(str, stage)),
)
def test_a_killed_build_is_resumed(stage, tmp_path):
    options = {"configs": ["default", "large"], "num_samples": 2200}
    whole = contents(build_dataset_repo(tmp_path / "whole", **options).folder)
    folder = tmp_path / "repo"
    command = [sys.executable, "-c", KILLED_BUILD, folder.as_uri(), *map(str, stage)]
    assert subprocess.run(command).returncode == 9
    build_dataset_repo(folder.as_uri(), **options)
    assert contents(folder) == whole


def test_a_finished_build_is_left_as_it_is(expected, tmp_path, written):
    repo = build(tmp_path / "repo")
    times = {path: path.stat().st_mtime_ns for path in repo.folder.rglob("*")}
    written.clear()
    for options in ({}, {"overwrite": True}):
        assert build(tmp_path / "repo", **options) == repo
    assert not written
    assert times == {path: path.stat().st_mtime_ns for path in repo.folder.rglob("*")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_samples": 110_200}, "configs.large.num_samples 110200 instead of 110100"),
        ({"rows_per_file": 200_000}, "configs.default.rows_per_file 200000 instead of 100000, "),
        ({"parameters": {"seed": 2}}, "configs.default.seed 2 instead of 1, "),
    ],
)
def test_an_unfinished_build_is_not_mixed_with_another(change, message, tmp_path, monkeypatch, expected):
    address = (tmp_path / "repo").as_uri()
    with interrupted(monkeypatch, after=2):
        build_dataset_repo(address, **{**SMALL, **change})
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match=rf"an unfinished build with other settings \({message}.*--overwrite"):
        build_dataset_repo(address, **SMALL)
    assert contents(tmp_path) == before
    build_dataset_repo(address, **SMALL, overwrite=True)
    assert contents(tmp_path / "repo") == expected


def test_a_finished_build_is_replaced_by_another_only_if_that_is_asked_for(expected, tmp_path):
    build(tmp_path / "repo", configs=["shuffled"], num_samples=None)
    with pytest.raises(FileExistsError, match=r"repo is not empty; name another place, or give --overwrite"):
        build(tmp_path / "repo")
    build(tmp_path / "repo", overwrite=True)
    assert contents(tmp_path / "repo") == expected
    assert not (tmp_path / "repo" / "shuffled").exists()


@pytest.mark.parametrize("name", ["notes.txt", "large/mine.csv", "figures/holiday.png"])
@pytest.mark.parametrize("finished", [True, False])
def test_foreign_files_are_never_lost(name, finished, tmp_path, monkeypatch):
    address = (tmp_path / "repo").as_uri()
    if finished:
        build_dataset_repo(address, **{**SMALL, "num_samples": 2200})
    else:
        with interrupted(monkeypatch, after=3):
            build_dataset_repo(address, **{**SMALL, "num_samples": 2200})
    (tmp_path / "repo" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "repo" / name).write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match=rf"files that no build wrote, .* \({name}\)"):
        build_dataset_repo(address, **SMALL, overwrite=True)
    assert contents(tmp_path) == before


def test_a_changed_file_of_a_build_is_never_lost(tmp_path):
    address = (tmp_path / "repo").as_uri()
    build_dataset_repo(address, configs=["default"])
    alter(tmp_path / "repo" / "default" / "train-00000-of-00001.parquet")
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match=r"changed since \(default/train-00000-of-00001.parquet\)"):
        build_dataset_repo(address, **SMALL, overwrite=True)
    assert contents(tmp_path) == before


def test_what_is_no_build_is_not_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is not known to hold a build"):
        build(tmp_path, overwrite=True)
    assert contents(tmp_path).keys() == {"mine.txt"}


@pytest.mark.parametrize("begin", [build_dataset_repo, lambda path, **options: build(path)])
def test_a_file_is_not_replaced_by_a_folder(begin, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="file is "):
        begin(tmp_path / "file", **SMALL)
    assert contents(tmp_path).keys() == {"file"}


def test_failing_files_are_named_and_the_others_kept(expected, tmp_path, monkeypatch):
    def write_parquet(file, path, write=resuming.write_parquet):
        if "train" in file.path and file.config == "large":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, path)

    with monkeypatch.context() as patches:
        patches.setattr(resuming, "write_parquet", write_parquet)
        with pytest.raises(
            TasksFailedError,
            match=r"2 of 3 files failed \(finished files are kept: rerun to resume\): "
            r"large/train-0000.-of-00002, shards .*No space left",
        ):
            build(tmp_path / "repo", retries=1)
    assert (tmp_path / "repo" / "large" / "test-00000-of-00001.parquet").exists()
    # In the folder where it was begun, it is resumed without an executor too.
    build_dataset_repo(tmp_path / "repo", **SMALL)
    assert contents(tmp_path / "repo") == expected


def test_workers_that_see_another_folder_are_told(tmp_path):
    (file, *_) = plan_dataset(configs=["default"]).files
    with pytest.raises(FileNotFoundError, match=r"no build under way at .*; workers need a folder that all share"):
        resuming.store_file(file, Storage(str(tmp_path)))
    assert not list(tmp_path.iterdir())


def test_processes_cannot_write_to_the_memory_of_this_one(memory):
    with (
        open_executor("processes:2") as executor,
        pytest.raises(ValueError, match=r"memory://built is the memory of this process"),
    ):
        build_dataset_repo(memory, executor=executor)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s4://bucket/folder", "s4://bucket/folder is not an address that fsspec knows"),
        ("ftp://ada:secret@host/folder", "an address holds no password; set it in the environment"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(address, message):
    with pytest.raises(ValueError, match=message) as error:
        build_dataset_repo(address)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("as_address", [False, True])
def test_a_disk_that_is_too_small_is_noticed_before_work(as_address, tmp_path, monkeypatch, written):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(2e9, 1e9, 1e9))
    folder = tmp_path / "repo"
    with pytest.raises(OSError, match=r"the build takes about 1\.6 GB, and its disk has 1\.0 GB left"):
        build_dataset_repo(folder.as_uri() if as_address else folder, configs=["large"], num_samples=10_000_000)
    assert not written
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_a_repository_on_the_hub_is_an_address_too(ada_hub, tmp_path):
    HfApi().create_repo("ada/big", repo_type="dataset")
    options = {"configs": ["default", "large"], "num_samples": 2200}
    whole = contents(build_dataset_repo(tmp_path / "whole", **options).folder)
    build_dataset_repo("hf://datasets/ada/big", **options)
    copy = snapshot_download("ada/big", repo_type="dataset", local_dir=tmp_path / "copy")
    found = contents(Path(copy))
    assert {path: found[path] for path in whole} == whole
    assert not any(path.startswith(HIDDEN_FOLDER) for path in found)
    build_dataset_repo("hf://datasets/ada/big", configs=["shuffled"], overwrite=True)
    files = HfApi().list_repo_files("ada/big", repo_type="dataset")
    assert {path.partition("/")[0] for path in files if "/" in path} == {"shuffled", "figures"}
