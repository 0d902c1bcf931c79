"""Errors of the Hub and of the network, for whatever reaches for them."""

from __future__ import annotations

import importlib

from huggingface_hub import get_session


def network_errors() -> tuple[type[Exception], ...]:
    """Return the errors of a failing network; the client's library for it differs between its versions 1 and 2.

    Returns
    -------
    tuple of type
        For an ``except``.
    """
    library = importlib.import_module(type(get_session()).__module__.partition(".")[0])
    return ConnectionError, library.TransportError
