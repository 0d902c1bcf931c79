"""What sums up trained baselines: the card of each, and one table, figure and report of all."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

from ..utils.figures import save_figure
from ..utils.files import write_text
from ..utils.rendering import render_template
from ..utils.resources import resource_folder
from .architectures import get_architecture
from .figures import plot_results
from .model_card import CARD_NAME, render_model_card
from .runs import folder_name, read_metrics


def write_report(folder: str | os.PathLike[str]) -> list[Path]:
    """Write the card of every baseline that `train_baselines` wrote to a folder, and a report.

    The report is results.csv, results.png and README.md. The paths of everything written are returned.
    """
    folder = Path(folder)
    results = read_metrics(folder)
    rows = [_row(metrics) for metrics in results]
    texts = {}
    for metrics in results:
        card = folder / metrics["config"] / folder_name(metrics["model"], metrics["recipe"]) / CARD_NAME
        texts[card] = render_model_card(metrics)
    texts[folder / "results.csv"] = _csv(rows)
    texts[folder / CARD_NAME] = _report(rows)
    for path, text in texts.items():
        write_text(path, text)
    tuned = [metrics for metrics in results if metrics["recipe"] == "tuned"]
    return [*texts, save_figure(plot_results(tuned), folder / "results.png")]


def _row(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return a line of the table."""
    low, high = map(_percent, metrics["interval"]) if metrics["interval"] else ("", "")
    published = get_architecture(metrics["model"]).published(metrics["config"])
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
        "paper": published.mean if published else "",
        "seconds": round(sum(run["seconds"] for run in metrics["runs"]), 1),
    }


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _report(rows: list[dict[str, Any]]) -> str:
    means = {(row["config"], row["model"]): float(row["mean"]) for row in rows if row["recipe"] == "tuned"}
    gaps = [
        {"model": model, "default": mean, "shuffled": means["shuffled", model]}
        for (config, model), mean in means.items()
        if config == "default" and ("shuffled", model) in means
    ]
    gaps.sort(key=lambda gap: gap["shuffled"] - gap["default"])
    return render_template(resource_folder("models") / "report_template.md", rows=rows, gaps=gaps)
