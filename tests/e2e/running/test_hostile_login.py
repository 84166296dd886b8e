"""The login and the way back from it: codes, states, addresses to return to, and people who may not come in."""

from __future__ import annotations

import base64
import contextlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from sandbox import settings
from sandbox.demo import viewer
from tests.e2e import raw_http, visitor
from tests.e2e.raw_http import request
from tests.e2e.refusal import assert_refused, given_cookies

PAT = f"pat@{settings.DOMAIN}"
EVIL = "https://evil.example"
HERE = {settings.SITE_DOMAIN, settings.LOGIN_DOMAIN}


@pytest.fixture(scope="module")
def password(deployment) -> str:
    return viewer.create_user(PAT)


@pytest.fixture(scope="module")
def pat(password) -> httpx.Client:
    return visitor.signed_in(PAT, password)


@pytest.fixture(scope="module")
def pool_id(deployment) -> str:
    return viewer.pool_id()


@pytest.fixture(scope="module")
def client_id(pool_id) -> str:
    (client,) = settings.client("cognito-idp").list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"]
    return client["ClientId"]


# ---- the way back ----


class Back(NamedTuple):
    """A way back from the login that nobody went yet, and whose browser it is."""

    address: str
    browser: httpx.Client
    password: str

    def with_(self, **changes: str | None) -> str:
        """The same way with other parameters; None takes one out."""
        given = {name: values[0] for name, values in parse_qs(urlsplit(self.address).query).items()}
        kept = {name: value for name, value in {**given, **changes}.items() if value is not None}
        return f"{visitor.CALLBACK}?{urlencode(kept)}"

    def parameter(self, name: str) -> str:
        return parse_qs(urlsplit(self.address).query)[name][0]

    def of_another_browser(self) -> Back:
        """The way back of somebody who signs in elsewhere."""
        return way_back(self.password)


def way_back(password: str) -> Back:
    browser = visitor.client()
    return Back(visitor.way_back(browser, PAT, password), browser, password)


@pytest.fixture
def back(password) -> Back:
    return way_back(password)


def test_the_way_back_lets_in(back):
    answer = back.browser.get(back.address)
    assert (answer.status_code, answer.headers["location"]) == (302, f"{viewer.SITE}/login")
    assert set(given_cookies(answer)) == {"AWSELBAuthSessionCookie-0", "AWSELBAuthSessionCookie-1"}


def twice(back: Back) -> httpx.Response:
    assert back.browser.get(back.address).status_code == 302
    return back.browser.get(back.address)


def twice_in_two_browsers(back: Back) -> httpx.Response:
    """The code was spent, then is found in a log, with a state and a nonce that are good."""
    assert back.browser.get(back.address).status_code == 302
    other = back.of_another_browser()
    return other.browser.get(other.with_(code=back.parameter("code")))


def from_another_browser(back: Back) -> httpx.Response:
    """Login CSRF: somebody is given a link that would sign them in as somebody else."""
    victim = visitor.client()
    visitor.ask_to_come_in(victim)
    return victim.get(back.address)


def state_of_another_browser(back: Back) -> httpx.Response:
    other = back.of_another_browser()
    return back.browser.get(back.with_(state=other.parameter("state")))


def nonce_of_another_browser(back: Back) -> httpx.Response:
    nonce = visitor.cookies_of(back.of_another_browser().browser, "AWSALBAuthNonce")
    return visitor.client().get(back.address, headers=visitor.header(nonce))


def changed_state(back: Back) -> httpx.Response:
    state = back.parameter("state")
    middle = len(state) // 2
    letter = "A" if state[middle] != "A" else "B"
    return back.browser.get(back.with_(state=state[:middle] + letter + state[middle + 1 :]))


def at(path: str) -> Callable[[Back], httpx.Response]:
    return lambda back: back.browser.get(back.address.replace("/oauth2/idpresponse", path))


