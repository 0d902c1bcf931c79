"""Accounts of the local Hub, through the clients that know nothing of it."""

import pytest
from huggingface_hub import HfApi, get_token, whoami
from huggingface_hub.errors import HfHubHTTPError


def test_a_user_is_told_their_name_organizations_and_role(hub, ada):
    answer = ada.whoami()
    assert (answer["name"], answer["type"], answer["auth"]["accessToken"]["role"]) == ("ada", "user", "write")
    assert {org["name"]: org["roleInOrg"] for org in answer["orgs"]} == {"engines": "write", "readers": "read"}
    assert whoami(token=hub.add_token("ada", "read"))["auth"]["accessToken"]["role"] == "read"
    scoped = whoami(token=hub.add_token("ada", "fineGrained", scopes=["engines"]))["auth"]["accessToken"]
    assert [scope["entity"] for scope in scoped["fineGrained"]["scoped"]] == [{"type": "org", "name": "engines"}]


def test_without_a_token_or_with_an_unknown_one_nobody_is_signed_in(hub, ada):
    assert get_token() is None
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        HfApi(token="hf_unknown").model_info("ada/one")
    with pytest.raises(HfHubHTTPError) as unknown:
        ada.whoami(token="hf_unknown")
    assert unknown.value.response.status_code == 401
    with pytest.raises(HfHubHTTPError, match="Invalid username or password"):
        HfApi(token=False).create_repo("ada/two")
    assert {request.token for request in hub.requests} == {True, False}


def test_overviews_tell_users_from_organizations(ada):
    assert ada.get_user_overview("ada").username == "ada"
    assert ada.get_organization_overview("engines").name == "engines"
    for call, name in ((ada.get_user_overview, "engines"), (ada.get_organization_overview, "ada")):
        with pytest.raises(HfHubHTTPError) as missing:
            call(name)
        assert missing.value.response.status_code == 404
