"""Trains and evaluates any model under the protocol, seeds and tasks in parallel processes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

import cloudpickle
import torch
from torch import nn

from ..baselines.architectures import Baseline, get_architecture
from ..baselines.data import load_training_tensors
from ..baselines.protocol import count_macs, count_parameters, describe_runs
from ..baselines.recipes import DEFAULT_SETTINGS, TrainingSettings
from ..baselines.tasks import BENCHMARK_TASKS
from ..errors import ModelError, TasksFailedError
from ..utils.checks import check_integer
from ..utils.processes import workers
from ..utils.progress import Bar
from ..utils.tasks import run_tasks
from .checks import check_model, make_fresh
from .classifiers import describe_parameters
from .jobs import Job, Outcome, do_job, pickle_job, run_job
from .measurement import Measurement
from .search import candidates, describe_search
from .subject import Subject, find_subject
from .validation import Validation

if TYPE_CHECKING:
    from .report import Report

DEFAULT_TASKS = ("default", "shuffled")
"""What is benchmarked if no tasks are named: the two show what a model gains from the order of the points."""

_Run = Callable[[Sequence[Job]], dict[str, list[Outcome]]]
"""Does jobs, and returns their outcomes by their names."""


def benchmark(
    model: Any,
    *,
    tasks: str | Iterable[str] | None = None,
    seeds: int = 5,
    settings: TrainingSettings | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    search: bool = False,
    final: bool = True,
    name: str | None = None,
    executor: Executor | None = None,
    jobs: int | None = None,
    retries: int = 0,
) -> Report | Validation:
    """Measure a model of your own under the protocol of the baselines (models/PROTOCOL.md).

    Every seed starts with fresh weights, trains on all training rows with AdamW and a one-cycle schedule, and reads the test
    rows once, at the end. A class that is defined in a notebook, or in a script without a main guard, works.

    Parameters
    ----------
    model : class, callable, estimator or str
        A class or a function that makes a `torch.nn.Module` from signals of shape (batch, points) to logits of shape
        (batch, classes); it takes nothing, ``final_seq_length`` and ``num_classes`` by these names, or the two by their
        position. Or a classifier with ``fit`` and ``predict`` or ``predict_proba``, or a class of such. Or a name: of an
        architecture, one of `list_models`; ``"file.py:Name"``; ``"package.module:Name"``. What is named is imported.
    tasks : str or iterable of str, optional
        ``"default"``, ``"shuffled"``, ``"noisy"``, ``"few"``; by default the first two, without ``final`` the first alone.
    seeds : int
        Number of seeds, 0 first. What a seed gives does not depend on how many there are.
    settings : TrainingSettings, optional
        How it is trained; the tuned recipe for a name of `list_models`, otherwise what is good for most.
    steps, batch_size, learning_rate, weight_decay, label_smoothing : optional
        Replace single settings.
    search : bool
        Whether a small grid of learning rates and weight decays is tried first, with one seed, on validation rows.
    final : bool
        If False, the last 600 training rows are held out and measure the accuracy, and test rows are never loaded: for
        choosing among models. This works in this process unless ``jobs`` or ``executor`` is given.
    name : str, optional
        What the model is called; the name of its class by default.
    executor : concurrent.futures.Executor, optional
        Where to work, for example one of `mnist1d_hf.cluster.open_executor`; by default processes of this machine.
    jobs : int, optional
        Number of processes, one per core by default; 1 works in this process, as does a call in a process of a pool.
    retries : int
        How often work that fails on an executor is tried again.

    Returns
    -------
    Report or Validation
        The results among those of the baselines, to print, save and publish; without ``final``, the validation accuracy and
        the costs.

    Raises
    ------
    ModelError
        If the model cannot be found, made, trained or evaluated as described; most is found before any training.
    TypeError, ValueError
        If another argument is of a wrong type or out of range.
    WorkerError, TasksFailedError
        If a process is lost, or fails for a reason outside of the model.

    Warns
    -----
    UserWarning
        If parameters get no gradient, or weights are drawn without torch's generator.

    Examples
    --------
    >>> from torch import nn
    >>> result = benchmark(lambda length, classes: nn.Linear(length, classes), final=False, seeds=2, steps=100)
    >>> result.parameters, 0.15 < result.accuracy < 0.4
    (410, True)
    """
    changes = {
        "steps": steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
    }
    given = {setting: value for setting, value in changes.items() if value is not None}
    plan = _plan(find_subject(model, name), tasks, seeds, settings, given, search=search, final=final)
    here = executor is None and (jobs == 1 or parent_process() is not None or (jobs is None and not final))
    with _this_process() if here else _processes(plan, executor, jobs, retries) as run:
        tried = _search(plan, run)
        best = {task: max(found, key=found.__getitem__) for task, found in tried.items()}
        work = plan.jobs(best)
        outcomes = run(work)
    of_task = {task: [one for job in work if job.task == task for one in outcomes[job.name]] for task in plan.tasks}
    searched = {task: describe_search(found) for task, found in tried.items()}
    if not final:
        return _validation(plan, of_task, searched)
    from .report import Report

    measurements = [
        _measurement(plan, task, best.get(task, plan.settings), of_task[task], searched.get(task))
        for task in plan.tasks
    ]
    return Report(plan.subject.name, measurements, plan.subject.source)


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What is going to be done, after everything that can be checked beforehand was checked."""

    subject: Subject
    model: Any  # a fresh module or classifier
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: TrainingSettings | None  # to start from; None for a classifier
    grid: tuple[TrainingSettings, ...]  # to search in; empty without a search
    recipe: str
    final: bool
    length: int  # of a signal

    def trials(self) -> list[Job]:
        """Return what a search trains."""
        return [
            self._job(f"{task}, settings {number} of {len(self.grid)}", task, (0,), settings, final=False)
            for task in self.tasks
            for number, settings in enumerate(self.grid, start=1)
        ]

    def jobs(self, best: Mapping[str, TrainingSettings]) -> list[Job]:
        """Return what is trained with the best settings of a search, or with those to start from."""
        return [
            self._job(
                f"{task}, seed {seeds[0]}" if len(seeds) == 1 else task,
                task,
                seeds,
                best.get(task, self.settings),
                final=self.final,
            )
            for task in self.tasks
            for seeds in self._shares()
        ]

    def _shares(self) -> list[tuple[int, ...]]:
        """Return the seeds that train together: all if they are one stack."""
        stacked = isinstance(self.model, Baseline) and type(self.model).stack([self.model]) is not None
        return [self.seeds] if stacked else [(seed,) for seed in self.seeds]

    def _job(
        self, name: str, task: str, seeds: tuple[int, ...], settings: TrainingSettings | None, *, final: bool
    ) -> Job:
        return Job(name, self.subject, task, seeds, settings, final)


