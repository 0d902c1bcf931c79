"""A local server that speaks the Hub's protocol, to publish to and read from with the unmodified clients.

`Hub` keeps accounts, repositories and collections in memory and answers `huggingface_hub` 1.31 or later, 2.x, and `datasets`:

    with Hub() as hub:
        hub.add_user("ada", orgs={"engines": "write"})
        api = HfApi(endpoint=hub.endpoint, token=hub.add_token("ada"))

Where the Hub is known to do something, so does this server, its wording included; it knows nothing of Xet, gating or Spaces'
hardware. `Hub.fail` makes chosen requests go wrong. Large files are stored under another address, `http://localhost`, as the
Hub stores them with a provider: clients upload to it and are redirected to it without their token.

The file goes from the inside out: git (`Blob`, `Commit`, `Repo`), what a request needs (`Call`, `Answer`, `RefusedError`), one
function for each route, `Hub`, and HTTP.
"""

import base64
import contextlib
import fnmatch
import functools
import hashlib
import itertools
import json
import posixpath
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import yaml  # of the packages huggingface_hub needs

LFS_LINE = "{} filter=lfs diff=lfs merge=lfs -text\n"
LFS_PATTERNS = (
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy *.npz *.onnx *.ot "
    "*.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/* *.tar.* *.tar *.tflite *.tgz *.wasm *.xz "
    "*.zip *.zst *tfevents*"
)
LFS_DATASET_PATTERNS = (
    "*.avro *.lz4 *.mds *.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav *.bmp *.gif *.png *.tiff *.jpg *.jpeg *.webp "
    "*.mp4 *.webm"
)
LARGEST_REGULAR_FILE = 10 * 2**20
REPO_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)[A-Za-z0-9_]([\w.-]{0,94}[A-Za-z0-9_])?", re.ASCII)
WRITING_ROLES = {"admin", "write", "contributor"}

_ids = itertools.count(0x65_00_00_00_00_00_00_00_00_00_00_00)


def new_id():
    """Return an id as of a database: 24 hexadecimal digits."""
    return f"{next(_ids):024x}"


def now():
    """Return the time as the Hub writes it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- git --------------------------------------------------------------------------------------------------------------


def git_sha1(kind, content):
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


@dataclass(frozen=True)
class Blob:
    """A file's content, in git itself or in LFS with a pointer to it in git."""

    content: bytes
    lfs: bool = False

    @functools.cached_property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self):
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
        return text.encode()

    @functools.cached_property
    def oid(self):
        return git_sha1("blob", self.pointer if self.lfs else self.content)

    @property
    def etag(self):
        return self.sha256 if self.lfs else self.oid

    def describe(self, *, hash_name):
        """The fields of a file that the tree and the repository's info share, but for the name of the hash."""
        if not self.lfs:
            return {"size": len(self.content)}
        lfs = {hash_name: self.sha256, "size": len(self.content), "pointerSize": len(self.pointer)}
        return {"size": len(self.content), "lfs": lfs}


@dataclass(frozen=True)
class Commit:
    """A commit with the whole tree it leads to."""

    oid: str
    parent: str | None
    title: str
    author: str
    message: str
    date: str
    files: dict[str, Blob] = field(repr=False)

    @property
    def folders(self):
        return {str(parent) for path in self.files for parent in parents(path)}

    def under(self, path):
        """The oids of the file of a path, or of those in the folder of that path."""
        if path in self.files:
            return {path: self.files[path].oid}
        return {name: blob.oid for name, blob in self.files.items() if name.startswith(f"{path}/")}


@dataclass
class Discussion:
    """A discussion or pull request; a pull request has the branch it is for, and the commit it started from."""

    num: int
    title: str
    author: str
    status: str
    created: str
    target: str | None = None
    base: str | None = None
    merged: str | None = None
    events: list[dict] = field(default_factory=list, repr=False)

    def log(self, author, kind, **data):
        self.events.append({"id": new_id(), "type": kind, "createdAt": now(), "author": {"name": author}, "data": data})
        return self.events[-1]

    @property
    def ref(self):
        return f"refs/pr/{self.num}"


