"""The client of the Hub: its name and token, and its errors as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import HfApi, get_token

from ..errors import HubError, TasksFailedError
from ..utils.hub_errors import explain, explain_foreign
from ..utils.patience import patience
from ..version import __version__


def connect(token: str | None = None, endpoint: str | None = None) -> HfApi:
    """Return a client of the Hub; without a token or an address it uses those that `huggingface_hub` finds."""
    # The client would print a token that cannot be sent.
    if not re.fullmatch(r"[!-~]*", token or get_token() or ""):
        raise HubError(
            "the token for the Hub has characters that no token has, such as spaces or line ends; log in with "
            "`hf auth login`, or set HF_TOKEN"
        )
    return HfApi(endpoint, token=token, library_name="mnist1d-hf", library_version=__version__)


@contextmanager
def explained(api: HfApi, *, writing: bool = False) -> Iterator[None]:
    """Turn errors of the Hub and of the network into a HubError of one sentence, as soon as patience ends."""
    with patience() as watch:
        try:
            yield
        except (HubError, TasksFailedError, BrokenPipeError):
            # Failed tasks are explained where they ran; a broken pipe is that of our own output.
            raise
        except Exception as error:
            reason = explain(error, endpoint=api.endpoint, writing=writing)
            if reason is None and watch.has_reached:
                reason = explain_foreign(error, api.endpoint)
            if reason is None:
                raise
            raise HubError(reason) from error
