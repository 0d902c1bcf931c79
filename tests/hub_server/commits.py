"""The route that commits."""

import base64
import json

from .discussions import log_commit, open_discussion
from .git import Blob, parents, track_in_lfs
from .messages import RefusedError
from .routing import API, route


@route("POST", API + "/commit/(?P<rev>[^/]+)")
def commit(hub, call, repo, rev):
    create_pr = call.flag("create_pr")
    hub.must_commit(call, repo, rev, create_pr=create_pr)
    lines = [json.loads(line) for line in call.body.splitlines()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    operations = [(line["key"], line["value"]) for line in lines if line["key"] != "header"]
    target = writable_ref(repo, rev)
    parent = header.get("parentCommit") or repo.refs[target]
    if not create_pr and parent != repo.refs[target]:
        raise RefusedError(412, "The branch was updated since you opened this page. Please refresh and try again.")
    done = repo.at(parent)
    files = apply(repo, done.files, operations)
    title, author, url = header["summary"], call.token.user, {}
    if create_pr:
        pull_request = open_discussion(repo, title, author, target=target, base=done.oid, status="open")
        target, url = pull_request.ref, {"pullRequestUrl": f"{hub.endpoint}/{repo.path}/discussions/{pull_request.num}"}
    if create_pr or files != done.files:
        done = repo.write(target, files, title, author, header.get("description", ""), parent=done.oid)
        log_commit(repo, target, done)
    return {"commitOid": done.oid, "commitUrl": f"{hub.endpoint}/{repo.path}/commit/{done.oid}", **url}


def writable_ref(repo, revision):
    """The branch, or open pull request, that a commit goes to."""
    ref = repo.ref(revision)
    if not ref or ref.startswith("refs/tags/"):
        raise RefusedError(404, f"Invalid rev id: {revision}", code="RevisionNotFound")
    pull_request = repo.pull_request(ref)
    if pull_request and pull_request.status not in ("open", "draft"):
        raise RefusedError(403, f"Pull request {pull_request.num} is {pull_request.status}")
    return ref


def apply(repo, files, operations):
    """The files after the operations of a commit, in their order."""
    files = dict(files)
    for kind, value in operations:
        path = checked_path(value["path"], folder=kind == "deletedFolder")
        if kind == "file":
            files[path] = Blob(base64.b64decode(value["content"]))
        elif kind == "lfsFile":
            if value["oid"] not in repo.objects:
                raise RefusedError(
                    400, f"Your push was rejected: LFS pointer pointed to a file that does not exist: {path}"
                )
            files[path] = Blob(repo.objects[value["oid"]], lfs=True)
        else:
            remove(files, path, folder=kind == "deletedFolder")
    for path in files:
        if any(parent in files for parent in parents(path)):
            raise RefusedError(400, f"{path} is in a folder that is also a file")
    return track_in_lfs(files)


def checked_path(path, *, folder):
    checked = path.removesuffix("/") if folder else path
    pieces = checked.split("/")
    if "\\" in path or "\0" in path or any(piece in ("", ".", "..") or piece.lower() == ".git" for piece in pieces):
        raise RefusedError(400, f"Invalid path: {path!r}")
    return checked


def remove(files, path, *, folder):
    gone = [name for name in files if (name.startswith(f"{path}/") if folder else name == path)]
    if not gone:
        raise RefusedError(404, f"A file with this name doesn't exist: {path}", code="EntryNotFound")
    for name in gone:
        del files[name]
