"""What summarises trained baselines: a card for each, and a table, a figure and a report for all."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from .. import paper
from ..dataset.presets import PRESETS, evaluation_config
from ..dataset.templates import CLASS_NAMES
from ..utils.figures import save_figure
from ..utils.rendering import render_template
from ..utils.resources import resource_folder
from .architectures.models import MODELS
from .figures import plot_results
from .runs import folder_name, read_metrics

CARD_NAME = "README.md"

_COLUMNS = ("config", "model", "recipe", "parameters", "seeds", "mean", "low", "high", "checkpoint", "paper", "seconds")


def render_model_card(metrics: dict[str, Any], repo_id: str | None = None, dataset_id: str | None = None) -> str:
    """Render the card of a checkpoint from its metrics.

    Parameters
    ----------
    metrics : dict
        Content of its ``metrics.json``.
    repo_id : str, optional
        Id of its repository, if it is published.
    dataset_id : str, optional
        Id of the repository of its dataset, if it is published.

    Returns
    -------
    str
        The text of README.md, metadata included.
    """
    data = ModelCardData(
        library_name="mnist1d-hf",
        license="apache-2.0",
        pipeline_tag="tabular-classification",
        metrics=["accuracy"],
        tags=["mnist-1d", "timeseries", "safetensors"],
        datasets=[dataset_id] if dataset_id else None,
        **_model_index(metrics, repo_id, dataset_id),
    )
    config, test = metrics["config"], metrics["runs"][0]["test"]
    low, high = test["interval"]
    model_class = MODELS[metrics["model"]]
    text = render_template(
        resource_folder("models") / "card_template.md",
        metrics=metrics,
        repo_id=repo_id,
        dataset_id=dataset_id,
        title=model_class.__name__,
        summary=_summary(model_class),
        training_rows=(
            f"{train_rows:,} rows of the config `{config}`"
            if (train_rows := PRESETS[config].train_rows)
            else f"the 4000 training rows of `{config}`"
        ),
        test_config=evaluation_config(config),
        published=paper.table_1(config, metrics["model"]),
        class_names=CLASS_NAMES,
        class_errors=test["class_errors"],
        uncertainty=50 * (high - low),
        paper=paper,
    )
    return f"---\n{data.to_yaml()}\n---\n\n{text}"


def _model_index(metrics: dict[str, Any], repo_id: str | None, dataset_id: str | None) -> dict[str, Any]:
    """Return the measured accuracy as the metadata that the Hub shows beside a model."""
    if repo_id is None or dataset_id is None:
        return {}
    config = evaluation_config(metrics["config"])
    result = EvalResult(
        task_type="tabular-classification",
        dataset_type=dataset_id,
        dataset_name="MNIST-1D",
        dataset_config=config,
        dataset_split="test",
        dataset_revision=f"v{metrics['data_version']}",
        metric_type="accuracy",
        metric_value=round(100 * metrics["test_accuracy"], 2),
        metric_name=f"Test accuracy, seed {metrics['seeds'][0]}, in percent",
        source_name="evaluate.py",
        source_url=f"https://huggingface.co/{repo_id}",
    )
    return {"model_name": repo_id.partition("/")[2], "eval_results": [result]}


def write_report(folder: str | os.PathLike[str]) -> list[Path]:
    """Write the card of every baseline below a folder, and results.csv, results.png and README.md for all of them.

    Parameters
    ----------
    folder : path-like
        What `train_baselines` wrote to.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    folder = Path(folder)
    results = read_metrics(folder)
    written = []
    for metrics in results:
        card = folder / metrics["config"] / folder_name(metrics["model"], metrics["recipe"]) / CARD_NAME
        card.write_text(render_model_card(metrics), encoding="utf-8")
        written.append(card)
    table = folder / "results.csv"
    rows = [_row(metrics) for metrics in results]
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    tuned = [metrics for metrics in results if metrics["recipe"] == "tuned"]
    figure = save_figure(plot_results(tuned), folder / "results.png")
    report = folder / CARD_NAME
    report.write_text(_report(rows), encoding="utf-8")
    return [*written, table, figure, report]


def _row(metrics: dict[str, Any]) -> dict[str, Any]:
    low, high = map(_percent, metrics["interval"]) if metrics["interval"] else ("", "")
    return {
        "config": metrics["config"],
        "model": metrics["model"],
        "recipe": metrics["recipe"],
        "parameters": metrics["parameters"],
        "seeds": len(metrics["seeds"]),
        "mean": _percent(metrics["mean_test_accuracy"]),
        "low": low,
        "high": high,
        "checkpoint": _percent(metrics["test_accuracy"]),
        "paper": published.mean if (published := paper.table_1(metrics["config"], metrics["model"])) else "",
        "seconds": round(sum(run["seconds"] for run in metrics["runs"]), 1),
    }


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def _report(rows: list[dict[str, Any]]) -> str:
    means = {(row["config"], row["model"]): float(row["mean"]) for row in rows if row["recipe"] == "tuned"}
    gaps = [
        {"model": model, "default": mean, "shuffled": means["shuffled", model]}
        for (config, model), mean in means.items()
        if config == "default" and ("shuffled", model) in means
    ]
    gaps.sort(key=lambda gap: gap["shuffled"] - gap["default"])
    return render_template(resource_folder("models") / "report_template.md", rows=rows, gaps=gaps)


def _summary(model_class: type) -> str:
    """Return the first sentence of a class's docstring without the number of parameters."""
    return (model_class.__doc__ or "").splitlines()[0].partition(" (")[0].rstrip(".") + "."
