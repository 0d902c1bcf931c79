"""Collections of the local Hub, through the clients that know nothing of it."""

import pytest
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError


def test_collections(hub, ada, bob, anonymous):
    made = ada.create_collection("MNIST-1D: all of it", namespace="engines", description="Models", private=True)
    assert made.slug.startswith("engines/mnist-1d-all-of-it-")
    with pytest.raises(HfHubHTTPError):
        ada.create_collection("MNIST-1D: all of it", namespace="engines")
    assert ada.create_collection("MNIST-1D: all of it", namespace="engines", exists_ok=True).slug == made.slug
    for number in range(5):
        ada.create_repo(f"engines/model-{number}")
        ada.add_collection_item(made.slug, f"engines/model-{number}", "model", note=f"number {number}")
    with pytest.raises(HfHubHTTPError) as there:
        ada.add_collection_item(made.slug, "engines/model-0", "model")
    assert there.value.response.status_code == 409
    items = ada.add_collection_item(made.slug, "engines/model-0", "model", exists_ok=True).items
    assert [(item.item_id, item.note) for item in items][:1] == [("engines/model-0", "number 0")]
    with pytest.raises(RepositoryNotFoundError):
        ada.add_collection_item(made.slug, "engines/missing", "model")
    assert [len(found.items) for found in ada.list_collections(owner="engines")] == [4]
    assert not list(anonymous.list_collections(owner="engines"))
    with pytest.raises(HfHubHTTPError, match="not found"):
        bob.get_collection(made.slug)

    ada.update_collection_item(made.slug, items[4].item_object_id, position=0, note="best")
    ada.delete_collection_item(made.slug, items[0].item_object_id)
    ada.delete_collection_item(made.slug, items[0].item_object_id, missing_ok=True)
    (kept,) = hub.collections()
    assert [(item["id"][-1], item["position"]) for item in kept["items"]] == [("4", 0), ("1", 1), ("2", 2), ("3", 3)]
    renamed = ada.update_collection_metadata(made.slug, title="Other", private=False)
    assert (renamed.title, renamed.description, bob.get_collection(made.slug).slug) == ("Other", "Models", renamed.slug)
    assert [found.slug for found in anonymous.list_collections(item="models/engines/model-3")] == [renamed.slug]
    with pytest.raises(HfHubHTTPError, match="Authorization error"):
        bob.delete_collection(made.slug)
    ada.delete_collection(made.slug)
    ada.delete_collection(made.slug, missing_ok=True)
    with pytest.raises(BadRequestError, match="150"):
        ada.create_collection("Long", description="x" * 151)
