"""The command `mnist1d-hf demo`, in processes of its own where it is ended."""

import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import webbrowser

import pytest
from click.testing import CliRunner

from mnist1d_hf import cli
from mnist1d_hf.demo import build_page
from mnist1d_hf.demo.server import PageServer

from ..conftest import interruptible


def call(*arguments):
    return CliRunner().invoke(cli.main, ["demo", *arguments], prog_name="mnist1d-hf")


@pytest.fixture
def start():
    """Starts the command in a process of its own, and returns it with the address that it prints."""
    started = []

    def begin(*arguments, **environment):
        with interruptible():
            process = subprocess.Popen(
                [sys.executable, "-m", "mnist1d_hf", "demo", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, **environment},
            )
        started.append(process)
        line = process.stdout.readline()
        assert line.startswith("Serving the page at http://127.0.0.1:"), process.communicate()[1]
        return process, line.split()[4].removesuffix(";")

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def download(url):
    connection = http.client.HTTPConnection(url.removeprefix("http://").removesuffix("/"))
    connection.request("GET", "/")
    body = connection.getresponse().read()
    connection.close()
    return body


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "code", "last"),
    [(signal.SIGINT, 1, "Aborted!"), (signal.SIGTERM, 128 + signal.SIGTERM, "Terminated!")],
    ids=["SIGINT", "SIGTERM"],
)
def test_it_serves_the_page_until_it_is_told_to_end(start, number, code, last):
    process, url = start("--no-browser")
    assert download(url) == build_page()
    # A connection that is kept open does not keep it from ending.
    host, port = url.removeprefix("http://").removesuffix("/").split(":")
    with socket.create_connection((host, int(port))):
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, out, err.splitlines()) == (code, "", ["", last])
    with pytest.raises(ConnectionRefusedError):
        download(url)


@pytest.mark.long
def test_it_opens_the_browser_while_it_serves(start, tmp_path):
    opened, closed = tmp_path / "opened", tmp_path / "closed"
    os.mkfifo(opened)
    os.mkfifo(closed)
    # A browser that ends only when it is closed, as one in a terminal does.
    browser = f"import sys; print(sys.argv[1], end='', file=open({str(opened)!r}, 'w')); open({str(closed)!r}).read()"
    process, url = start(BROWSER=f"{shlex.quote(sys.executable)} -c {shlex.quote(browser)} %s")
    assert opened.read_text() == url
    assert download(url) == build_page()
    process.send_signal(signal.SIGINT)
    assert process.wait() == 1
    closed.write_text("")


@pytest.fixture
def opened(monkeypatch):
    """The addresses that are opened in the browser; the server only looks at them."""
    addresses, done = [], threading.Event()

    def open_browser(url):
        addresses.append(url)
        done.set()
        raise webbrowser.Error("there is none")

    monkeypatch.setattr(webbrowser, "open", open_browser)
    started = threading.active_count()

    def serve(server):
        if threading.active_count() > started:
            assert done.wait(60)

    monkeypatch.setattr(PageServer, "serve_forever", serve)
    return addresses


def test_a_browser_is_opened_unless_told_not_to(opened):
    result = call()
    assert result.exit_code == 0
    assert result.output == f"Serving the page at {opened[0]}; press Ctrl-C to end.\n"
    assert call("--no-browser").exit_code == 0
    assert len(opened) == 1


def test_a_port_can_be_named(opened):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        result = call("--port", str(port))
        assert result.exit_code == 1
        message = (
            f"the page cannot be served on port {port} (Address already in use); name another port, or 0 to take a free"
        )
        assert result.stderr == f"Error: {message} one\n"
    assert call("--port", str(port)).exit_code == 0
    assert opened == [f"http://127.0.0.1:{port}/"]


def test_the_page_is_written_to_a_file(empty_folder):
    for _ in range(2):
        result = call("--output", "page.html")
        assert (result.exit_code, result.output) == (0, "wrote page.html\n")
        assert (empty_folder / "page.html").read_bytes() == build_page()
        (empty_folder / "page.html").write_text("older")
    assert [path.name for path in empty_folder.iterdir()] == ["page.html"]


def test_a_page_that_cannot_be_written_whole_is_not_written(empty_folder, monkeypatch):
    (empty_folder / "page.html").write_text("older")

    def full(path, *_):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("os.replace", full)
    result = call("--output", "page.html")
    assert result.exit_code == 1
    assert result.stderr == "Error: [Errno 28] cannot write (No space left on device): 'page.html'\n"
    assert [(path.name, path.read_text()) for path in empty_folder.iterdir()] == [("page.html", "older")]


BAD_INPUT = [
    (("--port", "70000"), 2, "70000 is not in the range 0<=x<=65535"),
    (("--port", "-1"), 2, "-1 is not in the range 0<=x<=65535"),
    (("--port", "http"), 2, "'http' is not a valid integer range"),
    (("--output", "no/where/page.html"), 1, "there is no folder no/where; create it, or name another"),
    (("--output", "."), 1, "cannot write .: it is a folder; name a file"),
    (("--output", "page.html", "--port", "8000"), 2, "leave out --port and --no-browser"),
    (("--output", "page.html", "--no-browser"), 2, "leave out --port and --no-browser"),
    (("page.html",), 2, "unexpected extra argument"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), BAD_INPUT, ids=[" ".join(case[0]) for case in BAD_INPUT])
def test_bad_input_is_one_line_and_a_non_zero_exit(arguments, code, message, empty_folder, opened):
    result = call(*arguments)
    assert result.exit_code == code
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert message in result.stderr.splitlines()[-1]
    assert not opened
    assert not list(empty_folder.iterdir())


@pytest.mark.long
def test_it_needs_nothing_but_numpy(tmp_path):
    code = (
        "import sys\n"
        "for name in ('torch', 'matplotlib', 'onnxruntime', 'sklearn', 'scipy', 'pandas'):\n"
        "    sys.modules[name] = None\n"
        "from mnist1d_hf.cli import main\n"
        "main(['demo', '--output', sys.argv[1]])\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "page.html")], check=True, capture_output=True)
    assert (tmp_path / "page.html").read_bytes() == build_page()
