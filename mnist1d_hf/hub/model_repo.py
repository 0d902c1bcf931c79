"""Builds the repository of a bundled checkpoint in a folder: weights, ONNX, card, figure, metrics, claims and their proof."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from ..baselines.checkpoints import CONFIG_NAME, WEIGHTS_NAME, read_config
from ..baselines.model_card import CARD_NAME, render_model_card
from ..baselines.registry import checkpoint_folder
from ..baselines.runs import CURVES_NAME, METRICS_NAME, ONNX_NAME
from ..dataset.presets import evaluation_config
from ..utils.resources import resource_folder
from .dataset_card import TASKS

EVALUATE_NAME = "evaluate.py"
EVAL_RESULTS_NAME = ".eval_results/mnist1d.yaml"

_COPIED = (WEIGHTS_NAME, METRICS_NAME, CURVES_NAME, ONNX_NAME)


def dataset_repo_id(namespace: str) -> str:
    """Return the id of the dataset repository in a namespace."""
    return f"{namespace}/mnist1d"


def model_repo_id(namespace: str, name: str, config: str) -> str:
    """Return the id of the repository of a checkpoint in a namespace.

    Parameters
    ----------
    namespace : str
        User or organisation.
    name : str
        Name of the model.
    config : str
        Config of the dataset it was trained on.

    Returns
    -------
    str
        For example ``"<namespace>/mnist1d-cnn"``, or ``"<namespace>/mnist1d-cnn-shuffled"``.
    """
    return f"{namespace}/mnist1d-{name}{'' if config == 'default' else f'-{config}'}"


def release_tag(data_version: str) -> str:
    """Return the tag of a dataset repository that holds this version of the data."""
    return f"v{data_version}"


def build_model_repo(output_dir: Path, name: str, config: str, namespace: str) -> None:
    """Write the repository of a checkpoint inside the package; the same call writes the same bytes.

    Parameters
    ----------
    output_dir : pathlib.Path
        Folder to write, which is made.
    name : str
        Name of the model.
    config : str
        Config of the dataset it was trained on.
    namespace : str
        User or organisation it will belong to.

    Raises
    ------
    ValueError
        If there is no such checkpoint.
    """
    source = checkpoint_folder(name, config)
    repo_id, dataset_id = model_repo_id(namespace, name, config), dataset_repo_id(namespace)
    metrics = json.loads((source / METRICS_NAME).read_text(encoding="utf-8"))
    for file in _COPIED:
        (output_dir / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, output_dir / file)
    settings = {
        **read_config(source / CONFIG_NAME),
        "dataset": dataset_id,
        "dataset_revision": release_tag(metrics["data_version"]),
    }
    texts = {
        CONFIG_NAME: json.dumps(settings, indent=2, sort_keys=True) + "\n",
        CARD_NAME: render_model_card(metrics, repo_id, dataset_id),
        EVALUATE_NAME: _evaluation_script(repo_id),
        EVAL_RESULTS_NAME: _eval_results(metrics, repo_id, dataset_id),
    }
    for file, text in texts.items():
        (output_dir / file).parent.mkdir(exist_ok=True)
        (output_dir / file).write_text(text, encoding="utf-8", newline="\n")


def _evaluation_script(repo_id: str) -> str:
    """Return the evaluation script with the repository filled in, so that it runs from its address alone."""
    script = (resource_folder("models") / EVALUATE_NAME).read_text(encoding="utf-8")
    before, placeholder, after = script.partition("REPOSITORY = None\n")
    if not placeholder:
        raise ValueError(f"{EVALUATE_NAME} has no place for the repository")
    return f'{before}REPOSITORY = "{repo_id}"\n{after}'


def _eval_results(metrics: dict[str, Any], repo_id: str, dataset_id: str) -> str:
    """Return the measured accuracy in the form of https://huggingface.co/docs/hub/eval-results."""
    entry = EvalResultEntry(
        dataset_id=dataset_id,
        task_id=TASKS[evaluation_config(metrics["config"])],
        value=round(100 * metrics["test_accuracy"], 2),
        source_url=f"https://huggingface.co/{repo_id}",
        source_name=EVALUATE_NAME,
        notes=f"seed {metrics['seeds'][0]}, trained on {metrics['config']}",
    )
    return str(yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False))
