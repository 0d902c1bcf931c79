"""The dataset card, rendered from a template and from the code's own values."""

from __future__ import annotations

from collections.abc import Iterable

import yaml
from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData

from .. import paper
from ..dataset.parameters import PARAMETER_NAMES, GenerationParameters
from ..dataset.presets import CONFIGS, PRESETS
from ..dataset.templates import CLASS_NAMES
from ..utils.rendering import render_template
from ..utils.resources import resource_folder
from ..version import DATA_VERSION, __version__

TASKS = {"default": "mnist1d", "shuffled": "mnist1d_shuffled"}
"""Ids of the benchmark's tasks by the config they are about."""

# Lower bounds of the Hub's size categories; https://huggingface.co/docs/hub/datasets-cards
_SIZE_CATEGORIES = {
    "n<1K": 0,
    "1K<n<10K": 10**3,
    "10K<n<100K": 10**4,
    "100K<n<1M": 10**5,
    "1M<n<10M": 10**6,
    "10M<n<100M": 10**7,
    "100M<n<1B": 10**8,
    "1B<n<10B": 10**9,
    "10B<n<100B": 10**10,
}


def render_card(infos: dict[str, DatasetInfo], repo_id: str = "<namespace>/mnist1d") -> str:
    """Render the card of a dataset repository.

    Parameters
    ----------
    infos : dict of str to datasets.DatasetInfo
        Features, splits and sizes of each config in the repository, by name.
    repo_id : str
        Id of the repository on the Hub.

    Returns
    -------
    str
        The text of README.md, metadata included.

    Raises
    ------
    jinja2.UndefinedError
        If the template asks for a value that is not there.
    """
    text = render_template(
        resource_folder("dataset_card") / "template.md",
        configs=infos,
        descriptions={name: preset.description for name, preset in PRESETS.items()},
        parameters={name: _parameters(name, info) for name, info in infos.items()},
        repo_id=repo_id,
        parameter_names=PARAMETER_NAMES,
        table_2=GenerationParameters(),
        class_names=CLASS_NAMES,
        paper=paper,
        data_version=DATA_VERSION,
        version=__version__,
    )
    return f"---\n{_metadata(infos).to_yaml()}\n---\n\n{text}"


def render_tasks(configs: Iterable[str]) -> str:
    """Render ``eval.yaml``, which registers the accuracy on the paper's two datasets as tasks of a benchmark.

    Parameters
    ----------
    configs : iterable of str
        Configs in the repository.

    Returns
    -------
    str
        The text of the file; see https://huggingface.co/docs/hub/eval-results.
    """
    present = set(configs)
    content = {
        "name": "MNIST-1D",
        "description": "Accuracy in percent on the 1000 test rows of MNIST-1D.",
        "tasks": [
            {"id": task, "config": config, "split": "test"} for config, task in TASKS.items() if config in present
        ],
    }
    return str(yaml.safe_dump(content, sort_keys=False))


def _parameters(name: str, info: DatasetInfo) -> GenerationParameters:
    return CONFIGS[name].replace(num_samples=sum(split.num_examples for split in info.splits.values()))


def _metadata(infos: dict[str, DatasetInfo]) -> DatasetCardData:
    data = DatasetCardData(
        pretty_name="MNIST-1D",
        license="apache-2.0",
        task_categories=["tabular-classification"],
        task_ids=["tabular-multi-class-classification"],
        size_categories=_size_categories(infos),
        annotations_creators=["machine-generated"],
        source_datasets=["original"],
        tags=["timeseries", "tabular", "mnist", "mnist-1d", "synthetic", "benchmark", "icml-2024"],
    )
    MetadataConfigs(
        {
            name: {
                "data_files": [{"split": split, "path": f"{name}/{split}-*"} for split in info.splits],
                **({"default": True} if name == "default" else {}),
            }
            for name, info in infos.items()
        }
    ).to_dataset_card_data(data)
    DatasetInfosDict(infos).to_dataset_card_data(data)
    return data


def _size_categories(infos: dict[str, DatasetInfo]) -> list[str]:
    rows = [sum(split.num_examples for split in info.splits.values()) for info in infos.values()]
    found = {max((low, name) for name, low in _SIZE_CATEGORIES.items() if low <= count) for count in rows}
    return [name for _, name in sorted(found)]