WAYS: dict[str, tuple[Callable[[Back], httpx.Response], set[int]]] = {
    "a code twice": (twice, {401, 561}),
    "a code that is spent, by another browser": (twice_in_two_browsers, {401, 561}),
    "a code of nobody's": (lambda back: back.browser.get(back.with_(code=secrets.token_urlsafe())), {401, 561}),
    "no code": (lambda back: back.browser.get(back.with_(code=None)), {401}),
    "an error beside the code": (lambda back: back.browser.get(back.with_(error="access_denied")), {401}),
    "no state": (lambda back: back.browser.get(back.with_(state=None)), {401}),
    "a made-up state": (lambda back: back.browser.get(back.with_(state="e30")), {401}),
    "a changed state": (changed_state, {401}),
    "a state of another browser": (state_of_another_browser, {401}),
    "another person's way back": (from_another_browser, {401}),
    "another person's way back, without a login of one's own": (lambda back: visitor.client().get(back.address), {401}),
    "a nonce of another browser": (nonce_of_another_browser, {401}),
    "by another path": (at("/oauth2/idpresponse/"), {302}),
    "by a path in capitals": (at("/OAuth2/IdpResponse"), {302}),
    "by a path with two slashes": (at("//oauth2/idpresponse"), {302}),
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", WAYS)
def test_no_other_way_back(back, case):
    go, statuses = WAYS[case]
    assert_refused(go(back), *statuses)


@pytest.fixture(scope="module")
def other_client(pool_id, client_id) -> Iterator[str]:
    """Another app client of the pool, with the same address to return to."""
    cognito = settings.client("cognito-idp")
    ours = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]
    kept = ("AllowedOAuthFlows", "AllowedOAuthScopes", "CallbackURLs", "ExplicitAuthFlows")
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="another",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["COGNITO"],
        **{name: ours[name] for name in kept},
    )["UserPoolClient"]["ClientId"]
    yield made
    cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=made)


@pytest.mark.hostile
def test_no_code_of_another_app_client(back, other_client):
    asked = {"client_id": other_client, "redirect_uri": visitor.CALLBACK, "response_type": "code", "scope": "openid"}
    address = f"{visitor.LOGIN}/oauth2/authorize?{urlencode(asked)}"
    theirs = visitor.way_back(visitor.client(), PAT, back.password, address)
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    assert_refused(back.browser.get(back.with_(code=code)), 401, 561)


# ---- where the login may send people ----

CALLBACKS = {
    "elsewhere": f"{EVIL}/oauth2/idpresponse",
    "a host that begins so": f"{viewer.SITE}.evil.example/oauth2/idpresponse",
    "the host for a user name": f"{viewer.SITE}@evil.example/oauth2/idpresponse",
    "the host behind a backslash": f"https://evil.example\\@{settings.SITE_DOMAIN}/oauth2/idpresponse",
    "HTTP": visitor.CALLBACK.replace("https", "http"),
    "another port": visitor.CALLBACK.replace(settings.SITE_DOMAIN, f"{settings.SITE_DOMAIN}:444"),
    "another path": f"{viewer.SITE}/",
    "a path below": f"{visitor.CALLBACK}/../../login",
    "one slash more": f"{visitor.CALLBACK}/",
    "a query": f"{visitor.CALLBACK}?next={EVIL}",
    "a fragment": f"{visitor.CALLBACK}#",
    "in capitals": visitor.CALLBACK.replace("neuroglancer", "NEUROGLANCER"),
    "encoded twice": visitor.CALLBACK.replace("/", "%2F"),
    "a script": "javascript:alert(1)",
    "no scheme": f"//{settings.SITE_DOMAIN}/oauth2/idpresponse",
    "the data": f"{viewer.DATA}/oauth2/idpresponse",
}


def leads_to(answer: httpx.Response) -> str:
    """The host to which a redirect leads."""
    return answer.next_request.url.host if answer.next_request else ""


@pytest.mark.hostile
@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login"])
@pytest.mark.parametrize("case", CALLBACKS)
def test_the_login_sends_nobody_elsewhere(http, pat, client_id, case, path):
    query = {"client_id": client_id, "redirect_uri": CALLBACKS[case], "response_type": "code", "scope": "openid"}
    # The login knows the second of them, and would send a code at once.
    for person in (http, pat):
        answer = person.get(f"{visitor.LOGIN}{path}?{urlencode(query)}")
        assert_refused(answer, 302)
        assert answer.headers["location"].startswith("/error?error=redirect_mismatch&")
        assert visitor.follow(person, answer).status_code == 400


