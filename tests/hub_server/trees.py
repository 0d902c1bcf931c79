"""Routes of files and history: trees, paths and commits."""

import json
import posixpath

from .git import git_sha1
from .messages import RefusedError, page
from .routing import API, route


@route("GET", API + "/tree/(?P<rev>[^/]+)(?:/(?P<path>.+))?")
def tree(hub, call, repo, rev, path):
    commit, expand = repo.at(rev), call.flag("expand")
    if path and path not in commit.folders:
        raise RefusedError(404, f'"{path}" is not a folder of {repo.id}', code="EntryNotFound")
    paths = sorted({*commit.files, *commit.folders})
    if path:
        paths = [entry for entry in paths if entry.startswith(f"{path}/")]
    if not call.flag("recursive"):
        paths = [entry for entry in paths if posixpath.dirname(entry) == (path or "")]
    return page(hub, call, [tree_entry(repo, commit, entry, expand) for entry in paths], 50 if expand else 1000)


@route("POST", API + "/paths-info/(?P<rev>[^/]+)")
def paths_info(hub, call, repo, rev):
    commit, fields = repo.at(rev), call.values()
    expand = str(fields.get("expand", [""])[0]).lower() == "true"
    known = {*commit.files, *commit.folders}
    paths = [path.rstrip("/") for path in fields.get("paths", [])]
    return [tree_entry(repo, commit, path, expand) for path in paths if path in known]


def tree_entry(repo, commit, path, expand):
    blob = commit.files.get(path)
    if blob:
        entry = {"type": "file", "path": path, "oid": blob.oid, **blob.describe(hash_name="oid")}
    else:
        oid = git_sha1("tree", json.dumps(sorted(commit.under(path).items())).encode())
        entry = {"type": "directory", "path": path, "oid": oid, "size": 0}
    if expand:
        change = repo.last_change(commit, path)
        entry["lastCommit"] = {"id": change.oid, "title": change.title, "date": change.date}
    return entry


@route("GET", API + "/commits/(?P<rev>[^/]+)")
def commits(hub, call, repo, rev):
    items = [
        {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.message,
            "date": commit.date,
            "authors": [{"user": commit.author}],
        }
        for commit in repo.history(repo.at(rev))
    ]
    return page(hub, call, items, 50)
