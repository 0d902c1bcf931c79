"""Publishing while the Hub fails, is busy, or is changed by others."""

import copy
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from datasets import load_dataset
from huggingface_hub import HfApi, constants, get_session

from mnist1d_hf import DATA_VERSION
from mnist1d_hf.baselines.registry import list_checkpoints
from mnist1d_hf.hub import HubError, publish, retries
from mnist1d_hf.hub.naming import model_repo_id
from mnist1d_hf.hub.planning import TITLE
from mnist1d_hf.utils import patience

from ..hub_server.publications import (
    DATASET,
    SPACE,
    assert_published,
    commits,
    is_whole,
    is_whole_or_empty,
    manifest,
    publish_configs,
)
from .test_publishing import configs_of

TAG = f"v{DATA_VERSION}"
PAGE = b"<html><body>Bad gateway</body></html>"
NOTES = {"notes.md": b"mine"}

FAULTS = {
    "409": {"status": 409},
    "412": {"status": 412},
    "429 with the seconds to wait": {"status": 429, "headers": {"Retry-After": "17"}},
    "429 with a rate limit": {"status": 429, "headers": {"RateLimit": '"api";r=0;t=17'}},
    "500": {"status": 500},
    "502 with a page": {"status": 502, "body": PAGE},
    "503": {"status": 503},
    "504": {"status": 504},
    "dropped": {"drop": True},
    "lost answer": {"drop_after": True},
    "cut answer": {"truncate": True},
}

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(patience, "TIMEOUT", 1.0)
    for name in ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"):
        monkeypatch.setattr(constants, name, 1.0)


def settle(hub):
    """Wait for the requests that the client has given up."""
    while any(request.status is None for request in hub.requests):
        threading.Event().wait(0.01)


# The commit


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_commit_survives(ada_hub, waits, fault):
    hit = ada_hub.fail(method="POST", path="/commit/main", **fault)
    repo = publish_configs("default")
    assert hit.hits == 1
    assert_published(ada_hub, DATASET)
    assert ada_hub.tags(*DATASET) == {TAG: repo.commit}
    assert repo.changed
    assert {change.status for change in repo.changes} == {"new"}
    (wait,) = waits
    assert wait == 17 if fault.get("status") == 429 else 0.5 <= wait <= 1.5


@pytest.mark.usefixtures("impatient")
def test_a_commit_survives_a_stall(ada_hub):
    hit = ada_hub.fail(method="POST", path="/commit/main", delay=1.5)
    publish_configs("default")
    settle(ada_hub)
    assert hit.hits == 1
    assert_published(ada_hub, DATASET)


def test_the_rate_limit_that_every_answer_tells_is_waited_for_only_if_it_is_reached(ada_hub, waits):
    ada_hub.fail(method="POST", path="/commit/main", status=412, headers={"RateLimit": '"api";r=489;t=242'})
    publish_configs("default")
    assert sum(waits) < 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("path", ["/commit/main", "/preupload/", "/whoami"])
def test_a_hub_that_asks_to_wait_for_long_is_told_at_once(ada_hub, waits, status, path):
    ada_hub.fail(path=path, status=status, headers={"Retry-After": "86400"}, times=float("inf"))
    with pytest.raises(HubError, match="wait 86400 s and try again" if status == 429 else "try again later"):
        publish_configs("default")
    assert waits == []


BAD_WAITS = ["-5", "0", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "1e9", "9" * 5000, "\u0662", "", "inf", "0x10"]