class Repo:
    """A repository: commits, references to them by full name, uploaded LFS objects, and discussions."""

    def __init__(self, repo_type, repo_id, *, author, private=False):
        self.type, self.id, self.private = repo_type, repo_id, private
        self.namespace = repo_id.partition("/")[0]
        self.commits, self.refs, self.objects, self.discussions = {}, {}, {}, []
        patterns = LFS_PATTERNS.split() + (LFS_DATASET_PATTERNS.split() if repo_type == "dataset" else [])
        attributes = "".join(LFS_LINE.format(pattern) for pattern in patterns)
        self.write("refs/heads/main", {".gitattributes": Blob(attributes.encode())}, "initial commit", author)

    @property
    def path(self):
        """Where the repository is on the server: models have no prefix."""
        return self.id if self.type == "model" else f"{self.type}s/{self.id}"

    def ref(self, revision):
        """The full name of the reference that a name stands for, or None."""
        names = (revision, f"refs/heads/{revision}", f"refs/tags/{revision}")
        return next((name for name in names if name in self.refs), None)

    def at(self, revision):
        """The commit of a revision."""
        oid = self.refs.get(self.ref(revision), revision)
        if oid not in self.commits:
            raise RefusedError(404, f"Invalid rev id: {revision}", code="RevisionNotFound")
        return self.commits[oid]

    def write(self, ref, files, title, author, message="", parent=None):
        """Add a commit on top of a parent, by default the one a reference is at, and move the reference to it."""
        parent = parent or self.refs.get(ref)
        tree = sorted((path, blob.oid) for path, blob in files.items())
        oid = hashlib.sha1(json.dumps([tree, parent, title, len(self.commits)]).encode()).hexdigest()
        self.commits[oid] = Commit(oid, parent, title, author, message, now(), files)
        self.refs[ref] = oid
        return self.commits[oid]

    def history(self, commit):
        """A commit and those before it, newest first."""
        while commit:
            yield commit
            commit = self.commits.get(commit.parent)

    def last_change(self, commit, path):
        """The commit that last changed a file or folder."""
        content = commit.under(path)
        same = itertools.takewhile(lambda earlier: earlier.under(path) == content, self.history(commit))
        return list(same)[-1]

    def conflicts(self, pull_request):
        """The files that a pull request and its target have both changed, and differently, since it was opened."""
        base = self.commits[pull_request.base].files
        theirs = changes(base, self.at(pull_request.ref).files)
        ours = changes(base, self.at(pull_request.target).files)
        return sorted(path for path in theirs if path in ours and ours[path] != theirs[path])

    def merge(self, pull_request, author):
        """Put what a pull request changes on top of its target, as a single commit."""
        head = self.at(pull_request.target)
        theirs = changes(self.commits[pull_request.base].files, self.at(pull_request.ref).files)
        files = {path: blob for path, blob in {**head.files, **theirs}.items() if blob}
        title = f"{pull_request.title} (#{pull_request.num})"
        pull_request.merged = self.write(pull_request.target, files, title, author).oid
        pull_request.status = "merged"


def parents(path):
    """The folders a path is in."""
    pieces = path.split("/")[:-1]
    return ["/".join(pieces[: n + 1]) for n in range(len(pieces))]


def changes(before, after):
    """The paths whose content differs, with the later blob: None where the file is gone."""
    return {path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)}


def tracked_by_lfs(files, path):
    """Whether .gitattributes says that a path belongs in LFS."""
    lines = files[".gitattributes"].content.decode().splitlines() if ".gitattributes" in files else []
    patterns = [line.split()[0] for line in lines if "filter=lfs" in line]
    name = posixpath.basename(path)
    return any(fnmatch.fnmatch(path if "/" in pattern else name, pattern) for pattern in patterns)


def belongs_in_lfs(files, path, size, sample):
    """Whether the Hub wants a file in LFS: by .gitattributes, by size, or because it is binary. Empty files never are."""
    return size > 0 and (tracked_by_lfs(files, path) or size > LARGEST_REGULAR_FILE or b"\0" in sample)


