"""The local Hub, through the clients that know nothing of it."""

import contextlib
import io
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, load_dataset
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    get_session,
    get_token,
    whoami,
)
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from . import Hub

CARD = b"---\nlicense: apache-2.0\ntags: [one, two]\n---\n# A card\n"
LFS_BYTES = bytes(range(256)) * 40


def transport_error():
    """The base of the errors of a connection, of httpx2 with huggingface_hub 2.x and of httpx with 1.x."""
    return sys.modules[type(get_session()).__module__.partition(".")[0]].TransportError


def add(**files):
    return [CommitOperationAdd(path, data) for path, data in files.items()]


def paths(requests, method=None):
    return [request.path for request in requests if method in (None, request.method)]


@pytest.fixture
def ada(hub):
    """The client of a user with a repository of each type."""
    hub.add_user("ada", orgs={"engines": "write", "readers": "read"})
    api = HfApi(endpoint=hub.endpoint, token=hub.add_token("ada"))
    for repo_type in ("dataset", "model"):
        api.create_repo("ada/one", repo_type=repo_type)
    return api


@pytest.fixture
def bob(hub):
    hub.add_user("bob")
    return HfApi(endpoint=hub.endpoint, token=hub.add_token("bob"))


@pytest.fixture
def anonymous(hub):
    return HfApi(endpoint=hub.endpoint, token=False)


@pytest.fixture
def commit(ada):
    """Commits files, given by path, to ada's dataset."""

    def make(files, message="change", **options):
        operations = [
            CommitOperationDelete(path) if data is None else CommitOperationAdd(path, data)
            for path, data in files.items()
        ]
        return ada.create_commit("ada/one", operations, commit_message=message, repo_type="dataset", **options)

    return make


# Accounts


def test_a_user_is_told_their_name_organizations_and_role(hub, ada):
    answer = ada.whoami()
    assert (answer["name"], answer["type"], answer["auth"]["accessToken"]["role"]) == ("ada", "user", "write")
    assert {org["name"]: org["roleInOrg"] for org in answer["orgs"]} == {"engines": "write", "readers": "read"}
    assert whoami(token=hub.add_token("ada", "read"))["auth"]["accessToken"]["role"] == "read"
    scoped = whoami(token=hub.add_token("ada", "fineGrained", scopes=["engines"]))["auth"]["accessToken"]
    assert [scope["entity"] for scope in scoped["fineGrained"]["scoped"]] == [{"type": "org", "name": "engines"}]


def test_without_a_token_or_with_an_unknown_one_nobody_is_signed_in(hub, ada):
    assert get_token() is None
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        HfApi(token="hf_unknown").model_info("ada/one")
    with pytest.raises(HfHubHTTPError) as unknown:
        ada.whoami(token="hf_unknown")
    assert unknown.value.response.status_code == 401
    with pytest.raises(HfHubHTTPError, match="Invalid username or password"):
        HfApi(token=False).create_repo("ada/two")
    assert {request.token for request in hub.requests} == {True, False}


def test_overviews_tell_users_from_organizations(ada):
    assert ada.get_user_overview("ada").username == "ada"
    assert ada.get_organization_overview("engines").name == "engines"
    for call, name in ((ada.get_user_overview, "engines"), (ada.get_organization_overview, "ada")):
        with pytest.raises(HfHubHTTPError) as missing:
            call(name)
        assert missing.value.response.status_code == 404


# Repositories


@pytest.mark.parametrize(("repo_type", "prefix"), [("model", ""), ("dataset", "datasets/")])
def test_a_repository_starts_with_the_attributes_of_its_type(hub, ada, repo_type, prefix):
    url = ada.create_repo("engines/two", repo_type=repo_type)
    assert url == f"{hub.endpoint}/{prefix}engines/two"
    (first,) = ada.list_repo_commits("engines/two", repo_type=repo_type)
    assert (first.title, first.authors) == ("initial commit", ["ada"])
    attributes = hub.files(repo_type, "engines/two")[".gitattributes"].decode()
    assert "*.safetensors filter=lfs" in attributes
    assert ("*.png filter=lfs" in attributes) == (repo_type == "dataset")


