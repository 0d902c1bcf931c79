"""Faults, and the end of a server of the local Hub, through the clients that know nothing of it."""

import contextlib
import json
import socket
import time

import pytest
from huggingface_hub import get_session
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from . import Hub
from .clients import CARD, LFS_BYTES, transport_error


def test_a_status_stands_in_for_the_answer(hub, commit):
    fault = hub.fail(method="POST", path="/commit/main", status=503, headers={"Retry-After": "1"})
    with pytest.raises(HfHubHTTPError) as failed:
        commit({"a.txt": b"1"})
    assert (failed.value.response.status_code, failed.value.response.headers["Retry-After"]) == (503, "1")
    assert len(hub.history("dataset", "ada/one")) == 1
    commit({"a.txt": b"1"})
    assert (fault.hits, fault.seen) == (1, 2)


def test_faults_choose_among_the_requests(hub, ada):
    fault = hub.fail(method="GET", path="/api/models/ada/one$", nth=2, times=2, status=500)
    statuses = []
    for _ in range(4):
        try:
            ada.model_info("ada/one")
            statuses.append(200)
        except HfHubHTTPError as error:
            statuses.append(error.response.status_code)
    assert statuses == [200, 500, 500, 200]
    assert [request.status for request in hub.requests if request.path == "/api/models/ada/one"] == statuses
    assert fault.hits == 2


@pytest.mark.parametrize(("kind", "commits"), [("drop", 1), ("drop_after", 2)])
def test_a_dropped_connection_gives_no_answer(hub, commit, kind, commits):
    hub.fail(path="/commit/", **{kind: True})
    with pytest.raises(transport_error()):
        commit({"a.txt": b"1"})
    assert hub.requests[-1].status is None
    assert len(hub.history("dataset", "ada/one")) == commits


def test_a_delayed_answer_comes(hub, ada):
    hub.fail(path="/api/models", delay=0.3)
    start = time.monotonic()
    ada.model_info("ada/one")
    assert time.monotonic() - start >= 0.3


def test_a_truncated_download_is_finished_or_fails(hub, ada, commit):
    commit({"a.parquet": LFS_BYTES})
    fault = hub.fail(path="/download/", truncate=True)
    answer = None
    with pytest.raises(transport_error()):
        answer = get_session().get(f"{hub.endpoint}/datasets/ada/one/resolve/main/a.parquet")
    assert answer is None
    assert fault.hits == 1
    with open(ada.hf_hub_download("ada/one", "a.parquet", repo_type="dataset"), "rb") as file:
        assert file.read() == LFS_BYTES


def test_a_slow_download_arrives(hub, ada, commit):
    commit({"a.parquet": LFS_BYTES})
    hub.fail(path="/download/", slow=True)
    start = time.monotonic()
    with open(ada.hf_hub_download("ada/one", "a.parquet", repo_type="dataset"), "rb") as file:
        assert file.read() == LFS_BYTES
    assert time.monotonic() - start >= 0.9


def test_something_happens_just_before(hub, commit):
    parent = hub.history("dataset", "ada/one")[0].oid
    hub.fail(
        path="/commit/", before=lambda: hub.add_commit("dataset", "ada/one", {"b.txt": b"other"}, title="Meanwhile")
    )
    with pytest.raises(HfHubHTTPError) as late:
        commit({"a.txt": b"1"}, parent_commit=parent)
    assert late.value.response.status_code == 412
    assert [commit.title for commit in hub.history("dataset", "ada/one")] == ["Meanwhile", "initial commit"]


def test_the_client_waits_out_a_retried_fault(hub, commit):
    fault = hub.fail(path="/preupload/", status=503)
    commit({"a.txt": b"1"})
    assert fault.hits == 1


def test_a_gateway_answers_with_a_page_and_not_with_json(hub, commit):
    hub.fail(path="/validate-yaml", status=502, body=b"<html>Bad gateway</html>")
    with pytest.raises(json.JSONDecodeError):
        commit({"README.md": CARD})


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: 1000\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3e8\r\n{}",
    ],
)
def test_a_request_that_breaks_off_is_none(hub, rest):
    with socket.create_connection(("127.0.0.1", hub._server.server_port)) as client:
        client.sendall(f"POST /api/repos/create HTTP/1.1\r\n{rest}".encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert not hub.requests


@pytest.mark.usefixtures("hub")
def test_mistakes_are_raised_in_the_end():
    with pytest.raises(ZeroDivisionError), Hub() as hub:
        hub.fail(before=lambda: 1 / 0)
        with contextlib.suppress(transport_error()):
            get_session().get(hub.endpoint)


@pytest.mark.usefixtures("hub")
def test_the_port_is_free_afterwards():
    with Hub() as other:
        get_session().get(other.endpoint)
    with pytest.raises(transport_error()):
        get_session().get(other.endpoint)


def test_what_it_does_not_know_is_not_found_and_recorded(hub, ada):
    for path in ("/api/nothing", "/api/datasets/ada/one/xet-write-token/main"):
        assert get_session().get(hub.endpoint + path).status_code == 404
        assert hub.requests[-1].path == path
    with pytest.raises(RepositoryNotFoundError):
        ada.dataset_info("bare")
