"""How long the client waits for a Hub that brings nothing new, and what counts as something new."""

import time

import pytest
from huggingface_hub import HfApi, get_session, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from mnist1d_hf.errors import HubError
from mnist1d_hf.utils import patience as module
from mnist1d_hf.utils.download import download_file
from mnist1d_hf.utils.patience import MAX_REPEATS, patience

INF = float("inf")
DATA = b"text\n" * 200


@pytest.fixture
def repo(hub):
    hub.add_repo("model", "ada/one", {name: DATA for name in ("a.txt", "b.txt", "c.txt")})
    return hub


def look(api):
    return api.model_info("ada/one")


def test_the_session_is_left_as_it_was(repo):
    session = get_session()
    with patience() as outer:
        with patience() as inner:
            assert inner is outer
        look(HfApi())
        assert "send" in vars(session)
    with pytest.raises(KeyError), patience():
        raise KeyError
    assert "send" not in vars(session)
    look(HfApi())


def test_a_fault_that_lasts_ends_the_clients_own_attempts(repo, waits):
    fault = repo.fail(path="/tree/", status=503, times=INF)
    with patience(), pytest.raises(HfHubHTTPError, match="503"):
        while True:
            try:
                list(HfApi().list_repo_tree("ada/one"))
            except HfHubHTTPError:
                if sum(waits) > module.GIVE_UP_AFTER:
                    raise
                time.sleep(1)
    assert fault.hits <= 60
    assert sum(waits) <= module.GIVE_UP_AFTER + 9


def test_what_is_new_is_progress_and_what_is_repeated_is_not(repo, waits):
    api = HfApi()
    with patience() as watch:
        look(api)
        assert watch.remaining == module.GIVE_UP_AFTER
        repo.fail(path="a.txt", status=500)
        with pytest.raises(HfHubHTTPError):
            api.get_hf_file_metadata(url=f"{repo.endpoint}/ada/one/resolve/main/a.txt")
        waits.append(30)
        look(api)
        assert 15 < watch.remaining <= 20
        # The same request succeeds for the first time.
        api.get_hf_file_metadata(url=f"{repo.endpoint}/ada/one/resolve/main/a.txt")
        assert watch.remaining == module.GIVE_UP_AFTER
        for _ in range(10):
            look(api)
        assert watch.remaining == module.GIVE_UP_AFTER
        look(api)
        waits.append(100)
        with pytest.raises(HubError, match="do not come to an end"):
            look(api)
        # Something else may still be asked for, and counts.
        api.get_hf_file_metadata(url=f"{repo.endpoint}/ada/one/resolve/main/b.txt")
        look(api)


def test_the_pages_of_a_list_come_to_an_end(repo):
    link = f'<{repo.endpoint}/api/models/ada/one/tree/main?cursor=x>; rel="next"'
    endless = repo.fail(path="/tree/", status=200, body=b"[]", headers={"Link": link}, times=INF)
    with patience(), pytest.raises(HubError, match="do not come to an end; check HF_ENDPOINT, or try again later"):
        list(HfApi().list_repo_tree("ada/one"))
    assert endless.hits == MAX_REPEATS


@pytest.mark.parametrize("announced", ["2000", "1001"])
def test_a_file_that_is_always_shorter_than_announced_ends(repo, waits, announced):
    """The server ignores ranges and starts from the beginning each time."""
    length = {"Content-Length": announced}
    repo.fail(method="HEAD", headers=length, times=INF)
    short = repo.fail(method="GET", path="/resolve/", status=200, body=DATA, headers=length, times=INF)
    with pytest.raises(Exception, match=r"not come to an end|incomplete|without sending complete"):
        download_file("ada/one", "a.txt")
    assert short.hits <= 100
    assert sum(waits) <= 60


@pytest.mark.parametrize("dead", [0, 1], ids=["refused", "unknown"])
def test_without_a_network_the_cache_is_used_without_waits(repo, waits, dead):
    kept = hf_hub_download("ada/one", "a.txt")
    endpoint = ("http://127.0.0.1:9", "http://nowhere.invalid")[dead]
    assert str(download_file("ada/one", "a.txt", endpoint=endpoint)) == kept
    with pytest.raises(ConnectionError):
        download_file("ada/one", "b.txt", endpoint=endpoint)
    assert waits == []


def test_what_the_client_prints_is_escaped(repo, caplog):
    repo.fail(path="/api/models", headers={"X-HF-Warning": "patience-test; \x1b]0;owned\x07"})
    with patience():
        look(HfApi())
    (said,) = [record.getMessage() for record in caplog.records if "owned" in record.getMessage()]
    assert said == "\\x1b]0;owned\\x07"


def test_a_new_piece_of_work_may_ask_again_for_what_was_asked_for_before(repo, monkeypatch):
    monkeypatch.setattr(module, "MAX_REPEATS", 3)
    with patience() as watch:
        for _ in range(4):
            watch.note_progress()
            for _ in range(3):
                look(HfApi())
        with pytest.raises(HubError, match="do not come to an end"):
            look(HfApi())