# --- requests and answers -----------------------------------------------------------------------------------------------


@dataclass
class Request:
    """What `Hub.requests` keeps of a request. The status is None when it got no answer."""

    method: str
    path: str
    token: bool
    status: int | None = None


@dataclass(frozen=True)
class Token:
    user: str
    role: str
    scopes: tuple[str, ...] = ()


@dataclass
class Call:
    """A request on its way through the server."""

    method: str
    target: str
    headers: dict
    body: bytes
    token: Token | None = None

    @functools.cached_property
    def path(self):
        return urlsplit(self.target).path

    @functools.cached_property
    def query(self):
        return parse_qs(urlsplit(self.target).query)

    def flag(self, name):
        return self.query.get(name, [""])[-1].lower() in ("1", "true")

    def json(self):
        return json.loads(self.body or b"{}")

    def values(self):
        """The fields of a form or of JSON, with a list for each."""
        if "json" in self.headers.get("Content-Type", ""):
            return {name: value if isinstance(value, list) else [value] for name, value in self.json().items()}
        return parse_qs(self.body.decode())


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)


class RefusedError(Exception):
    """An answer that says no: clients read the reason from the headers, and a few things from the body."""

    def __init__(self, status, message, code=None, **body):
        super().__init__(message)
        headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
        self.answer = as_json({"error": message, **body}, status, headers)


def as_json(value, status=200, headers=()):
    return Answer(
        status,
        json.dumps(value, default=str).encode(),
        {"Content-Type": "application/json; charset=utf-8", **dict(headers)},
    )


def page(hub, call, items, size):
    """One page of a list, with the address of the next in the `Link` header."""
    size = min(size, int(call.query.get("limit", [size])[0]))
    start = int(call.query.get("cursor", [0])[0])
    answer = as_json(items[start : start + size])
    if start + size < len(items):
        query = urlencode({**call.query, "cursor": [start + size]}, doseq=True)
        answer.headers["Link"] = f'<{hub.endpoint}{call.path}?{query}>; rel="next"'
    return answer


def content(call, body, headers):
    """A file, or the part of it that the request asks for."""
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes", **headers}
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("Range", ""))
    if not wanted or wanted[0] == "bytes=-":
        return Answer(200, body, headers)
    size = len(body)
    first = int(wanted[1]) if wanted[1] else max(size - int(wanted[2]), 0)
    last = min(int(wanted[2]), size - 1) if wanted[1] and wanted[2] else size - 1
    if first > last:
        return Answer(416, b"", {"Content-Range": f"bytes */{size}"})
    return Answer(206, body[first : last + 1], {**headers, "Content-Range": f"bytes {first}-{last}/{size}"})


# --- routes -------------------------------------------------------------------------------------------------------------

ROUTES = []
API = r"/api/(?P<type>model|dataset|space)s/(?P<id>[^/]+/[^/]+)"
GIT = r"/(?:(?P<type>dataset|space)s/)?(?P<id>[^/]+/[^/]+)"
COLLECTION = r"/api/collections/(?P<slug>[^/]+/[^/]+)"


def route(method, pattern):
    """Register the function that answers a method and a path.

    It is called with the hub, the call, and the groups of the pattern, unquoted; `type` and `id` become the repository,
    which the token must be allowed to read.
    """

    def register(handler):
        ROUTES.append((method, re.compile(pattern), handler))
        return handler

    return register


# Accounts


@route("GET", "/api/whoami-v2")
def whoami(hub, call):
    token = hub.signed_in(call)
    access = {"displayName": f"{token.user}'s token", "role": token.role, "createdAt": "2026-01-01T00:00:00.000Z"}
    if token.role == "fineGrained":
        permissions = ["repo.content.read", "repo.write", "collection.write", "discussion.write"]
        scoped = [
            {"entity": {"type": hub.kind(name), "name": name}, "permissions": permissions} for name in token.scopes
        ]
        access["fineGrained"] = {"global": [], "scoped": scoped}
    orgs = [
        {"type": "org", "name": name, "fullname": name, "roleInOrg": role, "isEnterprise": False}
        for name, role in hub.users[token.user].items()
    ]
    user = {"type": "user", "id": token.user, "name": token.user, "fullname": token.user, "isPro": False}
    return {**user, "orgs": orgs, "auth": {"type": "access_token", "accessToken": access}}


