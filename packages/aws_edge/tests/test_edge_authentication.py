"""authenticate-cognito: the way through the login, the session in the cookies, the claims for the target."""

from __future__ import annotations

import base64
import json
import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest

from aws_edge.config import Switches
from aws_edge.http.messages import Reply
from balancer import NOW, SECRET, Balancer, authenticate, forward, id_token, rule
from fakes import BALANCER, ISSUER, SITE, request, set_cookies, with_cookies
from tests import oracle

pytestmark = pytest.mark.conformance

SESSION = "AWSELBAuthSessionCookie"
RULES = [
    rule("/public", [forward()]),
    rule("/session", [authenticate("deny"), forward(2)]),
    rule("/maybe", [authenticate("allow"), forward(2)]),
]


@pytest.fixture
def balancer() -> Balancer:
    return Balancer(RULES)


def to_login(balancer: Balancer, path: str = "/login?x=%20y", **headers: str) -> tuple[Reply, dict[str, str]]:
    reply = balancer.ask(request(path, **headers))
    return reply, dict(parse_qsl(urlsplit(reply.header("location")).query))


def come_back(balancer: Balancer, parameters: dict[str, str], cookies: dict[str, str]) -> Reply:
    return balancer.ask(with_cookies(request(f"/oauth2/idpresponse?{urlencode(parameters)}"), cookies))


def sign_in(balancer: Balancer, path: str = "/login?x=%20y") -> tuple[Reply, dict[str, str]]:
    reply, query = to_login(balancer, path)
    reply = come_back(balancer, {"code": "abc", "state": query["state"]}, set_cookies(reply))
    return reply, {name: value for name, value in set_cookies(reply).items() if value}


def test_the_redirect_to_the_login(balancer):
    reply, query = to_login(balancer)
    assert reply.status == 302
    assert reply.header("location").startswith("https://lab.auth.us-east-1.login.localhost/oauth2/authorize?")
    assert (query["client_id"], query["response_type"], query["scope"]) == ("c1", "code", "openid email")
    assert query["redirect_uri"] == f"https://{SITE}/oauth2/idpresponse"
    cookie = reply.header("set-cookie")
    assert cookie.startswith("AWSALBAuthNonce=")
    assert cookie.endswith("Secure; HttpOnly")


def test_extra_parameters_go_along():
    extra = {"identity_provider": "Google", "prompt": "login"}
    balancer = Balancer([rule("/x", [authenticate(AuthenticationRequestExtraParams=extra), forward(2)])])
    assert extra.items() <= to_login(balancer, "/x")[1].items()


def test_a_whole_sign_in(balancer):
    reply, cookies = sign_in(balancer)
    assert (reply.status, reply.header("location")) == (302, f"https://{SITE}/login?x=%20y")
    token, info = balancer.asked
    assert token["form"]["redirect_uri"] == f"https://{SITE}/oauth2/idpresponse"
    assert token["form"]["code"] == "abc"
    name, secret = base64.b64decode(token["authorization"].partition(" ")[2]).decode().split(":")
    assert (name, unquote(secret)) == ("c1", SECRET)
    assert info["authorization"] == "Bearer access"
    signed_in = balancer.ask(with_cookies(request("/session", x_amzn_oidc_identity="forged"), cookies))
    assert signed_in.status == 200
    headers = balancer.seen[-1]["headers"]
    assert (headers["x-amzn-oidc-identity"], headers["x-amzn-oidc-accesstoken"]) == ("u1", "access")


def test_session_cookies(balancer):
    reply, cookies = sign_in(balancer)
    assert sorted(cookies) == [f"{SESSION}-0", f"{SESSION}-1"], "as long as Cognito's own tokens make it"
    assert max(len(name + value) for name, value in cookies.items()) == 4096
    for line in [value for name, value in reply.headers if name == "Set-Cookie"]:
        assert {"Path=/", "Secure", "HttpOnly"} <= set(line.split("; "))
        assert "SameSite" not in line


