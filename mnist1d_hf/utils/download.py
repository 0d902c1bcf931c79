"""Downloads of single files from the Hub, through the client's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import LocalEntryNotFoundError

from ..errors import HubError
from .hub_errors import explain_foreign
from .patience import patience


def download_file(repo_id: str, name: str, **options: Any) -> Path:
    """Return a file of a repository, from the cache if there is no network; raise a HubError for an answer not of the Hub."""
    with patience() as watch:
        try:
            return Path(hf_hub_download(repo_id, name, library_name="mnist1d-hf", **options))
        except ConnectionError as error:
            # The client looks there itself, but only after waits.
            try:
                return Path(hf_hub_download(repo_id, name, **{**options, "local_files_only": True}))
            except LocalEntryNotFoundError:
                raise error from None
        except Exception as error:
            reason = explain_foreign(error, options.get("endpoint")) if watch.has_reached else None
            if reason is None:
                raise
            raise HubError(reason) from error