@pytest.mark.parametrize("wait", BAD_WAITS, ids=lambda wait: ascii(wait[:10]))
@pytest.mark.parametrize("path", ["/commit/main", "/preupload/"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_none_does_no_harm(ada_hub, waits, wait, path, status):
    header = wait.encode("utf-8").decode("latin-1")
    fault = ada_hub.fail(path=path, status=status, headers={"Retry-After": header}, times=2)
    if wait.startswith("99"):
        with pytest.raises(HubError):
            publish_configs("default")
    else:
        publish_configs("default")
        assert fault.hits == 2
    assert all(0 <= seconds <= 5 for seconds in waits)


def test_a_file_that_somebody_adds_meanwhile_stays(ada_hub):
    ada_hub.fail(path="/commit/main", before=lambda: ada_hub.add_commit(*DATASET, NOTES, title="Notes"))
    publish_configs("default")
    assert_published(ada_hub, DATASET, "Notes")
    assert ada_hub.files(*DATASET)["notes.md"] == b"mine"


def test_the_same_release_that_somebody_else_makes_meanwhile_is_enough(ada_hub):
    ada_hub.fail(path="/commit/main", before=lambda: publish_configs("default"))
    repo = publish_configs("default")
    assert_published(ada_hub, DATASET)
    assert repo.commit == ada_hub.history(*DATASET)[0].oid


def test_a_release_of_another_config_meanwhile_is_taken_up(ada_hub):
    ada_hub.fail(path="/commit/main", before=lambda: publish_configs("shuffled"))
    publish_configs("default")
    assert commits(ada_hub, DATASET) == ["initial commit", TITLE, TITLE]
    assert configs_of(ada_hub) == ["default", "shuffled"]
    assert is_whole(ada_hub, DATASET)


def test_a_card_that_somebody_edits_meanwhile_is_not_overwritten(ada_hub):
    publish_configs("default")

    def edit():
        text = ada_hub.files(*DATASET)["README.md"]
        ada_hub.add_commit(*DATASET, {"README.md": text + b"\nMine.\n"}, title="Edit")

    ada_hub.fail(path="/commit/main", before=edit)
    with pytest.raises(
        HubError, match=r"^README\.md in \S+/datasets/ada/mnist1d was not written by mnist1d-hf, or was changed since; "
    ):
        publish_configs("shuffled")
    assert commits(ada_hub, DATASET) == ["initial commit", TITLE, "Edit"]
    assert ada_hub.files(*DATASET)["README.md"].endswith(b"Mine.\n")


# Collections


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            {"status": 403},
            r"refuses this \(403: .*\); use a token that may write to this namespace, from .*`hf auth login`",
        ),
        ({"status": 500}, r"could not do this \(500: .*\); try again later; published files stay$"),
        ({"status": 429}, r"limits requests \(429: .*\); wait some minutes and try again$"),
        ({"status": 404}, r"is not on the Hub; publish all parts: mnist1d-hf publish ada$"),
        ({"status": 409}, r"could not do this \(409: .*\); try again later; published files stay$"),
    ],
    ids=lambda value: str(value.get("status")) if isinstance(value, dict) else "",
)
def test_an_item_that_cannot_be_added_is_told(ada_hub, fault, message):
    found = ada_hub.fail(method="POST", path="/items?$", nth=3, times=float("inf"), **fault)
    models = [("model", model_repo_id("ada", name, config)) for config, name in list_checkpoints()]
    for key in (DATASET, SPACE, *models):
        ada_hub.add_repo(*key)
    with pytest.raises(HubError, match=message):
        publish("ada", only="collection")
    assert 1 <= found.hits <= retries.ATTEMPTS
    assert len(ada_hub.collections()[0]["items"]) == 2
    ada_hub._faults.remove(found)
    publish("ada", only="collection")
    assert len(ada_hub.collections()[0]["items"]) == 3 + len(models)


@pytest.mark.parametrize("path", ["/whoami", "/preupload/", "/commit/", "/refs$"])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [({}, "some minutes"), ({"Retry-After": "242"}, "242 s"), ({"RateLimit": '"api";r=0;t=242'}, "242 s")],
    ids=["no header", "Retry-After", "RateLimit"],
)
def test_a_limit_that_lasts_is_told_with_the_wait(ada_hub, path, headers, wait):
    ada_hub.fail(path=path, status=429, headers=headers, times=float("inf"))
    with pytest.raises(HubError, match=rf"^the Hub limits requests \(429.*\); wait {wait} and try again$"):
        publish_configs("default")


# Every kind of request


def kind(request):
    """What a request is about, as a method and a pattern of its path; branches are all one."""
    path = re.escape(request.path)
    for pattern in ("[0-9a-f]{64}", "[0-9a-f]{40}", "[0-9a-f]{24}", "(main|next)"):
        path = re.sub(rf"\b{pattern}\b", pattern, path)
    return request.method, f"{path}$"


class Step:
    """A step of publishing that can be repeated from the same start."""

    def __init__(self, hub, act, check):
        self.hub, self.act, self.check = hub, act, check
        self._start = copy.deepcopy((hub.repos, hub._collections))
        del hub.requests[:]
        act()
        check()
        self.kinds = list(dict.fromkeys(kind(request) for request in hub.requests if "agent-harn" not in request.path))

    def outcome(self, method, path, **fault):
        """What becomes of the step if a kind of request fails."""
        self.hub.repos, self.hub._collections = copy.deepcopy(self._start)
        hit = self.hub.fail(method=method, path=path, **fault)
        try:
            self.act()
            self.check()
        except Exception as error:
            return repr(error)
        finally:
            self.hub._faults.remove(hit)
        return "survived" if hit.hits else "not hit"


