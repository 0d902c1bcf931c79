"""Local processes: how many there are, and the environment that they are started with."""

import os
import signal
import subprocess
import sys

import pytest
import torch

from mnist1d_hf.utils.processes import Bar, local_processes, report

from ..conftest import ROOT

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "1000000000"}
BARS = {"first": Bar("first", 1), "second": Bar("second", 1)}


def environment():
    return {name: os.environ.get(name) for name in ALLOCATOR}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ALLOCATOR:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.long
def test_processes_keep_what_is_freed_and_use_one_thread():
    with local_processes(BARS, 1) as pool:
        assert {name: pool.submit(os.getenv, name).result() for name in ALLOCATOR} == ALLOCATOR
        assert pool.submit(torch.get_num_threads).result() == 1
        # The parent ends its processes when the terminal interrupts all of them.
        assert pool.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN
        assert pool.submit(os.getpid).result() == pool.submit(os.getpid).result() != os.getpid()
    assert environment() == dict.fromkeys(ALLOCATOR)


@pytest.mark.long
def test_what_the_user_has_set_is_kept(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "7")
    with local_processes(BARS, 1) as pool:
        found = {name: pool.submit(os.getenv, name).result() for name in ALLOCATOR}
    assert found == {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "7"}
    assert environment() == {"MALLOC_MMAP_THRESHOLD_": None, "MALLOC_TRIM_THRESHOLD_": "7"}


def test_the_environment_is_restored_after_an_error():
    with pytest.raises(ZeroDivisionError), local_processes(BARS):
        assert environment() == ALLOCATOR
        _ = 1 // 0
    assert environment() == dict.fromkeys(ALLOCATOR)


@pytest.mark.parametrize(
    ("jobs", "cores", "processes"),
    [(None, 1, 1), (None, 2, 2), (None, 9, 2), (None, None, 1), (1, 9, 1), (2, 1, 2), (5, 1, 2)],
)
def test_there_are_no_more_processes_than_jobs_pieces_and_cores(jobs, cores, processes, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    with local_processes(BARS, jobs) as pool:
        assert pool._max_workers == processes


def test_a_report_outside_of_a_worker_does_nothing():
    assert report("first", 1, "nothing") is None


SCRIPT = """
import os
from mnist1d_hf.utils.processes import local_processes
print("begun", flush=True)
with local_processes({}, 1, main=False) as pool:
    print(pool.submit(os.getpid).result() != os.getpid())
print(__name__)
"""


@pytest.mark.long
def test_a_script_without_a_main_guard_is_not_run_again(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py")]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (result.stdout.split(), result.stderr) == (["begun", "True", "__main__"], "")
