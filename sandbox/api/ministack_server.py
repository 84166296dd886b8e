"""ministack's server, made strict, with endpoints that no AWS API has: federated users, and codes for them.

Run as `python -m sandbox.api.ministack_server`; supervisor.py sets its environment. ministack knows no
external provider: aws_edge/login/federation.py gets the claims and posts them here.
"""

from __future__ import annotations

import json
import secrets
import string
from typing import Any

from ministack import app as server
from ministack.services import cognito
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from sandbox.api import identity_pools

# The edge invokes the triggers from the uploaded code; ministack would invoke its own Lambda's functions.
cognito._apply_pretoken_trigger = lambda claims, **_named: claims
# Cognito's temporary passwords satisfy the pool's password policy; ministack's always have twelve characters.
cognito._generate_temp_password = lambda: f"{secrets.token_urlsafe(24)}-Aa1!"
# Ids and secrets of app clients are lower-case letters and digits in Cognito. IGV does not percent-encode the secret,
# so ministack's + and / would arrive as other characters.
ALPHABET = string.ascii_lowercase + string.digits
cognito._client_id = lambda: "".join(secrets.choice(ALPHABET) for _mark in range(26))
cognito._client_secret = lambda: "".join(secrets.choice(ALPHABET) for _mark in range(52))
USERS, CODES = "/_sandbox/federated-users", "/_sandbox/codes"
# AWS has the public keys of identity pools at https://cognito-identity.amazonaws.com/.well-known/jwks_uri.
IDENTITY_KEYS = "/_sandbox/identity-keys"
Resource = dict[str, Any]
original_app = server.app
original_sign_up = cognito._sign_up


def sign_up(request: Resource) -> Any:
    """SignUp, unless AllowAdminCreateUserOnly, which ministack ignores."""
    pools = cognito._user_pools.values()
    pool = next((each for each in pools if request.get("ClientId") in each["_clients"]), {})
    if pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        return cognito.error_response_json("NotAuthorizedException", "SignUp is not permitted for this user pool", 400)
    return original_sign_up(request)


cognito._sign_up = sign_up
original_idp_handler = cognito._run_idp_handler


def handle_idp_request(handler: Any, action: str, request: Resource) -> Any:
    """A response of Cognito's API, after the checks that ministack makes only where it verifies signatures."""
    if action in cognito._UNSIGNED_IDP_ACTIONS:
        cognito._pin_unsigned_idp_scope(request)
    error = cognito._validate_client_secret_hash(action, request) or cognito._auth_flow_error(action, request)
    return error or cognito._access_token_error(request) or original_idp_handler(handler, action, request)


cognito._run_idp_handler = handle_idp_request
cognito._run_identity_handler = identity_pools.handle


def put_federated_user(request: Resource) -> JSONResponse:
    """Create or update the user of an external provider."""
    pool = cognito._get_pool_unscoped(request["pool_id"])
    username = f"{request['provider']}_{request['user_id']}"
    user = pool["_users"].get(username)
    if user:
        cognito._merge_federated_attrs(user, request["attributes"], cognito._now_epoch())
    else:
        _create_user(pool, username, request)
    return JSONResponse({"username": username})


def _create_user(pool: Resource, username: str, request: Resource) -> None:
    now = cognito._now_epoch()
    attributes = {**request["attributes"], "sub": cognito.new_uuid()}
    user = {
        "Username": username,
        "Attributes": cognito._dict_to_attr_list(attributes),
        "UserCreateDate": now,
        "UserLastModifiedDate": now,
        "Enabled": True,
        "UserStatus": "EXTERNAL_PROVIDER",
        "MFAOptions": [],
        "_password": "",
        "_groups": [],
        "_tokens": [],
    }
    pool["_users"][username] = user
    cognito._start_federated_profile(pool, request["pool_id"], user, request["provider"], request["user_id"])


def issue_code(request: Resource) -> JSONResponse:
    """The redirect to the app client with an authorization code for a user."""
    user = cognito._get_pool_unscoped(request["pool_id"])["_users"].get(request["username"])
    if user is None or not user["Enabled"]:
        return JSONResponse({"error": "User is disabled"}, 403)
    parameters = cognito._extract_oauth_form_params(request["parameters"])
    parameters.pop("response_type")
    status, headers, _body = cognito._issue_auth_code_redirect(
        pool_id=request["pool_id"], username=request["username"], **parameters
    )
    if status != 302:
        return JSONResponse({"error": "the client takes no code there"}, 400)
    return JSONResponse({"location": headers["Location"]})


def identity_keys(_request: Resource) -> JSONResponse:
    """The public key of identity pools."""
    return JSONResponse({"keys": [cognito._JWKS_KEY]})


ROUTES = {USERS: put_federated_user, CODES: issue_code, IDENTITY_KEYS: identity_keys}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ministack's application with the additional routes."""
    route = ROUTES.get(scope.get("path", "")) if scope["type"] == "http" else None
    if route is None:
        await original_app(scope, receive, send)
        return
    response = route(json.loads(await Request(scope, receive).body() or b"{}"))
    await response(scope, receive, send)


if __name__ == "__main__":
    server.app = app
    server.main()
