"""Requests on their way through the server, and its answers."""

import functools
import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class Request:
    """What `Hub.requests` keeps of a request. The status is None when it got no answer."""

    method: str
    path: str
    token: bool
    status: int | None = None
    about: list[str] = field(default_factory=list)  # of uploads: paths of files, or hashes of their content


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
    about: list[str] = field(default_factory=list)

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
