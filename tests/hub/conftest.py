"""A running Hub, with this process's clients, or those of a process it starts, pointed at it."""

import os
import warnings

import datasets
import huggingface_hub
import pytest
from huggingface_hub import HfFileSystem, constants

from ..hub_server import Hub


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub that this process's clients use: online, without a token, and with an empty cache.

    The clients read the environment when they are imported, so this sets what they keep of it.
    """
    with Hub() as running, warnings.catch_warnings():
        # huggingface_hub uploads to LFS in a way its HTTP client advises against.
        warnings.filterwarnings("ignore", "Use 'content=<...>' to upload", DeprecationWarning)
        for name, value in {
            "HF_HUB_OFFLINE": False,
            "ENDPOINT": running.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": running.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_DISABLE_XET": True,
            "HF_HUB_DISABLE_TELEMETRY": True,
            "HF_HUB_CACHE": str(tmp_path / "hub-cache"),
            "HF_TOKEN_PATH": str(tmp_path / "token"),
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
