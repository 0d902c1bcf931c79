"""Errors of the Hub and of the network, as one sentence that says what to do."""

from __future__ import annotations

import importlib
import re
from json import JSONDecodeError
from types import ModuleType, TracebackType
from typing import Any, TypeVar

from huggingface_hub import constants, get_session
from huggingface_hub.errors import (
    FileMetadataError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ..errors import HubError
from .text import one_line, printable

PASSING_STATUS = frozenset({408, 409, 412, 429, 500, 502, 503, 504})
"""Answers after which trying again helps. 409: another commit is being made. 412: the repository has changed meanwhile."""

_LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"

_Error = TypeVar("_Error", bound=Exception)


def network_errors() -> tuple[type[Exception], ...]:
    """Return what a failing network raises, for an ``except``: the HTTP library of `huggingface_hub` 1 is not that of 2."""
    return ConnectionError, http_library().TransportError


def http_library() -> ModuleType:
    """Return the HTTP library that `huggingface_hub` uses."""
    return importlib.import_module(type(get_session()).__module__.partition(".")[0])


def asked_wait(response: Any) -> float | None:
    """Return the seconds that the Hub asks to wait, if it does: Retry-After, or when it limits requests, t of RateLimit.

    Every answer has a RateLimit; https://huggingface.co/docs/hub/rate-limits.
    """
    headers = response.headers
    match = re.fullmatch(r"[0-9]+", headers.get("Retry-After", "").strip())
    if not match and response.status_code == 429:
        match = re.search(r"(?<=t=)[0-9]+", headers.get("RateLimit", ""))
    return float(match[0]) if match else None


def find_error(error: BaseException | None, *kinds: type[_Error]) -> _Error | None:
    """Return the error, or the first of its causes, that is of these kinds: the client wraps errors of transfers."""
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__
    return error


def summarise(error: Exception) -> str:
    """Return an error on one line: for an answer of the Hub its status and message, for example "503: busy"."""
    answer = find_error(error, HfHubHTTPError)
    if answer is None:
        return one_line(error)
    message = printable(" ".join((answer.server_message or "").split()))
    return f"{answer.response.status_code}{': ' if message else ''}{message}"


def explain(
    error: Exception, *, endpoint: str | None = None, revision: str | None = None, writing: bool = False
) -> str | None:
    """Return what failed and what to do, or None if neither the Hub nor the network is to blame.

    ``endpoint`` and ``revision`` are what was asked for, if not the client's own and the main branch; ``writing`` tells
    publishing from downloading.
    """
    if isinstance(error, HubError):
        return str(error)
    if find_error(error, OfflineModeIsEnabled):
        return f"{'' if writing else 'it is not in the cache, and '}HF_HUB_OFFLINE is set; unset it to reach the Hub"
    answer = find_error(error, HfHubHTTPError)
    if answer is not None:
        return _explain_answer(answer, revision, writing)
    failure: BaseException | None = find_error(error, *network_errors())
    if failure is None and isinstance(error, LocalEntryNotFoundError):
        if error.__cause__ is None:
            return "it is not in the cache, and downloads are disabled; unset HF_HUB_OFFLINE and local_files_only"
        failure = error.__cause__
    hub = f"the Hub at {endpoint or constants.ENDPOINT}"
    if failure is not None:
        resume = "; published files stay, and the next run adds the rest" if writing else ""
        return f"{hub} cannot be reached ({failure or type(failure).__name__}); check the network and try again{resume}"
    if isinstance(error, JSONDecodeError):
        return f"{hub} did not answer in JSON ({error}); check HF_ENDPOINT, or try again later"
    return None


def explain_foreign(error: Exception, endpoint: str | None = None) -> str | None:
    """Return what to say of an error at reading an answer that is not the Hub's; None if something else is to blame.

    An error before there was any answer is one of arguments.
    """
    # The client wraps errors of uploads.
    cause: BaseException | None = error if explain(error) is None else None
    while cause is not None and not _is_malformed(cause):
        cause = cause.__cause__
    return None if cause is None else foreign_answer(f"{type(cause).__name__}: {one_line(cause)}", endpoint)


def foreign_answer(detail: str, endpoint: str | None = None) -> str:
    """Return what to say of an answer that is not the Hub's, though it may be JSON."""
    return (
        f"the Hub at {endpoint or constants.ENDPOINT} did not answer as the Hub does ({printable(detail)}); check HF_ENDPOINT, "
        f"or try again later"
    )


def _is_malformed(error: BaseException) -> bool:
    """Return whether the client fails at reading an answer, which is then not the Hub's."""
    if type(error).__module__.partition(".")[0] in (http_library().__name__, "h11"):
        return True
    kinds = (LookupError, TypeError, ValueError, AttributeError, AssertionError, RecursionError, FileMetadataError)
    # The client raises a plain OSError for a file that is not as long as it was announced.
    is_suspect = isinstance(error, kinds) or (type(error) is OSError and error.errno is None)
    return is_suspect and not isinstance(error, HFValidationError) and _raised_in_client(error.__traceback__)


def _raised_in_client(traceback: TracebackType | None) -> bool:
    """Return whether the last call from this package, or from anywhere else, went into the client."""
    inside = False
    while traceback is not None:
        package = str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0]
        inside = package == "huggingface_hub" or (inside and package != "mnist1d_hf")
        traceback = traceback.tb_next
    return inside


def _explain_answer(error: HfHubHTTPError, revision: str | None, writing: bool) -> str:
    status, message = error.response.status_code, summarise(error)
    if isinstance(error, RepositoryNotFoundError):
        return f"there is no such repository on the Hub, or it is private; for a private one {_LOG_IN}"
    if isinstance(error, RevisionNotFoundError) and revision is not None:
        return f"there is no revision {revision!r}; give a branch, a tag or a commit of the repository"
    if status == 401:
        return f"the Hub does not accept the token ({message}); {_LOG_IN}"
    if status == 403:
        needed = "write to this namespace" if writing else "read this repository"
        return (
            f"the Hub refuses this ({message}); use a token that may {needed}, from "
            f"https://huggingface.co/settings/tokens: {_LOG_IN}"
        )
    if status == 429:
        wait = asked_wait(error.response)
        return f"the Hub limits requests ({message}); wait {f'{wait:.0f} s' if wait else 'some minutes'} and try again"
    if status in PASSING_STATUS:
        resume = "; published files stay" if writing else ""
        return f"the Hub could not do this ({message}); try again later{resume}"
    return f"the Hub answered {message} to {error.response.request.method} {printable(error.response.url.path)}"