@route("GET", "/api/users/(?P<name>[^/]+)/overview")
def user_overview(hub, call, name):
    if name not in hub.users:
        raise RefusedError(404, "This user does not exist")
    orgs = [{"name": org, "fullname": org, "avatarUrl": ""} for org in hub.users[name]]
    return {"user": name, "fullname": name, "avatarUrl": "", "type": "user", "isPro": False, "orgs": orgs}


@route("GET", "/api/organizations/(?P<name>[^/]+)/overview")
def organization_overview(hub, call, name):
    if name not in hub.orgs:
        raise RefusedError(404, "This organization does not exist")
    return {"name": name, "fullname": name, "avatarUrl": "", "type": "org", "isVerified": False}


# Repositories


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
    if not hub.may_write(token, namespace):
        raise RefusedError(403, f'You don\'t have the rights to create a {repo_type} under the namespace "{namespace}"')
    url = {"url": f"{hub.endpoint}/{'' if repo_type == 'model' else repo_type + 's/'}{repo_id}", "name": repo_id}
    if (repo_type, repo_id) in hub.repos:
        raise RefusedError(409, f"You already created this {repo_type} repo: {repo_id}", **url)
    private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
    hub.repos[repo_type, repo_id] = Repo(repo_type, repo_id, author=token.user, private=private)
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
    return page(hub, call, [info(repo, repo.at("main")) for repo in found], 1000)


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
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": data.get("tags") or [],
        **({"cardData": data} if data else {}),
    }


@route("POST", "/api/validate-yaml")
def validate_yaml(hub, call):
    try:
        data = front_matter(call.json()["content"])
        problems = [] if data is None else list(card_problems(data))
    except ValueError as error:
        data, problems = {}, [str(error)]
    if problems:
        return as_json({"errors": [{"message": problem} for problem in problems], "warnings": []}, status=400)
    warnings = [{"message": "empty or missing yaml metadata in repo card"}] if data is None else []
    return {"errors": [], "warnings": warnings}


def front_matter(text):
    """The metadata of a card, None where there is none; ValueError says what is wrong with it."""
    found = re.match(r"\s*---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(\r?\n|$)", text, flags=re.DOTALL)
    try:
        data = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        raise ValueError(f"YAML metadata is not valid: {error}") from None
    if data is not None and not isinstance(data, dict):
        raise ValueError("YAML metadata must be a mapping")
    return data


def card_problems(data):
    def items(name):
        value = data.get(name) or []
        return value if isinstance(value, list) else [value]

    for name in ("tags", "datasets", "metrics", "task_categories", "task_ids", "size_categories"):
        if not all(isinstance(item, str) for item in items(name)):
            yield f'"{name}" must be a string or a list of strings'
    if not isinstance(data.get("license") or "", str | list):
        yield '"license" must be a string'
    for config in items("configs"):
        if not isinstance(config, dict) or "config_name" not in config:
            yield '"configs" must be a list of mappings with a "config_name"'
    for model in items("model-index"):
        if not isinstance(model, dict) or "name" not in model or not isinstance(model.get("results"), list):
            yield '"model-index" must be a list of mappings with a "name" and "results"'


# Trees and history


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


# Uploads and commits


@route("POST", API + "/preupload/(?P<rev>[^/]+)")
def preupload(hub, call, repo, rev):
    hub.must_commit(call, repo, rev, create_pr=call.flag("create_pr"))
    files = repo.at(rev).files
    return {"files": [upload_mode(files, file) for file in call.json()["files"]]}


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
    for item in wanted["objects"]:
        verify = f"{hub.endpoint}/{repo.path}.git/info/lfs/objects/verify"
        actions = {"upload": {"href": f"{hub.storage}/upload/{repo.path}/{item['oid']}"}, "verify": {"href": verify}}
        objects.append({**item, **({} if item["oid"] in repo.objects else {"actions": actions})})
    return as_json({"transfer": "basic", "objects": objects}, headers={"Content-Type": "application/vnd.git-lfs+json"})