def test_a_repository_is_created_once(ada, hub):
    with pytest.raises(HfHubHTTPError, match="already created this model repo") as there:
        ada.create_repo("ada/one")
    assert there.value.response.status_code == 409
    assert ada.create_repo("ada/one", exist_ok=True).repo_id == "ada/one"
    assert ada.repo_exists("ada/one")
    ada.delete_repo("ada/one")
    assert not ada.repo_exists("ada/one")
    assert ada.repo_exists("ada/one", repo_type="dataset")
    ada.delete_repo("ada/one", missing_ok=True)
    with pytest.raises(RepositoryNotFoundError):
        ada.delete_repo("ada/one")


@pytest.mark.parametrize("name", ["has space", "a--b", "a..b", "-a", "a.git", "ä", "a" * 97])
def test_names_the_hub_refuses(hub, ada, name):
    call = {"name": name, "organization": "ada", "type": "model"}
    answer = get_session().post(f"{hub.endpoint}/api/repos/create", json=call, headers=ada._build_hf_headers())
    assert answer.status_code == 400


def test_rights_to_create_and_delete(hub, ada, bob):
    for api, namespace in ((ada, "readers"), (ada, "bob"), (ada, "nobody"), (bob, "engines")):
        with pytest.raises(HfHubHTTPError, match="don't have the rights to create a dataset") as refused:
            api.create_repo(f"{namespace}/two", repo_type="dataset")
        assert refused.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError, match="Authorization error"):
        bob.delete_repo("ada/one")
    assert bob.create_repo("ada/one", exist_ok=True).repo_id == "ada/one"
    reading = HfApi(token=hub.add_token("ada", "read"))
    with pytest.raises(HfHubHTTPError, match="rights"):
        reading.create_repo("ada/two")
    scoped = HfApi(token=hub.add_token("ada", "fineGrained", scopes=["engines"]))
    scoped.create_repo("engines/two")
    with pytest.raises(HfHubHTTPError, match="rights"):
        scoped.create_repo("ada/two")


def test_private_repositories_do_not_exist_for_others(hub, ada, bob, anonymous):
    hub.add_user("cy", orgs={"engines": "read"})
    cy = HfApi(token=hub.add_token("cy", "read"))
    ada.create_repo("engines/hidden", repo_type="dataset", private=True)
    ada.upload_file(path_or_fileobj=LFS_BYTES, path_in_repo="a.bin", repo_id="engines/hidden", repo_type="dataset")
    for api in (bob, anonymous):
        with pytest.raises(RepositoryNotFoundError):
            api.dataset_info("engines/hidden")
        with pytest.raises(RepositoryNotFoundError):
            api.hf_hub_download("engines/hidden", "a.bin", repo_type="dataset")
        assert not list(api.list_datasets(author="engines"))
    for api in (ada, cy):
        assert api.dataset_info("engines/hidden").private
        assert [found.id for found in api.list_datasets(author="engines", search="HID")] == ["engines/hidden"]
    with open(cy.hf_hub_download("engines/hidden", "a.bin", repo_type="dataset"), "rb") as file:
        assert file.read() == LFS_BYTES
    assert not any(request.token for request in hub.requests if request.path.startswith(("/upload/", "/download/")))


def test_info_tells_the_commit_the_card_and_the_files(hub, ada, commit):
    oid = commit({"README.md": CARD, "data/a.parquet": LFS_BYTES}).oid
    info = ada.dataset_info("ada/one", files_metadata=True)
    assert (info.sha, info.private, info.tags, info.card_data.license) == (oid, False, ["one", "two"], "apache-2.0")
    assert info.last_modified >= info.created_at
    siblings = {sibling.rfilename: sibling for sibling in info.siblings}
    assert list(siblings) == [".gitattributes", "README.md", "data/a.parquet"]
    assert (siblings["README.md"].size, siblings["README.md"].lfs) == (len(CARD), None)
    assert siblings["data/a.parquet"].lfs.size == siblings["data/a.parquet"].size == len(LFS_BYTES)
    assert [sibling.size for sibling in ada.dataset_info("ada/one").siblings] == [None] * 3
    expanded = ada.dataset_info("ada/one", expand=["sha", "lastModified"])
    assert (expanded.sha, expanded.siblings, expanded.private) == (oid, None, None)
    first = hub.history("dataset", "ada/one")[-1].oid
    assert ada.dataset_info("ada/one", revision=first).sha == first
    with pytest.raises(RevisionNotFoundError):
        ada.dataset_info("ada/one", revision="missing")


# Commits


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


