"""The collection that groups the repositories of a namespace, with the paper."""

from __future__ import annotations

from functools import partial
from typing import Literal

from huggingface_hub import Collection, HfApi
from huggingface_hub.errors import HfHubHTTPError

from .. import paper
from ..baselines.bundled import list_checkpoints
from ..errors import HubError
from .naming import dataset_repo_id, model_repo_id, space_repo_id
from .planning import PublishedRepo, Target
from .remote_repo import FileChange
from .retries import make_sure, retry

ItemType = Literal["dataset", "space", "model", "paper"]
Item = tuple[ItemType, str]
"""Type and id of an item of a collection."""

COLLECTION_TITLE = "MNIST-1D"
DESCRIPTION = (
    "A 40-point dataset of ten digits for studying deep learning in seconds, baselines trained on it, and a page to play "
    "with."
)


def plan_collection(target: Target) -> PublishedRepo:
    """Return which items the collection has and which would be added."""
    found = _find_collection(target.api, target.namespace)
    present = _items(found) if found else set()
    changes = tuple(
        FileChange(f"{kind}s/{item}", 0, "unchanged" if (kind, item) in present else "new")
        for kind, item in _wanted(target.namespace)
    )
    return PublishedRepo("collection", COLLECTION_TITLE, f"{target.api.endpoint}/collections", None, changes)


def publish_collection(target: Target) -> str:
    """Create the collection if needed, add what it lacks, keep what others added, and return its address."""
    api, namespace = target.api, target.namespace
    create = partial(api.create_collection, COLLECTION_TITLE, namespace=namespace, description=DESCRIPTION)
    found = retry(lambda: _find_collection(api, namespace) or create(private=target.private))
    present = _items(found)
    for kind, item in _wanted(namespace):
        if (kind, item) in present:
            continue
        try:
            retry(partial(_add, api, found.slug, kind, item))
        except HfHubHTTPError as error:
            if error.response.status_code != 404:
                raise
            raise HubError(f"{item} is not on the Hub; publish all parts: mnist1d-hf publish {namespace}") from error
    return str(found.url)


def _find_collection(api: HfApi, namespace: str) -> Collection | None:
    for collection in api.list_collections(owner=namespace):
        if collection.title == COLLECTION_TITLE:
            # A list of collections names only the first few items of each.
            return api.get_collection(collection.slug)
    return None


def _add(api: HfApi, slug: str, kind: ItemType, item: str) -> None:
    make_sure(
        lambda: api.add_collection_item(slug, item, kind), lambda: (kind, item) in _items(api.get_collection(slug))
    )


def _items(collection: Collection) -> set[tuple[str, str]]:
    return {(item.item_type, item.item_id) for item in collection.items}


def _wanted(namespace: str) -> list[Item]:
    models: list[Item] = [("model", model_repo_id(namespace, name, config)) for config, name in list_checkpoints()]
    first: list[Item] = [("dataset", dataset_repo_id(namespace)), ("space", space_repo_id(namespace))]
    return [*first, *models, ("paper", paper.ARXIV_ID)]
