"""The card of a checkpoint that this project trained, rendered from its metrics."""

from __future__ import annotations

from typing import Any

from huggingface_hub import EvalResult

from .. import paper
from ..dataset.presets import evaluation_config
from ..dataset.templates import CLASS_NAMES
from ..utils.rendering import render_card
from ..utils.resources import resource_folder
from .architectures import get_architecture
from .architectures.base import card_data
from .tasks import TASKS

CARD_NAME = "README.md"


def render_model_card(
    metrics: dict[str, Any], repo_id: str | None = None, dataset_id: str | None = None, space_id: str | None = None
) -> str:
    """Render the text of README.md, metadata included, from the content of ``metrics.json``.

    The ids of its repository, of that of the dataset and of the Space are given if they are published.
    """
    config, test, fresh = metrics["config"], metrics["runs"][0]["test"], metrics["runs"][0]["fresh"]
    architecture = get_architecture(metrics["model"])
    train_rows = TASKS[config].train_rows
    return render_card(
        card_data(
            "safetensors",
            metrics=["accuracy"],
            datasets=[dataset_id] if dataset_id else None,
            **_model_index(metrics, repo_id, dataset_id),
        ),
        resource_folder("models") / "card_template.md",
        metrics=metrics,
        repo_id=repo_id,
        dataset_id=dataset_id,
        space_id=space_id,
        title=architecture.model.__name__,
        summary=_summary(architecture.model),
        training_rows=(
            f"{train_rows:,} rows of the config `{config}`" if train_rows else f"the 4000 training rows of `{config}`"
        ),
        test_config=evaluation_config(config),
        published=architecture.published(config),
        class_names=CLASS_NAMES,
        class_errors=test["class_errors"],
        uncertainty=_half_width(test),
        fresh_uncertainty=_half_width(fresh),
        paper=paper,
    )


def _half_width(evaluation: dict[str, Any]) -> float:
    """Return half of the interval of an accuracy, in points."""
    low, high = evaluation["interval"]
    return float(50 * (high - low))


def _model_index(metrics: dict[str, Any], repo_id: str | None, dataset_id: str | None) -> dict[str, Any]:
    """Return the measured accuracy as the metadata that the Hub shows beside a model."""
    if repo_id is None or dataset_id is None:
        return {}
    result = EvalResult(
        task_type="tabular-classification",
        dataset_type=dataset_id,
        dataset_name="MNIST-1D",
        dataset_config=evaluation_config(metrics["config"]),
        dataset_split="test",
        dataset_revision=f"v{metrics['data_version']}",
        metric_type="accuracy",
        metric_value=round(100 * metrics["test_accuracy"], 2),
        metric_name=f"Test accuracy, seed {metrics['seeds'][0]}, in percent",
        source_name="evaluate.py",
        source_url=f"https://huggingface.co/{repo_id}",
    )
    return {"model_name": repo_id.partition("/")[2], "eval_results": [result]}


def _summary(model_class: type) -> str:
    """Return the first sentence of a class's docstring without the number of parameters."""
    return (model_class.__doc__ or "").splitlines()[0].partition(" (")[0].rstrip(".") + "."