def test_large_and_binary_files_go_to_lfs_and_are_then_named_in_the_attributes(hub, ada):
    operations = [CommitOperationAdd("a.png", LFS_BYTES), CommitOperationAdd("b.txt", b"x" * (10 * 2**20 + 1))]
    ada.create_commit("ada/one", operations, commit_message="add")
    info = {sibling.rfilename: sibling for sibling in ada.model_info("ada/one", files_metadata=True).siblings}
    assert info["a.png"].lfs
    assert info["b.txt"].lfs
    lines = hub.files("model", "ada/one")[".gitattributes"].decode().splitlines()
    assert lines[-2:] == ["a.png filter=lfs diff=lfs merge=lfs -text", "b.txt filter=lfs diff=lfs merge=lfs -text"]


def test_what_is_uploaded_is_not_uploaded_again(hub, commit):
    commit({"a.parquet": LFS_BYTES})
    commit({"b.parquet": LFS_BYTES})
    assert len(paths(hub.requests, "PUT")) == 1


def test_operations_are_uploaded_before_they_are_committed(hub, ada):
    operation = CommitOperationAdd("a.parquet", io.BytesIO(LFS_BYTES))
    ada.preupload_lfs_files("ada/one", [operation], repo_type="dataset")
    assert "a.parquet" not in hub.files("dataset", "ada/one")
    ada.create_commit("ada/one", [operation], commit_message="add", repo_type="dataset")
    assert hub.files("dataset", "ada/one")["a.parquet"] == LFS_BYTES
    assert len(paths(hub.requests, "PUT")) == 1


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


def test_storage_refuses_other_content(hub, ada):
    answer = get_session().put(f"{hub.storage}/upload/datasets/ada/one/{'0' * 64}", content=b"other")
    assert answer.status_code == 400
    verify = f"{hub.endpoint}/datasets/ada/one.git/info/lfs/objects/verify"
    answer = get_session().post(verify, json={"oid": "0" * 64, "size": 5}, headers=ada._build_hf_headers())
    assert answer.status_code == 404


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


# Trees, tags and branches


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


# Pull requests


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


# Downloads


@pytest.mark.parametrize(("path", "length"), [("a.txt", 5), ("b.parquet", len(LFS_BYTES))])
def test_ranges_and_etags(hub, ada, commit, path, length):
    data = {"a.txt": b"12345", "b.parquet": LFS_BYTES}[path]
    oid = commit({path: data}).oid
    url = f"{hub.endpoint}/datasets/ada/one/resolve/main/{path}"
    head = get_session().head(url, follow_redirects=False)
    assert head.headers["X-Repo-Commit"] == oid
    (file,) = ada.get_paths_info("ada/one", path, repo_type="dataset")
    metadata = ada.get_hf_file_metadata(url=url)
    assert (metadata.etag, metadata.size) == (file.lfs.sha256 if file.lfs else file.blob_id, length)
    for wanted, expected in (("bytes=1-3", data[1:4]), ("bytes=2-", data[2:]), ("bytes=-2", data[-2:]), (None, data)):
        answer = get_session().get(url, headers={"Range": wanted} if wanted else {})
        assert (answer.status_code, answer.content) == (206 if wanted else 200, expected)
    answer = get_session().get(url, headers={"Range": f"bytes={length}-"})
    assert answer.status_code == 416


def test_a_snapshot_is_downloaded(hub, ada, commit):
    oid = commit({"README.md": CARD, "a/b.parquet": LFS_BYTES}).oid
    folder = ada.snapshot_download("ada/one", repo_type="dataset")
    assert folder.endswith(oid)
    with open(f"{folder}/a/b.parquet", "rb") as file:
        assert file.read() == LFS_BYTES
    before = len(hub.requests)
    assert ada.snapshot_download("ada/one", repo_type="dataset", revision=oid) == folder
    assert not [path for path in paths(hub.requests[before:]) if "/download/" in path]


def test_the_file_system_reads_and_writes(hub, ada):
    system = HfFileSystem(token=ada.token)
    with system.open("datasets/ada/one/a/b.parquet", "wb") as file:
        file.write(LFS_BYTES)
    assert hub.files("dataset", "ada/one")["a/b.parquet"] == LFS_BYTES
    with system.open("datasets/ada/one/a/b.parquet", block_size=1000) as file:
        file.seek(2500)
        assert file.read(100) == LFS_BYTES[2500:2600]
    assert system.ls("datasets/ada/one", detail=False) == ["datasets/ada/one/.gitattributes", "datasets/ada/one/a"]
    assert system.glob("datasets/ada/one@main/**/*.parquet") == ["datasets/ada/one@main/a/b.parquet"]


