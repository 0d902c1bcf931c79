"""Routes of downloads."""

import hashlib

from .messages import Answer, RefusedError, content
from .routing import GIT, route


@route("GET", GIT + "/resolve/(?P<rev>[^/]+)/(?P<path>.+)")
def resolve(hub, call, repo, rev, path):
    commit = repo.at(rev)
    if repo.gated and hub.role(call.token, repo.namespace) is None:
        raise RefusedError(403, f"Access to model {repo.id} is restricted.", code="GatedRepo")
    if path not in commit.files:
        refused = RefusedError(404, f"Entry not found: {path}", code="EntryNotFound")
        refused.answer.headers["X-Repo-Commit"] = commit.oid
        raise refused
    blob, headers = commit.files[path], {"X-Repo-Commit": commit.oid}
    if not blob.lfs:
        return content(call, blob.content, {**headers, "ETag": f'"{blob.etag}"'})
    linked = {"X-Linked-Etag": f'"{blob.etag}"', "X-Linked-Size": str(len(blob.content))}
    repo.objects.setdefault(blob.sha256, blob.content)
    return Answer(302, b"", {**headers, **linked, "Location": f"{hub.storage}/download/{repo.path}/{blob.sha256}"})


@route("GET", f"/download{GIT}/(?P<oid>[0-9a-f]{{64}})")
def download(hub, call, repo, oid):
    if oid not in repo.objects:
        raise RefusedError(404, "NoSuchKey")
    return content(call, repo.objects[oid], {"ETag": f'"{hashlib.md5(repo.objects[oid]).hexdigest()}"'})
