"""Routes of collections."""

import re

from .clock import new_id, now
from .messages import RefusedError, page
from .routing import route

COLLECTION = r"/api/collections/(?P<slug>[^/]+/[^/]+)"


@route("GET", "/api/collections")
def list_collections(hub, call):
    owners, items = call.query.get("owner"), call.query.get("item", [])
    found = [
        # In a list the Hub shows four items at most, and no position, which the client counts itself.
        {name: value[:4] if name == "items" else value for name, value in collection.items() if name != "position"}
        for collection in hub._collections
        if hub.may_see(call.token, collection)
        and (not owners or collection["owner"]["name"] in owners)
        and all(any(f"{item['type']}s/{item['id']}" == wanted for item in collection["items"]) for wanted in items)
    ]
    return page(hub, call, found, 100)


@route("POST", "/api/collections")
def create_collection(hub, call):
    wanted = call.json()
    owner, title = wanted["namespace"], wanted["title"]
    hub.must_write(call, owner)
    for collection in hub._collections:
        if (collection["owner"]["name"], collection["title"]) == (owner, title):
            raise RefusedError(409, "This collection already exists", slug=collection["slug"])
    collection = {"_id": new_id(), "owner": {"name": owner, "type": hub.kind(owner)}, "items": [], "upvotes": 0}
    collection |= {"private": wanted.get("private", False), "theme": "orange", "position": len(hub._collections)}
    hub._collections.append(set_metadata(collection, wanted))
    return collection


def set_metadata(collection, wanted):
    if len(wanted.get("title", "")) > 60 or len(wanted.get("description", "")) > 150:
        raise RefusedError(400, "A title has up to 60 characters, a description up to 150")
    collection.update({name: wanted[name] for name in ("title", "description", "private", "theme") if name in wanted})
    words = re.sub(r"[^a-z0-9]+", "-", collection["title"].lower()).strip("-")
    collection["slug"] = f"{collection['owner']['name']}/{words}-{collection['_id']}"
    collection["lastUpdated"] = now()
    return collection


def find_collection(hub, call, slug, *, write=False):
    """The collection of a slug: only the id at its end counts."""
    for collection in hub._collections:
        if slug.rpartition("-")[2] == collection["_id"] and hub.may_see(call.token, collection):
            if write:
                hub.must_write(call, collection["owner"]["name"])
            return collection
    raise RefusedError(404, "Collection not found")


@route("GET", COLLECTION)
def collection(hub, call, slug):
    return find_collection(hub, call, slug)


@route("PATCH", COLLECTION)
def update_collection(hub, call, slug):
    return {"success": True, "data": set_metadata(find_collection(hub, call, slug, write=True), call.json())}


@route("DELETE", COLLECTION)
def delete_collection(hub, call, slug):
    hub._collections.remove(find_collection(hub, call, slug, write=True))
    return {"success": True}


@route("POST", f"{COLLECTION}/items")
def add_collection_item(hub, call, slug):
    found, wanted = find_collection(hub, call, slug, write=True), call.json()
    item = wanted["item"]
    if any((there["type"], there["id"]) == (item["type"], item["id"]) for there in found["items"]):
        raise RefusedError(409, "This item is already in the collection")
    if item["type"] in ("model", "dataset", "space"):
        hub.readable(call, item["type"], item["id"])
    note = {"note": {"text": wanted["note"], "html": wanted["note"]}} if wanted.get("note") else {}
    found["items"].append({"_id": new_id(), **item, **note})
    return numbered(found)


@route("PATCH", f"{COLLECTION}/items/(?P<item>[0-9a-f]+)")
def update_collection_item(hub, call, slug, item):
    found, wanted = find_collection(hub, call, slug, write=True), call.json()
    there = find_item(found, item)
    if "note" in wanted:
        there["note"] = {"text": wanted["note"], "html": wanted["note"]}
    if "position" in wanted:
        found["items"].remove(there)
        found["items"].insert(wanted["position"], there)
    numbered(found)
    return {"success": True}


@route("DELETE", f"{COLLECTION}/items/(?P<item>[0-9a-f]+)")
def delete_collection_item(hub, call, slug, item):
    found = find_collection(hub, call, slug, write=True)
    found["items"].remove(find_item(found, item))
    numbered(found)
    return {"success": True}


def find_item(collection, item_id):
    for item in collection["items"]:
        if item["_id"] == item_id:
            return item
    raise RefusedError(404, "Item not found")


def numbered(collection):
    for position, item in enumerate(collection["items"]):
        item["position"] = position
    collection["lastUpdated"] = now()
    return collection
