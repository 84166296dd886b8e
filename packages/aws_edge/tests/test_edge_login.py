"""The hosted login over the real ministack: for native users, as a browser and a load balancer use it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from aws_edge.http.messages import Reply
from aws_edge.login.login import request_error
from hosted_login import (
    CALLBACK,
    PASSWORD,
    SIGNED_OUT,
    USER,
    Browser,
    Pool,
    app_client,
    authorize,
    form,
    redeem,
    returned,
    user_info,
)

pytestmark = pytest.mark.conformance


def tokens(browser: Browser, pool: Pool, **changes: str) -> tuple[Reply, dict[str, Any]]:
    code = returned(browser.submit(form(browser, pool), username=USER, password=PASSWORD))["code"]
    return redeem(browser, pool, code=code, **changes)


def test_signing_in(browser, pool):
    page = form(browser, pool)
    assert (page.status, page.header("cache-control")) == (200, "no-store")
    answer = returned(browser.submit(page, username=USER, password=PASSWORD))
    assert answer["state"] == "s+/=&1"
    reply, given = redeem(browser, pool, code=answer["code"])
    assert (reply.status, given["token_type"]) == (200, "Bearer")
    claims = json.loads(user_info(browser, given["access_token"]).body)
    assert claims["email"] == USER
    assert not [name for name in claims if name.startswith("cognito:")]
    assert redeem(browser, pool, code=answer["code"])[1]["error"] == "invalid_grant", "a code works once"


@pytest.mark.parametrize(("name", "word"), [(USER, "wrong"), ("eve@lab.localhost", PASSWORD), (USER, "")])
def test_wrong_passwords_get_the_form_again(browser, pool, name, word):
    reply = browser.submit(form(browser, pool), username=name, password=word)
    assert (reply.status, reply.header("location")) == (200, "")
    assert "Incorrect username or password." in reply.body.decode()
    assert "cognito" not in browser.cookies


def test_a_first_password_must_be_changed(browser, pool):
    pool.cognito.admin_set_user_password(UserPoolId=pool.id, Username=USER, Password="Temporary-2", Permanent=False)
    page = browser.submit(form(browser, pool), username=USER, password="Temporary-2")
    assert page.status == 200
    reply = browser.submit(page, new_password="Brand-new-1", confirm_password="Brand-new-1")
    assert "code" in returned(reply)
    assert "code" in returned(browser.send(authorize(pool.client["ClientId"]))), "the session knows the new password"


def test_a_session_spares_the_form_until_logout(browser, pool):
    browser.submit(form(browser, pool), username=USER, password=PASSWORD)
    assert "code" in returned(browser.send(authorize(pool.client["ClientId"])))
    out = browser.send(f"/logout?{urlencode({'client_id': pool.client['ClientId'], 'logout_uri': SIGNED_OUT})}")
    assert (out.status, out.header("location")) == (302, SIGNED_OUT)
    assert browser.send(authorize(pool.client["ClientId"])).header("location").startswith("/login?")


def test_a_changed_password_ends_the_session(browser, pool):
    browser.submit(form(browser, pool), username=USER, password=PASSWORD)
    pool.cognito.admin_set_user_password(UserPoolId=pool.id, Username=USER, Password="Another-horse-1", Permanent=True)
    assert browser.send(authorize(pool.client["ClientId"])).header("location").startswith("/login?")


def test_logout_goes_only_where_it_may(browser, pool):
    client_id = pool.client["ClientId"]
    for query in ({"client_id": client_id, "logout_uri": "https://evil.example/"}, {"logout_uri": SIGNED_OUT}):
        assert browser.send(f"/logout?{urlencode(query)}").status == 400
    again = browser.send(f"/logout?{urlencode({'client_id': client_id, 'redirect_uri': CALLBACK})}")
    assert again.header("location").startswith("/login?")


ERRORS = {
    "a mistyped callback": ({"redirect_uri": CALLBACK.replace("idpresponse", "idpreponse")}, "redirect_mismatch"),
    "another page of the host": ({"redirect_uri": CALLBACK + "/x"}, "redirect_mismatch"),
    "no callback": ({"redirect_uri": None}, "redirect_mismatch"),
    "an unknown client": ({"client_id": "nobody"}, "invalid_request"),
}


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login"])
@pytest.mark.parametrize("case", ERRORS)
def test_errors_that_stay_at_the_login(browser, pool, case, path):
    changes, error = ERRORS[case]
    asked = authorize(**{"client_id": pool.client["ClientId"], **changes}).replace("/oauth2/authorize", path)
    reply = browser.send(asked)
    assert reply.header("location").startswith(f"/error?error={error}")
    page = browser.send(reply.header("location"))
    assert (page.status, error in page.body.decode()) == (400, True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"code_challenge": "abc"}, "invalid_request"),
        ({"code_challenge": "abc", "code_challenge_method": "plain"}, "invalid_request"),
        ({"identity_provider": "Google"}, "invalid_request"),
    ],
)
def test_errors_that_go_back_to_the_client(browser, pool, changes, error):
    assert returned(browser.send(authorize(pool.client["ClientId"], **changes))) == {"error": error, "state": "s+/=&1"}


def test_a_client_without_providers_or_flows():
    parameters = {"response_type": "code", "scope": "openid"}
    client = {"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "SupportedIdentityProviders": []}
    assert request_error(parameters, {**client, "AllowedOAuthFlowsUserPoolClient": True}) == "invalid_request"
    assert request_error(parameters, client) == "unauthorized_client"


def test_forms_of_other_sites_are_refused(browser, pool):
    page = form(browser, pool)
    browser.cookies["XSRF-TOKEN"] = "other"
    assert browser.submit(page, username=USER, password=PASSWORD).status == 403
    assert browser.send("/login", "POST", urlencode({"username": USER, "password": PASSWORD}).encode()).status == 403


def test_clients_of_another_pool_have_no_login_here(browser, pool):
    other = pool.cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    stranger = app_client(pool.cognito, other)
    assert browser.send(authorize(stranger["ClientId"])).header("location").startswith("/error?")
    code = returned(browser.submit(form(browser, pool), username=USER, password=PASSWORD))["code"]
    fields = {"client_id": stranger["ClientId"], "client_secret": stranger["ClientSecret"]}
    assert redeem(browser, pool, code=code, **fields)[1]["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"redirect_uri": SIGNED_OUT}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_codes_are_for_the_right_client_only(browser, pool, changes, error):
    reply, given = tokens(browser, pool, **changes)
    assert (reply.status, given["error"]) == (400, error)


def test_refreshing_needs_the_secret_and_an_active_user(browser, pool):
    _reply, given = tokens(browser, pool)
    grant = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    assert "access_token" in redeem(browser, pool, **grant)[1]
    assert redeem(browser, pool, **grant, client_secret="")[1]["error"] == "invalid_client"
    pool.cognito.admin_disable_user(UserPoolId=pool.id, Username=USER)
    assert redeem(browser, pool, **grant)[1]["error"] == "invalid_grant"
    assert user_info(browser, given["access_token"]).status == 401


def test_user_info_takes_only_good_access_tokens(browser, pool):
    _reply, given = tokens(browser, pool)
    token = given["access_token"]
    header, claims, signature = token.split(".")
    for bad in (given["id_token"], f"{header}.{claims}.{signature[:-8]}AAAAAAAA", f"{header}.{claims}.", "x.y.z", ""):
        assert user_info(browser, bad).status == 401
    assert browser.send("/oauth2/userInfo").status == 401
    time_now = time.time
    try:
        time.time = lambda: time_now() + 7200
        assert user_info(browser, token).status == 401
    finally:
        time.time = time_now


def test_other_domains_and_pages(browser):
    assert browser.send("/oauth2/nothing").status == 404
    assert browser.send("/oauth2/token").status == 405


def test_a_domain_that_nobody_has(browser):
    assert browser.send("/login", host="nobody.auth.us-east-1.amazoncognito.localhost").status == 404


@pytest.mark.parametrize("flow", ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"])
def test_a_password_is_for_clients_that_take_it(pool, flow):
    made = {"UserPoolId": pool.id, "ClientName": "api", "ExplicitAuthFlows": [flow, "ALLOW_REFRESH_TOKEN_AUTH"]}
    client_id = pool.cognito.create_user_pool_client(**made)["UserPoolClient"]["ClientId"]
    given = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH"}
    given["AuthParameters"] = {"USERNAME": USER, "PASSWORD": PASSWORD}
    if flow == "ALLOW_USER_PASSWORD_AUTH":
        assert pool.cognito.initiate_auth(**given)["AuthenticationResult"]["AccessToken"]
        return
    with pytest.raises(pool.cognito.exceptions.InvalidParameterException, match="flow not enabled"):
        pool.cognito.initiate_auth(**given)


def test_with_a_secret_its_hash_is_asked_for(pool):
    with pytest.raises(pool.cognito.exceptions.NotAuthorizedException, match="secret"):
        pool.cognito.forgot_password(ClientId=pool.client["ClientId"], Username=USER)


@pytest.mark.parametrize("only_administrators", [True, False])
def test_signing_up_is_for_pools_that_take_it(browser, pool, only_administrators):
    pool.cognito.update_user_pool(
        UserPoolId=pool.id, AdminCreateUserConfig={"AllowAdminCreateUserOnly": only_administrators}
    )
    client_id, name = pool.client["ClientId"], "eve@lab.localhost"
    digest = hmac.digest(pool.client["ClientSecret"].encode(), f"{name}{client_id}".encode(), "sha256")
    hashed = base64.b64encode(digest).decode()
    given = {"ClientId": client_id, "SecretHash": hashed, "Username": name, "Password": PASSWORD}
    if not only_administrators:
        assert not pool.cognito.sign_up(**given)["UserConfirmed"]
        return
    with pytest.raises(pool.cognito.exceptions.NotAuthorizedException, match="SignUp is not permitted"):
        pool.cognito.sign_up(**given)
