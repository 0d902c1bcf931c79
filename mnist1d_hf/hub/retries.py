"""Retries of whatever is done on the Hub: when, how often, and after which wait."""

from __future__ import annotations

import logging
import math
import random
import re
import time
from collections.abc import Callable
from json import JSONDecodeError
from typing import TypeVar

from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from ..errors import BusyError
from ..utils.hub_errors import PASSING_STATUS, find_error, network_errors, summarise
from .client import patience

ATTEMPTS = 7
"""How many attempts are made at most."""

FIRST_WAIT = 1.0
"""Seconds before the second attempt; each later wait is twice as long."""

GIVE_UP_AFTER = 120.0
"""Seconds after the first failure within which attempts may start; each may take long, for the client retries too."""

LONGEST_WAIT = 300.0
"""Seconds that the Hub may ask to wait at most."""

_logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")


def retry(call: Callable[[], _Result]) -> _Result:
    """Call until it succeeds, as long as the failure may pass: a busy or limiting Hub, a dropped connection, a time-out.

    The call must be safe to repeat: it may have taken effect although it failed.
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
            _logger.warning("the Hub could not do this yet (%s); next attempt in %.0f s", summarise(error), wait)
            time.sleep(wait)
            attempt += 1


def make_sure(make: Callable[[], object], exists: Callable[[], bool]) -> None:
    """Make something that may exist already: the Hub answers 409 then, but also while it is busy."""
    try:
        make()
    except HfHubHTTPError as error:
        if error.response.status_code != 409 or not exists():
            raise


def _may_pass(error: Exception) -> bool:
    if isinstance(error, BusyError):
        return True
    answer = find_error(error, HfHubHTTPError)
    if answer is not None:
        return answer.response.status_code in PASSING_STATUS
    if find_error(error, OfflineModeIsEnabled):
        return False
    # A gateway before the Hub answers with a page instead of JSON when the Hub does not.
    return isinstance(error, JSONDecodeError) or find_error(error, *network_errors()) is not None


def _wait(error: Exception, attempt: int) -> float:
    """Return the seconds to wait: what the Hub asks for, otherwise more with each attempt."""
    asked = _asked_wait(find_error(error, HfHubHTTPError))
    # Two publishers that wait equally long meet again, so this one draw must not be reproducible.
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
