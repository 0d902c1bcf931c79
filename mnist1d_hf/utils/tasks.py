"""Runs named tasks on any executor: a bounded window of them at a time, retries, and the names of those that failed."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from itertools import islice
from typing import Any, Generic, TypeVar

from ..errors import TasksFailedError, WorkerError
from .text import one_line

# Submitted at a time for each worker thread: enough to keep it busy, few enough to stop soon and to hold few results.
_WINDOW = 4

# Seconds after which the number of threads is asked for again: workers come and go.
_RECENT = 1.0

LONGEST_ABSENCE = 60.0
"""Seconds after which a cluster without workers is given up."""

# Failures that the message names.
_NAMED = 3

_Result = TypeVar("_Result")


def run_tasks(
    executor: Executor,
    function: Callable[..., _Result],
    tasks: Mapping[str, tuple[Any, ...]],
    finished: Callable[[str, _Result], None],
    *,
    retries: int = 0,
    what: str = "tasks",
    kept: str = "",
) -> None:
    """Call a function with the arguments of each task, and hand each result to ``finished`` in this process as it comes.

    A task that fails is tried ``retries`` times more, and the others go on. At the end a TasksFailedError names those that
    failed; the error itself is raised if there was only one task. ``what`` is what tasks are called, and ``kept`` says what
    becomes of those that are finished; a KeyboardInterrupt says this too. After one, or if the workers are lost, nothing more
    is begun.
    """
    run = _Run(executor, function, tasks, retries)
    done = 0
    try:
        for name, result in run:
            finished(name, result)
            done += 1
    except BaseException as error:
        for name, result in run.end():
            finished(name, result)
            done += 1
        if isinstance(error, KeyboardInterrupt) and not error.args:
            error.args = (f"{done} of {len(tasks)} {what} are finished{kept and f'; {kept}'}",)
        raise
    if run.failures:
        failures = {name: run.failures[name] for name in tasks if name in run.failures}
        raise _failed(failures, len(tasks), what, kept)


class _Run(Generic[_Result]):
    """Yields the name and the result of each task that succeeds, in the order in which they come."""

    def __init__(
        self, executor: Executor, function: Callable[..., _Result], tasks: Mapping[str, tuple[Any, ...]], retries: int
    ) -> None:
        self._executor, self._function, self._tasks, self._retries = executor, function, tasks, retries
        self._threads = _Threads(executor)
        self._running: dict[Future[_Result], str] = {}
        self._attempts: Counter[str] = Counter()
        self.failures: dict[str, Exception] = {}

    def __iter__(self) -> Iterator[tuple[str, _Result]]:
        waiting = iter(self._tasks)
        while True:
            for name in islice(waiting, max(0, _WINDOW * self._threads() - len(self._running))):
                self._submit(name)
            if not self._running:
                return
            for future in wait(self._running, _RECENT, FIRST_COMPLETED).done:
                yield from self._collect(self._running.pop(future), future)

    def end(self) -> list[tuple[str, _Result]]:
        """Begin nothing more, and return what has succeeded meanwhile; what runs cannot be stopped from here."""
        begun = [(name, future) for future, name in self._running.items() if not future.cancel()]
        return [(name, future.result()) for name, future in begun if future.done() and future.exception() is None]

    def _submit(self, name: str) -> None:
        self._attempts[name] += 1
        self._running[self._executor.submit(self._function, *self._tasks[name])] = name

    def _collect(self, name: str, future: Future[_Result]) -> Iterator[tuple[str, _Result]]:
        try:
            result = future.result()
        except (BrokenExecutor, CancelledError):
            raise  # the workers are lost
        except Exception as error:
            if self._attempts[name] <= self._retries:
                self._submit(name)
            else:
                self.failures[name] = error
        else:
            yield name, result


class _Threads:
    """How many tasks an executor runs at a time, which executors do not say publicly."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._client = getattr(executor, "_client", None)  # of Dask, whose workers come and go
        self._asked, self._seen, self._threads = -_RECENT, time.monotonic(), 0

    def __call__(self) -> int:
        if self._client is None:
            return getattr(self._executor, "_max_workers", None) or os.cpu_count() or 1
        now = time.monotonic()
        if now - self._asked >= _RECENT:
            self._asked, self._threads = now, sum(self._client.nthreads().values())
        if self._threads:
            self._seen = now
        elif now - self._seen >= LONGEST_ABSENCE:
            raise WorkerError(
                "the cluster has no workers any more; start some, and rerun to resume: finished work is kept"
            )
        return max(1, self._threads)


def _failed(failures: Mapping[str, Exception], total: int, what: str, kept: str) -> Exception:
    errors = list(failures.values())
    if total == 1:
        return errors[0]
    named = "; ".join(f"{name}: {one_line(error)}" for name, error in islice(failures.items(), _NAMED))
    more = f"; and {len(errors) - _NAMED} more" if len(errors) > _NAMED else ""
    failed = TasksFailedError(f"{len(errors)} of {total} {what} failed{kept and f' ({kept})'}: {named}{more}")
    failed.__cause__ = errors[0]
    return failed
