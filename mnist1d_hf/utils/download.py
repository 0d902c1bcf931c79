"""Downloads of single files from the Hub, through the client's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import LocalEntryNotFoundError

from .patience import patience


def download_file(repo_id: str, name: str, **options: Any) -> Path:
    """Return a file of a repository; from the cache, if there is no network."""
    try:
        with patience():
            return Path(hf_hub_download(repo_id, name, library_name="mnist1d-hf", **options))
    except ConnectionError as error:
        # The client looks there itself, but only after waits.
        try:
            return Path(hf_hub_download(repo_id, name, **{**options, "local_files_only": True}))
        except LocalEntryNotFoundError:
            raise error from None
