"""Tasks on any executor: each result comes once, failures are retried and named, and nothing is begun that need not be."""

import threading
from collections import Counter
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist1d_hf.errors import TasksFailedError
from mnist1d_hf.utils.tasks import run_tasks


class Recorded(ThreadPoolExecutor):
    """Knows how many tasks were submitted and not finished at a time."""

    def __init__(self, threads):
        super().__init__(threads)
        self.lock, self.open, self.most = threading.Lock(), 0, 0

    def submit(self, function, /, *arguments, **options):
        with self.lock:
            self.open += 1
            self.most = max(self.most, self.open)
        future = super().submit(function, *arguments, **options)
        future.add_done_callback(self.closed)
        return future

    def closed(self, future):
        with self.lock:
            self.open -= 1


class ByHand(Executor):
    """Leaves its tasks to the test."""

    _max_workers = 1

    def __init__(self, *outcomes):
        self.outcomes, self.futures = iter(outcomes), []

    def submit(self, function, /, *arguments, **options):
        future = Future()
        self.futures.append(future)
        outcome = next(self.outcomes, None)
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        elif outcome is not None:
            future.set_result(outcome)
        return future


@given(
    tasks=st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=30),
    retries=st.integers(0, 3),
    threads=st.integers(1, 3),
)
def test_every_task_is_tried_until_it_succeeds_and_no_more_often_than_allowed(tasks, retries, threads):
    """The number of each task says how often it fails before it succeeds."""
    attempts, results, lock = Counter(), [], threading.Lock()

    def work(name, failures):
        with lock:
            attempts[name] += 1
            if attempts[name] <= failures:
                raise OSError(f"attempt {attempts[name]}")
        return failures

    failing = {name for name, failures in tasks.items() if failures > retries}
    with Recorded(threads) as executor:
        arguments = {name: (name, failures) for name, failures in tasks.items()}
        try:
            run_tasks(executor, work, arguments, lambda *result: results.append(result), retries=retries)
        except TasksFailedError as error:
            assert str(error).startswith(f"{len(failing)} of {len(tasks)} tasks failed: ")
            assert str(error.__cause__) == f"attempt {retries + 1}"
        except OSError:
            assert len(tasks) == len(failing) == 1
        else:
            assert not failing
    assert Counter(results) == Counter((name, failures) for name, failures in tasks.items() if name not in failing)
    assert attempts == {name: min(failures, retries) + 1 for name, failures in tasks.items()}
    assert executor.most <= 4 * threads


def test_failures_are_named_and_the_cause_is_kept():
    executor = ByHand(*(ValueError(f"no {number}") for number in range(5)), "six")
    results = {}
    with pytest.raises(TasksFailedError) as raised:
        run_tasks(executor, print, {f"part-{n}": () for n in range(6)}, results.__setitem__, what="parts", kept="rerun")
    assert str(raised.value) == ("5 of 6 parts failed (rerun): part-0: no 0; part-1: no 1; part-2: no 2; and 2 more")
    assert isinstance(raised.value.__cause__, ValueError)
    assert results == {"part-5": "six"}


def test_after_an_interrupt_what_is_finished_is_kept_and_the_rest_is_not_begun():
    executor, results = ByHand("first", KeyboardInterrupt(), "third"), {}
    with pytest.raises(KeyboardInterrupt) as raised:
        run_tasks(executor, print, {name: () for name in "abcdefgh"}, results.__setitem__, kept="rerun to resume")
    assert results == {"a": "first", "c": "third"}
    assert str(raised.value) == "2 of 8 tasks are finished; rerun to resume"
    assert [future.cancelled() for future in executor.futures] == [False, False, False, True]


def test_lost_workers_end_everything():
    executor, results = ByHand(CancelledError(), "second"), {}
    with pytest.raises(CancelledError):
        run_tasks(executor, print, {name: () for name in "abcdefgh"}, results.__setitem__, retries=3)
    assert results == {"b": "second"}
    assert [future.cancelled() for future in executor.futures] == [False, False, True, True]