@pytest.mark.parametrize(("size", "parts"), [(4000, 2), (7000, 3), (10_000, 4)])
def test_a_large_sign_in_takes_up_to_four_cookies_and_needs_each_of_them(balancer, size, parts):
    balancer.tokens["access_token"] = "x" * size
    cookies = sign_in(balancer)[1]
    assert sorted(cookies) == [f"{SESSION}-{number}" for number in range(parts)]
    assert max(len(name + value) for name, value in cookies.items()) <= 4096
    assert balancer.ask(with_cookies(request("/session"), cookies)).status == 200
    assert balancer.seen[-1]["headers"]["x-amzn-oidc-accesstoken"] == "x" * size
    for left_out in cookies:
        kept = {name: value for name, value in cookies.items() if name != left_out}
        assert balancer.ask(with_cookies(request("/session"), kept)).status == 401


def test_a_sign_in_that_does_not_fit_into_four_cookies(balancer):
    balancer.tokens["refresh_token"] = "x" * 12000
    reply, cookies = sign_in(balancer)
    assert (reply.status, [name for name in cookies if name.startswith(SESSION)]) == (500, [])


def test_parts_of_two_sign_ins_are_none(balancer):
    one, other = sign_in(balancer)[1], sign_in(balancer)[1]
    mixed = {f"{SESSION}-0": one[f"{SESSION}-0"], f"{SESSION}-1": other[f"{SESSION}-1"]}
    assert balancer.ask(with_cookies(request("/session"), mixed)).status == 401


def test_the_expiry_of_the_cookies_is_always_in_7_days(balancer):
    reply, _cookies = sign_in(balancer)
    lines = [value for name, value in reply.headers if name == "Set-Cookie" and value.startswith(SESSION)]
    ends = [parsedate_to_datetime(re.search("Expires=([^;]+)", line)[1]).timestamp() for line in lines]
    assert [round((end - time.time()) / 86400, 1) for end in ends] == [7.0, 7.0], "the time-out is 1000 seconds"


def test_a_sign_in_is_for_the_rules_that_name_its_cookie():
    own = authenticate("deny", SessionCookieName="Own")
    balancer = Balancer([*RULES, rule("/own", [own, forward(2)])])
    cookies = sign_in(balancer)[1]
    assert [balancer.ask(with_cookies(request(path), cookies)).status for path in ("/session", "/own")] == [200, 401]


def test_remains_of_a_longer_session_are_taken_away(balancer):
    reply, query = to_login(balancer)
    old = {f"{SESSION}-{number}": "old" for number in range(4)}
    parameters = {"code": "abc", "state": query["state"]}
    given = set_cookies(come_back(balancer, parameters, {**set_cookies(reply), **old}))
    assert [bool(given[f"{SESSION}-{number}"]) for number in range(4)] == [True, True, False, False]


def test_cookies_of_cors_requests_say_so(balancer):
    reply, query = to_login(balancer)
    back = request(f"/oauth2/idpresponse?code=a&state={query['state'].replace('+', '%2B')}", origin="https://x.example")
    reply = balancer.ask(with_cookies(back, set_cookies(reply)))
    assert {line.split("; ")[-1] for name, line in reply.headers if name == "Set-Cookie"} == {"SameSite=None"}


@pytest.fixture(scope="module")
def judged() -> tuple[dict, dict]:
    """What aws-jwt-verify says of a token, as it is and in ways in which it should not be taken."""
    balancer = Balancer(RULES)
    balancer.now = int(time.time())
    balancer.tokens["id_token"] = id_token(exp=balancer.now + 300)
    balancer.ask(with_cookies(request("/session"), sign_in(balancer)[1]))
    token = balancer.seen[-1]["headers"]["x-amzn-oidc-data"]
    signer = balancer.authenticator.signer
    keys = {signer.key_id: signer.public_pem().decode()}
    good = {"token": token, "keys": keys, "albArn": BALANCER, "clientId": "c1", "issuer": ISSUER}
    header, claims, signature = token.split(".")
    forged = json.loads(base64.urlsafe_b64decode(claims)) | {"email": "eve@lab.localhost"}
    old = signer.token({}, issuer=ISSUER, client="c1", load_balancer=BALANCER, now=balancer.now - 200)
    cases = {
        "good": good,
        "another load balancer": {**good, "albArn": BALANCER.replace("/lb/", "/other/")},
        "another client": {**good, "clientId": "c2"},
        "another issuer": {**good, "issuer": ISSUER + "x"},
        "other claims": {**good, "token": f"{header}.{encoded(forged)}.{signature}"},
        "another key": {**good, "keys": {signer.key_id: Balancer([]).authenticator.signer.public_pem().decode()}},
        "an old token": {**good, "token": old},
    }
    return dict(zip(cases, oracle.verify_alb_tokens(cases.values()), strict=True)), good


