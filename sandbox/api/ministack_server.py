"""ministack's server, made strict, and what no AWS API does: users of an identity provider, and codes for them.

Run as `python -m sandbox.api.ministack_server`; supervisor.py sets its environment. ministack knows no Google:
what Google says of a person, edge/login/federation.py finds out and tells here.
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

# The edge asks the triggers, from the code that was uploaded; ministack would look for the functions in its own Lambda.
cognito._apply_pretoken_trigger = lambda claims, **_named: claims
# Cognito's first passwords fit the pool's policy, ministack's have twelve letters and are refused where it wants more.
cognito._generate_temp_password = lambda: f"{secrets.token_urlsafe(24)}-Aa1!"
# Cognito's ids and secrets of app clients are small letters and digits. IGV sends a secret as it stands; of ministack's
# with their + and / the server would understand another.
ALPHABET = string.ascii_lowercase + string.digits
cognito._client_id = lambda: "".join(secrets.choice(ALPHABET) for _mark in range(26))
cognito._client_secret = lambda: "".join(secrets.choice(ALPHABET) for _mark in range(52))
USERS, CODES = "/_sandbox/federated-users", "/_sandbox/codes"
# AWS has the public keys of identity pools at https://cognito-identity.amazonaws.com/.well-known/jwks_uri.
IDENTITY_KEYS = "/_sandbox/identity-keys"
Resource = dict[str, Any]
serve_aws = server.app
sign_up_anyone = cognito._sign_up


def sign_up(told: Resource) -> Any:
    """SignUp, where the pool takes it; ministack makes users of everybody."""
    pools = cognito._user_pools.values()
    pool = next((each for each in pools if told.get("ClientId") in each["_clients"]), {})
    if pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        return cognito.error_response_json("NotAuthorizedException", "SignUp is not permitted for this user pool", 400)
    return sign_up_anyone(told)


cognito._sign_up = sign_up
answer = cognito._run_idp_handler


def answer_strictly(handler: Any, action: str, told: Resource) -> Any:
    """An answer of Cognito's API, after the checks that ministack makes only where it verifies signatures."""
    if action in cognito._UNSIGNED_IDP_ACTIONS:
        cognito._pin_unsigned_idp_scope(told)
    refusal = cognito._validate_client_secret_hash(action, told) or cognito._auth_flow_error(action, told)
    return refusal or cognito._access_token_error(told) or answer(handler, action, told)


cognito._run_idp_handler = answer_strictly
cognito._run_identity_handler = identity_pools.answer


def keep_user(told: Resource) -> JSONResponse:
    """Make or update the user of a person whom an identity provider knows."""
    pool = cognito._get_pool_unscoped(told["pool_id"])
    username = f"{told['provider']}_{told['user_id']}"
    known = pool["_users"].get(username)
    if known:
        cognito._merge_federated_attrs(known, told["attributes"], cognito._now_epoch())
    else:
        _create_user(pool, username, told)
    return JSONResponse({"username": username})


def _create_user(pool: Resource, username: str, told: Resource) -> None:
    now = cognito._now_epoch()
    attributes = {**told["attributes"], "sub": cognito.new_uuid()}
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
    cognito._start_federated_profile(pool, told["pool_id"], user, told["provider"], told["user_id"])


def give_code(told: Resource) -> JSONResponse:
    """The address to send a user back to with an authorization code, as after a login with the right password."""
    user = cognito._get_pool_unscoped(told["pool_id"])["_users"].get(told["username"])
    if user is None or not user["Enabled"]:
        return JSONResponse({"error": "User is disabled"}, 403)
    asked = cognito._extract_oauth_form_params(told["parameters"])
    asked.pop("response_type")
    status, headers, _body = cognito._issue_auth_code_redirect(
        pool_id=told["pool_id"], username=told["username"], **asked
    )
    if status != 302:
        return JSONResponse({"error": "the client takes no code there"}, 400)
    return JSONResponse({"location": headers["Location"]})


def identity_keys(_told: Resource) -> JSONResponse:
    """The key that identity pools sign with."""
    return JSONResponse({"keys": [cognito._JWKS_KEY]})


ROUTES = {USERS: keep_user, CODES: give_code, IDENTITY_KEYS: identity_keys}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ministack's application with two addresses more."""
    route = ROUTES.get(scope.get("path", "")) if scope["type"] == "http" else None
    if route is None:
        await serve_aws(scope, receive, send)
        return
    response = route(json.loads(await Request(scope, receive).body() or b"{}"))
    await response(scope, receive, send)


if __name__ == "__main__":
    server.app = app
    server.main()
