"""What is on the Hub: the state of a repository, and errors of the Hub as sentences that say what to do."""

from __future__ import annotations

import logging
import math
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import JSONDecodeError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from huggingface_hub import HfApi, get_session, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ..errors import BusyError, HubError
from ..utils.hub_errors import network_errors
from ..version import __version__
from .manifest import FileHash

ATTEMPTS = 7
"""How often something is tried before it is given up."""

FIRST_WAIT = 1.0
"""Seconds before the second attempt; each later wait is twice as long."""

GIVE_UP_AFTER = 120.0
"""Seconds after the first failure in which attempts begin; each may take long, for the client makes some of its own."""

LONGEST_WAIT = 300.0
"""Seconds the Hub may ask to wait."""

TIMEOUT = 120.0
"""Seconds without any answer after which a request has failed; the client of the Hub would wait for ever."""

# 409: another commit is being made. 412: the repository has moved on since it was looked at.
_PASSING_STATUS = {408, 409, 412, 429, 500, 502, 503, 504}

_logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")
_Error = TypeVar("_Error", bound=Exception)


@dataclass(frozen=True)
class RemoteRepo:
    """The state of a repository at one revision."""

    commit: str | None
    """Its newest commit, or None if there is no such repository."""
    files: dict[str, FileHash] = field(default_factory=dict)
    """Its files by path; of the two hashes, the one that the Hub does not list is empty."""

    def holds(self, path: str, file: FileHash) -> bool:
        """Return whether the file is there with this content."""
        found = self.files.get(path)
        return found is not None and (found.sha256 == file.sha256 if found.sha256 else found.git_oid == file.git_oid)


def connect(token: str | None = None) -> HfApi:
    """Return a client of the Hub, which finds the token where `huggingface_hub` keeps it unless one is given."""
    # The client would print a token that cannot be sent.
    if not re.fullmatch(r"[!-~]*", token or get_token() or ""):
        raise HubError(
            "the token for the Hub has characters that no token has, such as spaces or line ends; log in with "
            "`hf auth login`, or set HF_TOKEN"
        )
    return HfApi(token=token, library_name="mnist1d-hf", library_version=__version__)


def read_repo(api: HfApi, repo_id: str, repo_type: str, revision: str | None = None) -> RemoteRepo:
    """Look at a repository, in one request.

    Parameters
    ----------
    api : huggingface_hub.HfApi
        Client.
    repo_id : str
        Id of the repository.
    repo_type : {"dataset", "model"}
        Its type.
    revision : str, optional
        Branch, tag or commit; the main branch if not given, or if there is no such revision.

    Returns
    -------
    RemoteRepo
        Its state.
    """
    try:
        info = api.repo_info(repo_id, repo_type=repo_type, revision=revision, files_metadata=True)
    except RevisionNotFoundError:
        return read_repo(api, repo_id, repo_type)
    except RepositoryNotFoundError:
        return RemoteRepo(None)
    return RemoteRepo(
        info.sha,
        {
            file.rfilename: FileHash(file.size or 0, file.lfs.sha256 if file.lfs else "", file.blob_id or "")
            for file in getattr(info, "siblings", None) or ()
        },
    )


def read_text(api: HfApi, repo_id: str, repo_type: str, commit: str, path: str) -> str:
    """Return the text of a file of a repository, past the cache.

    Parameters
    ----------
    api : huggingface_hub.HfApi
        Client.
    repo_id : str
        Id of the repository.
    repo_type : {"dataset", "model"}
        Its type.
    commit : str
        The commit to read from.
    path : str
        Path of the file.

    Returns
    -------
    str
        What it says.
    """
    with TemporaryDirectory() as cache:
        file = api.hf_hub_download(repo_id, path, repo_type=repo_type, revision=commit, cache_dir=cache)
        return Path(file).read_text(encoding="utf-8", errors="replace")


def retry(call: Callable[[], _Result]) -> _Result:
    """Call again, after a wait, while what fails may pass: a busy or limited Hub, a dropped connection, a time-out.

    Parameters
    ----------
    call : callable
        What to do. It must be safe to repeat: what failed may have been done all the same.

    Returns
    -------
    object
        What the call returns.
    """
    attempt, last_start = 1, math.inf
    while True:
        try:
            with patience():
                return call()
        except Exception as error:
            last_start = min(last_start, time.monotonic() + GIVE_UP_AFTER)
            if not _may_pass(error) or attempt == ATTEMPTS or time.monotonic() > last_start:
                raise
            wait = _wait(error, attempt)
            _logger.warning("the Hub could not do this yet (%s); next attempt in %.0f s", _in_short(error), wait)
            time.sleep(wait)
            attempt += 1


