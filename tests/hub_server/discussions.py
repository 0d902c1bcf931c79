"""Routes of discussions and pull requests."""

from .clock import now
from .git import Discussion
from .messages import RefusedError
from .routing import API, route


def open_discussion(repo, title, author, *, status, target=None, base=None, text=""):
    discussion = Discussion(len(repo.discussions) + 1, title, author, status, now(), target, base)
    repo.discussions.append(discussion)
    if target:
        repo.refs[discussion.ref] = base
    discussion.log(author, "comment", **comment(text, author))
    return discussion


def comment(text, author):
    latest = {"raw": text, "html": text, "updatedAt": now(), "author": {"name": author}}
    return {"edited": False, "hidden": False, "latest": latest, "history": [latest]}


def log_commit(repo, ref, commit):
    pull_request = repo.pull_request(ref)
    if pull_request:
        pull_request.log(commit.author, "commit", subject=commit.title, oid=commit.oid)


def find_discussion(repo, num):
    if not 0 < int(num) <= len(repo.discussions):
        raise RefusedError(404, f"Discussion {num} does not exist")
    return repo.discussions[int(num) - 1]


def summary(repo, discussion):
    return {
        "num": discussion.num,
        "title": discussion.title,
        "author": {"name": discussion.author},
        "status": discussion.status,
        "isPullRequest": bool(discussion.target),
        "createdAt": discussion.created,
        "repo": {"name": repo.id, "type": repo.type},
    }


@route("GET", API + "/discussions")
def list_discussions(hub, call, repo):
    kind, status, author, number = (call.query.get(name, [None])[0] for name in ("type", "status", "author", "p"))
    found = [
        discussion
        for discussion in reversed(repo.discussions)
        if kind in (None, "all", "pull_request" if discussion.target else "discussion")
        and status in (None, "all", "open" if discussion.status in ("open", "draft") else "closed")
        and author in (None, discussion.author)
    ]
    start = 10 * int(number or 0)
    shown = [summary(repo, discussion) for discussion in found[start : start + 10]]
    return {"discussions": shown, "count": len(found), "start": start}


@route("POST", API + "/discussions")
def create_discussion(hub, call, repo):
    wanted, author = call.json(), hub.must_commit(call, repo, None, create_pr=True).user
    pull_request = (
        {"target": "refs/heads/main", "base": repo.refs["refs/heads/main"]} if wanted.get("pullRequest") else {}
    )
    status = "draft" if pull_request else "open"
    text = wanted.get("description", "")
    return summary(repo, open_discussion(repo, wanted["title"], author, status=status, text=text, **pull_request))


@route("GET", API + r"/discussions/(?P<num>\d+)")
def discussion(hub, call, repo, num):
    found = find_discussion(repo, num)
    details = {**summary(repo, found), "events": found.events}
    if found.target:
        merged = {"mergeCommitId": found.merged} if found.merged else {}
        conflicts = repo.conflicts(found) if found.status != "merged" else []
        details |= {"changes": {"base": found.target, **merged}, "filesWithConflicts": conflicts, "diff": ""}
    return details


@route("POST", API + r"/discussions/(?P<num>\d+)/merge")
def merge(hub, call, repo, num):
    token, found = hub.must_write(call, repo.namespace), find_discussion(repo, num)
    if not found.target or found.status != "open":
        raise RefusedError(400, f"Discussion {num} is not an open pull request")
    conflicts = repo.conflicts(found)
    if conflicts:
        raise RefusedError(409, f"This pull request has conflicts that must be resolved first: {', '.join(conflicts)}")
    repo.merge(found, token.user)
    found.log(token.user, "status-change", status="merged")
    return {}


@route("POST", API + r"/discussions/(?P<num>\d+)/status")
def change_status(hub, call, repo, num):
    token, found = hub.signed_in(call), find_discussion(repo, num)
    if token.user != found.author:
        hub.must_write(call, repo.namespace)
    if found.status == "merged":
        raise RefusedError(400, f"Pull request {num} is merged")
    found.status = call.json()["status"]
    return {"newStatus": found.log(token.user, "status-change", status=found.status)}
