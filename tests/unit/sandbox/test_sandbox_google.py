"""Google's stand-in: what it refuses, and what it tells of its people."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import yaml

from aws_edge.tokens import claims_of
from sandbox import settings
from sandbox.google import server
from sandbox.google.accounts import EVE, GRACE, PEOPLE, UMA

# The mock's own, of the library below it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BASE = f"https://{settings.GOOGLE_DOMAIN}"
CLIENT = server.registered()
REDIRECT = f"https://{settings.LOGIN_DOMAIN}/oauth2/idpresponse"
ASKED = {"client_id": CLIENT.id, "redirect_uri": REDIRECT, "response_type": "code", "state": "s 1"}


@pytest.fixture(scope="module")
def visitor():
    return server.application(CLIENT).test_client()


def authorize(visitor, form=None, **changes):
    query = urlencode({**ASKED, "scope": "openid email profile", **changes})
    method = "GET" if form is None else "POST"
    return visitor.open(f"/oauth2/authorize?{query}", base_url=BASE, method=method, data=form)


def returned(answer):
    assert answer.location.startswith(f"{REDIRECT}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def redeem(visitor, person, **changes):
    code = returned(authorize(visitor, {"sub": person.sub}))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    form |= {"client_id": CLIENT.id, "client_secret": CLIENT.secret, **changes}
    return visitor.post("/oauth2/token", base_url=BASE, data=form)


def test_the_client_is_the_one_of_the_extra_variables():
    given = yaml.safe_load(settings.GOOGLE_CLIENT_FILE.read_text())
    assert set(given) == {"google_client_id", "google_client_secret"}
    assert given["google_client_id"].endswith(".apps.googleusercontent.com")
    assert list(given.values()) == [CLIENT.id, CLIENT.secret]


def test_the_page_offers_every_person_and_loads_nothing_from_elsewhere(visitor):
    page = authorize(visitor)
    for person in PEOPLE:
        assert person.name in page.text
        assert person.email in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "2.apps.googleusercontent.com"},
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": "https://evil.example/oauth2/idpresponse"},
    ],
)
def test_unknown_clients_and_addresses_are_refused(visitor, changes):
    for form in (None, {"sub": GRACE.sub}, {"action": "deny"}):
        answer = authorize(visitor, form, **changes)
        assert (answer.status_code, answer.location) == (400, None)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "2.apps.googleusercontent.com"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_grant"),
        ({"code": "other"}, "invalid_grant"),
    ],
)
def test_a_code_is_for_the_client_with_its_secret(visitor, changes, error):
    answer = redeem(visitor, GRACE, **changes)
    assert (answer.status_code // 100, answer.json["error"]) == (4, error)


@pytest.mark.parametrize(
    ("person", "verified", "domain"), [(GRACE, True, GRACE.hd), (UMA, False, None), (EVE, True, EVE.hd)]
)
def test_what_google_tells_of_a_person(visitor, person, verified, domain):
    claims = claims_of(redeem(visitor, person).json["id_token"])
    assert (claims["iss"], claims["aud"], claims["sub"]) == (BASE, [CLIENT.id], person.sub)
    assert (claims["email"], claims["email_verified"], claims["name"]) == (person.email, verified, person.name)
    assert claims.get("hd") == domain


def test_who_cancels_is_sent_back_with_the_state(visitor):
    answer = returned(authorize(visitor, {"action": "deny"}))
    assert (answer["error"], answer["state"]) == ("access_denied", "s 1")


def test_nobody_makes_accounts_or_clients(visitor):
    assert authorize(visitor, {"sub": "me"}).status_code == 400
    assert visitor.put("/users/me", base_url=BASE, json={"email": GRACE.email}).status_code == 404
    assert visitor.post("/oauth2/clients", base_url=BASE, json={"redirect_uris": [REDIRECT]}).status_code == 404
