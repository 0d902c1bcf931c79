"""Trains many baselines in parallel processes and writes each to a folder: metrics, and checkpoint, curves and card of some."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import Executor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..dataset.templates import CLASS_NAMES
from ..utils.extras import check_extras
from ..utils.figures import save_figure
from ..utils.files import (
    check_output_folder,
    read_folder,
    refuse_foreign_files,
    temporary_name,
    write_folder,
    write_json,
)
from ..utils.processes import report, workers
from ..utils.progress import Bar
from ..utils.tasks import run_tasks
from ..version import DATA_VERSION
from .architectures import MODELS, Baseline, get_architecture
from .bundled import has_checkpoint
from .checkpoints import CONFIG_NAME, WEIGHTS_NAME
from .data import check_device, load_fresh_tensors, load_tensors
from .evaluation import evaluate
from .figures import plot_curves
from .layout import CURVES_NAME, METRICS_NAME, ONNX_NAME
from .model_card import CARD_NAME
from .onnx_export import export_onnx
from .protocol import PROTOCOL_VERSION, Run, count_macs, count_parameters, describe_runs
from .recipes import RECIPE_SIZES, RECIPES, TrainingSettings
from .registry import create_model
from .tasks import TASKS, get_task
from .training import ModelFactory, TrainedModel, train

_KEPT = "finished models are kept: rerun to train the others"


@dataclasses.dataclass(frozen=True)
class _Job:
    """Seeds that train together, and the folder they are written to. Tasks are jobs of their own, to keep cores busy."""

    architecture: str
    recipe: str
    training: TrainingSettings
    task: str
    seeds: tuple[int, ...]
    output: Path
    device: str

    @property
    def name(self) -> str:
        return f"{self.task}/{self.architecture}"

    @property
    def folder(self) -> Path:
        return self.output / self.task / folder_name(self.architecture, self.recipe)

    @property
    def sizes(self) -> dict[str, int]:
        """Sizes of the model that are not the default ones."""
        return RECIPE_SIZES.get(self.recipe, {})

    @property
    def settings(self) -> dict[str, Any]:
        """What is written down of how the model was trained."""
        return {**dataclasses.asdict(self.training), **self.sizes}

    @property
    def files(self) -> set[str]:
        """What may be in the folder: a checkpoint with its card, or the metrics alone."""
        checkpoint = {WEIGHTS_NAME, CONFIG_NAME, ONNX_NAME, CURVES_NAME, CARD_NAME}
        return {METRICS_NAME, *(checkpoint if has_checkpoint(self.task, self.recipe) else ())}

    @property
    def cost(self) -> float:
        """Rough work, to start long jobs first."""
        return get_architecture(self.architecture).cost * self.training.steps * self.training.batch_size


def train_baselines(
    output: str | os.PathLike[str],
    *,
    models: Iterable[str] | None = None,
    tasks: Iterable[str] = ("default", "shuffled"),
    seeds: int = 5,
    recipe: str = "tuned",
    device: str = "cpu",
    overwrite: bool = False,
    executor: Executor | None = None,
    retries: int = 0,
) -> list[Path]:
    """Train baselines, write each to ``output/<task>/<model>``, and return these folders.

    The seeds are 0, 1, ...; the checkpoint is that of seed 0, the metrics are those of all. Finished folders with the same
    settings and seeds are kept, so repeat the call to resume after an interruption: a model that was not finished is trained
    again, all of its seeds. Other folders raise a FileExistsError unless ``overwrite`` is given. The other recipes
    exist for the paper's models, and get folders of their own. Of tasks and recipes without checkpoints (see `has_checkpoint`)
    only ``metrics.json`` is written.

    The work goes to one process per core, which needs ``if __name__ == "__main__":`` in a script, or to the executor if one is
    given, whose workers need not see ``output``. A model that fails is trained ``retries`` times more; a TasksFailedError
    names those that failed when the others are done. A WorkerError says that a process was killed.
    """
    jobs = _jobs(Path(output), models, tuple(tasks), seeds, recipe, device)
    if executor is None:
        check_device(device)
    # For the curves and the ONNX files.
    check_extras("torch", "plot", "onnx")
    check_output_folder(output)
    open_jobs = [job for job in jobs if not _is_finished(job, overwrite=overwrite)]
    for config in sorted({get_task(job.task).test_config for job in open_jobs if executor is None}):
        load_tensors(config, "test[:1]")  # fills the cache before the processes ask for it
    for job in open_jobs:
        for left in job.folder.parent.glob(temporary_name(job.folder, "*-*")):
            shutil.rmtree(left, ignore_errors=True)  # of a process that was killed
    open_jobs.sort(key=lambda job: job.cost, reverse=True)
    named = {job.name: job for job in open_jobs}
    bars = {job.name: Bar(job.name, job.training.steps, job.cost) for job in open_jobs}
    with workers(executor, bars, what="models", kept=_KEPT) as (pool, finish):

        def write(name: str, files: dict[str, bytes]) -> None:
            write_folder(named[name].folder, files)
            finish(name)

        calls = {name: (job,) for name, job in named.items()}
        run_tasks(pool, _run_job, calls, write, retries=retries, what="models", kept=_KEPT)
    return [job.folder for job in jobs]


def _jobs(
    output: Path, models: Iterable[str] | None, tasks: tuple[str, ...], seeds: int, recipe: str, device: str
) -> list[_Job]:
    if recipe not in RECIPES:
        raise ValueError(f"unknown recipe {recipe!r}; the recipes are {', '.join(RECIPES)}")
    known = [name for name in MODELS if recipe in get_architecture(name).recipes]
    names = list(dict.fromkeys(models or known))
    for name in names:
        if name not in known:
            raise ValueError(f"the recipe {recipe!r} has no model {name!r}; it has {', '.join(known)}")
    for task in tasks:
        get_task(task)
    if seeds < 1:
        raise ValueError(f"the number of seeds must be at least 1, got {seeds}")
    return [
        _Job(name, recipe, _settings(name, recipe, task), task, tuple(range(seeds)), output, device)
        for name in names
        for task in dict.fromkeys(tasks)
    ]


def _settings(name: str, recipe: str, task: str) -> TrainingSettings:
    settings, factor = get_architecture(name).recipes[recipe], get_task(task).steps_factor
    return dataclasses.replace(settings, steps=factor * settings.steps, log_every=factor * settings.log_every)


def _is_finished(job: _Job, *, overwrite: bool) -> bool:
    """Return whether a folder exists with the same settings, seeds, data and protocol; raise if it holds something else."""
    if not job.folder.exists():
        return False
    if overwrite:
        refuse_foreign_files(job.folder, job.files, "training")
        return False
    path = job.folder / METRICS_NAME
    metrics = _read(path) if path.is_file() else {}
    wanted = {
        "settings": job.settings,
        "seeds": list(job.seeds),
        "data_version": DATA_VERSION,
        "protocol": PROTOCOL_VERSION,
    }
    if any(metrics.get(key) != value for key, value in wanted.items()):
        raise FileExistsError(
            f"{job.folder} holds another model; name another folder, or give --overwrite (overwrite=True)"
        )
    return True


def _run_job(job: _Job) -> dict[str, bytes]:
    """Train the members of a job and evaluate them; return the files of the baseline by path, for who asked to write them."""

    def show(step: int, loss: float, accuracy: float) -> None:
        report(job.name, step, f"accuracy {100 * accuracy:.1f} %")

    report(job.name, 0)
    runs = [(job.task, seed) for seed in job.seeds]
    members = train(_factory(job), runs, job.training, device=job.device, progress=show)
    with TemporaryDirectory() as folder:
        _fill(Path(folder), job, members)
        return read_folder(Path(folder))


def _factory(job: _Job) -> str | ModelFactory:
    """Return what `train` makes a job's models of."""
    if not job.sizes:
        return job.architecture
    return lambda length, classes: create_model(
        job.architecture, final_seq_length=length, num_classes=classes, **job.sizes
    )


