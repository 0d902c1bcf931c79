"""A running Hub, with this process's clients, or those of a process it starts, pointed at it."""

import copy
import os
import time
import warnings
from contextlib import contextmanager
from types import SimpleNamespace

import datasets
import huggingface_hub
import pytest
from huggingface_hub import HfFileSystem, constants

from . import Hub


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub that this process's clients use: online, without a token, and with an empty cache."""
    with running_hub(monkeypatch, tmp_path) as running:
        yield running


@contextmanager
def running_hub(monkeypatch, folder):
    """Run a Hub. The clients read the environment when they are imported, so this sets what they keep of it."""
    with Hub() as running, warnings.catch_warnings():
        # huggingface_hub uploads to LFS in a way its HTTP client advises against.
        warnings.filterwarnings("ignore", "Use 'content=<...>' to upload", DeprecationWarning)
        for name, value in {
            "HF_HUB_OFFLINE": False,
            "ENDPOINT": running.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": running.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_DISABLE_XET": True,
            "HF_HUB_DISABLE_TELEMETRY": True,
            "HF_HUB_CACHE": str(folder / "hub-cache"),
            "HF_TOKEN_PATH": str(folder / "token"),
        }.items():
            monkeypatch.setattr(constants, name, value)
        for name, value in {
            "HF_ENDPOINT": running.endpoint,
            "HUB_DATASETS_URL": running.endpoint + "/datasets/{repo_id}/resolve/{revision}/{path}",
            "HF_HUB_OFFLINE": False,
            "HF_DATASETS_OFFLINE": False,
            "HF_UPDATE_DOWNLOAD_COUNTS": False,
        }.items():
            monkeypatch.setattr(datasets.config, name, value)
        monkeypatch.setattr(huggingface_hub.hf_api.api, "endpoint", running.endpoint)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        forget_connections()
        yield running
        forget_connections()


def forget_connections():
    huggingface_hub.close_session()
    HfFileSystem.clear_instance_cache()


@pytest.fixture
def hub_environment(hub, tmp_path):
    """Makes the environment of a process that uses the hub, with or without a token."""

    def make(token=None, **changes):
        environment = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "HF_TOKEN")}
        environment |= {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "HF_HOME": str(tmp_path / "hf-home"),
        }
        return environment | ({"HF_TOKEN": token} if token else {}) | changes

    return make


@pytest.fixture
def ada_hub(hub, monkeypatch):
    """A hub with a user whose token the clients of this process find."""
    hub.add_user("ada", orgs={"engines": "write", "readers": "read"})
    hub.add_user("bob")
    monkeypatch.setenv("HF_TOKEN", hub.add_token("ada"))
    return hub


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    """The repositories that publishing to ada leaves on a Hub; `large` has few rows."""
    from mnist1d_hf.hub import publish

    folder = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as monkeypatch, running_hub(monkeypatch, folder) as hub:
        hub.add_user("ada")
        publish("ada", num_samples=2200, token=hub.add_token("ada"))
        return hub.repos


@pytest.fixture
def published(hub, release):
    """A hub with the whole release, for a test to change."""
    hub.add_user("ada")
    hub.repos.update(copy.deepcopy(release))
    return hub


@pytest.fixture
def waits(monkeypatch):
    """The seconds waited for between attempts, by this package and by the client. A thousandth of them passes."""
    from mnist1d_hf.utils import patience

    waited, sleep = [], time.sleep

    def nap(seconds):
        waited.append(seconds)
        sleep(seconds / 1000)

    monkeypatch.setattr(time, "sleep", nap)
    clock = SimpleNamespace(sleep=nap, monotonic=lambda: time.monotonic() + sum(waited))
    monkeypatch.setattr(patience, "time", clock)
    return waited