def _plan(
    subject: Subject,
    tasks: str | Iterable[str] | None,
    seeds: int,
    settings: TrainingSettings | None,
    given: Mapping[str, Any],
    *,
    search: bool,
    final: bool,
) -> _Plan:
    """Check everything that can be checked before any training."""
    check_integer("seeds", seeds, low=1)
    names = _check_tasks(tasks, final)
    base, recipe = _settings(subject, settings, given)
    grid = candidates(base, given) if search else []
    x, y = load_training_tensors(names[0])
    for task in names[1:]:
        load_training_tensors(task, 1)  # fills the cache before processes ask for it
    model = check_model(subject, x, y, base)
    if not isinstance(model, nn.Module):
        if given or settings or search:
            raise ValueError(
                f"{subject.name} is a classifier, which takes no settings of training; set its own parameters"
            )
        return _Plan(subject, model, names, tuple(range(seeds)), None, (), "fit", final, x.shape[1])
    recipe = "search" if search else recipe
    return _Plan(subject, model, names, tuple(range(seeds)), base, tuple(grid), recipe, final, x.shape[1])


def _check_tasks(tasks: str | Iterable[str] | None, final: bool) -> tuple[str, ...]:
    if tasks is None:
        return DEFAULT_TASKS if final else DEFAULT_TASKS[:1]
    names = tuple(dict.fromkeys([tasks] if isinstance(tasks, str) else tasks))
    for name in names:
        if name not in BENCHMARK_TASKS:
            raise ValueError(f"unknown task {name!r}; the tasks are {', '.join(BENCHMARK_TASKS)}")
    if not names:
        raise ValueError(f"there is no task; give some of {', '.join(BENCHMARK_TASKS)}")
    return names


