"""Retries of whatever is done on the Hub: when, how often, and after which wait."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from json import JSONDecodeError
from typing import TypeVar

from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from ..errors import BusyError
from ..utils.hub_errors import PASSING_STATUS, asked_wait, find_error, network_errors, summarise
from ..utils.patience import patience

ATTEMPTS = 7
"""How many attempts are made at most, as long as there is patience."""

FIRST_WAIT = 1.0
"""Seconds before the second attempt; each later wait is twice as long."""

LONGEST_WAIT = 16.0
"""Seconds between two attempts at most, unless the Hub asks for more."""

_logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")


def retry(call: Callable[[], _Result]) -> _Result:
    """Call until it succeeds, as long as the failure may pass: a busy or limiting Hub, a dropped connection, a time-out.

    The call must be safe to repeat: it may have taken effect although it failed.
    """
    with patience() as watch:
        watch.note_progress()
        attempt = 1
        while True:
            try:
                return call()
            except Exception as error:
                watch.note_failure(error)
                wait = _wait(error, attempt)
                if not _may_pass(error, watch.has_reached) or attempt == ATTEMPTS or wait >= watch.remaining:
                    raise
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


def _may_pass(error: Exception, has_reached: bool) -> bool:
    if isinstance(error, BusyError):
        return True
    answer = find_error(error, HfHubHTTPError)
    if answer is not None:
        return answer.response.status_code in PASSING_STATUS
    if find_error(error, OfflineModeIsEnabled):
        return False
    if find_error(error, ConnectionError):
        # Where nothing has answered yet, there is no network, or no Hub at this address.
        return has_reached
    # A gateway before the Hub answers with a page instead of JSON when the Hub does not.
    return isinstance(error, JSONDecodeError) or find_error(error, *network_errors()) is not None


def _wait(error: Exception, attempt: int) -> float:
    """Return the seconds to wait: what the Hub asks for, otherwise more with each attempt."""
    answer = find_error(error, HfHubHTTPError)
    asked = asked_wait(answer.response) if answer else None
    # Two publishers that wait equally long meet again, so this one draw must not be reproducible.
    return asked if asked is not None else min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
