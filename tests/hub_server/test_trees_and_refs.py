"""Trees, tags and branches of the local Hub, through the clients that know nothing of it."""

import pytest
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RemoteEntryNotFoundError, RevisionNotFoundError

from .clients import LFS_BYTES, paths


def test_trees_come_in_pages(hub, ada):
    hub.add_repo("dataset", "ada/many", {f"{number % 3}/{number:04}.txt": b"1" for number in range(2100)})
    entries = list(ada.list_repo_tree("ada/many", repo_type="dataset", recursive=True))
    assert len(entries) == len({entry.path for entry in entries}) == 2104
    assert [entry.path for entry in ada.list_repo_tree("ada/many", repo_type="dataset")] == [
        ".gitattributes",
        "0",
        "1",
        "2",
    ]
    listed = list(ada.list_repo_tree("ada/many", "1", repo_type="dataset", expand=True))
    assert len(listed) == 700
    assert listed[0].last_commit.title == "Add files"
    assert len([path for path in paths(hub.requests) if "/tree/main/1?" in path]) == 14
    with pytest.raises(RemoteEntryNotFoundError):
        list(ada.list_repo_tree("ada/many", "3", repo_type="dataset"))


def test_paths_are_described(ada, commit):
    commit({"a/b.parquet": LFS_BYTES, "c.txt": b"1"}, "first")
    commit({"c.txt": b"2"}, "second")
    folder, file = ada.get_paths_info("ada/one", ["a", "c.txt", "missing"], repo_type="dataset", expand=True)
    assert (folder.path, folder.last_commit.title, file.last_commit.title) == ("a", "first", "second")
    (lfs,) = ada.get_paths_info("ada/one", "a/b.parquet", repo_type="dataset")
    assert (lfs.lfs.size, lfs.last_commit) == (len(LFS_BYTES), None)


def test_history_comes_in_pages(hub, ada):
    for number in range(60):
        hub.add_commit("dataset", "ada/one", {"a.txt": b"%d" % number}, title=f"change {number}")
    commits = ada.list_repo_commits("ada/one", repo_type="dataset")
    assert [commit.title for commit in commits[:2]] == ["change 59", "change 58"]
    assert [commit.commit_id for commit in commits] == [commit.oid for commit in hub.history("dataset", "ada/one")]


def test_tags(hub, ada, commit):
    first = commit({"a.txt": b"1"}).oid
    ada.create_tag("ada/one", tag="v1", tag_message="release", repo_type="dataset")
    commit({"a.txt": b"2"})
    ada.create_tag("ada/one", tag="v0", revision=f"{first}", repo_type="dataset")
    assert hub.tags("dataset", "ada/one") == {"v1": first, "v0": first}
    assert hub.files("dataset", "ada/one", "v1")["a.txt"] == b"1"
    with pytest.raises(HfHubHTTPError, match="already exists") as there:
        ada.create_tag("ada/one", tag="v1", repo_type="dataset")
    assert there.value.response.status_code == 409
    ada.create_tag("ada/one", tag="v1", repo_type="dataset", exist_ok=True)
    with pytest.raises(RevisionNotFoundError):
        ada.create_tag("ada/one", tag="v2", revision="missing", repo_type="dataset")
    with pytest.raises(BadRequestError, match="Invalid reference"):
        ada.create_tag("ada/one", tag="v 2", repo_type="dataset")
    ada.delete_tag("ada/one", tag="v1", repo_type="dataset")
    with pytest.raises(RevisionNotFoundError):
        ada.delete_tag("ada/one", tag="v1", repo_type="dataset")


def test_branches_and_references(hub, ada, commit):
    first = hub.history("dataset", "ada/one")[0].oid
    main = commit({"a.txt": b"1"}).oid
    ada.create_branch("ada/one", branch="script", revision=first, repo_type="dataset")
    side = commit({"b.txt": b"2"}, revision="script").oid
    ada.create_tag("ada/one", tag="v1", repo_type="dataset")
    pull = commit({"c.txt": b"3"}, create_pr=True)
    found = ada.list_repo_refs("ada/one", repo_type="dataset", include_pull_requests=True)
    assert {branch.name: branch.target_commit for branch in found.branches} == {"main": main, "script": side}
    assert [(tag.ref, tag.target_commit) for tag in found.tags] == [("refs/tags/v1", main)]
    assert [(ref.ref, ref.target_commit) for ref in found.pull_requests] == [("refs/pr/1", pull.oid)]
    assert ada.list_repo_refs("ada/one", repo_type="dataset").pull_requests is None
    with pytest.raises(HfHubHTTPError, match="Reference refs/heads/script already exists"):
        ada.create_branch("ada/one", branch="script", repo_type="dataset")
    ada.delete_branch("ada/one", branch="script", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="Invalid rev id"):
        ada.delete_branch("ada/one", branch="script", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="Cannot delete refs/heads/main"):
        ada.delete_branch("ada/one", branch="main", repo_type="dataset")
