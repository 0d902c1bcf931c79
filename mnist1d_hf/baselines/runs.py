"""Trains many baselines in parallel processes and writes each to a folder: checkpoint, metrics, curves, card."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..dataset.presets import BASELINE_CONFIGS, PRESETS, evaluation_config
from ..dataset.templates import CLASS_NAMES
from ..utils.extras import check_extras
from ..utils.figures import save_figure
from ..utils.files import check_output_folder, temporary_name, versions, write_json
from ..utils.processes import report, workers
from ..utils.progress import Bar
from ..utils.statistics import mean_interval
from ..utils.tasks import run_tasks
from ..version import DATA_VERSION
from .architectures import MODELS, get_architecture
from .checkpoints import CONFIG_NAME, WEIGHTS_NAME
from .data import check_device, load_tensors, load_test_tensors
from .evaluation import evaluate
from .figures import plot_curves
from .metrics import Evaluation
from .model_card import CARD_NAME
from .onnx_export import export_onnx
from .recipes import RECIPES, TrainingSettings
from .training import TrainedModel, train

METRICS_NAME = "metrics.json"
CURVES_NAME = "curves.png"
ONNX_NAME = "onnx/model.onnx"

_KEPT = "finished models are kept: rerun to train the others"


@dataclasses.dataclass(frozen=True)
class _Job:
    """Seeds that train together, and the folder they are written to. Configs are jobs of their own, to keep cores busy."""

    architecture: str
    recipe: str
    settings: TrainingSettings
    config: str
    seeds: tuple[int, ...]
    output: Path
    device: str

    @property
    def name(self) -> str:
        return f"{self.config}/{self.architecture}"

    @property
    def folder(self) -> Path:
        return self.output / self.config / folder_name(self.architecture, self.recipe)

    @property
    def cost(self) -> float:
        """Rough work, to start long jobs first."""
        return get_architecture(self.architecture).cost * self.settings.steps * self.settings.batch_size


def train_baselines(
    output: str | os.PathLike[str],
    *,
    models: Iterable[str] | None = None,
    configs: Iterable[str] = ("default", "shuffled"),
    seeds: int = 5,
    recipe: str = "tuned",
    device: str = "cpu",
    overwrite: bool = False,
    executor: Executor | None = None,
    retries: int = 0,
) -> list[Path]:
    """Train baselines, write each to ``output/<config>/<model>``, and return these folders.

    The seeds are 0, 1, ...; the checkpoint is that of seed 0, the metrics are those of all. Finished folders with the same
    settings and seeds are kept, so repeat the call to resume after an interruption: a model that was not finished is trained
    again, all of its seeds. Other folders raise a FileExistsError unless ``overwrite`` is given. The recipe "paper" exists for
    the paper's four models, and gets folders of its own.

    The work goes to one process per core, which needs ``if __name__ == "__main__":`` in a script, or to the executor if one is
    given, whose workers need not see ``output``. A model that fails is trained ``retries`` times more; a TasksFailedError
    names those that failed when the others are done. A WorkerError says that a process was killed.
    """
    jobs = _jobs(Path(output), models, tuple(configs), seeds, recipe, device)
    if executor is None:
        check_device(device)
    # For the curves and the ONNX files.
    check_extras("torch", "plot", "onnx")
    check_output_folder(output)
    open_jobs = [job for job in jobs if not _is_finished(job, overwrite=overwrite)]
    for config in sorted({evaluation_config(job.config) for job in open_jobs if executor is None}):
        load_tensors(config, "test[:1]")  # fills the cache before the processes ask for it
    for job in open_jobs:
        for left in job.folder.parent.glob(temporary_name(job.folder, "*-*")):
            shutil.rmtree(left, ignore_errors=True)  # of a process that was killed
    open_jobs.sort(key=lambda job: job.cost, reverse=True)
    named = {job.name: job for job in open_jobs}
    bars = {job.name: Bar(job.name, job.settings.steps, job.cost) for job in open_jobs}
    with workers(executor, bars, what="models", kept=_KEPT) as (pool, finish):

        def write(name: str, files: dict[str, bytes]) -> None:
            _write(named[name].folder, files)
            finish(name)

        tasks = {name: (job,) for name, job in named.items()}
        run_tasks(pool, _run_job, tasks, write, retries=retries, what="models", kept=_KEPT)
    return [job.folder for job in jobs]


def _jobs(
    output: Path, models: Iterable[str] | None, configs: tuple[str, ...], seeds: int, recipe: str, device: str
) -> list[_Job]:
    if recipe not in RECIPES:
        raise ValueError(f"unknown recipe {recipe!r}; the recipes are {', '.join(RECIPES)}")
    known = [name for name in MODELS if recipe in get_architecture(name).recipes]
    names = list(dict.fromkeys(models or known))
    for name in names:
        if name not in known:
            raise ValueError(f"the recipe {recipe!r} has no model {name!r}; it has {', '.join(known)}")
    for config in configs:
        if config not in BASELINE_CONFIGS:
            raise ValueError(f"baselines are trained on {', '.join(BASELINE_CONFIGS)}, not on {config!r}")
    if seeds < 1:
        raise ValueError(f"the number of seeds must be at least 1, got {seeds}")
    return [
        _Job(name, recipe, _settings(name, recipe, config), config, tuple(range(seeds)), output, device)
        for name in names
        for config in dict.fromkeys(configs)
    ]


def _settings(name: str, recipe: str, config: str) -> TrainingSettings:
    settings, factor = get_architecture(name).recipes[recipe], PRESETS[config].steps_factor
    return dataclasses.replace(settings, steps=factor * settings.steps, log_every=factor * settings.log_every)


def _is_finished(job: _Job, *, overwrite: bool) -> bool:
    """Return whether a folder exists with the same settings, seeds and data; raise if it holds something else."""
    if not job.folder.exists():
        return False
    if overwrite:
        _refuse_foreign_files(job.folder)
        return False
    path = job.folder / METRICS_NAME
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    wanted = {"settings": dataclasses.asdict(job.settings), "seeds": list(job.seeds), "data_version": DATA_VERSION}
    if any(metrics.get(key) != value for key, value in wanted.items()):
        raise FileExistsError(
            f"{job.folder} holds another model; name another folder, or give --overwrite (overwrite=True)"
        )
    return True


def _refuse_foreign_files(folder: Path) -> None:
    """Raise if replacing a folder would lose a file that training does not write."""
    known = {WEIGHTS_NAME, CONFIG_NAME, ONNX_NAME, METRICS_NAME, CURVES_NAME, CARD_NAME}
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    foreign = sorted({path.relative_to(folder).as_posix() for path in paths} - known)
    if foreign:
        raise FileExistsError(
            f"{folder} holds files that training does not write ({', '.join(foreign[:3])}"
            f"{', ...' if len(foreign) > 3 else ''}), so it is not overwritten; move them away, or name another folder"
        )


def _run_job(job: _Job) -> dict[str, bytes]:
    """Train the members of a job and evaluate them; return the files of the baseline by path, for who asked to write them."""

    def show(step: int, loss: float, accuracy: float) -> None:
        report(job.name, step, f"accuracy {100 * accuracy:.1f} %")

    report(job.name, 0)
    runs = [(job.config, seed) for seed in job.seeds]
    members = train(job.architecture, runs, job.settings, device=job.device, progress=show)
    with TemporaryDirectory() as folder:
        _fill(Path(folder), job, members)
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder under another name and rename it, so that it is complete or missing."""
    unfinished = folder.with_name(temporary_name(folder))
    try:
        for name, content in files.items():
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fill(folder: Path, job: _Job, members: list[TrainedModel]) -> None:
    """Write the files of a baseline."""
    test = load_test_tensors(job.config)
    evaluations = [evaluate(member.model, test) for member in members]
    model = members[0].model
    labels = list(CLASS_NAMES)
    model.metadata = {"dataset_config": job.config, "seed": members[0].seed, "recipe": job.recipe, "labels": labels}
    model.save_pretrained(folder)
    export_onnx(model, folder / ONNX_NAME)
    metrics = _metrics(job, members, evaluations)
    write_json(folder / METRICS_NAME, metrics, indent=1)
    save_figure(plot_curves(metrics), folder / CURVES_NAME)


