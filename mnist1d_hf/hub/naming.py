"""Names on the Hub: of repositories, and of the tag that holds a version of the data."""

from __future__ import annotations

BENCHMARK_DATASET = "mnist1d-hf/mnist1d"
"""Id of this project's dataset, whose tasks the results of submitted models name."""


EVAL_RESULTS_NAME = ".eval_results/mnist1d.yaml"
"""File with the results of a model, for the leaderboard of a dataset."""


def dataset_repo_id(namespace: str) -> str:
    """Return the id of the dataset in a namespace."""
    return f"{namespace}/mnist1d"


def model_repo_id(namespace: str, name: str, config: str) -> str:
    """Return the id of a checkpoint: "<namespace>/mnist1d-cnn", or "<namespace>/mnist1d-cnn-shuffled"."""
    return f"{namespace}/mnist1d-{name}{'' if config == 'default' else f'-{config}'}"


def space_repo_id(namespace: str) -> str:
    """Return the id of the Space in a namespace, which is that of the dataset too."""
    return f"{namespace}/mnist1d"


def checked_name(repo_type: str, repo_id: str) -> str:
    """Return the name of a repository in checks: its id, after "spaces/" for a Space, as in its address."""
    return f"spaces/{repo_id}" if repo_type == "space" else repo_id


def release_tag(data_version: str) -> str:
    """Return the tag of the dataset that holds this version of the data."""
    return f"v{data_version}"
