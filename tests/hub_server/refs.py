"""Routes of references: branches and tags."""

import re

from .messages import RefusedError
from .routing import API, route


@route("GET", API + "/refs")
def refs(hub, call, repo):
    def named(prefix):
        found = [(ref, oid) for ref, oid in repo.refs.items() if ref.startswith(prefix)]
        return [{"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": oid} for ref, oid in found]

    pull_requests = {"pullRequests": named("refs/pr/")} if call.flag("include_prs") else {}
    return {"branches": named("refs/heads/"), "converts": [], "tags": named("refs/tags/"), **pull_requests}


@route("POST", API + "/branch/(?P<name>[^/]+)")
def create_branch(hub, call, repo, name):
    hub.must_write(call, repo.namespace)
    return create_ref(repo, f"refs/heads/{name}", call.json().get("startingPoint") or "main")


@route("DELETE", API + "/branch/(?P<name>[^/]+)")
def delete_branch(hub, call, repo, name):
    hub.must_write(call, repo.namespace)
    if name == "main":
        raise RefusedError(403, "Cannot delete refs/heads/main")
    return delete_ref(repo, f"refs/heads/{name}")


@route("POST", API + "/tag/(?P<rev>[^/]+)")
def create_tag(hub, call, repo, rev):
    hub.must_write(call, repo.namespace)
    return create_ref(repo, f"refs/tags/{call.json()['tag']}", rev)


@route("DELETE", API + "/tag/(?P<name>[^/]+)")
def delete_tag(hub, call, repo, name):
    hub.must_write(call, repo.namespace)
    return delete_ref(repo, f"refs/tags/{name}")


def create_ref(repo, ref, revision):
    if not re.fullmatch(r"(?!.*\.\.)refs/(heads|tags)/(?!refs/)[\w.-]+(/[\w.-]+)*", ref):
        raise RefusedError(400, f"Invalid reference: {ref}")
    oid = repo.at(revision).oid
    if ref in repo.refs:
        raise RefusedError(409, f"Reference {ref} already exists")
    repo.refs[ref] = oid
    return {}


def delete_ref(repo, ref):
    if ref not in repo.refs:
        raise RefusedError(404, f"Invalid rev id: {ref}", code="RevisionNotFound")
    del repo.refs[ref]
    return {}