def _metrics(job: _Job, members: list[TrainedModel], evaluations: list[Evaluation]) -> dict[str, Any]:
    accuracies = [evaluation.accuracy for evaluation in evaluations]
    return {
        "model": job.architecture,
        "config": job.config,
        "recipe": job.recipe,
        "parameters": members[0].model.num_parameters,
        "settings": dataclasses.asdict(job.settings),
        "seeds": list(job.seeds),
        "test_accuracy": accuracies[0],
        "mean_test_accuracy": float(np.mean(accuracies)),
        "interval": mean_interval(accuracies),
        "data_version": DATA_VERSION,
        "versions": versions(),
        "runs": [
            {
                "seed": member.seed,
                "test": evaluation.to_dict(),
                "curves": dataclasses.asdict(member.curves),
                "seconds": round(member.seconds, 2),
            }
            for member, evaluation in zip(members, evaluations, strict=True)
        ],
    }


def folder_name(architecture: str, recipe: str) -> str:
    """Return the name of a baseline's folder: the architecture, and the recipe unless it is "tuned"."""
    return architecture if recipe == "tuned" else f"{architecture}-{recipe}"


def read_metrics(folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read the metrics of every baseline that `train_baselines` wrote, ordered by config, recipe and model."""
    paths = [path for path in Path(folder).glob(f"*/*/{METRICS_NAME}") if (path.parent / WEIGHTS_NAME).is_file()]
    metrics = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    order = BASELINE_CONFIGS, RECIPES, tuple(MODELS)
    keys = "config", "recipe", "model"
    return sorted(metrics, key=lambda one: [names.index(one[key]) for names, key in zip(order, keys, strict=True)])
