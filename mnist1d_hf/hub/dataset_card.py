"""The dataset card and the benchmark's tasks, rendered from a template and from the code's own values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import yaml
from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData

from .. import paper
from ..dataset.mnist1d import Mnist1D
from ..dataset.parameters import PARAMETER_NAMES, GenerationParameters
from ..dataset.presets import CONFIGS, changed_parameters, describe_config
from ..dataset.templates import CLASS_NAMES
from ..utils.rendering import render_card
from ..utils.resources import resource_folder
from ..version import DATA_VERSION, TAGS, __version__
from .naming import dataset_repo_id, space_repo_id

UNPUBLISHED = dataset_repo_id("<namespace>")
"""What stands for the id of a repository that is not published."""

TASKS = {"default": "mnist1d", "shuffled": "mnist1d_shuffled"}
"""Ids of the benchmark's tasks, by the config they are about."""

# The Hub's size categories, by the number of digits of the number of rows, the last for all larger ones; https://huggingface.co/docs/hub/datasets-cards
_SIZE_CATEGORIES = (
    "n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B 1B<n<10B 10B<n<100B 100B<n<1T n>1T".split()
)


def render_dataset_card(
    infos: Mapping[str, DatasetInfo],
    repo_id: str = UNPUBLISHED,
    parameters: Mapping[str, Any] | None = None,
    nested: Collection[str] = (),
) -> str:
    """Render the card of a repository with these configs; ``parameters`` are the values that were set for all of them.

    The files of the configs in ``nested`` are in subfolders.
    """
    used = {name: _parameters(name, info, parameters) for name, info in infos.items()}
    changes = {name: changed_parameters(name, values) for name, values in used.items()}
    return render_card(
        _metadata(infos, nested),
        resource_folder("dataset_card") / "template.md",
        configs=infos,
        descriptions={name: describe_config(name, values) for name, values in used.items()},
        parameters=used,
        changes=changes,
        lengths=sorted({values.final_seq_length for values in used.values()}),
        repo_id=repo_id,
        space_id=None if repo_id == UNPUBLISHED else space_repo_id(repo_id.partition("/")[0]),
        parameter_names=PARAMETER_NAMES,
        table_2=GenerationParameters(),
        class_names=CLASS_NAMES,
        paper=paper,
        data_version=DATA_VERSION,
        version=__version__,
    )


def render_tasks(infos: Mapping[str, DatasetInfo], parameters: Mapping[str, Any] | None = None) -> str | None:
    """Render ``eval.yaml``, which makes the accuracy on configs of the paper, unchanged, a benchmark; None if there are none.

    https://huggingface.co/docs/hub/eval-results
    """
    used = {name: _parameters(name, info, parameters) for name, info in infos.items() if name in TASKS}
    configs = [name for name in TASKS if name in used and not changed_parameters(name, used[name])]
    content = {
        "name": "MNIST-1D",
        "description": "Accuracy in percent on the 1000 test rows of MNIST-1D.",
        "tasks": [{"id": TASKS[config], "config": config, "split": "test"} for config in configs],
    }
    return str(yaml.safe_dump(content, sort_keys=False)) if configs else None


def _parameters(name: str, info: DatasetInfo, parameters: Mapping[str, Any] | None) -> GenerationParameters:
    rows = sum(split.num_examples for split in info.splits.values())
    return CONFIGS[name].replace(**{**(parameters or {}), "num_samples": rows})


def _metadata(infos: Mapping[str, DatasetInfo], nested: Collection[str]) -> DatasetCardData:
    data = DatasetCardData(
        pretty_name="MNIST-1D",
        license="apache-2.0",
        task_categories=["tabular-classification"],
        task_ids=["tabular-multi-class-classification"],
        size_categories=_size_categories(infos),
        annotations_creators=["machine-generated"],
        source_datasets=["original"],
        tags=[*TAGS, "tabular", "mnist", "synthetic", "benchmark", "icml-2024"],
    )
    MetadataConfigs(
        {
            name: {
                "data_files": [
                    {"split": split, "path": f"{name}/{split}-*{'/*' * (name in nested)}"} for split in info.splits
                ],
                **({"default": True} if name == Mnist1D.DEFAULT_CONFIG_NAME else {}),
            }
            for name, info in infos.items()
        }
    ).to_dataset_card_data(data)
    DatasetInfosDict(infos).to_dataset_card_data(data)
    return data


def _size_categories(infos: Mapping[str, DatasetInfo]) -> list[str]:
    rows = [sum(split.num_examples for split in info.splits.values()) for info in infos.values()]
    places = {min(max(len(str(count)) - 3, 0), len(_SIZE_CATEGORIES) - 1) for count in rows}
    return [_SIZE_CATEGORIES[place] for place in sorted(places)]