SIGNED_OUT = f"{viewer.SITE}/signed-out"
AFTERWARDS = {
    "elsewhere": EVIL,
    "a host that begins so": f"{viewer.SITE}.evil.example/signed-out",
    "the host for a user name": f"{viewer.SITE}@evil.example/signed-out",
    "HTTP": SIGNED_OUT.replace("https", "http"),
    "another path": f"{viewer.SITE}/login",
    "a query": f"{SIGNED_OUT}?next={EVIL}",
    "one slash more": f"{SIGNED_OUT}/",
    "no scheme": "//evil.example",
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", AFTERWARDS)
def test_signing_out_sends_nobody_elsewhere(http, client_id, case):
    query = urlencode({"client_id": client_id, "logout_uri": AFTERWARDS[case]})
    assert_refused(http.get(f"{visitor.LOGIN}/logout?{query}"), 400)


QUERIES = [
    f"redirect={EVIL}",
    f"next={EVIL}&redirect_uri={EVIL}&return_to={EVIL}&logout_uri={EVIL}",
    f"x=%0d%0aLocation:%20{EVIL}",
    f"%0d%0a%0d%0a<script src={EVIL}></script>",
    f"/\\{EVIL}",
]


@pytest.mark.hostile
@pytest.mark.parametrize("path", ["/login", "/logout"])
@pytest.mark.parametrize("query", QUERIES)
def test_the_site_sends_nobody_elsewhere(http, pat, path, query):
    person = pat if path == "/login" else http
    plain, answer = (person.get(viewer.SITE + address) for address in (path, f"{path}?{query}"))
    assert answer.status_code == 302
    assert answer.headers["location"] == plain.headers["location"]
    assert leads_to(answer) in HERE
    assert EVIL not in answer.text


PATHS = [
    *("//evil.example", "//evil.example/%2e%2e", "/%5cevil.example"),
    *("/login//evil.example", "/@evil.example", "/.evil.example"),
]


@pytest.mark.hostile
@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_looks_like_a_host_leads_back_to_the_site(password, path):
    person = visitor.client()
    answer = person.get(visitor.way_back(person, PAT, password, viewer.SITE + path))
    assert answer.headers["location"] == viewer.SITE + path
    assert_refused(person.get(viewer.SITE + path), 404)


@pytest.mark.hostile
@pytest.mark.parametrize("target", ["//evil.example/", "/\\evil.example/", f"{EVIL}/", f"/%0d%0aLocation:%20{EVIL}"])
def test_from_plain_http_it_goes_to_the_site(deployment, target):
    answer = raw_http.only(request(target), tls=False)
    assert_refused(answer, 301)
    assert urlsplit(answer.headers["location"]).hostname == settings.SITE_DOMAIN


@pytest.mark.hostile
@pytest.mark.parametrize("host", ["evil.example", f"{settings.SITE_DOMAIN}.evil.example", settings.DATA_DOMAIN])
def test_the_host_that_a_client_names_is_no_address_to_return_to(http, host):
    answer = raw_http.only(request("/login", ("Host", host)))
    assert_refused(answer, 302)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["redirect_uri"] == [
        f"https://{host}/oauth2/idpresponse"
    ]
    refused = visitor.follow(http, http.get(answer.headers["location"]))
    assert (refused.status_code, refused.url.host) == (400, settings.LOGIN_DOMAIN)


# ---- the login's own addresses ----

ASKED: dict[str, dict[str, str]] = {
    "a token instead of a code": {"response_type": "token"},
    "rights over the user": {"scope": "openid aws.cognito.signin.user.admin"},
    "a provider that the lab does not have": {"identity_provider": "Facebook"},
    "another app client's sign-in": {"client_id": "1example23456789"},
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", ASKED)
def test_the_login_gives_no_more_than_the_app_client_has(pat, client_id, case):
    query = {"client_id": client_id, "redirect_uri": visitor.CALLBACK, "response_type": "code", "scope": "openid"}
    answer = pat.get(f"{visitor.LOGIN}/oauth2/authorize?{urlencode({**query, **ASKED[case]})}")
    assert_refused(answer, 302)
    assert "error=" in answer.headers["location"]
    assert not {"code", "access_token", "id_token"} & set(parse_qs(urlsplit(answer.headers["location"]).query))
    assert "#" not in answer.headers["location"]


REDEEMED: dict[str, dict[str, str]] = {
    "without the secret": {},
    "with a wrong secret": {"client_secret": "guess"},
    "without the secret, proving a challenge that was none": {"code_verifier": "v" * 43},
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", REDEEMED)
def test_a_code_is_for_who_has_the_secret(http, back, client_id, case):
    form = {"grant_type": "authorization_code", "client_id": client_id, "redirect_uri": visitor.CALLBACK}
    answer = http.post(f"{visitor.LOGIN}/oauth2/token", data={**form, "code": back.parameter("code"), **REDEEMED[case]})
    assert_refused(answer, 400)
    assert "_token" not in answer.text


@pytest.mark.hostile
def test_a_form_of_another_site_signs_nobody_in(http, password):
    page = visitor.ask_to_come_in(http)
    http.cookies.delete("XSRF-TOKEN")
    assert_refused(visitor.fill_in(http, page, PAT, password), 403)


# ---- people ----

NOT_LISTED = "This address is not on the list of people who may sign in"
INVITED = {
    "of another domain": "mallory@elsewhere.example",
    "of a domain below ours": f"mallory@evil.{settings.DOMAIN}",
    "of a domain that ends as ours": f"mallory@evil-{settings.DOMAIN}",
    "of a domain that begins as ours": f"mallory@{settings.DOMAIN}.evil.example",
    "of a domain that looks as ours": f"mallory@{settings.DOMAIN.replace('a', chr(0x430))}",
    "of two domains": f"mallory@elsewhere.example@{settings.DOMAIN}",
    "with a quoted name": f'"mallory@elsewhere.example "@{settings.DOMAIN}',
    "with a last dot": f"mallory@{settings.DOMAIN}.",
    "with a newline": f"mallory@{settings.DOMAIN}\n",
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", INVITED)
def test_nobody_is_invited_who_is_not_listed(pool_id, case):
    cognito = settings.client("cognito-idp")
    address = INVITED[case]
    attributes = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
    refusals = (cognito.exceptions.UserLambdaValidationException, cognito.exceptions.InvalidParameterException)
    with pytest.raises(refusals):
        cognito.admin_create_user(
            UserPoolId=pool_id, Username=address, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
    assert address not in str(cognito.list_users(UserPoolId=pool_id)["Users"])


@contextlib.contextmanager
def somebody(pool_id: str) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Address and password of a user who was let in once, and how to change them."""
    address, cognito = f"ros@{settings.DOMAIN}", settings.client("cognito-idp")
    password = viewer.create_user(address)
    (user,) = cognito.list_users(UserPoolId=pool_id, Filter=f'email = "{address}"')["Users"]

    def change(**attributes: str) -> None:
        told = [{"Name": name, "Value": value} for name, value in attributes.items()]
        cognito.admin_update_user_attributes(UserPoolId=pool_id, Username=user["Username"], UserAttributes=told)

    try:
        yield address, password, change
    finally:
        cognito.admin_delete_user(UserPoolId=pool_id, Username=user["Username"])


@pytest.fixture
def ros(pool_id) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    with somebody(pool_id) as found:
        yield found


@pytest.mark.hostile
@pytest.mark.parametrize("domain", ["elsewhere.example", f"evil.{settings.DOMAIN}", f"{settings.DOMAIN}.evil.example"])
def test_whose_address_was_changed_is_off_the_list(http, ros, domain):
    _address, password, change = ros
    change(email=f"ros@{domain}", email_verified="true")
    page = visitor.fill_in(http, visitor.ask_to_come_in(http), f"ros@{domain}", password)
    assert_refused(page, 200)
    assert NOT_LISTED in page.text


@pytest.mark.hostile
def test_who_has_not_verified_the_address_is_stopped_by_the_gate(http, ros):
    address, password, change = ros
    change(email_verified="false")
    page = visitor.follow(http, http.get(visitor.way_back(http, address, password)))
    assert_refused(page, 403)
    assert_refused(http.get(f"{viewer.SITE}/session"), 403)


@pytest.mark.hostile
def test_who_is_disabled_does_not_get_past_the_form(http, ros, pool_id):
    address, password, _change = ros
    settings.client("cognito-idp").admin_disable_user(UserPoolId=pool_id, Username=address)
    assert_refused(visitor.fill_in(http, visitor.ask_to_come_in(http), address, password), 200)


@pytest.mark.hostile
@pytest.mark.parametrize("user", ["nobody@lab.localhost", "admin", "' OR 1=1 --", "*"])
def test_who_is_nobody_does_not_get_past_the_form(http, password, user):
    assert_refused(visitor.fill_in(http, visitor.ask_to_come_in(http), user, password), 200, 400)


# ---- Cognito's API, which is open to all the world ----


@pytest.fixture(scope="module")
def told(pool_id, client_id) -> Callable[[str], dict[str, str]]:
    """What those parameters are that need the app client's secret; an attacker would not even have it."""
    describe = settings.client("cognito-idp").describe_user_pool_client
    secret = describe(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]["ClientSecret"].encode()

    def sign(user: str) -> dict[str, str]:
        digest = hmac.digest(secret, f"{user}{client_id}".encode(), "sha256")
        return {"ClientId": client_id, "SecretHash": base64.b64encode(digest).decode()}

    return sign


@pytest.fixture
def stranger() -> Any:
    """Cognito for somebody without credentials of AWS."""
    unsigned = Config(signature_version=UNSIGNED)
    return boto3.client("cognito-idp", settings.REGION, endpoint_url=settings.ENDPOINT, config=unsigned)


@pytest.mark.hostile
def test_nobody_signs_up(stranger, told):
    name = f"eve@{settings.DOMAIN}"
    with pytest.raises(stranger.exceptions.NotAuthorizedException, match="not permitted"):
        stranger.sign_up(**told(name), Username=name, Password="Correct-horse-battery-1")


@pytest.mark.hostile
def test_nobody_signs_in_with_a_password_past_the_login(stranger, told, password):
    hashed = told(PAT)
    given = {"USERNAME": PAT, "PASSWORD": password, "SECRET_HASH": hashed["SecretHash"]}
    with pytest.raises(stranger.exceptions.InvalidParameterException, match="not enabled"):
        stranger.initiate_auth(ClientId=hashed["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
