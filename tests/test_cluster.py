"""Executors: processes of this machine, and real Dask workers in other folders, without a cache, and of other versions."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from mnist1d_hf import cli, cluster
from mnist1d_hf.baselines.architectures import base
from mnist1d_hf.baselines.runs import train_baselines
from mnist1d_hf.cluster import open_executor
from mnist1d_hf.errors import MissingExtraError, WorkerError
from mnist1d_hf.experiments import metalearn_learning_rate as metalearn
from mnist1d_hf.hub import build_dataset_repo
from mnist1d_hf.hub.manifest import MANIFEST_NAME
from mnist1d_hf.utils import tasks
from mnist1d_hf.utils.processes import ALLOCATOR
from mnist1d_hf.utils.tasks import run_tasks

from .conftest import ROOT, interruptible

SMALL = metalearn.Settings(outer_steps=2, inner_steps=3, batch_size=4, hidden_size=5)


@pytest.mark.parametrize(
    "address",
    ["", "processes", "processes:0", "processes:-1", "dask:8786", "dask://host", "dask://a b:1", "ray://host:1"],
)
def test_an_unknown_executor_is_named_with_those_that_exist(address):
    with pytest.raises(ValueError, match="give processes:N, dask, or dask://HOST:PORT") as raised:
        open_executor(address).__enter__()
    assert repr(address) in str(raised.value)
    result = CliRunner().invoke(cli.main, ["train", "--executor", address])
    assert result.exit_code == 2
    assert str(raised.value) in result.stderr


@pytest.mark.parametrize("address", ["dask", "dask://localhost:8786"])
def test_without_dask_its_extra_is_named(address, monkeypatch):
    monkeypatch.setattr("mnist1d_hf.utils.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mnist1d-hf\[cluster\]'"):
        open_executor(address).__enter__()


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with pytest.raises(WorkerError, match=r"no Dask scheduler at dask://localhost:1 .*start one with: dask scheduler"):
        open_executor("dask://localhost:1").__enter__()


def environment(_):
    """What a worker works with."""
    import torch

    return os.getpid(), os.getcwd(), torch.get_num_threads(), {name: os.environ.get(name) for name in ALLOCATOR}


def check_workers(address, number):
    results = {}
    with open_executor(address) as executor:
        run_tasks(executor, environment, {str(task): (task,) for task in range(6)}, results.__setitem__)
    ids, folders, threads, allocators = zip(*results.values(), strict=True)
    assert len(results) == 6
    assert os.getpid() not in ids
    assert len(set(ids)) <= number
    assert set(threads) == {1}
    return set(folders), allocators


@pytest.mark.long
@pytest.mark.parametrize(("address", "number"), [("processes:2", 2), ("dask", os.cpu_count())])
def test_workers_of_this_machine_have_one_thread_and_keep_their_memory(address, number):
    _, allocators = check_workers(address, number)
    assert all(allocator == ALLOCATOR for allocator in allocators)


class Dask:
    """A scheduler, and workers, each started by hand in a folder of its own, with a cache of its own."""

    def __init__(self, folder):
        self.folder, self.processes = folder, {}
        self.start("scheduler", "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file))
        self.wait(lambda: self.file.is_file() and self.file.read_text().rstrip().endswith("}"))
        self.address = json.loads(self.file.read_text())["address"].replace("tcp://", "dask://")

    @property
    def file(self):
        return self.folder / "scheduler.json"

    def start(self, name, kind, *arguments, path=(), **variables):
        folder = self.folder / name
        folder.mkdir()
        environment = {
            **os.environ,
            **ALLOCATOR,
            "HF_HOME": str(folder / "hf"),
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": os.pathsep.join([*map(str, path), str(ROOT)]),
            "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "False",
            **variables,
        }
        with (folder / "log").open("w") as log, interruptible():
            command = [sys.executable, "-m", "dask", kind, *arguments]
            self.processes[name] = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def start_worker(self, name, **options):
        # Without a nanny, so that a worker that is killed stays away.
        arguments = ("--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.start(name, "worker", *arguments, "--name", name, **options)

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def wait(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def close(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path):
    (tmp_path / "dask").mkdir()
    dask = Dask(tmp_path / "dask")
    yield dask
    dask.close()


@pytest.mark.long
def test_workers_in_other_folders_measure_and_train_the_same(dask, tmp_path, empty_folder, monkeypatch):
    for name in ("one", "two"):
        dask.start_worker(name)
    record = base.get_architecture("logistic")
    few = dataclasses.replace(record.recipes["tuned"], steps=6, log_every=3)
    monkeypatch.setitem(base._architectures, "logistic", dataclasses.replace(record, recipes={"tuned": few}))
    what = {"models": ["logistic"], "tasks": ["default"], "seeds": 2}
    with ThreadPoolExecutor(1) as thread:
        here = metalearn.run(tmp_path / "here", seeds=2, settings=SMALL, executor=thread)
        train_baselines(tmp_path / "here", **what, executor=thread)
    with open_executor(dask.address) as executor:
        there = metalearn.run("there", seeds=2, settings=SMALL, executor=executor)
        (folder,) = train_baselines("there", **what, executor=executor)
        folders, _ = check_workers(dask.address, 2)
    assert there.measured == here.measured
    assert (folder / "model.safetensors").read_bytes() == (
        tmp_path / "here" / "default" / "logistic" / "model.safetensors"
    ).read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in (tmp_path / "here" / "default" / "logistic").iterdir()
    )
    assert folders <= {str(dask.folder / name) for name in ("one", "two")}
    assert not [path for name in ("one", "two") for path in (dask.folder / name).rglob("*.safetensors")]


@pytest.mark.long
def test_workers_build_what_is_built_here(dask, empty_folder):
    for name in ("one", "two"):
        dask.start_worker(name)
    what = {"configs": ["default", "large"], "num_samples": 330_000}
    here = build_dataset_repo("here", **what)
    with open_executor(dask.address) as executor:
        there = build_dataset_repo("there", **what, executor=executor)
    assert len(there.files) > 6
    assert there.files == here.files
    assert (there.folder / MANIFEST_NAME).read_bytes() == (here.folder / MANIFEST_NAME).read_bytes()
    assert not [path for name in ("one", "two") for path in (dask.folder / name).rglob("*.parquet")]


@pytest.mark.long
def test_workers_that_would_make_something_else_are_refused(dask, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    with pytest.raises(WorkerError, match=r"has no workers; start some with: dask worker tcp://.* --nthreads 1"):
        open_executor(dask.address).__enter__()
    monkeypatch.setattr(cluster, "_PATIENCE", 60)
    (tmp_path / "sitecustomize.py").write_text("import mnist1d_hf.version\nmnist1d_hf.version.DATA_VERSION = '0.9.0'\n")
    dask.start_worker("old", path=[tmp_path])
    with pytest.raises(WorkerError, match=r"the worker tcp://\S+ has data version 0\.9\.0, not \S+; install the same"):
        open_executor(dask.address).__enter__()
    dask.kill("old")
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(
            """
            import sys
            class Absent:
                def find_spec(self, name, path=None, target=None):
                    if name.partition(".")[0] == "mnist1d_hf":
                        raise ModuleNotFoundError(f"No module named {name!r}")
            sys.meta_path.insert(0, Absent())
            """
        )
    )
    dask.start_worker("without", path=[tmp_path])
    with pytest.raises(WorkerError, match=r"cannot run mnist1d-hf .*No module named 'mnist1d_hf.*install it there"):
        open_executor(dask.address).__enter__()


def slow_or_end(name, folder):
    """Say that it is begun; then wait to be told to end."""
    (folder / name).touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    return name


@pytest.mark.long
def test_what_a_killed_worker_was_doing_is_done_by_another(dask, tmp_path):
    dask.start_worker("one")
    dask.start_worker("two")
    results = {}

    def finished(name, result):
        results[name] = result

    with open_executor(dask.address) as executor:
        letters = {name: (name, tmp_path) for name in "abcd"}
        killer = subprocess.Popen([sys.executable, "-c", KILL, str(dask.processes["one"].pid), str(tmp_path)])
        run_tasks(executor, slow_or_end, letters, finished, retries=2)
        killer.wait()
    assert results == {name: name for name in "abcd"}
    assert dask.processes["one"].wait() == -signal.SIGKILL


KILL = """
import os, sys, time
from pathlib import Path
folder = Path(sys.argv[2])
while len([name for name in "abcd" if (folder / name).exists()]) < 2:
    time.sleep(0.01)
