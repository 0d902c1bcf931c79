"""One piece of a benchmark, in this process or in another: seeds of one task, trained and evaluated."""

from __future__ import annotations

import dataclasses
import math
from functools import lru_cache

import cloudpickle

from ..baselines.data import load_fresh_tensors, load_test_tensors, load_training_tensors
from ..baselines.evaluation import evaluate
from ..baselines.members import State
from ..baselines.protocol import Run
from ..baselines.recipes import VALIDATION_ROWS, TrainingSettings
from ..baselines.tasks import get_task
from ..baselines.training import train
from ..errors import ModelError
from ..utils.processes import report
from .checks import Maker, make_fresh
from .classifiers import Rows, evaluate_classifier, fit
from .subject import Subject, explain


@dataclasses.dataclass(frozen=True)
class Job:
    """Seeds of one task that train in one process."""

    name: str
    subject: Subject
    task: str
    seeds: tuple[int, ...]
    settings: TrainingSettings | None  # None for classifiers
    final: bool  # whether all rows train and the test rows are read; otherwise the last training rows validate


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One seed of a job."""

    seed: int
    seconds: float  # of training
    validation: float = math.nan  # accuracy on the validation rows, if they were held out
    run: Run | None = None  # what was measured at the end; None unless all rows trained
    state: State | None = None  # weights, of the first seed of the job


def pickle_job(job: Job) -> bytes:
    """Return a job for another process, which need not find the module or the script of the model."""
    try:
        return bytes(cloudpickle.dumps(job))
    except Exception as error:
        raise ModelError(
            f"{job.subject.name} cannot be sent to other processes: {explain(error)}; work in this one (jobs=1)"
        ) from error


def run_job(pickled: bytes) -> bytes:
    """Do a job in another process; return its outcomes, pickled here, since torch would send handles of shared memory."""
    return bytes(cloudpickle.dumps(do_job(cloudpickle.loads(pickled))))


def do_job(job: Job) -> list[Outcome]:
    """Do a job; a ModelError says what went wrong in the code of the model."""
    report(job.name, 0)
    if job.settings is None:
        return [_fit(job, seed) for seed in job.seeds]
    return _train(job, job.settings)


def _train(job: Job, settings: TrainingSettings) -> list[Outcome]:
    def show(step: int, loss: float, accuracy: float) -> None:
        report(job.name, step, f"accuracy {100 * accuracy:.1f} %")

    if not job.final:
        settings = dataclasses.replace(settings, validation_rows=VALIDATION_ROWS)
    make = job.subject.make if isinstance(job.subject.make, str) else Maker(job.subject)
    members = train(make, [(job.task, seed) for seed in job.seeds], settings, progress=show)
    if not job.final:
        return [Outcome(one.seed, one.seconds, one.curves.validation_accuracy[-1]) for one in members]
    test, fresh = final_rows(job.task)
    return [
        Outcome(
            one.seed,
            one.seconds,
            run=Run(one.seed, evaluate(one.model, test), evaluate(one.model, fresh), one.seconds, one.curves),
            state=one.model.state_dict() if one.seed == job.seeds[0] else None,
        )
        for one in members
    ]


def _fit(job: Job, seed: int) -> Outcome:
    x, y = load_training_tensors(job.task)
    classifier = make_fresh(job.subject, x.shape[1], seed)
    available = len(x) if job.final else len(x) - VALIDATION_ROWS
    rows = slice(min(available, get_task(job.task).train_rows or available))
    try:
        seconds = fit(classifier, (x[rows], y[rows]), seed)
        if not job.final:
            held_out = x[-VALIDATION_ROWS:], y[-VALIDATION_ROWS:]
            return Outcome(seed, seconds, evaluate_classifier(classifier, held_out).accuracy)
        test, fresh = (evaluate_classifier(classifier, one) for one in final_rows(job.task))
    except Exception as error:
        raise ModelError(f"{job.subject.name} fails on the task {job.task!r}: {explain(error)}") from error
    return Outcome(seed, seconds, run=Run(seed, test, fresh, seconds))


@lru_cache(maxsize=1)
def final_rows(task: str) -> tuple[Rows, Rows]:
    """Return the test rows and the fresh rows of a task, kept for the next seed."""
    return load_test_tensors(get_task(task).config), load_fresh_tensors(task)
