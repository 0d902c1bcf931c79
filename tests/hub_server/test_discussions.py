"""Discussions and pull requests of the local Hub, through the clients that know nothing of it."""

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from .clients import LFS_BYTES, add


def test_a_pull_request_grows_in_parts_and_is_merged_at_once(hub, ada, commit):
    head = hub.history("dataset", "ada/one")[0].oid
    opened = commit({"a.parquet": LFS_BYTES}, "Release", create_pr=True)
    assert (opened.pr_num, opened.pr_revision) == (1, "refs/pr/1")
    assert opened.pr_url == f"{hub.endpoint}/datasets/ada/one/discussions/1"
    part = commit({"b.parquet": LFS_BYTES[1:]}, "Release (part 2)", revision="refs/pr/1", parent_commit=opened.oid)
    assert hub.history("dataset", "ada/one")[0].oid == head
    with open(ada.hf_hub_download("ada/one", "a.parquet", repo_type="dataset", revision="refs/pr/1"), "rb") as file:
        assert file.read() == LFS_BYTES
    hub.add_commit("dataset", "ada/one", {"c.txt": b"aside"})
    ada.merge_pull_request("ada/one", 1, repo_type="dataset")
    assert list(hub.files("dataset", "ada/one")) == [".gitattributes", "a.parquet", "b.parquet", "c.txt"]
    merged = ada.get_discussion_details("ada/one", 1, repo_type="dataset")
    assert (merged.status, merged.target_branch) == ("merged", "refs/heads/main")
    assert merged.merge_commit_oid == hub.history("dataset", "ada/one")[0].oid
    assert hub.history("dataset", "ada/one")[0].title == "Release (#1)"
    assert [event.oid for event in merged.events if event.type == "commit"] == [opened.oid, part.oid]
    with pytest.raises(BadRequestError, match="not an open pull request"):
        ada.merge_pull_request("ada/one", 1, repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="is merged"):
        commit({"d.txt": b"1"}, revision="refs/pr/1")


def test_a_conflict_is_not_merged(hub, ada, commit):
    commit({"a.txt": b"1", "b.txt": b"1"}, create_pr=True)
    hub.add_commit("dataset", "ada/one", {"a.txt": b"2", "b.txt": b"1"})
    assert ada.get_discussion_details("ada/one", 1, repo_type="dataset").conflicting_files == ["a.txt"]
    with pytest.raises(HfHubHTTPError, match="has conflicts") as conflict:
        ada.merge_pull_request("ada/one", 1, repo_type="dataset")
    assert conflict.value.response.status_code == 409
    assert hub.pull_requests("dataset", "ada/one")[0].status == "open"
    ada.change_discussion_status("ada/one", 1, "closed", repo_type="dataset")
    with pytest.raises(BadRequestError, match="not an open"):
        ada.merge_pull_request("ada/one", 1, repo_type="dataset")


def test_a_pull_request_starts_from_its_parent(hub, commit):
    first = hub.history("dataset", "ada/one")[0].oid
    commit({"a.txt": b"1"})
    commit({"b.txt": b"1"}, create_pr=True, parent_commit=first)
    assert "a.txt" not in hub.files("dataset", "ada/one", "refs/pr/1")


def test_who_may_only_read_may_open_a_pull_request(hub, ada, bob):
    opened = bob.create_commit("ada/one", add(a=LFS_BYTES), commit_message="Offer", create_pr=True)
    bob.create_commit("ada/one", [CommitOperationAdd("b.bin", LFS_BYTES[1:])], commit_message="x", revision="refs/pr/1")
    for call in (bob.merge_pull_request, HfApi(token=hub.add_token("ada", "read")).merge_pull_request):
        with pytest.raises(HfHubHTTPError, match="Authorization error"):
            call("ada/one", opened.pr_num)
    (found,) = hub.pull_requests("model", "ada/one")
    assert (found.num, found.title, found.status, found.target, found.author) == (
        1,
        "Offer",
        "open",
        "refs/heads/main",
        "bob",
    )
    with pytest.raises(HfHubHTTPError, match="Authorization error"):
        HfApi(token=hub.add_token("bob", "read")).create_commit(
            "ada/one", add(c=b"1"), commit_message="Offer", create_pr=True
        )


def test_discussions_are_listed_and_filtered(ada, bob, commit):
    for number in range(12):
        bob.create_discussion("ada/one", title=f"Question {number}", repo_type="dataset")
    commit({"a.txt": b"1"}, "Offer", create_pr=True)
    draft = ada.create_pull_request("ada/one", title="Draft", repo_type="dataset")
    assert bob.change_discussion_status("ada/one", 1, "closed", repo_type="dataset").new_status == "closed"

    def numbers(**filters):
        return [found.num for found in ada.get_repo_discussions("ada/one", repo_type="dataset", **filters)]

    assert numbers() == list(range(14, 0, -1))
    assert numbers(discussion_type="pull_request") == [14, 13]
    assert numbers(discussion_status="closed") == [1]
    assert numbers(author="ada", discussion_status="open") == [14, 13]
    assert (draft.status, draft.git_reference) == ("draft", "refs/pr/14")
    with pytest.raises(BadRequestError, match="not an open"):
        ada.merge_pull_request("ada/one", 14, repo_type="dataset")
    details = ada.get_discussion_details("ada/one", 1, repo_type="dataset")
    assert [event.type for event in details.events] == ["comment", "status-change"]
    with pytest.raises(HfHubHTTPError, match="does not exist"):
        ada.get_discussion_details("ada/one", 15, repo_type="dataset")
