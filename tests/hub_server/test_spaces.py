"""Spaces of the local Hub, through the clients that know nothing of it."""

import pytest
from huggingface_hub import CommitOperationDelete, get_session
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError

from .clients import add

CARD = b"---\ntitle: Two\nsdk: static\nmodels: [ada/one]\ndatasets: [ada/one]\ntags: [one]\n---\n# Two\n"


@pytest.fixture
def space(ada):
    ada.create_repo("ada/Two_3", repo_type="space", space_sdk="static")
    return {"repo_id": "ada/Two_3", "repo_type": "space"}


@pytest.mark.parametrize("sdk", [{}, {"sdk": None}, {"sdk": "html"}], ids=str)
def test_a_space_is_not_created_without_an_sdk(hub, ada, sdk):
    call = {"name": "two", "organization": "ada", "type": "space", **sdk}
    answer = get_session().post(f"{hub.endpoint}/api/repos/create", json=call, headers=ada._build_hf_headers())
    assert answer.status_code == 400
    assert "sdk" in answer.json()["error"]
    assert not ada.repo_exists("ada/two", repo_type="space")


def test_a_new_static_space_has_files_of_the_hub(hub, ada):
    url = ada.create_repo("ada/one", repo_type="space", space_sdk="static", private=True)
    assert (url, url.repo_type) == (f"{hub.endpoint}/spaces/ada/one", "space")
    (first,) = ada.list_repo_commits("ada/one", repo_type="space")
    assert (first.title, first.authors) == ("initial commit", ["ada"])
    files = hub.files("space", "ada/one")
    assert list(files) == [".gitattributes", "README.md", "index.html", "style.css"]
    assert b"\nsdk: static\n" in files["README.md"]
    with pytest.raises(HfHubHTTPError, match="already created this space repo"):
        ada.create_repo("ada/one", repo_type="space", space_sdk="static")
    assert ada.repo_exists("ada/one", repo_type="model")


def test_other_spaces_begin_with_their_card(hub, ada):
    ada.create_repo("ada/two", repo_type="space", space_sdk="docker")
    assert list(hub.files("space", "ada/two")) == [".gitattributes", "README.md"]
    assert ada.space_info("ada/two").sdk == "docker"


def test_info_tells_what_it_runs_and_uses(hub, ada, space):
    info = ada.space_info(space["repo_id"])
    assert (info.sdk, info.models, info.datasets, info.runtime.stage) == ("static", [], [], "RUNNING")
    assert (info.subdomain, info.host) == ("ada-two-3", "https://ada-two-3.static.hf.space")
    ada.create_commit(**space, operations=add(**{"README.md": CARD}), commit_message="card")
    info = ada.space_info(space["repo_id"], files_metadata=True)
    assert (info.models, info.datasets, info.tags, info.card_data.title) == (["ada/one"], ["ada/one"], ["one"], "Two")
    assert {file.rfilename: file.lfs for file in info.siblings}["index.html"] is None
    assert [found.id for found in ada.list_spaces(author="ada")] == ["ada/Two_3"]
    hub.add_commit("space", "ada/Two_3", {"README.md": CARD.replace(b"static", b"gradio")})
    assert ada.space_info(space["repo_id"]).sdk == "gradio"
    hub.add_commit("space", "ada/Two_3", {"README.md": None})
    assert ada.space_info(space["repo_id"]).sdk == "static"


def test_its_files_are_changed_and_downloaded(hub, ada, space, bob):
    operations = [*add(**{"index.html": b"<p>", "a.png": bytes(2000)}), CommitOperationDelete("style.css")]
    done = ada.create_commit(**space, operations=operations, commit_message="page")
    assert done.commit_url == f"{hub.endpoint}/spaces/ada/Two_3/commit/{done.oid}"
    assert list(hub.files("space", "ada/Two_3")) == [".gitattributes", "README.md", "a.png", "index.html"]
    for path, content in {"index.html": b"<p>", "a.png": bytes(2000)}.items():
        with open(bob.hf_hub_download(**space, filename=path), "rb") as file:
            assert file.read() == content
    assert hub.repos["space", "ada/Two_3"].at("main").files["a.png"].lfs
    with pytest.raises(HfHubHTTPError, match="rights"):
        bob.create_repo("ada/two", repo_type="space", space_sdk="static")


@pytest.mark.parametrize(
    "wrong",
    [b"sdk: html", b"colorFrom: brown", b"colorTo: brown", b"models: [1]", b"short_description: " + b"x" * 61],
    ids=lambda wrong: wrong[:20].decode(),
)
def test_the_metadata_of_its_card_is_checked(ada, space, wrong):
    right = b"---\nsdk: static\ncolorFrom: red\ncolorTo: gray\nshort_description: " + b"x" * 60 + b"\n---\n"
    ada.create_commit(**space, operations=add(**{"README.md": right}), commit_message="card")
    name = wrong.split(b":")[0]
    lines = [line for line in right.split(b"\n") if not line.startswith(name)]
    card = b"\n".join([lines[0], wrong, *lines[1:]])
    with pytest.raises((ValueError, BadRequestError), match=name.decode()):
        ada.create_commit(**space, operations=add(**{"README.md": card}), commit_message="card")


def test_a_space_is_an_item_of_a_collection(ada, space):
    slug = ada.create_collection("Spaces", namespace="ada").slug
    ada.add_collection_item(slug, space["repo_id"], "space")
    assert [(item.item_type, item.item_id) for item in ada.get_collection(slug).items] == [("space", "ada/Two_3")]
    with pytest.raises(RepositoryNotFoundError):
        ada.add_collection_item(slug, "ada/one", "space")