def _settings(
    subject: Subject, settings: TrainingSettings | None, given: Mapping[str, Any]
) -> tuple[TrainingSettings, str]:
    """Return the settings to train with or to search from, and the name of the recipe."""
    if settings is not None and (settings.validation_rows or settings.early_stopping):
        raise ValueError("all training rows train in the protocol, so settings may hold none out (validation_rows=0)")
    known = isinstance(subject.make, str)
    base = settings or (get_architecture(str(subject.make)).recipes["tuned"] if known else DEFAULT_SETTINGS)
    recipe = "own" if settings or given else "tuned" if known else "default"
    return dataclasses.replace(base, **given), recipe


@contextmanager
def _this_process() -> Iterator[_Run]:
    """Yield what does jobs here, in one thread: more threads only get in each other's way, and may change the last digits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield lambda jobs: {job.name: do_job(job) for job in jobs}
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _processes(plan: _Plan, executor: Executor | None, processes: int | None, retries: int) -> Iterator[_Run]:
    """Yield what does jobs in processes, and shows how far they are."""
    bars = {job.name: _bar(job) for job in (*plan.trials(), *plan.jobs({}))}
    with workers(executor, bars, processes, what="runs", kept="", main=False) as (pool, finish):

        def run(jobs: Sequence[Job]) -> dict[str, list[Outcome]]:
            done, failed = dict[str, list[Outcome]](), None

            def finished(name: str, content: bytes) -> None:
                done[name] = cloudpickle.loads(content)
                finish(name)

            try:
                tasks = {job.name: (pickle_job(job),) for job in jobs}
                run_tasks(pool, run_job, tasks, finished, retries=retries, what="runs")
            except TasksFailedError as error:
                failed = error
            if failed:
                raise failed.__cause__ if isinstance(failed.__cause__, ModelError) else failed
            return done

        yield run


def _bar(job: Job) -> Bar:
    if job.settings is None:
        return Bar(job.name, 1)
    return Bar(job.name, job.settings.steps, job.settings.steps * job.settings.batch_size * len(job.seeds))


def _search(plan: _Plan, run: _Run) -> dict[str, dict[TrainingSettings, float]]:
    """Return the validation accuracy of all settings of the grid, by task; nothing without a search."""
    jobs, tried = plan.trials(), dict[str, dict[TrainingSettings, float]]()
    outcomes = run(jobs) if jobs else {}
    for job in jobs:
        assert job.settings is not None
        tried.setdefault(job.task, {})[job.settings] = outcomes[job.name][0].validation
    return tried


def _costs(plan: _Plan) -> dict[str, int | None]:
    if not isinstance(plan.model, nn.Module):
        return {"parameters": None, "macs": None}
    return {
        "parameters": count_parameters(plan.model),
        "macs": count_macs(plan.model, torch.zeros(1, plan.length)),
    }


def _validation(
    plan: _Plan, outcomes: Mapping[str, list[Outcome]], searched: dict[str, list[dict[str, Any]]]
) -> Validation:
    accuracies = {task: tuple(one.validation for one in found) for task, found in outcomes.items()}
    seconds = sum(one.seconds for found in outcomes.values() for one in found)
    return Validation(plan.subject.name, accuracies, **_costs(plan), seconds=seconds, search=searched)


def _measurement(
    plan: _Plan,
    task: str,
    settings: TrainingSettings | None,
    outcomes: Sequence[Outcome],
    searched: list[dict[str, Any]] | None,
) -> Measurement:
    """Put together what is known of a model on a task."""
    model, runs = plan.model, [one.run for one in outcomes if one.run]
    described = dataclasses.asdict(settings) if settings else describe_parameters(model)
    metrics = describe_runs(plan.subject.name, task, plan.recipe, described, runs, **_costs(plan))
    if searched:
        metrics["search"] = searched
    if not isinstance(model, nn.Module):
        return Measurement(metrics, None)
    model = make_fresh(plan.subject, plan.length, plan.seeds[0])
    model.load_state_dict(outcomes[0].state)
    return Measurement(metrics, model.eval())
