"""The command `mnist1d-hf benchmark`."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..baselines.tasks import BENCHMARK_TASKS, FRESH_ROWS, TASKS
from ..dataset.parameters import GenerationParameters
from ..dataset.presets import CONFIGS
from ..utils.extras import check_extras
from ..utils.files import check_output_folder
from .options import executor_options, extras_of, json_option, opened_executor, output_option, quiet_option

_LIST = "list"

_MEASURED = {
    "default": "the task of the paper",
    "shuffled": "what a model learns where the order of the points says nothing",
    "noisy": "tells models apart that are equally good on default",
    "few": "what a model learns from few rows",
}


@click.command("benchmark")
@click.argument("model")
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=click.Choice(BENCHMARK_TASKS),
    help="Task to train on and to be evaluated on. May be repeated. [default: default and shuffled]",
)
@click.option("--seeds", type=click.IntRange(min=1), default=5, help="Number of seeds, 0 first.")
@click.option("--steps", type=click.IntRange(min=1), help="Training steps.")
@click.option("--batch-size", type=click.IntRange(min=1), help="Rows per training step.")
@click.option("--learning-rate", type=float, help="Highest learning rate of the schedule.")
@click.option("--weight-decay", type=float, help="Weight decay of AdamW.")
@click.option("--label-smoothing", type=float, help="Label smoothing, from 0 to below 1.")
@click.option("--search", is_flag=True, help="First try a small grid of settings on validation rows.")
@click.option("--name", help="Name in the report. [default: that of the class]")
@output_option("Folder for weights, metrics, figures and a card.", file_okay=False)
@click.option("--overwrite", is_flag=True, help="Replace a folder that this command wrote.")
@executor_options
@quiet_option
@json_option
def benchmark_command(
    model: str,
    tasks: tuple[str, ...],
    output: Path | None,
    overwrite: bool,
    executor: str | None,
    retries: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Measure a model of your own as the baselines are.

    The protocol is models/PROTOCOL.md.

    MODEL is FILE.py:NAME or PACKAGE.MODULE:NAME, where NAME is a class or a function that makes a torch.nn.Module, or a
    classifier with fit and predict; or the name of an architecture, such as cnn. With `list` instead, the tasks are described.

    Without settings, a recipe that is good for most models is used, and its own for the name of an architecture. All training
    rows train, and the test rows are read once, at the end. The two tasks by default show what a model gains from the order of
    the points.

    \b
    Examples:
      mnist1d-hf benchmark my_net.py:MyNet
      mnist1d-hf benchmark my_net.py:MyNet --search --output my-net
      mnist1d-hf benchmark sklearn.ensemble:ExtraTreesClassifier --task noisy
      mnist1d-hf benchmark cnn --task few --seeds 3 --json
      mnist1d-hf benchmark list
    """
    if model == _LIST:
        click.echo(_describe_tasks(as_json))
        return
    check_extras("torch", *(["plot", "onnx"] if output else []), *extras_of(executor))
    from ..benchmarking.running import benchmark

    if output:
        _check_empty(output, overwrite)
    with _warnings_in_a_line():
        with opened_executor(executor, retries) as where:
            report: Any = benchmark(model, tasks=tasks or None, **options, **where)
        if as_json:
            click.echo(report.to_json())
        else:
            click.echo(report)
        if output:
            report.save(output, overwrite=overwrite)
            click.echo(f"Weights, metrics and card are in {output}.", err=as_json)


def _check_empty(output: Path, overwrite: bool) -> None:
    """Raise before any training if the folder cannot be written to, or holds files that are to be kept."""
    check_output_folder(output)
    if not overwrite and output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} holds files, which are kept; name another folder, or give --overwrite")


def _describe_tasks(as_json: bool) -> str:
    tasks = [
        {
            **dataclasses.asdict(TASKS[name]),
            "train_rows": TASKS[name].train_rows or _training_rows(CONFIGS[TASKS[name].config]),
            "noise": CONFIGS[TASKS[name].config].corr_noise_scale,
            "measures": _MEASURED[name],
        }
        for name in BENCHMARK_TASKS
    ]
    if as_json:
        return json.dumps(tasks, indent=1)
    lines = [
        f"{one['name']:10}{one['description']}\n"
        f"{'':10}{one['train_rows']} training rows, noise {one['noise']}: {one['measures']}."
        for one in tasks
    ]
    return "\n".join(
        [
            *lines,
            f"Each is evaluated on its 1000 test rows, and on {FRESH_ROWS:,} fresh ones that no training has seen.",
        ]
    )


def _training_rows(parameters: GenerationParameters) -> int:
    return int(parameters.num_samples * parameters.train_split)


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Print what is warned of as a user reads it, without the line of code."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: click.echo(f"Warning: {message}", err=True)
        yield
