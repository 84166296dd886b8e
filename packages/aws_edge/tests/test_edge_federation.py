"""Sign-in with Google through the hosted login: a real user pool, and a Google whose answers the tests change."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from aws_edge.config import Switches
from aws_edge.http.messages import Reply
from aws_edge.login.federation import attributes
from aws_edge.tokens import claims_of
from fake_google import CLIENT_ID, CLIENT_SECRET, ISSUER, SUB, new_key
from federated_login import MAPPING, come_back, let, make_provider, sign_in, to_google, user
from hosted_login import (
    HOST,
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

LINK = re.compile(r'<a href="([^"]+)">Continue with Google</a>')


@pytest.fixture(autouse=True)
def provider(pool) -> None:
    make_provider(pool)
    let(pool, "Google")


def test_the_way_to_google(browser, pool):
    reply, query = to_google(browser, pool)
    assert query.pop("state") not in {"", "s+/=&1"}
    assert query == {
        "client_id": CLIENT_ID,
        "redirect_uri": f"https://{HOST}/oauth2/idpresponse",
        "response_type": "code",
        "scope": "openid email profile",
    }
    cookie = next(value for name, value in reply.headers if name == "Set-Cookie")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_signing_in(browser, pool, google):
    answer = returned(sign_in(browser, pool))
    assert answer["state"] == "s+/=&1"
    assert google.asked == [
        {
            "grant_type": "authorization_code",
            "code": "of-google",
            "redirect_uri": f"https://{HOST}/oauth2/idpresponse",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
    ]
    assert user(pool)["UserStatus"] == "EXTERNAL_PROVIDER"
    given = redeem(browser, pool, code=answer["code"])[1]
    claims = json.loads(user_info(browser, given["access_token"]).body)
    assert {name: claims[name] for name in ("email", "email_verified", "name", "username")} == {
        "email": "grace@lab.localhost",
        "email_verified": "true",
        "name": "Grace",
        "username": f"Google_{SUB}",
    }
    assert claims["sub"] == user(pool)["sub"] != SUB
    identity = json.loads(claims["identities"])[0]
    assert (identity["providerName"], identity["providerType"], identity["userId"]) == ("Google", "Google", SUB)
    told = claims_of(given["id_token"])
    assert (told["email_verified"], told["identities"][0]["userId"]) == (True, SUB)


def test_tokens_are_renewed_until_the_user_is_disabled(browser, pool):
    given = redeem(browser, pool, code=returned(sign_in(browser, pool))["code"])[1]
    grant = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    assert "access_token" in redeem(browser, pool, **grant)[1]
    pool.cognito.admin_disable_user(UserPoolId=pool.id, Username=f"Google_{SUB}")
    assert redeem(browser, pool, **grant)[1]["error"] == "invalid_grant"
    assert "code" not in returned(sign_in(browser, pool))
    assert browser.send(authorize(pool.client["ClientId"])).header("location").startswith("/login?")


def test_each_sign_in_brings_the_user_up_to_date(browser, pool, google):
    sign_in(browser, pool)
    first = user(pool)
    browser.cookies.clear()
    google.claims |= {"name": "Rear Admiral", "email_verified": False}
    sign_in(browser, pool)
    assert (user(pool)["name"], user(pool)["email_verified"]) == ("Rear Admiral", "false")
    assert (user(pool)["sub"], user(pool)["UserCreateDate"]) == (first["sub"], first["UserCreateDate"])


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (MAPPING, {"email": "a@x", "email_verified": "true", "name": "A"}),
        ({"username": "sub", "email": "email"}, {"email": "a@x", "email_verified": "false"}),
        ({"username": "sub"}, {}),
        ({"username": "sub", "nickname": "name", "picture": "picture"}, {"nickname": "A"}),
    ],
)
def test_only_what_is_mapped_is_taken_and_an_address_is_unverified_by_itself(mapping, expected):
    claims = {"sub": SUB, "email": "a@x", "email_verified": True, "name": "A", "hd": "x"}
    assert attributes(mapping, claims) == expected


BAD_TOKENS = {
    "expired": {"exp": 1},
    "without expiry": {"exp": None},
    "for another client": {"aud": "2.apps.googleusercontent.com"},
    "for others too": {"aud": [CLIENT_ID, "2.apps.googleusercontent.com"]},
    "of another issuer": {"iss": "https://accounts.google.com"},
    "without subject": {"sub": ""},
}


@pytest.mark.parametrize("case", BAD_TOKENS)
def test_bad_id_tokens_sign_nobody_in(browser, pool, google, case):
    google.claims |= BAD_TOKENS[case]
    assert_nobody_came_in(sign_in(browser, pool), browser, pool)


def test_an_id_token_with_a_foreign_signature_signs_nobody_in(browser, pool, google):
    google.signs_with = new_key()
    assert_nobody_came_in(sign_in(browser, pool), browser, pool)


def assert_nobody_came_in(reply: Reply, browser: Browser, pool: Pool, error: str = "invalid_request") -> None:
    answer = returned(reply)
    assert (answer["error"], answer["state"], "code" in answer) == (error, "s+/=&1", False)
    assert answer["error_description"]
    assert "cognito" not in browser.cookies
    names = [each["Username"] for each in pool.cognito.list_users(UserPoolId=pool.id)["Users"]]
    assert not [name for name in names if name.startswith("Google")]


def test_who_cancels_at_google_returns_to_the_client_with_an_error(browser, pool):
    _reply, query = to_google(browser, pool)
    reply = come_back(browser, error="access_denied", error_description="No.", state=query["state"])
    assert_nobody_came_in(reply, browser, pool, "access_denied")


def test_what_google_refuses_is_told_with_its_name_and_status(browser, pool, google):
    google.refusal = {"error": "invalid_client", "error_description": "Unauthorized"}
    answer = returned(sign_in(browser, pool))
    assert answer["error_description"] == "Google Error - 401 invalid_client Unauthorized"
    assert answer["error"] == "invalid_client"


def test_a_state_works_once_in_the_browser_that_began_and_for_a_while(browser, pool, google):
    first, second, third = (to_google(browser, pool)[1]["state"] for _turn in range(3))
    assert "code" in returned(come_back(browser, code="c", state=first)), "and other tabs don't disturb it"
    assert come_back(browser, code="c", state=first).status == 400
    stranger = Browser(browser.handle)
    assert come_back(stranger, code="c", state=second).status == 400
    google.wait(301)
    assert come_back(browser, code="c", state=third).status == 400
    assert len(google.asked) == 1, "no other code was spent"


@pytest.mark.parametrize("query", [{"code": "c"}, {"code": "c", "state": "x"}, {"code": "c", "state": "s+/=&1"}])
def test_a_state_of_nobodys_is_refused(browser, pool, query):
    to_google(browser, pool)
    assert come_back(browser, **query).status == 400


def test_a_state_of_another_pool_is_refused(browser, pool, google):
    other = pool.cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    pool.cognito.create_user_pool_domain(Domain="other", UserPoolId=other)
    _reply, query = to_google(browser, pool)
    asked = f"/oauth2/idpresponse?{urlencode({'code': 'c', 'state': query['state']})}"
    assert browser.send(asked, host=HOST.replace("lab.", "other.", 1)).status == 400
    assert google.asked == []


def test_a_provider_taken_from_the_client_meanwhile_signs_nobody_in(browser, pool):
    _reply, query = to_google(browser, pool)
    let(pool, "COGNITO")
    reply = come_back(browser, code="c", state=query["state"])
    assert_nobody_came_in(reply, browser, pool, "unauthorized_client")


def test_the_login_page_of_a_client_with_google_alone(browser, pool):
    page = form(browser, pool)
    assert "password" not in page.body.decode()
    link = html.unescape(LINK.search(page.body.decode())[1])
    assert browser.send(link).header("location").startswith(f"{ISSUER}/auth?")
    fields = dict(parse_qsl(urlsplit(link).query))
    del fields["identity_provider"]
    browser.cookies["XSRF-TOKEN"] = "x"
    forged = urlencode({**fields, "_csrf": "x", "username": USER, "password": PASSWORD})
    assert browser.send("/login", "POST", forged.encode()).header("location").startswith("/error?")


def test_the_login_page_of_a_client_with_both(browser, pool):
    let(pool, "COGNITO", "Google")
    page = form(browser, pool)
    assert LINK.search(page.body.decode())
    page = browser.submit(page, username=USER, password="wrong")
    assert browser.send(html.unescape(LINK.search(page.body.decode())[1])).header("location").startswith(ISSUER)
    assert "code" in returned(browser.submit(page, username=USER, password=PASSWORD))


@pytest.mark.parametrize("switches", [Switches(only_provider="redirect")])
def test_the_only_provider_may_spare_the_page(browser, pool):
    assert browser.send(authorize(pool.client["ClientId"])).header("location").startswith(f"{ISSUER}/auth?")
    let(pool, "COGNITO")
    assert browser.send(authorize(pool.client["ClientId"])).header("location").startswith("/login?")


def test_a_session_spares_google_for_an_hour_and_until_logout(browser, pool, google):
    client_id = pool.client["ClientId"]
    sign_in(browser, pool)
    assert "code" in returned(browser.send(authorize(client_id)))
    assert "code" in returned(browser.send(authorize(client_id, identity_provider="Google")))
    assert len(google.asked) == 1
    google.wait(3601)
    assert browser.send(authorize(client_id)).header("location").startswith("/login?")
    sign_in(browser, pool)
    browser.send(f"/logout?{urlencode({'client_id': client_id, 'logout_uri': SIGNED_OUT})}")
    assert browser.send(authorize(client_id)).header("location").startswith("/login?")


def test_a_session_is_good_only_for_clients_that_take_its_provider(browser, pool):
    native = app_client(pool.cognito, pool.id)["ClientId"]
    sign_in(browser, pool)
    assert browser.send(authorize(native)).header("location").startswith("/login?")
    browser.cookies.clear()
    let(pool, "COGNITO", "Google")
    browser.submit(form(browser, pool), username=USER, password=PASSWORD)
    assert "code" in returned(browser.send(authorize(pool.client["ClientId"])))
    to_google(browser, pool)
    let(pool, "Google")
    assert browser.send(authorize(pool.client["ClientId"])).header("location").startswith("/login?")


def test_a_provider_that_the_pool_does_not_have(browser, pool):
    pool.cognito.delete_identity_provider(UserPoolId=pool.id, ProviderName="Google")
    answer = returned(browser.send(authorize(pool.client["ClientId"], identity_provider="Google")))
    assert (answer["error"], answer["state"]) == ("invalid_request", "s+/=&1")
