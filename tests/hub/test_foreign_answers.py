"""Answers that are not those of the Hub: each ends in one sentence, wherever it is met."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner
from huggingface_hub import HfApi, constants

from mnist1d_hf import cli, load_model
from mnist1d_hf.baselines.registry import checkpoint_folder
from mnist1d_hf.hub import HubError, publish, verify
from mnist1d_hf.hub.retries import ATTEMPTS

from ..hub_server.publications import DATASET, is_whole_or_empty, publish_configs

INF = float("inf")
JSON = {"Content-Type": "application/json"}

SHAPES: dict[str, dict[str, Any]] = {
    "object": {"body": b"{}"},
    "list": {"body": b"[]"},
    "null": {"body": b"null"},
    "string": {"body": b'"yes"'},
    "number": {"body": b"5"},
    "list of null": {"body": b"[null]"},
    "deep": {"body": b"[" * 100_000},
    "bytes": {"body": b"\xff\xfe\0\x1b[2J"},
    "page": {"body": b"<html>Hello</html>"},
    "nothing": {"body": b""},
    "bad gzip": {"body": b"{}", "headers": {"Content-Encoding": "gzip"}},
    "redirect to itself": {"status": 307, "headers": {"Location": ""}},
    "redirect to another host": {"status": 307, "headers": {"Location": "http://localhost:{port}/nothing"}},
    "redirect to no host": {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
    "redirect to no address": {"status": 301, "headers": {"Location": "http://[::1"}},
    "redirect to a file": {"status": 308, "headers": {"Location": "file:///etc/passwd"}},
}


def add_checkpoint(hub):
    hub.add_folder("model", "ada/mnist1d-cnn", checkpoint_folder("cnn"))


ACTIONS = {
    "publish": (lambda hub: None, lambda: publish_configs("default")),
    "publish again": (lambda hub: publish_configs("default"), lambda: publish_configs("shuffled")),
    "propose": (lambda hub: publish_configs("default"), lambda: publish_configs("shuffled", create_pr=True)),
    "branch": (lambda hub: publish_configs("default"), lambda: publish_configs("shuffled", revision="next")),
    "collection": (add_checkpoint, lambda: publish("ada", only="collection")),
    "elsewhere": (lambda hub: None, lambda: publish("bob", only="dataset", configs=["default"])),
    "nowhere": (lambda hub: None, lambda: publish("nobody", only="dataset", configs=["default"])),
    "verify": (add_checkpoint, lambda: verify("ada")),
    "load": (add_checkpoint, lambda: load_model("ada/mnist1d-cnn")),
}

# Every kind of request whose answer is read, with what makes it.
ENDPOINTS = [
    ("publish", "GET", "/api/whoami"),
    ("publish", "GET", "/api/datasets/ada/mnist1d"),
    ("publish", "POST", "/api/repos/create"),
    ("publish", "POST", "/api/validate-yaml"),
    ("publish", "POST", "/preupload/"),
    ("publish", "POST", "/objects/batch"),
    ("publish", "PUT", "/upload/"),
    ("publish", "POST", "/objects/verify"),
    ("publish", "POST", "/commit/"),
    ("publish", "GET", "/refs$"),
    ("publish", "POST", "/tag/"),
    ("publish again", "HEAD", "/resolve/"),
    ("publish again", "GET", "/resolve/"),
    ("publish again", "DELETE", "/tag/"),
    ("propose", "GET", "/discussions"),
    ("branch", "POST", "/branch/"),
    ("elsewhere", "GET", "/api/users/"),
    ("nowhere", "GET", "/api/organizations/"),
    ("collection", "GET", r"/api/collections\?"),
    ("collection", "POST", "/api/collections$"),
    ("collection", "POST", "/items?$"),
    ("verify", "GET", "/api/models/ada/mnist1d-cnn"),
    ("verify", "GET", "/tree/"),
    ("verify", "HEAD", "/resolve/"),
    ("verify", "GET", "/resolve/"),
    ("load", "HEAD", "/resolve/"),
    ("load", "GET", "/resolve/"),
]
REASONS = "again|HF_ENDPOINT|not the Hub's|the Hub answered|there is no|not on the Hub|publish to one of"
NORMALLY = ("object", "redirect to itself")

pytestmark = pytest.mark.usefixtures("waits")


def answer(hub, shape):
    fault: dict[str, Any] = {"status": 200, "body": b"", **SHAPES[shape]}
    port = hub.endpoint.rpartition(":")[2]
    headers = {name: value.replace("{port}", port) for name, value in fault.get("headers", {}).items()}
    return {**fault, "headers": {**JSON, **headers}}


@pytest.mark.parametrize(
    "shape", [pytest.param(shape, marks=() if shape in NORMALLY else pytest.mark.long) for shape in SHAPES]
)
@pytest.mark.parametrize(("action", "method", "path"), ENDPOINTS, ids=[" ".join(endpoint) for endpoint in ENDPOINTS])
def test_an_answer_that_is_not_the_hubs_is_told_in_one_line(ada_hub, action, method, path, shape):
    prepare, act = ACTIONS[action]
    prepare(ada_hub)
    found = ada_hub.fail(method=method, path=path, times=INF, **answer(ada_hub, shape))
    try:
        act()
    except (HubError, ValueError) as error:
        line = str(error)
        assert isinstance(error, HubError) or "config.json" in line
        assert line.isprintable()
        assert len(line) < 1000
        assert re.search(REASONS, line)
    # The client follows 20 redirects, for each of 11 files.
    assert 1 <= found.hits <= 11 * (21 if "itself" in shape else ATTEMPTS)
    if DATASET in ada_hub.repos:
        assert is_whole_or_empty(ada_hub, DATASET)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["publish", "ada", "--only", "dataset", "--config", "default", "--yes"], "/whoami"),
        (["publish", "ada", "--only", "dataset", "--config", "default", "--yes"], "/api/datasets/ada"),
        (["publish", "ada", "--only", "dataset", "--config", "default", "--dry-run"], "/api/datasets/ada"),
        (["verify", "ada"], "/api/"),
        (["evaluate", "ada/mnist1d-cnn"], "/resolve/"),
    ],
)
@pytest.mark.parametrize("shape", ["object", "null", "page", "redirect to itself", "redirect to a file"])
def test_the_commands_say_so_too(ada_hub, arguments, path, shape):
    ada_hub.fail(path=path, times=INF, **answer(ada_hub, shape))
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert re.match(r"Error: .*HF_ENDPOINT|Error: .*answer|Error: .*cannot be reached", result.stderr.splitlines()[-1])


@pytest.mark.parametrize("account", [{}, [], None, "ada", {"name": "ada", "orgs": [None]}, {"name": "ada", "auth": []}])
def test_what_is_no_account_is_told(ada_hub, account):
    ada_hub.fail(path="/whoami", status=200, body=json.dumps(account).encode(), times=INF)
    with pytest.raises(HubError, match=r"did not answer as the Hub does \(.*\); check HF_ENDPOINT, or try again later"):
        publish_configs("default")


@pytest.mark.parametrize("commit", ["../../../escape", "", 5, "A" * 40, ["0" * 40]])
@pytest.mark.parametrize("act", [lambda: verify("ada", only="models"), lambda: publish_configs("default")])
def test_what_is_no_commit_is_told_and_no_folder_is_made_of_it(ada_hub, tmp_path, commit, act):
    add_checkpoint(ada_hub)
    info = {"id": "ada/mnist1d-cnn", "sha": commit, "siblings": [], "tags": [], "private": False}
    ada_hub.fail(path="/api/(models|datasets)/ada/", status=200, body=json.dumps(info).encode(), times=INF)
    with pytest.raises(HubError, match="did not answer as the Hub does"):
        act()
    assert not list(tmp_path.rglob("*escape*"))


@pytest.mark.parametrize("header", ["ETag", "X-Linked-ETag", "X-Repo-Commit"])
def test_headers_do_not_lead_out_of_the_cache(ada_hub, tmp_path, header):
    add_checkpoint(ada_hub)
    ada_hub.fail(method="HEAD", headers={header: '"../../../escape"'}, times=INF)
    for act in (lambda: load_model("ada/mnist1d-cnn"), lambda: verify("ada", only="models")):
        with pytest.raises(HubError, match="is not the Hub's"):
            act()
    assert not list(tmp_path.rglob("*escape*"))


def test_a_mistake_of_ones_own_is_not_put_on_the_hub(ada_hub, monkeypatch):
    def mistake(*_, **__):
        raise KeyError("mine")

    monkeypatch.setattr("mnist1d_hf.hub.publishing.plan_repo", mistake)
    with pytest.raises(KeyError, match="mine"):
        publish_configs("default")


@pytest.mark.parametrize("options", [{"revision": 5}, {"repo_type": "none"}, {"etag_timeout": "soon"}], ids=str)
def test_a_wrong_argument_is_not_put_on_the_hub(ada_hub, options):
    add_checkpoint(ada_hub)
    with pytest.raises((TypeError, ValueError, OSError)) as error:
        load_model("ada/mnist1d-cnn", **options)
    assert "as the Hub does" not in str(error.value)


# The network


def test_without_a_network_one_is_told_at_once_and_before_any_work(hub, waits, monkeypatch, tmp_path):
    hub.add_user("ada")
    monkeypatch.setenv("HF_TOKEN", hub.add_token("ada"))
    monkeypatch.setattr("mnist1d_hf.hub.publishing.built_releases", pytest.fail)
    for address in ("http://127.0.0.1:9", "http://nowhere.invalid"):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        for arguments in (
            ["publish", "ada", "--yes"],
            ["publish", "ada", "--dry-run"],
            ["verify", "ada"],
            ["evaluate", "ada/mnist1d-cnn"],
        ):
            result = CliRunner().invoke(cli.main, arguments)
            assert result.exit_code == 1
            assert len(result.stderr.splitlines()) == 1
            assert re.search(r"^Error: .*the Hub at .* cannot be reached \(.*check the network", result.stderr)
    assert sum(waits) == 0


def test_without_a_network_the_cache_is_used_at_once(ada_hub, waits, monkeypatch):
    add_checkpoint(ada_hub)
    load_model("ada/mnist1d-cnn")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    )
    load_model("ada/mnist1d-cnn")
    assert waits == []


@pytest.mark.parametrize("length", ["10", "999999999", "-1", "x", "9" * 5000])
def test_a_wrong_length_of_a_file_is_told(ada_hub, length):
    """The server's own length is sent too, unless it stands in the fault's headers."""
    add_checkpoint(ada_hub)
    found = ada_hub.fail(method="GET", path="/resolve/|/download/", headers={"Content-Length": length}, times=INF)
    with pytest.raises(HubError, match="cannot be loaded"):
        load_model("ada/mnist1d-cnn")
    assert 1 <= found.hits <= 30


def test_hooks_of_the_session_are_taken_away(ada_hub):
    from huggingface_hub import get_session

    publish_configs("default")
    assert "send" not in vars(get_session())
    assert HfApi().repo_exists("ada/mnist1d", repo_type="dataset")