def encoded(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def test_the_token_is_one_that_aws_jwt_verify_takes(judged):
    answers, good = judged
    assert answers["good"]["value"]["email"] == "ada@lab.localhost"
    assert "=" in good["token"], "AWS pads, unlike other issuers"


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("another load balancer", "ALB ARN not allowed"),
        ("another client", "Client ID not allowed"),
        ("another issuer", "Issuer not allowed"),
        ("other claims", "signature"),
        ("another key", "signature"),
        ("an old token", "expired"),
    ],
)
def test_aws_jwt_verify_refuses(judged, case, words):
    assert words in judged[0][case]["error"]


STRANGERS = [("/login", 302), ("/anything", 302), ("/session", 401), ("/maybe", 200), ("/public", 200)]


@pytest.mark.parametrize(("path", "status"), STRANGERS)
def test_strangers(balancer, path, status):
    assert balancer.ask(request(path)).status == status
    assert not [each for each in balancer.seen if "x-amzn-oidc-identity" in each["headers"]]


@pytest.mark.parametrize(("path", "status"), STRANGERS)
def test_cookies_of_another_load_balancer_are_those_of_a_stranger(balancer, path, status):
    cookies = sign_in(Balancer(RULES))[1]
    assert balancer.ask(with_cookies(request(path), cookies)).status == status


def test_a_changed_or_incomplete_cookie_is_worthless(balancer):
    cookies = sign_in(balancer)[1]
    first = cookies[f"{SESSION}-0"]
    changed = {**cookies, f"{SESSION}-0": first[:50] + ("A" if first[50] != "A" else "B") + first[51:]}
    assert balancer.ask(with_cookies(request("/session"), changed)).status == 401
    assert balancer.ask(with_cookies(request("/session"), {f"{SESSION}-0": first})).status == 401


@pytest.mark.parametrize("path", ["/session", "/login"])
def test_a_sign_in_that_is_over_leads_to_the_login_even_under_deny(balancer, path):
    balancer.tokens["expires_in"] = 100_000
    cookies = sign_in(balancer)[1]
    balancer.now = NOW + 999
    assert balancer.ask(with_cookies(request(path), cookies)).status == 200
    balancer.now = NOW + 1000
    assert balancer.ask(with_cookies(request(path), cookies)).status == 302


def test_claims_are_renewed_until_the_session_ends(balancer):
    cookies = sign_in(balancer)[1]
    balancer.now, balancer.claims = NOW + 300, {"sub": "u1", "email": "new@lab.localhost"}
    reply = balancer.ask(with_cookies(request("/session"), cookies))
    assert balancer.asked[-2]["form"]["grant_type"] == "refresh_token"
    renewed = {name: value for name, value in set_cookies(reply).items() if name.startswith(SESSION)}
    balancer.now = NOW + 1000
    assert balancer.ask(with_cookies(request("/session"), renewed)).status == 302, "a renewal does not lengthen it"


def test_a_failed_renewal_leads_to_the_login(balancer):
    cookies = sign_in(balancer)[1]
    balancer.now, balancer.provider_status = NOW + 300, 400
    assert balancer.ask(with_cookies(request("/session"), cookies)).status == 302


def test_without_a_refresh_token_the_session_lasts(balancer):
    del balancer.tokens["refresh_token"]
    cookies = sign_in(balancer)[1]
    balancer.now = NOW + 900
    assert balancer.ask(with_cookies(request("/session"), cookies)).status == 200


def test_another_client_means_another_sign_in(balancer):
    cookies = sign_in(balancer)[1]
    balancer.api.rules_[1]["Actions"][0]["AuthenticateCognitoConfig"]["UserPoolClientId"] = "c2"
    assert balancer.ask(with_cookies(request("/session"), cookies)).status == 401