@route("PUT", f"/upload{GIT}/(?P<oid>[0-9a-f]{{64}})")
def lfs_upload(hub, call, repo, oid):
    if hashlib.sha256(call.body).hexdigest() != oid:
        raise RefusedError(400, "BadDigest: the SHA-256 of the content is not the one of the address")
    repo.objects[oid] = call.body
    return Answer()


@route("POST", rf"{GIT}\.git/info/lfs/objects/verify")
def lfs_verify(hub, call, repo):
    wanted = call.json()
    if len(repo.objects.get(wanted["oid"], b"")) != wanted["size"]:
        raise RefusedError(404, f"Object {wanted['oid']} was not uploaded")
    return Answer()


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
    pull_request = find_pull_request(repo, ref)
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


def track_in_lfs(files):
    """Name each LFS file in .gitattributes that no pattern there is for, as the Hub does in the same commit."""
    lines = [
        LFS_LINE.format(path) for path, blob in sorted(files.items()) if blob.lfs and not tracked_by_lfs(files, path)
    ]
    if not lines:
        return files
    attributes = files.get(".gitattributes", Blob(b"")).content
    return {**files, ".gitattributes": Blob(attributes + "".join(lines).encode())}


# Downloads


@route("GET", GIT + "/resolve/(?P<rev>[^/]+)/(?P<path>.+)")
def resolve(hub, call, repo, rev, path):
    commit = repo.at(rev)
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


# Discussions and pull requests


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


def find_pull_request(repo, ref):
    return next((found for found in repo.discussions if found.target and found.ref == ref), None)


def log_commit(repo, ref, commit):
    pull_request = find_pull_request(repo, ref)
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


# Collections


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


# --- the hub ------------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with chosen requests. `hits` counts those it took effect on."""

    method: str | None = None
    path: str = ""  # a pattern searched for in the path as it was sent, query included
    nth: int = 1  # it starts with the nth request that matches
    times: float = 1  # and takes effect on that many; float("inf") for ever
    before: Callable[[], object] | None = None  # called first, for example to commit something in between
    delay: float = 0.0  # seconds to wait before doing anything
    drop: bool = False  # close the connection, without an answer and without doing what is asked
    drop_after: bool = False  # do what is asked, then close the connection without an answer
    status: int | None = None  # answer this instead of doing what is asked,
    body: bytes | None = None  # with this in place of JSON
    headers: dict[str, str] = field(default_factory=dict)  # added to the answer
    truncate: bool = (
        False  # announce the whole body and send half of it; a large file's comes from a path with /download/
    )
    slow: bool = False  # send the body in twenty pieces over a second
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def takes(self, request):
        """Whether this fault takes effect on a request, which it counts."""
        if self.method not in (None, request.method) or not re.search(self.path, request.path):
            return False
        self.seen += 1
        active = self.nth <= self.seen < self.nth + self.times
        self.hits += active
        return active