def first_release(hub):
    def check():
        assert_published(hub, DATASET)
        assert hub.tags(*DATASET) == {TAG: hub.history(*DATASET)[0].oid}

    return Step(hub, lambda: publish_configs("default"), check)


def next_release(hub):
    def check():
        assert commits(hub, DATASET) == ["initial commit", TITLE, TITLE]
        assert is_whole(hub, DATASET)
        assert configs_of(hub) == ["default", "shuffled"]
        assert hub.tags(*DATASET) == {TAG: hub.history(*DATASET)[0].oid}

    return Step(hub, lambda: publish_configs("shuffled"), check)


def release_on_a_branch(hub):
    def check():
        assert commits(hub, DATASET) == ["initial commit", TITLE, TITLE]
        assert commits(hub, DATASET, "next") == ["initial commit", TITLE, TITLE, TITLE]
        assert configs_of(hub, "next") == ["custom-noise", "default", "shuffled"]

    return Step(hub, lambda: publish_configs("custom-noise", revision="next"), check)


def proposal(hub):
    def check():
        assert commits(hub, DATASET) == ["initial commit", TITLE, TITLE]
        assert [found.status for found in hub.pull_requests(*DATASET)] == ["open"]
        assert configs_of(hub, "refs/pr/1") == ["custom-noise", "default", "shuffled"]

    return Step(hub, lambda: publish_configs("custom-noise", create_pr=True), check)


def new_collection(hub):
    models = [("model", model_repo_id("ada", name, config)) for config, name in list_checkpoints()]
    for repo_type, repo_id in (SPACE, *models):
        hub.add_repo(repo_type, repo_id)

    def check():
        (collection,) = hub.collections()
        there = [(item["type"], item["id"]) for item in collection["items"]]
        assert there == [DATASET, SPACE, *models, ("paper", "2011.14439")]

    return Step(hub, lambda: publish("ada", only="collection"), check)


def same_collection(hub):
    before = hub.collections()
    assert before

    def check():
        assert hub.collections() == before

    return Step(hub, lambda: publish("ada", only="collection"), check)


STEPS = [first_release, next_release, release_on_a_branch, proposal, new_collection, same_collection]


def outcomes(hub, **fault):
    """What becomes of publishing if a request of a kind fails, for each kind that there is."""
    found = {}
    for begin in STEPS:
        step = begin(hub)
        end = copy.deepcopy((hub.repos, hub._collections))
        found |= {each: step.outcome(*each, **fault) for each in step.kinds if each not in found}
        hub.repos, hub._collections = end
    assert len(found) >= 25
    return found


NORMALLY = ["409", "502 with a page", "lost answer"]


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [pytest.param(FAULTS[name], id=name, marks=() if name in NORMALLY else pytest.mark.slow) for name in FAULTS],
)
def test_every_kind_of_request_survives(ada_hub, fault):
    found = outcomes(ada_hub, **fault)
    assert found == dict.fromkeys(found, "survived")


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_every_kind_of_request_survives_a_stall(ada_hub):
    found = outcomes(ada_hub, delay=1.5, drop=True)
    assert found == dict.fromkeys(found, "survived")


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 403}, id="403", marks=pytest.mark.slow),
        pytest.param({"status": 502, "body": PAGE}, id="502 with a page", marks=pytest.mark.slow),
        pytest.param({"drop": True}, id="dropped"),
    ],
)
def test_a_fault_that_lasts_is_told_in_one_line_and_leaves_whole_releases(ada_hub, monkeypatch, fault):
    monkeypatch.setattr(retries, "ATTEMPTS", 2)
    for begin in (first_release, next_release):
        step = begin(ada_hub)
        end = copy.deepcopy((ada_hub.repos, ada_hub._collections))
        assert len(step.kinds) >= 8
        for each in step.kinds:
            outcome = step.outcome(*each, **fault, times=float("inf"))
            # The storage has what is uploaded, though nobody could be told so.
            if outcome != "survived" or "verify" not in each[1]:
                assert re.fullmatch(
                    r"HubError\(.*(try again|use a token that may write to this namespace).*\)", outcome
                )
                assert "\\n" not in outcome
            if DATASET in ada_hub.repos:
                assert is_whole_or_empty(ada_hub, DATASET)
                assert set(commits(ada_hub, DATASET)) <= {"initial commit", TITLE}
        ada_hub.repos, ada_hub._collections = end


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}, {"status": 409}], ids=["500", "drop", "409"])
@pytest.mark.parametrize("path", ["/whoami", "/preupload/", "/objects/batch", "/upload/", "/commit/", "/refs$"])
def test_it_is_given_up_within_a_minute(ada_hub, waits, path, fault):
    # The client tries some requests again itself: both together must not take longer.
    found = ada_hub.fail(path=path, **fault, times=float("inf"))
    with pytest.raises(HubError, match=r"try again.*; published files stay"):
        publish_configs("default")
    # Four files are uploaded at once, and each upload waits; the clock of the tests counts all of that.
    at_once = 4 if path == "/upload/" else 1
    assert 4 <= found.hits <= 20 * at_once
    assert 15 < sum(waits) <= 50 + 8 * at_once + 2