os.kill(int(sys.argv[1]), 9)
(folder / "go").touch()
"""


@pytest.mark.long
def test_a_cluster_that_loses_all_its_workers_is_given_up(dask, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "LONGEST_ABSENCE", 1)
    dask.start_worker("one")
    (tmp_path / "a").touch()
    with open_executor(dask.address) as executor:
        with subprocess.Popen([sys.executable, "-c", KILL, str(dask.processes["one"].pid), str(tmp_path)]):
            with pytest.raises(WorkerError, match="no workers any more; start some, and rerun to resume"):
                run_tasks(executor, slow_or_end, {"b": ("b", tmp_path)}, lambda *result: None)


@pytest.mark.long
def test_a_scheduler_that_dies_is_one_sentence(dask, tmp_path, capfd):
    dask.start_worker("one")
    dask.wait(lambda: "Registered" in (dask.folder / "one" / "log").read_text())
    (tmp_path / "a").touch()
    killer = subprocess.Popen([sys.executable, "-c", KILL, str(dask.processes["scheduler"].pid), str(tmp_path)])
    letters = {name: (name, tmp_path) for name in "bcd"}
    with pytest.raises(
        WorkerError, match=r"^the Dask scheduler at dask://\S+ does not answer any more; finished work is kept"
    ):
        with open_executor(dask.address) as executor:
            run_tasks(executor, slow_or_end, letters, lambda *result: None)
            time.sleep(60)
    killer.wait()
    assert capfd.readouterr().err.count("\n") <= 1  # the address of the dashboard


@pytest.mark.long
def test_an_interrupted_command_ends_soon_and_says_how_to_resume(dask, empty_folder):
    dask.start_worker("one")
    name = "metalearn-learning-rate"
    command = [sys.executable, "-m", "mnist1d_hf", "experiment", name, "--quick", "--executor", dask.address]
    with interruptible():
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    results = empty_folder / "results" / "quick" / name
    dask.wait(lambda: any(results.glob("*.json")))
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    kept = sorted(results.iterdir())
    assert process.returncode == 1
    assert "parts are finished; finished parts are kept: rerun to measure the others." in stderr
    assert "Traceback" not in stderr
    time.sleep(3)
    assert sorted(results.iterdir()) == kept
    assert not [path for path in kept if path.suffix != ".json"]
