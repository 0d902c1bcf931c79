"""Serves the page to browsers on this machine, and nothing else to anybody."""

from __future__ import annotations

import os
import re
import sys
from base64 import b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

ADDRESS = "127.0.0.1"


class PageServer(ThreadingTCPServer):
    """A server of one page, which no other machine can reach.

    Parameters
    ----------
    page : bytes
        The page, in UTF-8.
    port : int
        Port to serve it on; 0 takes a free one.
    """

    # Where it does not only skip the wait after an earlier server, it would share the port with a running one.
    allow_reuse_address = os.name == "posix"
    daemon_threads = True

    def __init__(self, page: bytes, port: int = 0) -> None:
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise OSError(
                f"the page cannot be served on port {port} ({error.strerror}); name another port, or 0 to take a free one"
            ) from error
        self.page, self.policy = page, content_security_policy(page)
        self.port: int = self.server_address[1]

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{ADDRESS}:{self.port}/"

    @property
    def hosts(self) -> set[str]:
        """What the browser calls this server, in the header Host."""
        names = {ADDRESS, "localhost"}
        return {f"{name}:{self.port}" for name in names} | (names if self.port == 80 else set())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has gone."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def content_security_policy(page: bytes) -> str:
    """Return a policy that lets a page use what is in it: its own scripts, styles, pictures and workers, and no network."""
    scripts = re.findall(rb"<script\b[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in scripts)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {hashes}",
            "style-src 'unsafe-inline'",
            "img-src data:",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "mnist1d-hf", ""
    # Seconds after which a connection that says nothing is closed.
    timeout = 60

    def do_GET(self) -> None:
        """Answer with the page; HEAD gets the same without it."""
        if self.headers.get_all("Host") not in [[host] for host in self.server.hosts]:
            # The name of a foreign site may be made to point here, whose scripts could then read what is served.
            self._answer(403, b"This page is only served to this machine.\n")
        elif urlsplit(self.path).path in ("/", "/index.html"):
            self._answer(200, self.server.page, "text/html; charset=utf-8")
        else:
            self._answer(404, b"There is only one page here: /\n")

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, body: bytes, content_type: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": self.server.policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            # The next page at this port may be another.
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing."""