class Hub:
    """A Hub on a port of its own, for as long as the context lasts."""

    def __init__(self):
        self.users, self.orgs, self.tokens, self.repos, self._collections = {}, set(), {}, {}, []
        self.requests, self._faults, self.mistakes = [], [], []
        self._lock, self._closing = threading.RLock(), threading.Event()
        self._server = _Server(self)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.storage = f"http://localhost:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.close()
        if self.mistakes and not kind:
            raise self.mistakes[0]

    # What tests set up

    def add_user(self, name, *, orgs=None):
        """Add a user, with the role in each organization; the organizations come to be with it."""
        self.users[name] = dict(orgs or {})
        self.orgs.update(self.users[name])

    def add_token(self, user, role="write", *, scopes=()):
        """Return a new token: "read", "write", or "fineGrained", which is good for the namespaces in `scopes` only."""
        value = f"hf_{user}{len(self.tokens):08d}"
        self.tokens[value] = Token(user, role, tuple(scopes))
        return value

    def add_repo(self, repo_type, repo_id, files=None, private=False):
        """Add a repository with files, by path, and return its commit. Its namespace becomes a user if there is none."""
        namespace = repo_id.partition("/")[0]
        with self._lock:
            if namespace not in self.orgs:
                self.users.setdefault(namespace, {})
            self.repos[repo_type, repo_id] = Repo(repo_type, repo_id, author=namespace, private=private)
            return self.add_commit(repo_type, repo_id, files or {})

    def add_folder(self, repo_type, repo_id, folder):
        """Add a repository with the files of a folder, hidden ones too, and return its commit."""
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return self.add_repo(
            repo_type, repo_id, {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        )

    def add_commit(self, repo_type, repo_id, files, *, revision="main", title="Add files", author=None):
        """Commit files, by path, from aside: None deletes one. Return the commit."""
        with self._lock:
            repo = self.repos[repo_type, repo_id]
            before = repo.at(revision).files
            after = {path: blob for path, blob in before.items() if path not in files}
            for path, data in files.items():
                if data is not None:
                    after[path] = Blob(data, lfs=belongs_in_lfs(before, path, len(data), data[:512]))
                    repo.objects |= {after[path].sha256: data} if after[path].lfs else {}
            if after == before:
                return repo.at(revision).oid
            return repo.write(repo.ref(revision), track_in_lfs(after), title, author or repo.namespace).oid

    def fail(self, **how):
        """Make chosen requests go wrong, as the fields of a `Fault` say, and return it to be asked for its `hits`."""
        fault = Fault(**how)
        with self._lock:
            self._faults.append(fault)
        return fault

    # What tests look at

    def files(self, repo_type, repo_id, revision="main"):
        """Return the content of every file at a revision, by path."""
        with self._lock:
            return {path: blob.content for path, blob in sorted(self._at(repo_type, repo_id, revision).files.items())}

    def history(self, repo_type, repo_id, revision="main"):
        """Return the commits that lead to a revision, newest first."""
        with self._lock:
            return list(self.repos[repo_type, repo_id].history(self._at(repo_type, repo_id, revision)))

    def tags(self, repo_type, repo_id):
        """Return the commit of each tag."""
        with self._lock:
            refs = self.repos[repo_type, repo_id].refs.items()
            return {ref.removeprefix("refs/tags/"): oid for ref, oid in refs if ref.startswith("refs/tags/")}

    def pull_requests(self, repo_type, repo_id):
        """Return the pull requests, oldest first."""
        return [found for found in self.repos[repo_type, repo_id].discussions if found.target]

    def collections(self):
        """Return the collections as the Hub answers them."""
        with self._lock:
            return json.loads(json.dumps(self._collections))

    def _at(self, repo_type, repo_id, revision):
        return self.repos[repo_type, repo_id].at(revision)

    # Who may do what

    def kind(self, namespace):
        return "org" if namespace in self.orgs else "user"

    def signed_in(self, call):
        if not call.token:
            raise RefusedError(401, "Invalid username or password.")
        return call.token

    def role(self, token, namespace):
        """The role a token has in a namespace, or None."""
        if not token or (token.role == "fineGrained" and namespace not in token.scopes):
            return None
        return "admin" if token.user == namespace else self.users[token.user].get(namespace)

    def may_read(self, token, repo):
        return not repo.private or self.role(token, repo.namespace) is not None

    def may_see(self, token, collection):
        return not collection["private"] or self.role(token, collection["owner"]["name"]) is not None

    def may_write(self, token, namespace):
        return bool(token) and token.role != "read" and self.role(token, namespace) in WRITING_ROLES

    def must_write(self, call, namespace):
        token = self.signed_in(call)
        if not self.may_write(token, namespace):
            raise RefusedError(403, "Forbidden: Authorization error.")
        return token

    def must_commit(self, call, repo, revision, *, create_pr):
        """Check that a token may commit to a revision. For a pull request of its own, it need only be able to read."""
        token = self.signed_in(call)
        pull_request = find_pull_request(repo, revision)
        own = create_pr or (pull_request and pull_request.author == token.user)
        if self.may_write(token, repo.namespace) or (own and token.role == "write"):
            return token
        if token.role == "read":
            raise RefusedError(403, "Forbidden: Authorization error.")
        raise RefusedError(403, "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request")

    def readable(self, call, repo_type, repo_id, *, stored=False):
        """The repository of an id. One that the token may not read is said not to exist; stored files take no token."""
        repo = self.repos.get((repo_type, repo_id))
        if not repo or not (stored or self.may_read(call.token, repo)):
            raise RefusedError(404, "Repository not found", code="RepoNotFound")
        return repo

    # Requests

    def answer(self, call):
        """Answer a call: the answer, None to close the connection without one, and the fault that is to spoil it."""
        with self._lock:
            request = Request(call.method, call.target, "Authorization" in call.headers)
            self.requests.append(request)
            taken = [fault for fault in self._faults if fault.takes(request)]
        fault = taken[0] if taken else None
        answer = self._spoiled(fault, call) if fault else self._executed(call)
        request.status = answer and answer.status
        return answer, fault

    def _spoiled(self, fault, call):
        if fault.before:
            fault.before()
        self._closing.wait(fault.delay)
        if fault.drop:
            return None
        if not fault.status:
            answer = self._executed(call)
        elif fault.body is None:
            answer = RefusedError(fault.status, f"Error {fault.status}").answer
        else:
            answer = Answer(fault.status, fault.body, {"Content-Type": "text/html"})
        answer.headers.update(fault.headers)
        return None if fault.drop_after else answer

    def _executed(self, call):
        with self._lock:
            try:
                answer = self._routed(call)
            except RefusedError as refused:
                return refused.answer
            except Exception as mistake:
                self.mistakes.append(mistake)
                return as_json({"error": f"The test server failed: {mistake!r}"}, 500)
        return answer if isinstance(answer, Answer) else as_json(answer)

    def _routed(self, call):
        call.token = self._token(call.headers.get("Authorization"))
        method = "GET" if call.method == "HEAD" else call.method
        for verb, pattern, handler in ROUTES:
            found = pattern.fullmatch(call.path) if verb == method else None
            if found:
                groups = {name: value and unquote(value) for name, value in found.groupdict().items()}
                if "id" in groups:
                    repo_type, repo_id = groups.pop("type") or "model", groups.pop("id")
                    groups["repo"] = self.readable(call, repo_type, repo_id, stored=handler in (lfs_upload, download))
                return handler(self, call, **groups)
        bare = re.fullmatch(r"/api/(model|dataset|space)s/[^/]+|/(datasets/)?[^/]+/resolve/.*", call.path)
        raise RefusedError(404, f"Not found: {call.path}", code="RepoNotFound" if bare else None)

    def _token(self, authorization):
        if authorization is None:
            return None
        kind, _, value = authorization.partition(" ")
        if kind != "Bearer" or value not in self.tokens:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return self.tokens[value]


# --- HTTP ---------------------------------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Print nothing."""

    def handle_call(self):
        call = Call(self.command, self.path, self.headers, self.read_body())
        answer, fault = self.server.hub.answer(call)
        self.close_connection |= answer is None or bool(fault and fault.truncate)
        if answer:
            self.send(answer, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_call  # noqa: N815 - http.server's names

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline() or self.read(1), 16):
            chunks.append(self.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def read(self, size):
        """Read so many bytes; a client that is gone before it has sent them has asked for nothing."""
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionAbortedError
        return body

    def send(self, answer, fault):
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        body = b"" if self.command == "HEAD" else answer.body
        if fault and fault.truncate:
            self.wfile.write(body[: len(body) // 2])
        elif fault and fault.slow:
            step = len(body) // 20 + 1
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                time.sleep(0.05)
        else:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    request_queue_size = 100
    daemon_threads = False  # so that closing waits for them

    def __init__(self, hub):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub, self.connections = hub, set()

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """Print nothing: a client may go when it likes, and what else happens is raised in the end."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.hub.mistakes.append(error)

    def close(self):
        """Close what clients keep open, too."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
