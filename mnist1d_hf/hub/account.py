"""Checks of a namespace and of the account that would write to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError

from ..errors import HubError
from ..utils.hub_errors import foreign_answer
from .naming import dataset_repo_id
from .retries import retry


def check_namespace(namespace: str) -> None:
    """Raise a ValueError unless a user or an organisation on the Hub can have this name."""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9])){0,41}", namespace):
        raise ValueError(
            f"the namespace {namespace!r} cannot be a user or an organisation on the Hub: names have up to 42 letters and "
            f"digits, with single '-', '_' and '.' between them"
        )


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


def look_first(api: HfApi, namespace: str) -> None:
    """Look whether the Hub can be reached, before there is any other work."""
    retry(lambda: api.repo_exists(dataset_repo_id(namespace), repo_type="dataset"))


def _exists(overview: Callable[[str], Any], namespace: str) -> bool:
    try:
        retry(lambda: overview(namespace))
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            return False
        raise
    return True