CALLBACKS = {
    "good": ({}, {}, 302),
    "no state": ({"state": None}, {}, 401),
    "a forged state": ({"state": "forged"}, {}, 401),
    "no nonce": ({}, {"AWSALBAuthNonce": None}, 401),
    "another nonce": ({}, {"AWSALBAuthNonce": "other"}, 401),
    "no code": ({"code": None}, {}, 401),
    "denied": ({"code": None, "error": "access_denied"}, {}, 401),
    "an error": ({"code": None, "error": "server_error"}, {}, 561),
}


@pytest.mark.parametrize("case", CALLBACKS)
def test_the_callback(balancer, case):
    parameters, cookies, status = CALLBACKS[case]
    reply, query = to_login(balancer)
    parameters = {"code": "abc", "state": query["state"], **parameters}
    cookies = {**set_cookies(reply), **cookies}
    present = [{name: value for name, value in each.items() if value is not None} for each in (parameters, cookies)]
    assert come_back(balancer, *present).status == status


def test_a_rule_that_is_gone_takes_nobody_back(balancer):
    reply, query = to_login(Balancer([]), "/login")
    assert come_back(balancer, {"code": "abc", "state": query["state"]}, set_cookies(reply)).status == 401
    reply, query = to_login(balancer)
    balancer.api.rules_[-1]["Actions"][0]["AuthenticateCognitoConfig"]["Scope"] = "openid"
    assert come_back(balancer, {"code": "abc", "state": query["state"]}, set_cookies(reply)).status == 401


def test_the_way_back_is_no_rule_of_a_listener_that_never_authenticates():
    balancer = Balancer([rule("/*", [forward()])])
    del balancer.api.rules_[-1]
    assert balancer.ask(request("/oauth2/idpresponse?code=a&state=b")).status == 200
    assert balancer.seen[-1]["target"] == "/oauth2/idpresponse?code=a&state=b"


def test_a_login_takes_15_minutes_at_most(balancer):
    reply, query = to_login(balancer)
    balancer.now = NOW + 901
    assert come_back(balancer, {"code": "abc", "state": query["state"]}, set_cookies(reply)).status == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"id_token": None}, 401),
        ({"id_token": id_token(aud="c2")}, 401),
        ({"id_token": id_token(iss="https://evil.example")}, 401),
        ({"id_token": id_token(exp=NOW)}, 401),
        ({"access_token": "x" * 12000}, 500),
    ],
)
def test_tokens_that_are_not_good(balancer, change, status):
    balancer.tokens = {name: value for name, value in {**balancer.tokens, **change}.items() if value is not None}
    assert sign_in(balancer)[0].status == status


def test_a_provider_that_refuses(balancer):
    balancer.provider_status = 400
    assert sign_in(balancer)[0].status == 561


def test_without_a_way_out_to_the_provider_nobody_can_sign_in(balancer):
    to_targets = {"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    balancer.api.permissions_["IpPermissionsEgress"] = [to_targets]
    reply, _cookies = sign_in(balancer)
    assert (reply.status, balancer.asked) == (500, [])
    assert "no security group allows the load balancer to reach" in reply.reason


def test_a_client_without_secret(balancer):
    balancer.api.clients["c1"] = {}
    assert sign_in(balancer)[0].status == 500


def test_switches_of_unsettled_behaviour():
    reply, _query = to_login(Balancer(RULES), cookie="AWSALBAuthNonce=held")
    assert set_cookies(reply)["AWSALBAuthNonce"] == "held"
    reply, _query = to_login(Balancer(RULES, switches=Switches(nonce="renew")), cookie="AWSALBAuthNonce=held")
    assert set_cookies(reply)["AWSALBAuthNonce"] != "held"
    balancer = Balancer(RULES, switches=Switches(large_claims_status="401"))
    balancer.tokens["access_token"] = "x" * 12000
    assert sign_in(balancer)[0].status == 401


def test_no_host_name_no_redirect(balancer):
    assert balancer.ask(request("/login", host="")).status == 401


def test_switch_words_are_checked():
    assert Switches.from_environment({"SANDBOX_EDGE_NONCE": "renew"}).nonce == "renew"
    with pytest.raises(SystemExit, match="SANDBOX_EDGE_NONCE must be one of keep, renew"):
        Switches.from_environment({"SANDBOX_EDGE_NONCE": "maybe"})
