"""Local processes of one thread each for work on small models, with a progress bar for each piece of work."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from multiprocessing.queues import Queue

import datasets
import torch
from datasets.utils import tqdm

# glibc in the processes keeps what is freed for the next step; otherwise it returns it and gets it back in every step,
# which takes a sixth of the time.
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "1000000000"}


@dataclass(frozen=True)
class Bar:
    """A progress bar."""

    description: str
    total: int
    unit: str = " steps"


_Report = tuple[str, int, str]
"""Name of the bar, how far it is, and what is measured."""

# Where a process reports its progress; None in a process that is no worker.
_reports: Queue[_Report] | None = None


def report(bar: str, done: int, measured: str) -> None:
    """Move a bar of the parent process, and show a text behind it; does nothing outside of `local_processes`."""
    if _reports is not None:
        _reports.put((bar, done, measured))


@contextmanager
def local_processes(bars: Mapping[str, Bar], jobs: int | None = None) -> Iterator[Executor]:
    """Yield an executor with processes of one thread each: more threads only get in each other's way.

    There is one bar per piece of work, by the name that the work gives to `report`; and at most ``jobs`` processes, or one per
    core.
    """
    context = get_context("spawn")
    workers = max(1, min(len(bars), jobs or os.cpu_count() or 1))
    reports: Queue[_Report] = context.Queue()
    with (
        _shown(bars, reports),
        _environment(_ALLOCATOR),
        ProcessPoolExecutor(workers, mp_context=context, initializer=_start_process, initargs=(reports,)) as pool,
    ):
        try:
            yield pool
        except BaseException:
            # Leaving would wait for what is running.
            for child in active_children():
                child.terminate()
            raise


def _start_process(reports: Queue[_Report]) -> None:
    global _reports
    _reports = reports
    # An interrupt reaches every process of a terminal; the parent ends these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    datasets.disable_progress_bars()
    # Bars share a lock, by default a semaphore; processes that are ended would leave it behind.
    tqdm.set_lock(threading.RLock())


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that are started meanwhile, unless the user has set them."""
    added = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextmanager
def _shown(bars: Mapping[str, Bar], reports: Queue[_Report]) -> Iterator[None]:
    """Show what is reported."""
    done = threading.Event()
    thread = threading.Thread(target=_show, args=(bars, reports, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        # A process that was ended in the middle of a report would keep the thread waiting.
        thread.join(timeout=2)


def _show(bars: Mapping[str, Bar], reports: Queue[_Report], done: threading.Event) -> None:
    shown = {name: tqdm(total=bar.total, unit=bar.unit, desc=bar.description) for name, bar in bars.items()}
    while not (done.is_set() and reports.empty()):
        try:
            name, position, measured = reports.get(timeout=0.1)
        except queue.Empty:
            continue
        shown[name].set_postfix_str(measured, refresh=False)
        shown[name].update(position - shown[name].n)
    for bar in shown.values():
        bar.close()
