"""The client of the Hub: its token and account, the namespace it may write to, and its errors as sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # re-exported lazily

from ..errors import HubError, TasksFailedError
from ..utils.hub_errors import explain, explain_foreign, foreign_answer
from ..utils.patience import patience
from ..utils.text import show
from ..version import __version__
from .retries import retry


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


def check_namespace(namespace: str) -> None:
    """Raise a ValueError unless a user or an organisation on the Hub can have this name."""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9])){0,41}", namespace):
        raise ValueError(
            f"the namespace {namespace!r} cannot be a user or an organisation on the Hub: names have up to 42 letters and "
            f"digits, with single '-', '_' and '.' between them"
        )


def check_repo_id(repo_id: str) -> None:
    """Raise a ValueError unless a repository on the Hub can have this id."""
    namespace, slash, name = repo_id.partition("/")
    if not slash:
        raise ValueError(f"{show(repo_id)} is not the id of a repository; it must be of the form <namespace>/<name>")
    check_namespace(namespace)
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise ValueError(
            f"{show(name)} cannot be the name of a repository on the Hub: names have up to 96 letters, digits, '-', '_' and '.'"
        ) from error


def check_account(api: HfApi, namespace: str) -> str:
    """Return the name of the account; raise a HubError unless its token may write to the namespace, as far as the Hub tells."""
    if not (api.token or get_token()):
        raise HubError("there is no token for the Hub; log in with `hf auth login`, or set HF_TOKEN")
    account = retry(api.whoami)
    try:
        name = str(account["name"])
        token_role = account.get("auth", {}).get("accessToken", {}).get("role")
        roles = {organisation["name"]: organisation.get("roleInOrg") for organisation in account.get("orgs", ())}
    except (KeyError, TypeError, AttributeError) as error:
        raise HubError(foreign_answer(f"this is no account: {account!r:.100}", api.endpoint)) from error
    if token_role == "read":
        raise HubError(
            f"the token of {name} is read-only; create one that may write at https://huggingface.co/settings/tokens and log "
            f"in with `hf auth login`"
        )
    writable = [name, *(organisation for organisation, role in roles.items() if role != "read")]
    if namespace in writable:
        return name
    if namespace in roles:
        reason = f"{name} may only read in {namespace}"
    elif _exists(api.get_user_overview, namespace) or _exists(api.get_organization_overview, namespace):
        reason = f"{name} is not a member of {namespace}"
    else:
        reason = f"there is no user or organisation {namespace!r} on the Hub"
    raise HubError(f"{reason}; publish to one of: {', '.join(writable)}")


def _exists(overview: Callable[[str], Any], namespace: str) -> bool:
    try:
        retry(lambda: overview(namespace))
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            return False
        raise
    return True
