"""The server of the page: what it answers, and to whom."""

import http.client
import re
import socket
import struct
import threading
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist1d_hf.demo.server import PageServer

SCRIPT = b"\nconsole.log('\xc3\xa9');\n"
PAGE = b'<html><script type="module">' + SCRIPT + b'</script><script id="data">{}</script></html>'


@pytest.fixture(scope="module")
def server():
    with PageServer(PAGE) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def ask(server, method="GET", path="/", hosts=None):
    """Return the answer to a request with these headers Host, and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        connection.putrequest(method, path, skip_host=True)
        for host in [f"127.0.0.1:{server.port}"] if hosts is None else hosts:
            connection.putheader("Host", host.format(port=server.port))
        connection.endheaders()
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/index.html", "/?from=a-link"])
def test_the_page_is_served(server, path):
    answer, body = ask(server, "GET", path)
    assert (answer.status, answer.getheader("Content-Type"), body) == (200, "text/html; charset=utf-8", PAGE)
    head, nothing = ask(server, "HEAD", path)
    assert (head.status, nothing) == (200, b"")
    assert {**dict(head.getheaders()), "Date": ""} == {**dict(answer.getheaders()), "Date": ""}


def test_a_connection_serves_several_requests(server):
    connection = http.client.HTTPConnection("localhost", server.port)
    # A page after the answer to HEAD would be taken for the next answer.
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, "/")
        assert connection.getresponse().read() == (b"" if method == "HEAD" else PAGE)
    connection.close()


@given(path=st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"])))
def test_nothing_else_is_served(server, path):
    answer, body = ask(server, "GET", f"/{path}")
    if re.split(r"[?#]", path)[0] not in ("", "index.html") and not path.startswith("/"):
        assert answer.status == 404
        assert PAGE not in body
    assert answer.status in (200, 404)


@pytest.mark.parametrize(
    "path", ["/index.htm", "/index.html/", "/../index.html", "/%2e%2e/etc/passwd", "/server.py", "/favicon.ico", "*"]
)
def test_other_paths_are_not_found(server, path):
    answer, body = ask(server, "GET", path)
    assert (answer.status, answer.getheader("Content-Type")) == (404, "text/plain; charset=utf-8")
    assert path.encode() not in body.removesuffix(b"/\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"])
def test_nothing_but_reading_is_possible(server, method):
    answer, body = ask(server, method)
    assert answer.status == 501
    assert PAGE not in body


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}"])
def test_this_machine_is_served(server, host):
    assert ask(server, hosts=[host])[0].status == 200


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["127.0.0.1"],
        ["127.0.0.1:1"],
        ["evil.example:{port}"],
        ["evil.example"],
        ["localhost.evil.example:{port}"],
        ["127.0.0.1:{port}.evil.example"],
        ["evil.example@localhost:{port}"],
        ["127.0.0.1:{port}", "evil.example:{port}"],
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_name_that_was_made_to_point_here_is_refused(server, method, hosts):
    answer, body = ask(server, method, hosts=hosts)
    assert answer.status == 403
    assert PAGE not in body


def test_the_usual_port_is_left_out_of_the_name(server, monkeypatch):
    assert "localhost" not in server.hosts
    monkeypatch.setattr(server, "port", 80)
    assert server.hosts == {"127.0.0.1", "127.0.0.1:80", "localhost", "localhost:80"}


def test_the_page_may_use_what_is_in_it_and_nothing_else(server):
    headers = ask(server)[0].headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    own = [f"'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in (SCRIPT, b"{}")]
    assert policy.pop("script-src").split() == own
    assert policy.pop("style-src") == "'unsafe-inline'"
    assert (policy.pop("img-src"), policy.pop("worker-src")) == ("data:", "blob:")
    assert policy.keys() >= {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert set(policy.values()) == {"'none'"}
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert "Python" not in headers["Server"]


def test_no_other_machine_is_listened_to(server):
    assert server.server_address == ("127.0.0.1", server.port)
    assert server.url == f"http://127.0.0.1:{server.port}/"


def test_a_port_that_is_taken_is_named(server):
    with pytest.raises(OSError, match=rf"on port {server.port} \(Address already in use\); name another port, or 0"):
        PageServer(PAGE, server.port)


def test_a_browser_that_goes_says_nothing(server, capsys):
    handled = threading.Event()
    original = server.handle_error
    server.handle_error = lambda *arguments: (original(*arguments), handled.set())
    client = socket.create_connection(("127.0.0.1", server.port))
    # A reset, on which reading fails.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sendall(b"GET / HTTP/1.1\r\n")
    client.close()
    assert handled.wait(60)
    assert capsys.readouterr() == ("", "")
    assert ask(server)[1] == PAGE