@pytest.mark.parametrize("path", ["/commit/", "/preupload/"])
def test_a_hub_that_does_not_answer_is_given_up_within_a_minute(ada_hub, waits, monkeypatch, path):
    monkeypatch.setattr(patience, "TIMEOUT", 0.3)
    monkeypatch.setattr(patience, "GIVE_UP_AFTER", 1.5)
    stall = ada_hub.fail(path=path, delay=0.5, drop=True, times=float("inf"))
    with pytest.raises(HubError, match=r"cannot be reached .*timed out.* try again; published files stay"):
        publish_configs("default")
    assert 1 <= stall.hits <= 5
    assert commits(ada_hub, DATASET) == ["initial commit"]


def test_a_tag_that_does_not_show_is_not_written_for_ever(ada_hub, waits):
    publish_configs("default")
    refs = HfApi().list_repo_refs("ada/mnist1d", repo_type="dataset")
    stale = {
        "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": "0" * 40}],
        "tags": [],
        "converts": [],
    }
    assert refs.tags
    del ada_hub.requests[:]
    ada_hub.fail(method="GET", path="/refs$", status=200, body=json.dumps(stale).encode(), times=float("inf"))
    ada_hub.fail(method="POST", path="/tag/", status=200, body=b"{}", times=float("inf"))
    with pytest.raises(
        HubError, match=rf"the tag {TAG} of ada/mnist1d was moved, but does not point at the newest data"
    ):
        publish_configs("default")
    assert len(ada_hub.requests) < 50
    assert 15 < sum(waits) <= 60


def test_a_revision_that_is_missing_everywhere_is_told(ada_hub):
    ada_hub.add_repo(*DATASET)
    ada_hub.fail(path="/api/datasets/ada", status=404, headers={"X-Error-Code": "RevisionNotFound"}, times=float("inf"))
    with pytest.raises(HubError, match="404"):
        publish_configs("default")
    assert len(ada_hub.requests) < 10


@pytest.mark.parametrize("page", [b"[]", b"[{}]"])
def test_a_list_without_an_end_is_given_up(ada_hub, page):
    link = f'<{ada_hub.endpoint}/api/collections?cursor=x>; rel="next"'
    endless = ada_hub.fail(path="/api/collections", status=200, body=page, headers={"Link": link}, times=float("inf"))
    with pytest.raises(HubError):
        publish("ada", only="collection", dry_run=True)
    assert endless.hits <= patience.MAX_REPEATS


def test_an_attempt_that_takes_long_is_followed_by_others(ada_hub, waits):
    slow = ada_hub.fail(path="/upload/", before=lambda: waits.append(3000))
    busy = ada_hub.fail(path="/commit/", status=409, times=3)
    publish_configs("default")
    assert (slow.hits, busy.hits) == (1, 3)
    assert_published(ada_hub, DATASET)


def test_a_wait_is_announced(ada_hub, caplog):
    ada_hub.fail(path="/commit/", status=503, headers={"Retry-After": "17"})
    publish_configs("default")
    said = [record.getMessage() for record in caplog.records if record.name.startswith("mnist1d_hf")]
    assert said == ["the Hub could not do this yet (503: Error 503); next attempt in 17 s"]


# Two publishers


def together(*calls):
    """Call all at the same moment and return what they return."""
    get_session()  # huggingface_hub 1 would make one for each
    barrier = threading.Barrier(len(calls))

    def call_at_once(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call_at_once, call) for call in calls]]


