"""The collection that groups the repositories of a namespace, with the paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from huggingface_hub import Collection, HfApi
from huggingface_hub.errors import HfHubHTTPError

from .. import paper
from ..errors import HubError
from .comparison import FileChange
from .remote import make_sure, retry

Item = tuple[Literal["dataset", "model", "paper"], str]
"""Type and id of what is in a collection."""

COLLECTION_TITLE = "MNIST-1D"
DESCRIPTION = "A 40-point dataset of ten digits for studying deep learning in seconds, and baselines trained on it."


def plan_collection(api: HfApi, namespace: str, items: Sequence[Item]) -> list[FileChange]:
    """Return which items the collection has and which it would get.

    Parameters
    ----------
    api : huggingface_hub.HfApi
        Client.
    namespace : str
        User or organisation.
    items : sequence of Item
        The repositories.

    Returns
    -------
    list of FileChange
        One an item, without a size.
    """
    found = find_collection(api, namespace)
    present = _items(found) if found else set()
    return [
        FileChange(f"{kind}s/{item}", 0, "unchanged" if (kind, item) in present else "new")
        for kind, item in _with_paper(items)
    ]


def publish_collection(api: HfApi, namespace: str, items: Sequence[Item], *, private: bool) -> str:
    """Make the collection if it is not there, and add what it lacks; what others added stays.

    Parameters
    ----------
    api : huggingface_hub.HfApi
        Client.
    namespace : str
        User or organisation.
    items : sequence of Item
        The repositories.
    private : bool
        Make a new collection private.

    Returns
    -------
    str
        Its address.

    Raises
    ------
    HubError
        If one of the items is not on the Hub.
    """
    found = retry(
        lambda: (
            find_collection(api, namespace)
            or api.create_collection(COLLECTION_TITLE, namespace=namespace, description=DESCRIPTION, private=private)
        )
    )
    present = _items(found)
    for kind, item in _with_paper(items):
        if (kind, item) not in present:
            try:
                retry(partial(_add, api, found.slug, kind, item))
            except HfHubHTTPError as error:
                if error.response.status_code != 404:
                    raise
                raise HubError(
                    f"{item} is not on the Hub; publish all parts: mnist1d-hf publish {namespace}"
                ) from error
    return str(found.url)


def find_collection(api: HfApi, namespace: str) -> Collection | None:
    """Return the collection of a namespace, or None if there is none.

    Parameters
    ----------
    api : huggingface_hub.HfApi
        Client.
    namespace : str
        User or organisation.

    Returns
    -------
    huggingface_hub.Collection or None
        With all its items.
    """
    for collection in api.list_collections(owner=namespace):
        if collection.title == COLLECTION_TITLE:
            # A list of collections names only the first few items of each.
            return api.get_collection(collection.slug)
    return None


def _add(api: HfApi, slug: str, kind: Literal["dataset", "model", "paper"], item: str) -> None:
    make_sure(
        lambda: api.add_collection_item(slug, item, kind), lambda: (kind, item) in _items(api.get_collection(slug))
    )


def _items(collection: Collection) -> set[tuple[str, str]]:
    return {(item.item_type, item.item_id) for item in collection.items}


def _with_paper(items: Sequence[Item]) -> list[Item]:
    return [*items, ("paper", paper.ARXIV_ID)]
