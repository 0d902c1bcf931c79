"""Clients of the local Hub, which know nothing of it."""

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi


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
