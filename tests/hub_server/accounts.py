"""Routes of accounts: who a token belongs to, users and organizations."""

from .messages import RefusedError
from .routing import route


@route("GET", "/api/whoami-v2")
def whoami(hub, call):
    token = hub.signed_in(call)
    access = {"displayName": f"{token.user}'s token", "role": token.role, "createdAt": "2026-01-01T00:00:00.000Z"}
    if token.role == "fineGrained":
        permissions = ["repo.content.read", "repo.write", "collection.write", "discussion.write"]
        scoped = [
            {"entity": {"type": hub.kind(name), "name": name}, "permissions": permissions} for name in token.scopes
        ]
        access["fineGrained"] = {"global": [], "scoped": scoped}
    orgs = [
        {"type": "org", "name": name, "fullname": name, "roleInOrg": role, "isEnterprise": False}
        for name, role in hub.users[token.user].items()
    ]
    user = {"type": "user", "id": token.user, "name": token.user, "fullname": token.user, "isPro": False}
    return {**user, "orgs": orgs, "auth": {"type": "access_token", "accessToken": access}}


@route("GET", "/api/users/(?P<name>[^/]+)/overview")
def user_overview(hub, call, name):
    if name not in hub.users:
        raise RefusedError(404, "This user does not exist")
    orgs = [{"name": org, "fullname": org, "avatarUrl": ""} for org in hub.users[name]]
    return {"user": name, "fullname": name, "avatarUrl": "", "type": "user", "isPro": False, "orgs": orgs}


@route("GET", "/api/organizations/(?P<name>[^/]+)/overview")
def organization_overview(hub, call, name):
    if name not in hub.orgs:
        raise RefusedError(404, "This organization does not exist")
    return {"name": name, "fullname": name, "avatarUrl": "", "type": "org", "isVerified": False}
