"""Local processes of one thread each for work on small models: what they report, how they end, what is said if they do not."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from _thread import interrupt_main
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, nullcontext
from multiprocessing import active_children, connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from types import ModuleType
from typing import Any, NamedTuple, ParamSpec, TypeVar

import datasets
from datasets.utils import tqdm

from ..errors import WorkerError
from .progress import Bar, Progress

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "1000000000"}
"""Environment of workers, in which glibc keeps what is freed; returning it and getting it back takes a sixth of each step."""

# Seconds in which a process that is told to end removes what it has half written.
_PATIENCE = 5.0

# Exit status of a process that was told to end: that of SIGTERM in a shell.
_TOLD_TO_END = 143

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class _Report(NamedTuple):
    process: int
    name: str
    done: int
    measured: str
    finished: bool = False


# In a worker: where it reports, what it reported last, and whether it is at work. None and False in other processes.
_reports: Queue[_Report] | None = None
_last: _Report | None = None
_working = False


def report(name: str, done: int, measured: str = "") -> None:
    """Tell the parent process how far a piece of work is; does nothing outside of `local_processes`.

    A piece reports its beginning too, so that the parent knows what a process that is killed was working on.
    """
    global _last
    if _reports is not None:
        _last = _Report(os.getpid(), name, done, measured)
        _reports.put(_last)


@contextmanager
def local_processes(
    bars: Mapping[str, Bar], jobs: int | None = None, *, kept: str = "", what: str = "pieces", main: bool = True
) -> Iterator[Executor]:
    """Yield an executor with processes of one thread each: more threads only get in each other's way.

    A piece of work may have a bar by the name that it gives to `report`. There are at most ``jobs`` processes, or one per core,
    and no more than bars. They end when this process does, whatever ends it. Unless they import the main script of this process
    (``main``), functions of that script cannot be submitted, and the script needs no ``if __name__ == "__main__":``.

    If it is interrupted, the KeyboardInterrupt says how many pieces are finished and, in the words of ``kept``, what becomes of
    them. If a process is killed, a WorkerError says this and what it was working on.
    """
    context = get_context("spawn")
    cores = jobs or os.cpu_count() or 1
    workers = min(cores, len(bars)) if bars else cores
    reports: Queue[_Report] = context.Queue()
    with (
        _shown(bars, reports) as begun,
        _environment(ALLOCATOR),
        _Pool(main, workers, mp_context=context, initializer=_start_process, initargs=(reports,)) as pool,
    ):
        try:
            yield pool
        except BaseException as error:
            total = f" of {len(bars)}" if bars else ""
            finished = f"{pool.finished()}{total} {what} are finished{kept and f'; {kept}'}"
            # A cancelled piece that is still in the queue when its process ends makes Python 3.11 print a traceback.
            pool.shutdown(wait=False, cancel_futures=True)
            # Leaving would wait for what is running.
            crashed = _end(pool.processes)
            if isinstance(error, KeyboardInterrupt) and not error.args:
                error.args = (finished,)
            elif isinstance(error, BrokenProcessPool):
                raise WorkerError(_blame([begun[one] for one in crashed if one in begun], finished)) from error
            raise


@contextmanager
def workers(
    executor: Executor | None,
    bars: Mapping[str, Bar],
    jobs: int | None = None,
    *,
    what: str,
    kept: str,
    main: bool = True,
) -> Iterator[tuple[Executor, Callable[[str], None]]]:
    """Yield an executor, local processes unless one is given, and what to call with the name of each finished piece."""
    if executor is None:
        with local_processes(bars, jobs, what=what, kept=kept, main=main) as pool:
            yield pool, lambda name: None  # they report it themselves
        return
    with closing(Progress(bars)) as progress:
        yield executor, lambda name: progress.finish(name, "")


class _Pool(ProcessPoolExecutor):
    """Knows its processes and how much of its work is finished."""

    def __init__(self, main: bool, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._main = main
        self._others = set(active_children())
        self._futures: list[Future[Any]] = []
        self.processes: set[BaseProcess] = set()

    def submit(
        self, fn: Callable[_Parameters, _Result], /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> Future[_Result]:
        """Start a process if there may be another one, and hand on the work."""
        with _interrupts_blocked(), nullcontext() if self._main else _without_main():
            future = super().submit(_work, fn, *args, **kwargs)
        self._futures.append(future)
        self.processes |= set(active_children()) - self._others
        return future

    def finished(self) -> int:
        """Return how many pieces of work are finished."""
        return sum(one.done() and not one.cancelled() and one.exception() is None for one in self._futures)


def _end(processes: Iterable[BaseProcess]) -> list[int]:
    """End processes, and return the ids of those that had ended on their own."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _PATIENCE
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
    usual = (None, 0, _TOLD_TO_END, -signal.SIGTERM)
    crashed = [process.pid for process in processes if process.pid and process.exitcode not in usual]
    for process in processes:
        if process.is_alive():
            process.kill()
    return crashed