def _fill(folder: Path, job: _Job, members: list[TrainedModel]) -> None:
    """Write the files of a baseline."""
    metrics = _metrics(job, members)
    write_json(folder / METRICS_NAME, metrics, indent=1)
    if not has_checkpoint(job.task, job.recipe):
        return
    model = members[0].model
    assert isinstance(model, Baseline)
    labels = list(CLASS_NAMES)
    model.metadata = {
        "dataset_config": get_task(job.task).config,
        "seed": members[0].seed,
        "recipe": job.recipe,
        "labels": labels,
    }
    model.save_pretrained(folder)
    export_onnx(model, folder / ONNX_NAME, model.final_seq_length)
    save_figure(plot_curves(metrics), folder / CURVES_NAME)


def _metrics(job: _Job, members: list[TrainedModel]) -> dict[str, Any]:
    """Evaluate the members, and return what is written down of them."""
    test, fresh = load_tensors(get_task(job.task).test_config, "test"), load_fresh_tensors(job.task)
    runs = [
        Run(one.seed, evaluate(one.model, test), evaluate(one.model, fresh), one.seconds, one.curves) for one in members
    ]
    model = members[0].model
    costs = {"parameters": count_parameters(model), "macs": count_macs(model, test[0][:1])}
    return describe_runs(job.architecture, job.task, job.recipe, job.settings, runs, **costs)


def folder_name(architecture: str, recipe: str) -> str:
    """Return the name of a baseline's folder: the architecture, and the recipe unless it is "tuned"."""
    return architecture if recipe == "tuned" else f"{architecture}-{recipe}"


def read_metrics(folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read the metrics of every baseline, reference lines among them, ordered by task, recipe and model.

    Those of another version of the protocol cannot be compared with these, and are left out.
    """
    paths = [path for task in TASKS for path in Path(folder, task).glob(f"[!.]*/{METRICS_NAME}")]
    metrics = [one for one in map(_read, paths) if one.get("protocol") == PROTOCOL_VERSION]
    order = {"task": list(TASKS), "recipe": list(RECIPES), "model": list(MODELS)}

    def place(one: dict[str, Any]) -> list[tuple[int, str]]:
        # What is not among the names, a reference line, stands behind them.
        return [(names.index(one[key]) if one[key] in names else len(names), one[key]) for key, names in order.items()]

    return sorted(metrics, key=place)


def _read(path: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return metrics
