"""HTTP: connections, and what faults do to them."""

import contextlib
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .messages import Call


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Print nothing."""

    def handle_call(self):
        call = Call(self.command, self.path, self.headers, self.read_body())
        answer, fault = self.server.hub.answer(call)
        self.close_connection |= answer is None or bool(fault and (fault.truncate or "Content-Length" in fault.headers))
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
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
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


class Server(ThreadingHTTPServer):
    request_queue_size = 100
    daemon_threads = False  # so that closing waits for them

    def __init__(self, hub):
        super().__init__(("127.0.0.1", 0), Handler)
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
