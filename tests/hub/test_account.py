"""Who may publish where, and what those are told who may not."""

import re
import string

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import validate_repo_id
from hypothesis import example, given, strategies

from mnist1d_hf.hub import HubError, publish
from mnist1d_hf.hub.client import check_namespace

from ..hub_server.publications import is_whole, writes

ESCAPES = ["../x", "..", ".", "", " ", "a/b", "/a", "a/", "a\\b", "a%2fb", "a--b", "a..b", "a-", "-a", ".git", "a b"]
ESCAPES += ["ada\n", "\nada", "ada\0", "ä", "ада", "１２", "a?b", "a#b", "a@b", "a:b", "~", "a" * 43]


def refused(hub, namespace="ada", **options):
    """Return the line that says why nothing can be published."""
    with pytest.raises(HubError) as error:
        publish(namespace, only="dataset", configs=["default"], **options)
    assert not writes(hub.requests)
    assert not hub.repos
    line = str(error.value)
    assert "\n" not in line
    return line


def test_without_a_token_one_is_told_to_log_in(hub):
    assert re.search("no token.*`hf auth login`.*HF_TOKEN", refused(hub))
    assert not hub.requests


@pytest.mark.usefixtures("waits")
def test_a_token_that_the_hub_does_not_know(ada_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_unknown")
    line = refused(ada_hub)
    assert re.search(r"does not accept the token \(401.*`hf auth login`.*HF_TOKEN", line)
    assert "hf_unknown" not in line
    assert len([request for request in ada_hub.requests if "whoami" in request.path]) == 1


def test_a_token_that_may_only_read(ada_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", ada_hub.add_token("ada", "read"))
    assert re.search("token of ada is read-only.*settings/tokens.*`hf auth login`", refused(ada_hub))


@pytest.mark.parametrize(
    ("namespace", "reason"),
    [
        ("readers", "ada may only read in readers"),
        ("bob", "ada is not a member of bob"),
        ("others", "ada is not a member of others"),
        ("nobody", "there is no user or organisation 'nobody' on the Hub"),
    ],
)
def test_a_namespace_that_one_may_not_write_to(ada_hub, namespace, reason):
    ada_hub.add_user("cy", orgs={"others": "admin"})
    assert refused(ada_hub, namespace) == f"{reason}; publish to one of: ada, engines"


def test_a_fine_grained_token_is_good_for_its_scopes(ada_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", ada_hub.add_token("ada", "fineGrained", scopes=["engines"]))
    publish("engines", only="dataset", configs=["default"])
    assert is_whole(ada_hub, ("dataset", "engines/mnist1d"))
    with pytest.raises(HubError, match=r"the Hub refuses this \(403: .*use a token that may write to this namespace.*"):
        publish("ada", only="dataset", configs=["default"])
    assert list(ada_hub.repos) == [("dataset", "engines/mnist1d")]


def test_a_token_can_be_given(ada_hub, monkeypatch):
    token = ada_hub.add_token("bob")
    publish("bob", only="dataset", configs=["default"], token=token)
    assert is_whole(ada_hub, ("dataset", "bob/mnist1d"))
    monkeypatch.delenv("HF_TOKEN")
    publish("bob", only="dataset", configs=["shuffled"], token=token)
    assert is_whole(ada_hub, ("dataset", "bob/mnist1d"))


@pytest.mark.parametrize("token", ["hf_a secret\n", "hf_\tsecret\r\nX: secret", "hf_sécret", "secret\0", "secret", " "])
@pytest.mark.usefixtures("waits")
def test_a_token_that_is_none_is_not_repeated(ada_hub, monkeypatch, token):
    monkeypatch.delenv("HF_TOKEN")
    line = refused(ada_hub, token=token)
    assert "`hf auth login`" in line
    assert "secret" not in line


def test_offline_one_is_told_so_at_once(ada_hub, monkeypatch, waits):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for dry_run in (False, True):
        assert refused(ada_hub, dry_run=dry_run) == "HF_HUB_OFFLINE is set; unset it to reach the Hub"
    assert waits == []


@pytest.mark.usefixtures("waits")
def test_without_a_network_one_is_told_to_check_it(ada_hub, monkeypatch):
    for address in ("http://127.0.0.1:9", "http://nowhere.invalid"):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        for dry_run in (False, True):
            line = refused(ada_hub, dry_run=dry_run)
            assert line.startswith(f"the Hub at {address} cannot be reached (")
            assert "check the network and try again; published files stay" in line


@pytest.mark.usefixtures("waits")
def test_an_address_of_something_else_is_told(ada_hub):
    ada_hub.fail(times=float("inf"), status=200, body=b"<html>Hello</html>")
    line = refused(ada_hub)
    assert line.startswith(f"the Hub at {ada_hub.endpoint} did not answer in JSON")


# Namespaces


@pytest.mark.parametrize("namespace", ESCAPES)
def test_names_that_no_namespace_can_have_are_refused(ada_hub, namespace):
    message = f"the namespace {namespace!r} cannot be a user or an organisation on the Hub: names have up to 42 letters"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        publish(namespace, dry_run=True)
    assert not ada_hub.requests


@pytest.mark.parametrize("namespace", ["ada", "Ada-Lovelace", "a", "0", "a_b.c-d", "a" * 42])
def test_names_that_a_namespace_can_have(namespace):
    check_namespace(namespace)


@given(strategies.text() | strategies.text(string.ascii_letters + string.digits + "-_./\n\0 ä", max_size=50))
@example("../x")
def test_a_namespace_is_refused_or_makes_valid_repository_names(name):
    try:
        check_namespace(name)
    except ValueError as error:
        assert repr(name) in str(error)
        return
    assert set(name) <= {*string.ascii_letters, *string.digits, *"-_."}
    assert len(name) <= 42
    for repo in ("mnist1d", "mnist1d-transformer-shuffled"):
        validate_repo_id(f"{name}/{repo}")