@pytest.fixture
def table(hub):
    """A public dataset of two splits on the hub."""
    files = {"README.md": CARD}
    for split, rows in (("train", 30), ("test", 10)):
        buffer = io.BytesIO()
        pq.write_table(pa.table({"x": range(rows)}), buffer)
        files[f"data/{split}-00000-of-00001.parquet"] = buffer.getvalue()
    hub.add_repo("dataset", "ada/table", files)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_loads(hub, streaming):
    loaded = load_dataset("ada/table", split="test", streaming=streaming)
    assert [row["x"] for row in loaded] == list(range(10))


@pytest.mark.usefixtures("table")
def test_another_process_loads(hub, hub_environment):
    code = "from datasets import load_dataset; assert load_dataset('ada/table', split='train').num_rows == 30"
    token = hub.add_token("ada")
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=hub_environment(token))
    assert all(request.token for request in hub.requests if request.path.startswith("/api/datasets/ada"))


def test_datasets_pushes(hub, ada):
    Dataset.from_dict({"x": [1, 2]}).push_to_hub("ada/pushed", token=ada.token)
    assert load_dataset("ada/pushed", split="train")["x"][:] == [1, 2]


def test_a_folder_is_served(hub, tmp_path, anonymous):
    (tmp_path / "repo" / ".hidden").mkdir(parents=True)
    (tmp_path / "repo" / ".hidden" / "a.txt").write_text("1")
    oid = hub.add_folder("model", "someone/model", tmp_path / "repo")
    assert anonymous.model_info("someone/model").sha == oid
    assert anonymous.list_repo_files("someone/model") == [".gitattributes", ".hidden/a.txt"]


# Collections


def test_collections(hub, ada, bob, anonymous):
    made = ada.create_collection("MNIST-1D: all of it", namespace="engines", description="Models", private=True)
    assert made.slug.startswith("engines/mnist-1d-all-of-it-")
    with pytest.raises(HfHubHTTPError):
        ada.create_collection("MNIST-1D: all of it", namespace="engines")
    assert ada.create_collection("MNIST-1D: all of it", namespace="engines", exists_ok=True).slug == made.slug
    for number in range(5):
        ada.create_repo(f"engines/model-{number}")
        ada.add_collection_item(made.slug, f"engines/model-{number}", "model", note=f"number {number}")
    with pytest.raises(HfHubHTTPError) as there:
        ada.add_collection_item(made.slug, "engines/model-0", "model")
    assert there.value.response.status_code == 409
    items = ada.add_collection_item(made.slug, "engines/model-0", "model", exists_ok=True).items
    assert [(item.item_id, item.note) for item in items][:1] == [("engines/model-0", "number 0")]
    with pytest.raises(RepositoryNotFoundError):
        ada.add_collection_item(made.slug, "engines/missing", "model")
    assert [len(found.items) for found in ada.list_collections(owner="engines")] == [4]
    assert not list(anonymous.list_collections(owner="engines"))
    with pytest.raises(HfHubHTTPError, match="not found"):
        bob.get_collection(made.slug)

    ada.update_collection_item(made.slug, items[4].item_object_id, position=0, note="best")
    ada.delete_collection_item(made.slug, items[0].item_object_id)
    ada.delete_collection_item(made.slug, items[0].item_object_id, missing_ok=True)
    (kept,) = hub.collections()
    assert [(item["id"][-1], item["position"]) for item in kept["items"]] == [("4", 0), ("1", 1), ("2", 2), ("3", 3)]
    renamed = ada.update_collection_metadata(made.slug, title="Other", private=False)
    assert (renamed.title, renamed.description, bob.get_collection(made.slug).slug) == ("Other", "Models", renamed.slug)
    assert [found.slug for found in anonymous.list_collections(item="models/engines/model-3")] == [renamed.slug]
    with pytest.raises(HfHubHTTPError, match="Authorization error"):
        bob.delete_collection(made.slug)
    ada.delete_collection(made.slug)
    ada.delete_collection(made.slug, missing_ok=True)
    with pytest.raises(BadRequestError, match="150"):
        ada.create_collection("Long", description="x" * 151)


# Faults


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
