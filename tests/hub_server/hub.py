"""A local server that speaks the Hub's protocol, to publish to and read from with the unmodified clients.

`Hub` keeps accounts, repositories and collections in memory and answers `huggingface_hub` 1.31 or later, 2.x, and `datasets`:

    with Hub() as hub:
        hub.add_user("ada", orgs={"engines": "write"})
        api = HfApi(endpoint=hub.endpoint, token=hub.add_token("ada"))

Where the Hub is known to do something, so does this server, its wording included; it knows nothing of Xet or Spaces'
hardware. `Hub.fail` makes chosen requests fail. Large files are stored under another address, `http://localhost`, as the
Hub stores them with a provider: clients upload to it and are redirected to it without their token.
"""

import json
import re
import threading
from urllib.parse import unquote

from . import accounts, cards, collections, commits, discussions, downloads, lfs, refs, repos, trees  # noqa: F401
from .faults import Fault
from .git import Blob, Repo, belongs_in_lfs, track_in_lfs
from .messages import Answer, RefusedError, Request, Token, as_json
from .routing import ROUTES
from .transport import Server

WRITING_ROLES = {"admin", "write", "contributor"}


class Hub:
    """A Hub on a port of its own, for as long as the context lasts."""

    def __init__(self):
        self.users, self.orgs, self.tokens, self.repos, self._collections = {}, set(), {}, {}, []
        self.requests, self._faults, self.mistakes = [], [], []
        self._lock, self._closing = threading.RLock(), threading.Event()
        self._server = Server(self)
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
        pull_request = repo.pull_request(revision)
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
            request = Request(call.method, call.target, "Authorization" in call.headers, about=call.about)
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
                    groups["repo"] = self.readable(
                        call, repo_type, repo_id, stored=handler in (lfs.lfs_upload, downloads.download)
                    )
                return handler(self, call, **groups)
        bare = re.fullmatch(r"/api/(model|dataset|space)s/[^/]+|/(datasets/|spaces/)?[^/]+/resolve/.*", call.path)
        raise RefusedError(404, f"Not found: {call.path}", code="RepoNotFound" if bare else None)

    def _token(self, authorization):
        if authorization is None:
            return None
        kind, _, value = authorization.partition(" ")
        if kind != "Bearer" or value not in self.tokens:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return self.tokens[value]
