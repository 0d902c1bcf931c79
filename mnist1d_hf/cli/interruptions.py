"""SIGTERM is handled like an interrupt, so that what is half written is removed and processes are ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TerminatedError(KeyboardInterrupt):
    """SIGTERM told this process to end."""

    EXIT_CODE = 128 + signal.SIGTERM


@contextmanager
def termination_raised() -> Iterator[None]:
    """Raise a TerminatedError in the main thread when SIGTERM comes, unless the caller handles or ignores it."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(*_: Any) -> None:
    # Another one must not end the tidying up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise TerminatedError