@pytest.mark.long
@pytest.mark.parametrize("before", [(), ("custom-noise",)], ids=["nothing", "a config"])
def test_two_publishers_of_different_configs_both_end_well(ada_hub, before):
    if before:
        publish_configs(*before)
    start = copy.deepcopy(ada_hub.repos)
    for _ in range(3):
        ada_hub.repos = copy.deepcopy(start)
        repos = together(lambda: publish_configs("default"), lambda: publish_configs("shuffled"))
        assert commits(ada_hub, DATASET) == ["initial commit", *[TITLE for _ in before], TITLE, TITLE]
        assert {repo.commit for repo in repos} == {commit.oid for commit in ada_hub.history(*DATASET)[:2]}
        assert configs_of(ada_hub) == sorted(["default", "shuffled", *before])
        assert is_whole(ada_hub, DATASET)
        assert {path.partition("/")[0] for path in manifest(ada_hub, DATASET)} >= {"default", "shuffled", *before}
        assert ada_hub.tags(*DATASET) == {TAG: ada_hub.history(*DATASET)[0].oid}
    for config in ("default", "shuffled", *before):
        loaded = load_dataset("ada/mnist1d", config)
        assert {split: len(rows) for split, rows in loaded.items()} == {"train": 4000, "test": 1000}


def test_two_publishers_of_the_same_make_one_commit(ada_hub):
    for _ in range(3):
        ada_hub.repos = {}
        repos = together(*[lambda: publish_configs("default")] * 2)
        assert_published(ada_hub, DATASET)
        assert {repo.commit for repo in repos} == {ada_hub.history(*DATASET)[0].oid}
        assert ada_hub.tags(*DATASET) == {TAG: repos[0].commit}


@pytest.mark.long
def test_two_publishers_of_everything_make_one_collection(ada_hub):
    together(*[lambda: publish("ada", configs=["default", "shuffled"])] * 2)
    assert len(ada_hub.repos) == 2 + len(list_checkpoints())
    assert all(commits(ada_hub, repo) == ["initial commit", TITLE] for repo in ada_hub.repos)
    (collection,) = ada_hub.collections()
    assert len(collection["items"]) == len(ada_hub.repos) + 1


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_tag_that_another_publisher_moves_meanwhile_ends_at_the_newest_data(ada_hub, method):
    publish_configs("default")
    moved = ada_hub.fail(method=method, path="/tag/", before=lambda: publish_configs("custom-noise"))
    publish_configs("shuffled")
    assert moved.hits == 1
    assert configs_of(ada_hub) == ["custom-noise", "default", "shuffled"]
    assert ada_hub.tags(*DATASET) == {TAG: ada_hub.history(*DATASET)[0].oid}


def test_a_tag_that_somebody_takes_away_meanwhile_comes_back(ada_hub):
    publish_configs("default")
    refs = ada_hub.repos[DATASET].refs
    ada_hub.fail(method="DELETE", path="/tag/", before=lambda: refs.pop(f"refs/tags/{TAG}"))
    publish_configs("shuffled")
    assert ada_hub.tags(*DATASET) == {TAG: ada_hub.history(*DATASET)[0].oid}


# In parts


@pytest.fixture
def small_commits(monkeypatch):
    monkeypatch.setattr("mnist1d_hf.hub.commits.MAX_OPERATIONS", 3)


MERGED = f"{TITLE} (#{{}})"


def release_in_parts(hub):
    def check():
        assert [title.partition(" (#")[0] for title in commits(hub, DATASET)] == ["initial commit", TITLE]
        assert is_whole(hub, DATASET)
        assert configs_of(hub) == ["default"]
        assert sorted(found.status for found in hub.pull_requests(*DATASET))[-1] == "merged"
        assert all(found.status in ("merged", "closed") for found in hub.pull_requests(*DATASET))
        assert hub.tags(*DATASET) == {TAG: hub.history(*DATASET)[0].oid}

    return Step(hub, lambda: publish_configs("default"), check)


