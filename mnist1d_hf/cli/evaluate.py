"""The command `mnist1d-hf evaluate`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import paper
from ..dataset.presets import evaluation_config
from ..utils.extras import check_extras
from ..utils.figures import check_format, save_figure
from ..utils.files import check_output_file
from ..utils.tables import align
from .options import config_choice, json_option, output_option, quiet_option, set_option

if TYPE_CHECKING:
    from ..baselines import Baseline, OnnxModel

Record = dict[str, Any]
"""One evaluation as plain values."""

Show = Callable[[Sequence[Record]], None]
"""Prints evaluations for machines."""


@click.command("evaluate")
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--config",
    type=config_choice,
    help="Config to evaluate on. [default: that of a folder or a repository on the Hub, otherwise 'default']",
)
@click.option(
    "--trained-on",
    type=config_choice,
    help="Config that a checkpoint in the package was trained on. [default: --config if there is one, otherwise 'default']",
)
@click.option("--split", help="Split to evaluate on, or a slice of one such as test[:100]. [default: test]")
@set_option
@click.option(
    "--sweep", metavar="PARAMETER=START:STOP:STEP", help="Evaluate at each of these values of a generation parameter."
)
@output_option("File for the figure of a sweep, .png, .svg or .pdf.")
@click.option("--device", default="cpu", help="Torch device.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the result as CSV.")
@quiet_option
@json_option
def evaluate_command(
    models: tuple[str, ...],
    config: str | None,
    trained_on: str | None,
    split: str | None,
    changes: dict[str, Any],
    sweep: str | None,
    output: Path | None,
    device: str,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Evaluate trained models.

    MODEL is the name of a checkpoint in the package (cnn), a folder, a repository on the Hub, or an ONNX file of any
    framework. Where a folder or a repository has no weights of an architecture of this package, its onnx/model.onnx is
    evaluated. Without a MODEL, every checkpoint in the package is evaluated on its own test rows; those trained on 'large'
    on the rows of 'default'.

    \b
    Examples:
      mnist1d-hf evaluate
      mnist1d-hf evaluate cnn --config shuffled
      mnist1d-hf evaluate my_model.onnx
      mnist1d-hf evaluate cnn gru --sweep corr_noise_scale=0:1:0.25 --output noise.png
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    if output and not sweep:
        raise click.UsageError("--output is for the figure of a sweep; give --sweep PARAMETER=START:STOP:STEP too")
    has_onnx = any(name.lower().endswith(".onnx") for name in models)
    check_extras("torch", *(["plot"] if output else []), *(["onnx"] if has_onnx else []))
    if output:
        check_format(output)
        check_output_file(output)
    show = _show_json if as_json else _show_csv if as_csv else None
    if not models:
        if config or trained_on or split or changes or sweep:
            raise click.UsageError("--config, --trained-on, --split, --set and --sweep need a MODEL, for example cnn")
        _evaluate_checkpoints(device, show)
        return
    loaded = {name: _load(name, config or "default", trained_on) for name in models}
    data: Record = {"config": config or _own_config(loaded), "split": split or "test", "set": changes}
    if sweep:
        _sweep(loaded, sweep, data, output, device, show)
    else:
        _evaluate(loaded, data, device, show)


def _load(name: str, config: str, trained_on: str | None) -> Baseline | OnnxModel:
    from ..baselines import list_checkpoints
    from ..baselines.onnx_models import load_any

    if trained_on is None:
        trained_on = config if (config, name) in list_checkpoints() else "default"
    return load_any(name, trained_on)


def _own_config(models: Mapping[str, Baseline | OnnxModel]) -> str:
    """Return the config whose test rows count for all of these models, or `default` if they differ."""
    configs = {_test_config(name, model) for name, model in models.items()}
    return configs.pop() if len(configs) == 1 else "default"


def _test_config(name: str, model: Baseline | OnnxModel) -> str:
    from ..baselines import MODELS, OnnxModel
    from ..baselines.tasks import get_task

    if isinstance(model, OnnxModel):
        return get_task(model.task or "default").test_config
    return "default" if name in MODELS else evaluation_config(model.metadata.get("dataset_config", "default"))


def _evaluate_checkpoints(device: str, show: Show | None) -> None:
    from ..baselines.table import evaluate_checkpoints, format_table

    results = evaluate_checkpoints(device=device)
    if show is None:
        click.echo(format_table(results))
        return
    records: list[Record] = [
        {
            "model": result.model,
            "trained_on": result.trained_on,
            "parameters": result.parameters,
            **result.evaluation.to_dict(),
            "paper": result.paper,
            "seconds": result.seconds,
        }
        for result in results
    ]
    records += [
        {"model": "human", "trained_on": config, "paper": str(row["human"])} for config, row in paper.TABLE_1.items()
    ]
    show(records)


def _evaluate(models: Mapping[str, Baseline | OnnxModel], data: Record, device: str, show: Show | None) -> None:
    from ..baselines import evaluate, load_tensors
    from ..baselines.table import format_accuracy

    rows = load_tensors(data["config"], data["split"], **data["set"])
    evaluations = {name: evaluate(model, rows, device=device) for name, model in models.items()}
    if show:
        show([{"model": name, **data, **evaluation.to_dict()} for name, evaluation in evaluations.items()])
        return
    click.echo(f"{_describe(data)}\n")
    if len(evaluations) == 1:
        ((name, evaluation),) = evaluations.items()
        click.echo(f"{name}\n{evaluation}")
        return
    lines = [(name, *format_accuracy(one), f"{one.loss:.4f}") for name, one in evaluations.items()]
    click.echo(align([("model", "accuracy %", "95 % interval", "loss"), *lines]))


def _sweep(
    models: Mapping[str, Baseline | OnnxModel],
    text: str,
    data: Record,
    output: Path | None,
    device: str,
    show: Show | None,
) -> None:
    from ..baselines.figures import plot_sweep
    from ..baselines.sweeps import parse_sweep, sweep
    from ..baselines.table import format_accuracy

    parameter, values = parse_sweep(text)
    options = {"config": data["config"], "split": data["split"], "parameters": data["set"], "device": device}
    curves = {name: sweep(model, parameter, values, **options) for name, model in models.items()}
    points = [(name, value, evaluation) for name, curve in curves.items() for value, evaluation in curve]
    if show:
        show([{"model": name, **data, parameter: value, **one.to_dict()} for name, value, one in points])
    else:
        lines = [(name, f"{value:g}", *format_accuracy(one)) for name, value, one in points]
        table = align([("model", parameter, "accuracy %", "95 % interval"), *lines])
        click.echo(f"{_describe(data)}\n\n{table}")
    if output:
        figure = plot_sweep(curves, parameter, data=_describe(data))
        # Standard output may hold nothing but data.
        click.echo(f"wrote {save_figure(figure, output)}", err=show is not None)


def _describe(data: Record) -> str:
    settings = "".join(f", {name}={value}" for name, value in data["set"].items())
    return f"on the split {data['split']} of {data['config']}{settings}"


def _show_json(records: Sequence[Record]) -> None:
    click.echo(json.dumps(records, indent=2, ensure_ascii=False))


def _show_csv(records: Sequence[Record]) -> None:
    """Print what fits a table: lists are left out, and the interval and the settings take a column each."""
    flat = []
    for record in records:
        low, high = record.get("interval", (None, None))
        columns = {**record, "low": low, "high": high, **record.get("set", {})}
        flat.append({name: value for name, value in columns.items() if name != "set" and not isinstance(value, list)})
    text = io.StringIO()
    writer = csv.DictWriter(text, list(flat[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    click.echo(text.getvalue(), nl=False)
