"""Builds the repository of a bundled checkpoint in a folder: weights, ONNX, card, figure, metrics, claims and their proof."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from ..baselines.bundled import checkpoint_folder
from ..baselines.checkpoints import CONFIG_NAME, WEIGHTS_NAME, read_config
from ..baselines.layout import CURVES_NAME, METRICS_NAME, ONNX_NAME
from ..baselines.model_card import CARD_NAME, render_model_card
from ..dataset.presets import evaluation_config
from ..utils.files import write_text
from ..utils.resources import resource_folder
from .dataset_card import TASKS
from .naming import EVAL_RESULTS_NAME, dataset_repo_id, model_repo_id, release_tag, space_repo_id

EVALUATE_NAME = "evaluate.py"

_COPIED = (WEIGHTS_NAME, METRICS_NAME, CURVES_NAME, ONNX_NAME)


def build_model_repo(output_dir: Path, name: str, config: str, namespace: str) -> None:
    """Write the repository of a bundled checkpoint to a new folder; the same call writes the same bytes."""
    source = checkpoint_folder(name, config)
    repo_id, dataset_id = model_repo_id(namespace, name, config), dataset_repo_id(namespace)
    metrics = json.loads((source / METRICS_NAME).read_text(encoding="utf-8"))
    for file in _COPIED:
        (output_dir / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, output_dir / file)
    revision = release_tag(metrics["data_version"])
    settings = {**read_config(source / CONFIG_NAME), "dataset": dataset_id, "dataset_revision": revision}
    texts = {
        CONFIG_NAME: json.dumps(settings, indent=2, sort_keys=True) + "\n",
        CARD_NAME: render_model_card(metrics, repo_id, dataset_id, space_repo_id(namespace)),
        EVALUATE_NAME: _evaluation_script(repo_id),
        EVAL_RESULTS_NAME: _eval_results(metrics, repo_id, dataset_id),
    }
    for file, text in texts.items():
        write_text(output_dir / file, text)


def _evaluation_script(repo_id: str) -> str:
    """Return the evaluation script with its repository filled in, so that it runs from its address alone."""
    script = (resource_folder("models") / EVALUATE_NAME).read_text(encoding="utf-8")
    before, placeholder, after = script.partition("REPOSITORY = None\n")
    if not placeholder:
        raise ValueError(f"{EVALUATE_NAME} has no line REPOSITORY = None to fill in")
    return f'{before}REPOSITORY = "{repo_id}"\n{after}'


def _eval_results(metrics: dict[str, Any], repo_id: str, dataset_id: str) -> str:
    """Return the measured accuracy in the format of https://huggingface.co/docs/hub/eval-results."""
    entry = EvalResultEntry(
        dataset_id=dataset_id,
        task_id=TASKS[evaluation_config(metrics["config"])],
        value=round(100 * metrics["test_accuracy"], 2),
        source_url=f"https://huggingface.co/{repo_id}",
        source_name=EVALUATE_NAME,
        notes=f"seed {metrics['seeds'][0]}, trained on {metrics['config']}",
    )
    return str(yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False))
