"""How long the Hub is waited for: the client alone waits for ever, and repeats what its callers repeat too."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from huggingface_hub import get_session
from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]  # re-exported lazily

from ..errors import HubError
from .hub_errors import PASSING_STATUS, asked_wait, http_library, network_errors
from .text import printable

GIVE_UP_AFTER = 50.0
"""Seconds without progress after which nothing more is tried; the client may be in a wait of 8 seconds then."""

TIMEOUT = 30.0
"""Seconds without any answer after which a request fails."""

CONNECT_TIMEOUT = 8.0
"""Seconds in which the Hub must be reached."""

MAX_REPEATS = 500
"""How often something may be asked for, for example the pages of a list, before it counts as endless."""

FREE_REPEATS = 10
"""How many answers may be repeated in a row before that counts as no progress."""


class Patience:
    """Watches the requests of the client's session, and ends them when they make no progress.

    Progress is an answer to a request that was not answered before. Uploads and downloads may take as long as data flows.
    """

    def __init__(self, session: Any, give_up_after: float | None = None) -> None:
        self._send = session.send
        self._give_up_after = give_up_after or GIVE_UP_AFTER
        self._asked: Counter[tuple[str, str, str | None]] = Counter()
        self._answered: set[tuple[str, str, str | None]] = set()
        self._repeats = 0
        self._stuck_since: float | None = None
        self._failure: Any = None  # the last answer or error that was none
        self.has_reached = False
        """Whether anything has answered."""

    @property
    def remaining(self) -> float:
        """Seconds in which there must be progress."""
        waited = 0.0 if self._stuck_since is None else time.monotonic() - self._stuck_since
        return self._give_up_after - waited

    def note_progress(self) -> None:
        """Count what was done as progress: a new piece of work may ask again for what was asked for before."""
        self._asked.clear()
        self._note_answer()

    def send(self, request: Any, **options: Any) -> Any:
        """Send a request as the session does, as long as there is patience."""
        key = (request.method, str(request.url).partition("?")[0], request.headers.get("Range"))
        if self._asked[key] and self.remaining <= 0:
            self._give_up()
        self._asked[key] += 1
        if self._asked[key] > MAX_REPEATS:
            raise _endless(key[1])
        limits = self._limit(request)
        try:
            response = self._send(request, **options)
        except network_errors() as error:
            http = http_library()
            self.note_failure(error, silent=limits["read"] if isinstance(error, http.TimeoutException) else 0.0)
            if isinstance(error, (http.ConnectError, http.ConnectTimeout)):
                # Of an error of its own, the client would make a new session and try again.
                raise ConnectionError(str(error) or type(error).__name__) from error
            raise
        except Exception:
            # For example redirects without an end.
            self.has_reached = True
            raise
        self.has_reached = True
        _check_headers(response)
        if response.status_code in PASSING_STATUS:
            self.note_failure(response)
            self._tame(response)
        elif key not in self._answered:
            self._answered.add(key)
            self._note_answer()
        else:
            self._repeats += 1
            if self._repeats > FREE_REPEATS and self._stuck_since is None:
                self.note_failure(response)
        return response

    def _note_answer(self) -> None:
        self._stuck_since, self._repeats = None, 0

    def _limit(self, request: Any) -> Mapping[str, float]:
        """Shorten the time-outs of a request to what is left."""
        given = request.extensions.get("timeout", {})
        longest = min(TIMEOUT, self.remaining) if self.remaining > 0 else TIMEOUT
        limits = {name: min(given.get(name) or longest, longest) for name in ("connect", "read", "write", "pool")}
        limits["connect"] = min(limits["connect"], CONNECT_TIMEOUT)
        request.extensions = {**request.extensions, "timeout": limits}
        return limits

    def note_failure(self, failure: Any, silent: float = 0.0) -> None:
        """Count from now on until there is progress; ``silent`` are seconds that have passed already."""
        self._failure = failure
        if self._stuck_since is None:
            self._stuck_since = time.monotonic() - silent

    def _tame(self, response: Any) -> None:
        """Do not let the client wait longer than there is patience, nor read a wait that is none."""
        response.read()
        wait = asked_wait(response)
        if wait is not None and wait >= self.remaining:
            hf_raise_for_status(response)
        if wait is None:
            for name in ("Retry-After", "RateLimit"):
                response.headers.pop(name, None)

    def _give_up(self) -> None:
        if isinstance(self._failure, network_errors()):
            raise ConnectionError(str(self._failure) or type(self._failure).__name__) from self._failure
        if isinstance(self._failure, Exception):
            raise self._failure
        hf_raise_for_status(self._failure)
        raise _endless(str(self._failure.request.url))


def _endless(url: str) -> HubError:
    return HubError(f"the answers to {printable(url)} do not come to an end; check HF_ENDPOINT, or try again later")


def _check_headers(response: Any) -> None:
    """Refuse names that would lead out of the client's cache, and make what it prints printable."""
    # The client makes file names of these, of answers to HEAD alone.
    for name in ("ETag", "X-Linked-ETag", "X-Repo-Commit") if response.request.method == "HEAD" else ():
        value = response.headers.get(name, "")
        if re.search(r"[/\\:]|\.\.", value.removeprefix("W/")):
            raise HubError(
                f"the answer to {printable(response.request.url.path)} is not the Hub's: {name} is {value!a}"
            )
    for name, value in response.headers.items():
        if not value.isprintable():
            response.headers[name] = printable(value)


@contextmanager
def patience(give_up_after: float | None = None) -> Iterator[Patience]:
    """Bound how long the requests of a block may take without progress, `GIVE_UP_AFTER` seconds by default.

    Within such a block, this is the same one.
    """
    session: Any = get_session()
    watch = getattr(session.send, "__self__", None)
    if isinstance(watch, Patience):
        yield watch
        return
    watch = Patience(session, give_up_after)
    session.send = watch.send
    try:
        yield watch
    finally:
        session.__dict__.pop("send", None)
