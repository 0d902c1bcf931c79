"""The command `mnist1d-hf train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..dataset.presets import BASELINE_CONFIGS
from ..utils.extras import check_extras
from .options import executor_options, extras_of, json_option, opened_executor, output_option, quiet_option


@click.command("train")
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Model to train. [default: all that have the recipe]"
)
@click.option(
    "--config",
    "configs",
    multiple=True,
    type=click.Choice(BASELINE_CONFIGS),
    default=("default", "shuffled"),
    help="Config of the dataset to train on.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=5, help="Number of seeds, 0 first.")
@click.option(
    "--recipe",
    type=click.Choice(["tuned", "paper"]),
    default="tuned",
    help="This project's settings, or the paper's for its four models.",
)
@click.option("--device", default="cpu", help="Torch device, for example cuda.")
@output_option("Folder to write to.", default="runs")
@click.option("--overwrite", is_flag=True, help="Replace models that have other settings or seeds.")
@executor_options
@quiet_option
@json_option
def train_command(
    models: tuple[str, ...], output: Path, executor: str | None, retries: int, as_json: bool, **options: Any
) -> None:
    """Train baselines, and write checkpoints, metrics, curves, cards and a report.

    Each model goes to OUTPUT/CONFIG/MODEL. Finished models are kept: after an interruption, rerun the command to train the
    others, each with all of its seeds, which train together. The test rows are read once, at the end.

    \b
    Examples:
      mnist1d-hf train
      mnist1d-hf train --model cnn --model gru --seeds 3 --output my-runs
      mnist1d-hf train --recipe paper
      mnist1d-hf train --model cnn --config large
      mnist1d-hf train --executor dask://localhost:8786
    """
    check_extras("torch", "plot", "onnx", *extras_of(executor))
    from ..baselines.report import write_report
    from ..baselines.runs import read_metrics, train_baselines

    with opened_executor(executor, retries) as where:
        folders = train_baselines(output, models=models or None, **options, **where)
    write_report(output)
    if as_json:
        click.echo(json.dumps(read_metrics(output), indent=1))
        return
    for folder in folders:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        text = f"{folder}  test accuracy {100 * metrics['mean_test_accuracy']:6.2f} %"
        if metrics["interval"]:
            low, high = metrics["interval"]
            text += f"  ({100 * low:.2f} to {100 * high:.2f})"
        click.echo(text)
    click.echo(f"The report is {output / 'README.md'}.")
