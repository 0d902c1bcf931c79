"""A local server that speaks as much of the Hub's protocol as reading dataset repositories takes.

It serves folders to the unmodified `huggingface_hub` and `datasets`: repository info, file trees, and files with etags and
ranges. Each repository has one revision, whose commit is derived from its content.
"""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@contextmanager
def serve_datasets(repositories):
    """Serve folders as dataset repositories, given by id, and yield the address of the server and the list of its requests."""
    requests = []

    class Handler(_Handler):
        folders = repositories
        log = requests

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folders = None
    log = None

    def log_message(self, *_):
        """Print nothing."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        self.log.append((self.command, path))
        for pattern, answer in (
            (r"/api/datasets/([^/]+/[^/]+)(?:/revision/([^/]+))?", self.repository),
            (r"/api/datasets/([^/]+/[^/]+)/tree/([^/]+)(?:/(.*))?", self.tree),
            (r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.file),
        ):
            match = re.fullmatch(pattern, path)
            if match:
                name, revision, *rest = match.groups()
                if name not in self.folders:
                    return self.missing("RepoNotFound")
                if revision not in (None, "main", self.commit(name)):
                    return self.missing("RevisionNotFound")
                return answer(name, *rest)
        return self.missing("EntryNotFound")

    def do_POST(self):
        path = unquote(urlsplit(self.path).path)
        self.log.append((self.command, path))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match = re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/paths-info/([^/]+)", path)
        if not match or match[1] not in self.folders:
            return self.missing("RepoNotFound")
        content_type = self.headers["Content-Type"]
        paths = json.loads(body)["paths"] if "json" in content_type else re.findall(r"paths=([^&]*)", body.decode())
        folder = self.folders[match[1]]
        found = [folder / unquote(path) for path in paths if (folder / unquote(path)).exists()]
        return self.json([self.entry(folder, path) for path in found])

    def repository(self, name):
        folder = self.folders[name]
        siblings = [{"rfilename": path.relative_to(folder).as_posix()} for path in self.files(folder)]
        self.json(
            {"id": name, "sha": self.commit(name), "private": False, "tags": [], "downloads": 0, "siblings": siblings}
        )

    def tree(self, name, inside):
        folder = self.folders[name]
        top = folder / (inside or "")
        if not top.is_dir():
            return self.missing("EntryNotFound")
        paths = top.rglob("*") if "recursive=true" in self.path.lower() else top.iterdir()
        return self.json([self.entry(folder, path) for path in sorted(paths)])

    def file(self, name, inside):
        path = self.folders[name] / inside
        if not path.is_file():
            return self.missing("EntryNotFound")
        content = path.read_bytes()
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": self.commit(name),
            "Accept-Ranges": "bytes",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            return self.send(200, content, headers)
        first, last = int(wanted[1]), min(int(wanted[2] or len(content) - 1), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return self.send(206, content[first : last + 1], headers)

    @staticmethod
    def files(folder):
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def commit(self, name):
        folder = self.folders[name]
        digest = hashlib.sha1()
        for path in self.files(folder):
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size}".encode())
        return digest.hexdigest()

    @staticmethod
    def entry(folder, path):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            return {"type": "directory", "path": name, "oid": hashlib.sha1(name.encode()).hexdigest(), "size": 0}
        content = path.read_bytes()
        return {"type": "file", "path": name, "oid": hashlib.sha1(content).hexdigest(), "size": len(content)}

    def missing(self, code):
        self.send(404, b"{}", {"X-Error-Code": code, "X-Error-Message": f"{code}: {self.path}"})

    def json(self, value):
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
