"""What the tests of publishing share: how to publish little, and what must hold of what is published."""

import hashlib
import json

from mnist1d_hf.hub import publish
from mnist1d_hf.hub.manifest import MANIFEST_NAME, parse_manifest
from mnist1d_hf.hub.planning import TITLE

DATASET = ("dataset", "ada/mnist1d")
CNN = ("model", "ada/mnist1d-cnn")
SPACE = ("space", "ada/mnist1d")
FIGURES = ["figures/construction.png", "figures/samples.png"]


def publish_configs(*configs, **options):
    """Publish configs of the dataset to ada, and return what became of the repository."""
    (repo,) = publish("ada", only="dataset", configs=configs, **options)
    return repo


def manifest(hub, repo, revision="main"):
    return parse_manifest(hub.files(*repo, revision)[MANIFEST_NAME].decode())


def is_whole(hub, repo, revision="main"):
    """Whether all that is ours is at a revision: a card, and every file as the manifest says."""
    files = hub.files(*repo, revision)
    return {MANIFEST_NAME, "README.md"} <= files.keys() and all(
        path in files and hashlib.sha256(files[path]).hexdigest() == file.sha256
        for path, file in manifest(hub, repo, revision).items()
    )


def is_whole_or_empty(hub, repo):
    """Whether there is nothing of ours on main, or all of it."""
    return len(hub.history(*repo)) == 1 or is_whole(hub, repo)


def commits(hub, repo, revision="main"):
    """Titles of the commits, oldest first; each was made on the one before."""
    history = hub.history(*repo, revision)
    assert [commit.parent for commit in history] == [*(commit.oid for commit in history[1:]), None]
    return [commit.title for commit in reversed(history)]


def assert_published(hub, repo, *others):
    """Assert that the release is on main, whole, in one commit, with these commits of others before or after it."""
    assert is_whole(hub, repo)
    assert sorted(commits(hub, repo)) == sorted(["initial commit", TITLE, *others])


def state(hub):
    """All that a reader sees: references, pull requests and collections."""
    return json.dumps(
        [
            [
                [*map(str, key), repo.refs, repo.private, [found.status for found in repo.discussions]]
                for key, repo in hub.repos.items()
            ],
            hub.collections(),
        ],
        sort_keys=True,
    )


def writes(requests):
    """Requests that change something, or could; a card is checked by a POST that changes nothing."""
    return [
        request
        for request in requests
        if request.method not in ("GET", "HEAD") and not request.path.startswith("/api/validate-yaml")
    ]
