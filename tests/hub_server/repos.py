"""Routes of repositories: creating, deleting, listing and describing them."""

import hashlib
import re

from .cards import front_matter
from .git import Blob, Repo
from .messages import RefusedError, page
from .routing import API, route
from .spaces import SDKS, space_info

REPO_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)[A-Za-z0-9_]([\w.-]{0,94}[A-Za-z0-9_])?", re.ASCII)


@route("POST", "/api/repos/create")
def create_repo(hub, call):
    token, wanted = hub.signed_in(call), call.json()
    repo_type, name = wanted.get("type", "model"), wanted["name"]
    namespace = wanted.get("organization") or token.user
    repo_id = f"{namespace}/{name}"
    if not REPO_NAME.fullmatch(name):
        raise RefusedError(
            400, f"Invalid repository name: {name!r}. Use letters, digits, '-', '_' and '.', up to 96 of them."
        )
    if repo_type == "space" and wanted.get("sdk") not in SDKS:
        raise RefusedError(400, f'Invalid input: "sdk" must be one of [{", ".join(SDKS)}]')
    if not hub.may_write(token, namespace):
        raise RefusedError(403, f'You don\'t have the rights to create a {repo_type} under the namespace "{namespace}"')
    url = {"url": f"{hub.endpoint}/{'' if repo_type == 'model' else repo_type + 's/'}{repo_id}", "name": repo_id}
    if (repo_type, repo_id) in hub.repos:
        raise RefusedError(409, f"You already created this {repo_type} repo: {repo_id}", **url)
    private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
    sdk = {"sdk": wanted["sdk"]} if repo_type == "space" else {}
    hub.repos[repo_type, repo_id] = Repo(repo_type, repo_id, author=token.user, private=private, **sdk)
    return url


@route("DELETE", "/api/repos/delete")
def delete_repo(hub, call):
    token, wanted = hub.signed_in(call), call.json()
    namespace = wanted.get("organization") or token.user
    repo = hub.readable(call, wanted.get("type", "model"), f"{namespace}/{wanted['name']}")
    hub.must_write(call, repo.namespace)
    del hub.repos[repo.type, repo.id]
    return {}


@route("GET", "/api/(?P<kind>model|dataset|space)s")
def list_repos(hub, call, kind):
    author, words = call.query.get("author"), call.query.get("search", [])
    found = [
        repo
        for repo in hub.repos.values()
        if repo.type == kind
        and hub.may_read(call.token, repo)
        and (not author or repo.namespace in author)
        and all(word.lower() in repo.id.lower() for word in words)
    ]
    described = [info(repo, repo.at("main")) for repo in found]
    wanted = call.query.get("filter", [])
    described = [answer for answer in described if all(tag in answer["tags"] for tag in wanted)]
    if call.query.get("sort", [""])[0] in ("lastModified", "createdAt"):
        described.sort(key=lambda answer: answer[call.query["sort"][0]], reverse=True)
    return page(hub, call, [listed(call, answer) for answer in described], 1000)


def listed(call, answer):
    """What a list shows of a repository: what was asked for, or a few things of models, which datasets show more of."""
    expand = call.query.get("expand")
    if not expand and not call.path.endswith("/models"):
        return answer
    shown = {"_id", "id", *(expand or ("private", "createdAt", "downloads", "likes", "tags"))}
    shown |= {"sha", "lastModified", "author", "gated", "disabled"} if call.flag("full") else set()
    shown |= {"cardData"} if call.flag("cardData") else set()
    return {name: value for name, value in answer.items() if name in shown}


@route("GET", f"{API}(?:/revision/(?P<rev>[^/]+))?")
def repo_info(hub, call, repo, rev):
    commit = repo.at(rev or "main")
    expand = call.query.get("expand", [])
    answer = info(repo, commit)
    answer["siblings"] = [
        {"rfilename": path, **({"blobId": blob.oid, **blob.describe(hash_name="sha256")} if call.flag("blobs") else {})}
        for path, blob in sorted(commit.files.items())
    ]
    return {name: value for name, value in answer.items() if not expand or name in ("id", *expand)}


def info(repo, commit):
    card = commit.files.get("README.md", Blob(b"")).content.decode(errors="replace")
    try:
        data = front_matter(card) or {}
    except ValueError:
        data = {}
    return {
        "_id": hashlib.sha1(repo.id.encode()).hexdigest()[:24],
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.oid,
        "lastModified": repo.at("main").date,
        "createdAt": list(repo.history(commit))[-1].date,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": tags if isinstance(tags := data.get("tags"), list) else [tags] if tags else [],
        **({"cardData": data} if data else {}),
        **(space_info(repo, data) if repo.type == "space" else {}),
    }