def make_sure(make: Callable[[], object], is_there: Callable[[], bool]) -> None:
    """Make something that may be there: the Hub answers 409 then, but also while it is busy.

    Parameters
    ----------
    make : callable
        Makes it.
    is_there : callable
        Tells whether it is there; asked after a 409 only.
    """
    try:
        make()
    except HfHubHTTPError as error:
        if error.response.status_code != 409 or not is_there():
            raise


@contextmanager
def patience() -> Iterator[None]:
    """Let requests fail that are not answered in time."""
    session = get_session()
    before, session.timeout = session.timeout, TIMEOUT
    try:
        yield
    finally:
        session.timeout = before


@contextmanager
def explained(api: HfApi) -> Iterator[None]:
    """Turn errors of the Hub and of the network into a HubError of one sentence."""
    try:
        yield
    except (HubError, BrokenPipeError):
        # The pipe is that of the output.
        raise
    except Exception as error:
        reason = _reason(api, error)
        if reason is None:
            raise
        raise HubError(reason) from error


def _reason(api: HfApi, error: Exception) -> str | None:
    """Return a sentence that says what to do, or None for an error of another kind."""
    if _find(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set; unset it to reach the Hub"
    answer = _find(error, HfHubHTTPError)
    if answer is not None:
        return _explain(answer)
    failure = _find(error, *network_errors())
    if failure is not None:
        return (
            f"the Hub at {api.endpoint} cannot be reached ({failure or type(failure).__name__}); check the network and run "
            f"this again: what is published stays, the rest is done then"
        )
    if isinstance(error, JSONDecodeError):
        return f"the Hub at {api.endpoint} did not answer in its own way ({error}); check HF_ENDPOINT, or run this again later"
    return None


def _may_pass(error: Exception) -> bool:
    if isinstance(error, BusyError):
        return True
    answer = _find(error, HfHubHTTPError)
    if answer is not None:
        return answer.response.status_code in _PASSING_STATUS
    if _find(error, OfflineModeIsEnabled):
        return False
    # A gateway before the Hub answers with a page instead of JSON when the Hub does not.
    return isinstance(error, JSONDecodeError) or _find(error, *network_errors()) is not None


def _find(error: BaseException | None, *kinds: type[_Error]) -> _Error | None:
    """Return the error of a kind, or the one behind it; the client wraps those of uploads and downloads."""
    while error is not None:
        if isinstance(error, kinds):
            return error
        error = error.__cause__
    return None


def _wait(error: Exception, attempt: int) -> float:
    """Return the seconds to wait: those the Hub asks for, otherwise more with each attempt and not the same for everyone."""
    asked = _asked_wait(_find(error, HfHubHTTPError))
    # Two publishers that wait equally long meet again, so this draw is the one that must not be repeatable.
    return min(LONGEST_WAIT, asked if asked is not None else FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))


def _asked_wait(error: HfHubHTTPError | None) -> float | None:
    """Read Retry-After, or the t of RateLimit, which every answer has; https://huggingface.co/docs/hub/rate-limits."""
    if error is None:
        return None
    headers = error.response.headers
    match = re.fullmatch(r"\d+", headers.get("Retry-After", ""))
    if not match and error.response.status_code == 429:
        match = re.search(r"(?<=t=)\d+", headers.get("RateLimit", ""))
    return float(match[0]) if match else None


def _in_short(error: Exception) -> str:
    answer = _find(error, HfHubHTTPError)
    if answer is None:
        return " ".join(str(error).split()) or type(error).__name__
    reason = " ".join((answer.server_message or "").split())
    return f"{answer.response.status_code}{': ' + reason if reason else ''}"


def _explain(error: HfHubHTTPError) -> str:
    status, said = error.response.status_code, _in_short(error)
    if status == 401:
        return f"the Hub does not accept the token ({said}); log in with `hf auth login`, or set HF_TOKEN"
    if status == 403:
        return (
            f"the Hub refuses this ({said}); use a token that may write to this namespace, from "
            f"https://huggingface.co/settings/tokens, with `hf auth login`"
        )
    if status == 429:
        return f"the Hub limits requests ({said}); wait some minutes and run this again"
    if status in _PASSING_STATUS:
        return f"the Hub could not do this in several attempts ({said}); run this again later: what is published stays"
    return f"the Hub answered {said} to {error.response.request.method} {error.response.url.path}"
