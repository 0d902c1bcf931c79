"""Commits of the local Hub, through the clients that know nothing of it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, HfApi, get_session
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from .clients import CARD, LFS_BYTES, add


def test_a_commit_is_read_back(hub, ada, commit):
    files = {"README.md": CARD, "a/b/c.parquet": LFS_BYTES, "empty.parquet": b"", "notes é.txt": b"\xc3\xa9"}
    done = commit(files)
    assert done.commit_url == f"{hub.endpoint}/datasets/ada/one/commit/{done.oid}"
    read = hub.files("dataset", "ada/one")
    assert {path: data for path, data in read.items() if path != ".gitattributes"} == files
    assert [path for path in ada.list_repo_files("ada/one", repo_type="dataset")] == sorted(read)
    last, first = hub.history("dataset", "ada/one")
    assert (last.oid, last.parent, last.author) == (done.oid, first.oid, "ada")
    for path, data in files.items():
        with open(ada.hf_hub_download("ada/one", path, repo_type="dataset"), "rb") as file:
            assert file.read() == data
    assert ada.file_exists("ada/one", "a/b/c.parquet", repo_type="dataset")
    assert not ada.file_exists("ada/one", "a/b", repo_type="dataset")
    assert ada.verify_repo_checksums("ada/one", repo_type="dataset", revision=done.oid).checked_count == 4


def test_commits_of_models_are_at_the_root(hub, ada):
    with pytest.warns(UserWarning, match="about to commit a data file"):
        done = ada.create_commit("ada/one", [CommitOperationAdd("a.parquet", LFS_BYTES)], commit_message="add")
    assert done.commit_url == f"{hub.endpoint}/ada/one/commit/{done.oid}"
    assert ada.model_info("ada/one").sha == done.oid


def test_nothing_to_change_gives_the_commit_there_is(hub, ada, commit):
    files = {"README.md": CARD, "a.parquet": LFS_BYTES}
    done = commit(files)
    assert commit(files).oid == done.oid
    assert len(hub.history("dataset", "ada/one")) == 2
    # The client that does not notice is answered the same.
    body = [
        {"key": "header", "value": {"summary": "again", "description": ""}},
        {"key": "lfsFile", "value": {"path": "a.parquet", "algo": "sha256", "oid": sha256(hub, "a.parquet")}},
    ]
    answer = post_commit(hub, ada, body)
    assert answer.json()["commitOid"] == done.oid


def test_files_and_folders_are_deleted(hub, commit):
    commit({"a.txt": b"1", "b/c.txt": b"2", "b/d.txt": b"3", "bc.txt": b"4"})
    commit({"a.txt": None, "b/": None})
    assert list(hub.files("dataset", "ada/one")) == [".gitattributes", "bc.txt"]
    with pytest.raises(RemoteEntryNotFoundError, match="differentiate file and folder paths"):
        commit({"a.txt": None})
    with pytest.raises(RemoteEntryNotFoundError):
        commit({"b/": None})


def test_files_are_copied(hub, ada, commit):
    commit({"a.txt": b"1", "b.parquet": LFS_BYTES})
    operations = [CommitOperationCopy("a.txt", "c.txt"), CommitOperationCopy("b.parquet", "d.parquet")]
    ada.create_commit("ada/one", operations, commit_message="copy", repo_type="dataset")
    assert hub.files("dataset", "ada/one")["d.parquet"] == LFS_BYTES


def test_a_stale_parent_is_refused(hub, commit):
    before = hub.history("dataset", "ada/one")[0].oid
    commit({"a.txt": b"1"}, parent_commit=before)
    with pytest.raises(HfHubHTTPError, match="branch was updated") as stale:
        commit({"b.txt": b"1"}, parent_commit=before)
    assert stale.value.response.status_code == 412
    assert "b.txt" not in hub.files("dataset", "ada/one")


def test_of_simultaneous_commits_on_one_parent_one_succeeds(hub, commit):
    before = hub.history("dataset", "ada/one")[0].oid

    def attempt(number):
        try:
            return commit({f"{number}.txt": b"1"}, parent_commit=before)
        except HfHubHTTPError as error:
            assert error.response.status_code == 412

    with ThreadPoolExecutor(8) as pool:
        assert len([done for done in pool.map(attempt, range(8)) if done]) == 1
    assert len(hub.history("dataset", "ada/one")) == 2


def test_cards_are_checked(ada, commit):
    for card, message in (
        (b"---\ntags: [\n---\n", "YAML metadata is not valid"),
        (b"---\n- tags\n---\n", "must be a mapping"),
        (b"---\ntags: [1]\n---\n", '"tags" must be'),
        (b"---\nconfigs:\n- data_files: a\n---\n", '"configs" must be'),
        (b"---\nlicense: {}\nmodel-index: [{}]\n---\n", '"model-index" must be'),
    ):
        with pytest.raises(ValueError, match=f"(?s)Invalid metadata in README.md.*{message}"):
            commit({"README.md": card})
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        commit({"README.md": b"no metadata"})
    ada.dataset_info("ada/one")


def sha256(hub, path):
    return hub.repos["dataset", "ada/one"].at("main").files[path].sha256


def post_commit(hub, api, lines):
    body = "\n".join(json.dumps(line) for line in lines).encode()
    headers = {**api._build_hf_headers(), "Content-Type": "application/x-ndjson"}
    return get_session().post(f"{hub.endpoint}/api/datasets/ada/one/commit/main", content=body, headers=headers)


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/x", "", ".git/config", "a/.GIT/x", "a//b", "./a", "..\\x", "a/"]
)
@pytest.mark.parametrize("key", ["file", "deletedFile"])
def test_paths_that_escape_are_refused(hub, ada, path, key):
    operation = {"key": key, "value": {"path": path, "content": "", "encoding": "base64"}}
    answer = post_commit(hub, ada, [{"key": "header", "value": {"summary": "escape"}}, operation])
    assert answer.status_code == 400
    assert len(hub.history("dataset", "ada/one")) == 1


def test_a_file_is_not_a_folder(commit):
    with pytest.raises(BadRequestError, match="also a file"):
        commit({"a": b"1", "a/b": b"2"})


def test_an_lfs_file_that_was_not_uploaded_is_refused(hub, ada):
    operation = {"key": "lfsFile", "value": {"path": "a.parquet", "algo": "sha256", "oid": "0" * 64, "size": 1}}
    answer = post_commit(hub, ada, [{"key": "header", "value": {"summary": "lost"}}, operation])
    assert answer.status_code == 400
    assert "LFS pointer pointed to a file that does not exist" in answer.json()["error"]


def test_commits_need_a_branch_and_rights(hub, commit, ada, bob):
    ada.create_tag("ada/one", tag="v1", repo_type="dataset")
    for revision in ("missing", "v1", hub.history("dataset", "ada/one")[0].oid):
        with pytest.raises(RevisionNotFoundError):
            commit({"a.txt": b"1"}, revision=revision)
    with pytest.raises(HfHubHTTPError, match="pass `create_pr=1`") as refused:
        bob.create_commit("ada/one", add(a=b"1"), commit_message="add", repo_type="dataset")
    assert refused.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError, match="Authorization error"):
        HfApi(token=hub.add_token("ada", "read")).create_commit("ada/one", add(a=b"1"), commit_message="add")
    with pytest.raises(RepositoryNotFoundError):
        ada.create_commit("ada/missing", add(a=b"1"), commit_message="add")


def test_folders_are_uploaded_and_replaced(hub, ada, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.parquet").write_bytes(LFS_BYTES)
    (tmp_path / "old.txt").write_text("old")
    ada.upload_folder(
        folder_path=tmp_path, repo_id="ada/one", repo_type="dataset", allow_patterns=["data/*", "old.txt"]
    )
    done = ada.upload_folder(
        folder_path=tmp_path, repo_id="ada/one", repo_type="dataset", allow_patterns="data/*", delete_patterns="*.txt"
    )
    assert list(hub.files("dataset", "ada/one")) == [".gitattributes", "data/a.parquet"]
    assert hub.history("dataset", "ada/one")[0].oid == done.oid
