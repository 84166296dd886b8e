"""Errors of identity pools that ministack lacks, and their tags.

"Identity pools authentication flow" and `CognitoIdentityProvider` in the Amazon Cognito Developer Guide and API
Reference.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cognito

from aws_edge.tokens import claims_of

Resource = dict[str, Any]
UNAUTHENTICATED_DISABLED = "Unauthenticated access is not supported for this identity pool."
CLASSIC_DISABLED = "Basic (classic) flow is not enabled, please use enhanced flow."
WITH_MAPPINGS = "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow."
LOGIN_REVOKED = "Invalid login token. Token is revoked, or its user is disabled or gone."
_original_handler = cognito._run_identity_handler
ACTIONS = ("GetId", "GetOpenIdToken", "GetCredentialsForIdentity")


def handle(handler: Any, action: str, request: Resource) -> Any:
    """ministack's response, or the error that Cognito would return."""
    error = error_for(action, request)
    if error:
        return error
    response = _original_handler(handler, action, request)
    # ministack stores the tags of CreateIdentityPool and of TagResource apart. Here they are one.
    for pool_id, pool in cognito._identity_pools.items():
        cognito._identity_tags[pool_id] = pool["IdentityPoolTags"]
    return response


def error_for(action: str, request: Resource) -> Any:
    """The error for a request, or None."""
    pool = _pool(request) if action in ACTIONS else None
    if pool is None:
        return None
    identity_id, logins = request.get("IdentityId"), request.get("Logins") or {}
    known = pool["_identities"].get(identity_id)
    if identity_id and known is None:
        return None
    error = cognito._identity_logins_error(pool, identity_id, logins) or _flow_error(action, pool, logins)
    return error or next(filter(None, (_token_error(pool, *login) for login in logins.items())), None)


def _pool(request: Resource) -> Resource | None:
    """The pool of a request, or None: then ministack returns the error."""
    if "IdentityPoolId" in request:
        return cognito._identity_pools.get(request["IdentityPoolId"])
    pools = cognito._identity_pools.values()
    return next((pool for pool in pools if request.get("IdentityId") in pool["_identities"]), None)


def _flow_error(action: str, pool: Resource, logins: Resource) -> Any:
    if not logins and not pool["AllowUnauthenticatedIdentities"]:
        return cognito.error_response_json("NotAuthorizedException", UNAUTHENTICATED_DISABLED, 400)
    if action != "GetOpenIdToken":
        return None
    if not pool["AllowClassicFlow"]:
        return cognito.error_response_json("InvalidParameterException", CLASSIC_DISABLED, 400)
    if pool.get("_role_mappings"):
        return cognito.error_response_json("InvalidParameterException", WITH_MAPPINGS, 400)
    return None


def _token_error(pool: Resource, provider: str, token: str) -> Any:
    """ServerSideTokenCheck: whether the user is enabled and the token is not revoked."""
    claims = claims_of(token)
    providers = (each for each in pool["CognitoIdentityProviders"] if each.get("ProviderName") == provider)
    if not any(each["ClientId"] == claims["aud"] and each.get("ServerSideTokenCheck") for each in providers):
        return None
    users = cognito._get_pool_unscoped(claims["iss"].rpartition("/")[2])["_users"].values()
    user = next((each for each in users if _sub(each) == claims["sub"]), None)
    # AdminDisableUser revokes the user's tokens, as a global sign-out does.
    if user and user["Enabled"] and claims.get("origin_jti") not in cognito._revoked_tokens:
        return None
    return cognito.error_response_json("NotAuthorizedException", LOGIN_REVOKED, 400)


def _sub(user: Resource) -> str:
    return cognito._attr_list_to_dict(user["Attributes"]).get("sub", "")
