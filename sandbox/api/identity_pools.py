"""What an identity pool refuses and ministack lets pass, and its tags.

"Identity pools authentication flow" and `CognitoIdentityProvider` in the Amazon Cognito Developer Guide and API
Reference.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cognito

from sandbox.edge.login.tokens import claims_of

Resource = dict[str, Any]
GUESTS_OFF = "Unauthenticated access is not supported for this identity pool."
CLASSIC_OFF = "Basic (classic) flow is not enabled, please use enhanced flow."
WITH_MAPPINGS = "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow."
SIGNED_OUT = "Invalid login token. Token is revoked, or its user is disabled or gone."
_answer = cognito._run_identity_handler
ACTIONS = ("GetId", "GetOpenIdToken", "GetCredentialsForIdentity")


def answer(handler: Any, action: str, told: Resource) -> Any:
    """ministack's answer, unless there is a reason against it."""
    refused = refusal(action, told)
    if refused:
        return refused
    answered = _answer(handler, action, told)
    # ministack keeps apart the tags that a pool is made with and those that TagResource gives it. Here they are one.
    for pool_id, pool in cognito._identity_pools.items():
        cognito._identity_tags[pool_id] = pool["IdentityPoolTags"]
    return answered


def refusal(action: str, told: Resource) -> Any:
    """The error that the pool answers with, or None."""
    pool = _pool(told) if action in ACTIONS else None
    if pool is None:
        return None
    identity_id, logins = told.get("IdentityId"), told.get("Logins") or {}
    known = pool["_identities"].get(identity_id)
    if identity_id and known is None:
        return None
    refused = cognito._identity_logins_error(pool, identity_id, logins) or _state_refusal(action, pool, logins)
    return refused or next(filter(None, (_user_refusal(pool, *login) for login in logins.items())), None)


def _pool(told: Resource) -> Resource | None:
    """The pool that a request is for; ministack says that there is none."""
    if "IdentityPoolId" in told:
        return cognito._identity_pools.get(told["IdentityPoolId"])
    pools = cognito._identity_pools.values()
    return next((pool for pool in pools if told.get("IdentityId") in pool["_identities"]), None)


def _state_refusal(action: str, pool: Resource, logins: Resource) -> Any:
    if not logins and not pool["AllowUnauthenticatedIdentities"]:
        return cognito.error_response_json("NotAuthorizedException", GUESTS_OFF, 400)
    if action != "GetOpenIdToken":
        return None
    if not pool["AllowClassicFlow"]:
        return cognito.error_response_json("InvalidParameterException", CLASSIC_OFF, 400)
    if pool.get("_role_mappings"):
        return cognito.error_response_json("InvalidParameterException", WITH_MAPPINGS, 400)
    return None


def _user_refusal(pool: Resource, provider: str, token: str) -> Any:
    """The server-side check: the user pool is asked whether the user is still there and signed in."""
    claims = claims_of(token)
    asked = (each for each in pool["CognitoIdentityProviders"] if each.get("ProviderName") == provider)
    if not any(each["ClientId"] == claims["aud"] and each.get("ServerSideTokenCheck") for each in asked):
        return None
    users = cognito._get_pool_unscoped(claims["iss"].rpartition("/")[2])["_users"].values()
    user = next((each for each in users if _sub(each) == claims["sub"]), None)
    # AdminDisableUser revokes the user's tokens, as a global sign-out does.
    if user and user["Enabled"] and claims.get("origin_jti") not in cognito._revoked_tokens:
        return None
    return cognito.error_response_json("NotAuthorizedException", SIGNED_OUT, 400)


def _sub(user: Resource) -> str:
    return cognito._attr_list_to_dict(user["Attributes"]).get("sub", "")
