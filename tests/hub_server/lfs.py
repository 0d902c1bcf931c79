"""Routes of uploads to large-file storage."""

import base64
import hashlib

from .git import belongs_in_lfs
from .messages import Answer, RefusedError, as_json
from .routing import API, GIT, route


@route("POST", API + "/preupload/(?P<rev>[^/]+)")
def preupload(hub, call, repo, rev):
    hub.must_commit(call, repo, rev, create_pr=call.flag("create_pr"))
    files, wanted = repo.at(rev).files, call.json()["files"]
    call.about += [file["path"] for file in wanted]
    return {"files": [upload_mode(files, file) for file in wanted]}


def upload_mode(files, file):
    lfs = belongs_in_lfs(files, file["path"], file["size"], base64.b64decode(file.get("sample", "")))
    there = files.get(file["path"])
    oid = {"oid": there.etag} if there else {}
    return {"path": file["path"], "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False, **oid}


@route("POST", rf"{GIT}\.git/info/lfs/objects/batch")
def lfs_batch(hub, call, repo):
    wanted = call.json()
    ref = wanted.get("ref", {}).get("name")
    hub.must_commit(call, repo, ref, create_pr=ref is None)
    objects = []
    call.about += [item["oid"] for item in wanted["objects"]]
    for item in wanted["objects"]:
        verify = f"{hub.endpoint}/{repo.path}.git/info/lfs/objects/verify"
        actions = {"upload": {"href": f"{hub.storage}/upload/{repo.path}/{item['oid']}"}, "verify": {"href": verify}}
        objects.append({**item, **({} if item["oid"] in repo.objects else {"actions": actions})})
    return as_json({"transfer": "basic", "objects": objects}, headers={"Content-Type": "application/vnd.git-lfs+json"})


@route("PUT", f"/upload{GIT}/(?P<oid>[0-9a-f]{{64}})")
def lfs_upload(hub, call, repo, oid):
    call.about.append(oid)
    if hashlib.sha256(call.body).hexdigest() != oid:
        raise RefusedError(400, "BadDigest: the SHA-256 of the content is not the one of the address")
    repo.objects[oid] = call.body
    return Answer()


@route("POST", rf"{GIT}\.git/info/lfs/objects/verify")
def lfs_verify(hub, call, repo):
    wanted = call.json()
    call.about.append(wanted["oid"])
    if len(repo.objects.get(wanted["oid"], b"")) != wanted["size"]:
        raise RefusedError(404, f"Object {wanted['oid']} was not uploaded")
    return Answer()
