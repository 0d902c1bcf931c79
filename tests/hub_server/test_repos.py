"""Repositories of the local Hub, through the clients that know nothing of it."""

import pytest
from huggingface_hub import HfApi, get_session
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from .clients import CARD, LFS_BYTES


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


def test_models_are_listed_by_their_tags_with_what_is_asked_for(hub, ada, anonymous):
    both = b"---\ntags: [first, second]\nlicense: mit\n---\n"
    commit = hub.add_repo("model", "ada/both", {"README.md": both})
    hub.add_repo("model", "bob/one", {"README.md": b"---\ntags: first\n---\n"})
    hub.add_repo("model", "ada/hidden", {"README.md": both}, private=True)

    def found(api, **options):
        return [info.id for info in api.list_models(sort="created_at", **options)]

    assert sorted(found(anonymous, filter="first")) == ["ada/both", "bob/one"]
    assert sorted(found(ada, filter=["first", "second"])) == ["ada/both", "ada/hidden"]
    assert found(anonymous, filter="first", author="bob", limit=1) == ["bob/one"]
    (bare,) = anonymous.list_models(filter="second")
    assert (bare.tags, bare.sha, bare.card_data) == (["first", "second"], None, None)
    (full,) = anonymous.list_models(filter="second", full=True, cardData=True)
    assert (full.sha, full.card_data.license, full.gated) == (commit, "mit", False)
    (expanded,) = anonymous.list_models(filter="second", expand=["sha", "gated"])
    assert (expanded.sha, expanded.gated, expanded.tags) == (commit, False, None)


def test_files_of_gated_repositories_are_for_some(hub, ada, anonymous):
    hub.add_repo("model", "ada/gated", {"a.txt": b"1"})
    hub.repos["model", "ada/gated"].gated = True
    assert anonymous.model_info("ada/gated").gated is True
    with pytest.raises(GatedRepoError):
        anonymous.hf_hub_download("ada/gated", "a.txt")
    assert ada.hf_hub_download("ada/gated", "a.txt")