def _blame(names: list[str], finished: str) -> str:
    if not names:
        return (
            f"a process ended before it had begun its work; a script has to start it below `if __name__ == '__main__':`; "
            f"{finished}"
        )
    return f"a process was killed while it worked on {', '.join(names)}, perhaps for lack of memory; {finished}"


def _start_process(reports: Queue[_Report]) -> None:
    global _reports
    _reports = reports
    # An interrupt reaches every process of a terminal; the parent ends these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_this_process)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    use_one_thread()
    datasets.disable_progress_bars()
    # Bars share a lock, by default a semaphore; processes that are ended would leave it behind.
    tqdm.set_lock(threading.RLock())


def use_one_thread() -> None:
    """Let torch, whether it is imported already or later, use one thread in this process."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _work(function: Callable[..., _Result], /, *arguments: Any, **options: Any) -> _Result:
    global _working
    try:
        _working = True
        result = function(*arguments, **options)
        if _reports is not None and _last is not None:
            _reports.put(_last._replace(finished=True))
        return result
    except SystemExit:
        # What was half written is removed by now. The pool would take this for the end of the piece and start another.
        os._exit(_TOLD_TO_END)
    finally:
        _working = False


def _end_this_process(*_: Any) -> None:
    """End a worker: at once if it is idle, otherwise by an exception, so that what it has half written is removed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if not _working:
        os._exit(_TOLD_TO_END)
    sys.exit(_TOLD_TO_END)


def _end_with_parent() -> None:
    """Wait for the end of the parent, which may have been killed, and end this worker too."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
    if _working:
        interrupt_main(signal.SIGTERM)
        time.sleep(_PATIENCE)
    os._exit(_TOLD_TO_END)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let processes that are started meanwhile begin with interrupts blocked; one that comes meanwhile is not lost."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _signals_deferred():
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """Let processes that are started meanwhile find no main script, which they would run again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Handle signals after the block, even those that other threads receive; starting a process must not be cut short."""
    came: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
    # Only the main thread handles signals.
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    for number, handler in handlers.items():
        signal.signal(number, lambda *arguments, handler=handler: came.append((handler, arguments)))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for handle, arguments in came[:1]:
        handle(*arguments)


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
def _shown(bars: Mapping[str, Bar], reports: Queue[_Report]) -> Iterator[dict[int, str]]:
    """Show what is reported; yield what each process worked on last, by its id."""
    done, begun = threading.Event(), dict[int, str]()

    def show() -> None:
        with closing(Progress(bars)) as progress:
            while not (done.is_set() and reports.empty()):
                try:
                    one = reports.get(timeout=0.1)
                except queue.Empty:
                    continue
                begun[one.process] = one.name
                if one.name in bars and one.finished:
                    progress.finish(one.name, one.measured)
                elif one.name in bars:
                    progress.move(one.name, one.done, one.measured)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield begun
    finally:
        done.set()
        # A process that was ended in the middle of a report would keep the thread waiting.
        thread.join(timeout=2)
