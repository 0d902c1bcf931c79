"""Fits the reference classifiers in parallel processes, and writes down what each reaches; the classifiers are not kept."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor

from ...utils.extras import check_extras
from ...utils.files import check_output_folder, write_json
from ...utils.processes import report, workers
from ...utils.progress import Bar
from ...utils.tasks import run_tasks
from ...version import DATA_VERSION
from ..data import load_fresh_tensors, load_tensors, load_training_tensors
from ..metrics import Evaluation, compare
from ..protocol import PROTOCOL_VERSION, Run, describe_runs
from ..tasks import BENCHMARK_TASKS, get_task
from .classifiers import REFERENCES, Reference, get_reference, score

RECIPE = "reference"
METRICS_NAME = "metrics.json"

_KEPT = "finished classifiers are kept: rerun to measure the others"


@dataclass(frozen=True)
class _Job:
    """A classifier on a task, with all of its seeds."""

    classifier: str
    task: str
    seeds: tuple[int, ...]
    output: Path

    @property
    def name(self) -> str:
        return f"{self.task}/{self.classifier}"

    @property
    def path(self) -> Path:
        return self.output / self.task / self.classifier / METRICS_NAME

    @property
    def reference(self) -> Reference:
        return get_reference(self.classifier)


def train_references(
    output: str | os.PathLike[str],
    *,
    tasks: Iterable[str] = BENCHMARK_TASKS,
    names: Iterable[str] | None = None,
    seeds: int = 5,
    overwrite: bool = False,
    executor: Executor | None = None,
    retries: int = 0,
) -> list[Path]:
    """Fit the reference classifiers to the training rows of tasks, evaluate them, and write what they reach.

    Parameters
    ----------
    output : path-like
        Folder for ``<task>/<name>/metrics.json``. No classifier is written.
    tasks : iterable of str
        Tasks, of `BENCHMARK_TASKS`.
    names : iterable of str, optional
        Names in `REFERENCES`; all by default.
    seeds : int
        Number of seeds, 0 first. A classifier that is not random is fitted once, as seed 0, and has no interval over seeds.
    overwrite : bool
        Measure again what is there.
    executor : Executor, optional
        Where the work is done; by default one process per core, which needs ``if __name__ == "__main__":`` in a script.
    retries : int
        How often a failed classifier is tried again.

    Returns
    -------
    list of Path
        The folders. Those that were measured with the same settings and seeds are kept, so repeat the call to resume after an
        interruption.

    Raises
    ------
    ValueError
        If a name, a task or the number of seeds is not one of these.
    FileExistsError
        If a folder has other metrics and ``overwrite`` is not given.
    MissingExtraError
        If scikit-learn is not installed.
    TasksFailedError
        When the others are done, if some classifiers failed.
    WorkerError
        If a process was killed.
    """
    jobs = _jobs(Path(output), tuple(tasks), names, seeds)
    check_extras("torch", "reference")
    check_output_folder(output)
    open_jobs = [job for job in jobs if overwrite or not _is_finished(job)]
    for config in sorted({get_task(job.task).test_config for job in open_jobs if executor is None}):
        load_tensors(config, "test[:1]")  # fills the cache before the processes ask for it
    open_jobs.sort(key=lambda job: job.reference.cost * len(job.seeds), reverse=True)
    named = {job.name: job for job in open_jobs}
    bars = {job.name: Bar(job.name, len(job.seeds), job.reference.cost * len(job.seeds)) for job in open_jobs}
    with workers(executor, bars, what="classifiers", kept=_KEPT) as (pool, finish):

        def write(name: str, metrics: dict[str, Any]) -> None:
            write_json(named[name].path, metrics, indent=1)
            finish(name)

        calls = {name: (job,) for name, job in named.items()}
        run_tasks(pool, _measure, calls, write, retries=retries, what="classifiers", kept=_KEPT)
    return [job.path.parent for job in jobs]


def _jobs(output: Path, tasks: tuple[str, ...], names: Iterable[str] | None, seeds: int) -> list[_Job]:
    references = [get_reference(name) for name in dict.fromkeys(names or REFERENCES)]
    for task in tasks:
        if task not in BENCHMARK_TASKS:
            raise ValueError(f"reference classifiers are measured on {', '.join(BENCHMARK_TASKS)}, not on {task!r}")
    if seeds < 1:
        raise ValueError(f"the number of seeds must be at least 1, got {seeds}")
    return [
        _Job(one.name, task, tuple(range(seeds if one.is_random else 1)), output)
        for one in references
        for task in dict.fromkeys(tasks)
    ]


def _is_finished(job: _Job) -> bool:
    """Return whether the metrics are there, with the same settings, seeds, data and protocol; raise if they are others."""
    if not job.path.exists():
        return False
    metrics = json.loads(job.path.read_text(encoding="utf-8"))
    wanted = {
        "recipe": RECIPE,
        "settings": dict(job.reference.settings),
        "seeds": list(job.seeds),
        "data_version": DATA_VERSION,
        "protocol": PROTOCOL_VERSION,
    }
    if any(metrics.get(key) != value for key, value in wanted.items()):
        raise FileExistsError(
            f"{job.path.parent} holds other results; name another folder, or give --overwrite (overwrite=True)"
        )
    return True


def _measure(job: _Job) -> dict[str, Any]:
    """Fit a classifier with each seed, evaluate it, and return its metrics."""
    report(job.name, 0)
    task = get_task(job.task)
    training = load_training_tensors(job.task)
    test, fresh = load_tensors(task.test_config, "test"), load_fresh_tensors(job.task, job.reference.fresh_rows)
    runs = []
    for seed in job.seeds:
        classifier, begun = job.reference.create(seed), time.process_time()
        classifier.fit(*(values[: task.train_rows].numpy() for values in training))
        seconds = time.process_time() - begun
        runs.append(Run(seed, _evaluate(classifier, test), _evaluate(classifier, fresh), seconds))
        report(job.name, len(runs), f"accuracy {100 * runs[-1].test.accuracy:.1f} %")
    settings = dict(job.reference.settings)
    metrics = describe_runs(job.classifier, job.task, RECIPE, settings, runs, parameters=None, macs=None)
    metrics["versions"]["scikit-learn"] = version("scikit-learn")
    return metrics


def _evaluate(classifier: Any, rows: tuple[Tensor, Tensor]) -> Evaluation:
    x, y = rows
    return compare(score(classifier, x.numpy()), y.numpy())
