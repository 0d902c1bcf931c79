"""What is said of errors of the Hub and of the network."""

import json
import re

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from mnist1d_hf.utils.hub_errors import explain, find_error, network_errors, summarise

HUB = "http://hub.test"


@pytest.fixture
def answers(ada_hub):
    """Makes the error that the client raises for an answer of the Hub with a status."""

    def make(status):
        ada_hub.fail(path="/api/collections", status=status, times=float("inf"))
        with pytest.raises(HfHubHTTPError) as raised:
            list(HfApi(endpoint=ada_hub.endpoint).list_collections(owner="ada"))
        return raised.value

    return make


@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (401, "does not accept the token .401: .*; log in with `hf auth login`, or set HF_TOKEN", None),
        (403, "refuses this .403: .* may read this repository, .*`hf auth login`", "may write to this namespace"),
        (429, "limits requests .429: .*wait some minutes and try again", None),
        (409, "could not do this .409: Error 409.; try again later$", "try again later; published files stay$"),
        (503, "could not do this .503: Error 503.; try again later$", "try again later; published files stay$"),
        (418, "answered 418: Error 418 to GET /api/collections$", None),
    ],
)
@pytest.mark.usefixtures("waits")
def test_an_answer_is_told_with_its_status_and_what_to_do(answers, status, reading, writing):
    error = answers(status)
    assert re.search(f"^the Hub {reading}", explain(error))
    assert re.search(writing or reading, explain(error, writing=True))
    assert summarise(error).startswith(f"{status}: ")


def test_what_is_missing_is_named(ada_hub):
    api = HfApi(endpoint=ada_hub.endpoint)
    ada_hub.add_repo("model", "ada/one")
    with pytest.raises(RepositoryNotFoundError) as repository:
        api.model_info("ada/two")
    assert explain(repository.value).startswith(
        "there is no such repository on the Hub, or it is private; for a private one"
    )
    with pytest.raises(RevisionNotFoundError) as revision:
        api.model_info("ada/one", revision="v9")
    assert explain(revision.value, revision="v9") == (
        "there is no revision 'v9'; give a branch, a tag or a commit of the repository"
    )


def caused(error, cause):
    error.__cause__ = cause
    return error


def test_a_network_that_fails_is_told_with_the_address():
    for kind in network_errors():
        error = caused(RuntimeError("upload failed"), kind("no route"))
        assert explain(error, endpoint=HUB) == (
            f"the Hub at {HUB} cannot be reached (no route); check the network and try again"
        )
        assert explain(error, writing=True) == (
            f"the Hub at {constants.ENDPOINT} cannot be reached (no route); check the network and try again; published files "
            f"stay, and the next run adds the rest"
        )
        assert find_error(error, kind) is error.__cause__
    assert explain(caused(LocalEntryNotFoundError("gone"), OSError("cut")), endpoint=HUB).startswith(
        f"the Hub at {HUB} cannot be reached (cut)"
    )
    assert explain(json.JSONDecodeError("Expecting value", "<html>", 0), endpoint=HUB).startswith(
        f"the Hub at {HUB} did not answer in JSON (Expecting value"
    )


def test_offline_one_is_told_what_keeps_it_so():
    offline = OfflineModeIsEnabled("offline")
    assert explain(offline, writing=True) == "HF_HUB_OFFLINE is set; unset it to reach the Hub"
    assert explain(caused(LocalEntryNotFoundError("gone"), offline)) == (
        "it is not in the cache, and HF_HUB_OFFLINE is set; unset it to reach the Hub"
    )
    assert "unset HF_HUB_OFFLINE and local_files_only" in explain(LocalEntryNotFoundError("gone"))


@pytest.mark.parametrize("error", [ValueError("mine"), OSError(28, "No space left on device"), KeyError("x")], ids=repr)
def test_other_errors_are_left_to_others(error):
    assert explain(error) is None
    assert summarise(error) == str(error)