@pytest.mark.usefixtures("small_commits")
def test_many_files_are_merged_at_once(ada_hub):
    whole = []
    ada_hub.fail(
        times=float("inf"),
        before=lambda: whole.append(DATASET not in ada_hub.repos or is_whole_or_empty(ada_hub, DATASET)),
    )
    repo = publish_configs("default")
    assert all(whole)
    assert len(whole) == len(ada_hub.requests)
    assert commits(ada_hub, DATASET) == ["initial commit", MERGED.format(1)]
    assert commits(ada_hub, DATASET, "refs/pr/1") == ["initial commit", TITLE, TITLE, TITLE]
    assert repo.commit == ada_hub.history(*DATASET)[0].oid
    assert [found.status for found in ada_hub.pull_requests(*DATASET)] == ["merged"]
    assert_whole_again = publish_configs("default")
    assert not assert_whole_again.changed
    publish_configs("shuffled")
    assert commits(ada_hub, DATASET) == ["initial commit", MERGED.format(1), MERGED.format(2)]
    assert configs_of(ada_hub) == ["default", "shuffled"]


@pytest.mark.long
@pytest.mark.usefixtures("small_commits")
@pytest.mark.parametrize("fault", [pytest.param(FAULTS[name], id=name) for name in NORMALLY])
def test_a_release_in_parts_survives(ada_hub, fault):
    step = release_in_parts(ada_hub)
    found = {each: step.outcome(*each, **fault) for each in step.kinds if "pr" in each[1] or "discussions" in each[1]}
    assert found == dict.fromkeys(found, "survived")
    assert len(found) >= 5


@pytest.mark.usefixtures("small_commits")
def test_a_release_in_parts_that_was_given_up_is_finished(ada_hub):
    step = release_in_parts(ada_hub)
    for path in ("/commit/main.*create_pr", "/commit/refs", "/discussions.type", "/merge"):
        for nth in (1, 2) if path == "/commit/refs" else (1,):
            assert step.outcome("GET" if "type" in path else "POST", path, nth=nth, status=403) != "survived"
            assert commits(ada_hub, DATASET) == ["initial commit"]
            step.act()
            step.check()


@pytest.mark.usefixtures("small_commits")
def test_a_release_in_parts_keeps_what_others_do_meanwhile(ada_hub):
    ada_hub.fail(path="/merge", before=lambda: ada_hub.add_commit(*DATASET, NOTES, title="Notes"))
    publish_configs("default")
    assert commits(ada_hub, DATASET) == ["initial commit", "Notes", MERGED.format(1)]
    assert is_whole(ada_hub, DATASET)
    assert ada_hub.files(*DATASET)["notes.md"] == b"mine"


@pytest.mark.long
@pytest.mark.usefixtures("small_commits")
@pytest.mark.parametrize("moment", ["/merge", "/commit/refs", "/commit/main.*create_pr"])
def test_releases_in_parts_that_meet_both_end_well(ada_hub, moment):
    publish_configs("default")
    ada_hub.fail(path=moment, before=lambda: publish_configs("custom-noise"))
    publish_configs("shuffled")
    assert len(commits(ada_hub, DATASET)) == 4
    assert is_whole(ada_hub, DATASET)
    assert configs_of(ada_hub) == ["custom-noise", "default", "shuffled"]
    assert all(found.status in ("merged", "closed") for found in ada_hub.pull_requests(*DATASET))


@pytest.mark.usefixtures("small_commits")
def test_a_release_in_parts_does_not_replace_what_others_edit_meanwhile(ada_hub):
    publish_configs("default")
    ada_hub.fail(path="/merge", before=lambda: ada_hub.add_commit(*DATASET, {"README.md": b"# Mine\n"}, title="Edit"))
    with pytest.raises(HubError, match=r"README\.md in"):
        publish_configs("shuffled")
    assert commits(ada_hub, DATASET) == ["initial commit", MERGED.format(1), "Edit"]
    assert ada_hub.files(*DATASET)["README.md"] == b"# Mine\n"


@pytest.mark.usefixtures("small_commits")
def test_many_files_go_to_a_branch_in_one_commit(ada_hub):
    publish_configs("default", revision="next")
    assert commits(ada_hub, DATASET) == ["initial commit"]
    assert commits(ada_hub, DATASET, "next") == ["initial commit", TITLE]
    assert is_whole(ada_hub, DATASET, "next")


@pytest.mark.usefixtures("small_commits")
def test_many_files_are_proposed_in_one_pull_request(ada_hub):
    publish_configs("default", create_pr=True)
    publish_configs("default", create_pr=True)
    assert commits(ada_hub, DATASET) == ["initial commit"]
    assert commits(ada_hub, DATASET, "refs/pr/1") == ["initial commit", TITLE, TITLE, TITLE]
    assert [found.status for found in ada_hub.pull_requests(*DATASET)] == ["open"]
    assert is_whole(ada_hub, DATASET, "refs/pr/1")
