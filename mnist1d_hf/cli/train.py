"""The command `mnist1d-hf train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..baselines.recipes import RECIPES
from ..baselines.tasks import TASKS
from ..utils.extras import check_extras
from .options import executor_options, extras_of, json_option, opened_executor, output_option, quiet_option


@click.command("train")
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Model to train. [default: all that have the recipe]"
)
@click.option(
    "--task",
    "--config",
    "tasks",
    multiple=True,
    type=click.Choice(list(TASKS)),
    default=("default", "shuffled"),
    help="What to train and evaluate on.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=5, help="Number of seeds, 0 first.")
@click.option(
    "--recipe",
    type=click.Choice(RECIPES),
    default="tuned",
    help="This project's settings, or the paper's for its four models: stopped early on 600 rows held out, or trained to the "
    "last step on all 4000, the MLP also with 256 units.",
)
@click.option("--device", default="cpu", help="Torch device, for example cuda.")
@click.option(
    "--reference",
    is_flag=True,
    help="Measure the reference classifiers, which are not networks, instead of training models.",
)
@output_option("Folder to write to.", default="runs")
@click.option("--overwrite", is_flag=True, help="Replace models that have other settings or seeds.")
@executor_options
@quiet_option
@json_option
def train_command(
    models: tuple[str, ...],
    output: Path,
    executor: str | None,
    retries: int,
    as_json: bool,
    reference: bool,
    **options: Any,
) -> None:
    """Train baselines, and write checkpoints, metrics, curves, cards and a report.

    Each model goes to OUTPUT/TASK/MODEL; on noisy and few, and for the recipes paper-4000 and paper-256, its metrics alone do.
    Finished models are kept: after an interruption, rerun the command to train the others, each with all of its seeds, which
    train together. The test rows are read once, at the end.

    \b
    Examples:
      mnist1d-hf train
      mnist1d-hf train --model cnn --model gru --seeds 3 --output my-runs
      mnist1d-hf train --recipe paper
      mnist1d-hf train --model cnn --task large
      mnist1d-hf train --task noisy --task few
      mnist1d-hf train --reference
      mnist1d-hf train --executor dask://localhost:8786
    """
    make = _measure_references if reference else _train_networks
    folders = make(output, models or None, executor, retries, **options)
    from ..baselines.report import write_report

    write_report(output)
    _print_results(folders, as_json=as_json)
    if not as_json:
        click.echo(f"The report is {output / 'README.md'}.")


def _train_networks(
    output: Path, names: tuple[str, ...] | None, executor: str | None, retries: int, **options: Any
) -> list[Path]:
    check_extras("torch", "plot", "onnx", *extras_of(executor))
    from ..baselines.runs import train_baselines

    with opened_executor(executor, retries) as where:
        return train_baselines(output, models=names, **options, **where)


def _measure_references(
    output: Path,
    names: tuple[str, ...] | None,
    executor: str | None,
    retries: int,
    *,
    recipe: str,
    device: str,
    **options: Any,
) -> list[Path]:
    if (recipe, device) != ("tuned", "cpu"):
        raise click.UsageError("--reference goes with neither --recipe nor --device: leave them out")
    check_extras("torch", "plot", "reference", *extras_of(executor))
    from ..baselines.references import train_references

    with opened_executor(executor, retries) as where:
        return train_references(output, names=names, **options, **where)


def _read(folder: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return metrics


def _print_results(folders: list[Path], *, as_json: bool) -> None:
    """Print the metrics of each folder: a line, or all of them as JSON."""
    found = {folder: _read(folder) for folder in folders}
    if as_json:
        click.echo(json.dumps(list(found.values()), indent=1))
        return
    for folder, metrics in found.items():
        text = f"{folder}  test accuracy {100 * metrics['mean_test_accuracy']:6.2f} %"
        if metrics["interval"]:
            low, high = metrics["interval"]
            text += f"  ({100 * low:.2f} to {100 * high:.2f})"
        text += f"  fresh rows {100 * metrics['mean_fresh_accuracy']:6.2f} %"
        click.echo(text)
