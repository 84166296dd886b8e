"""Who gets cookies and settings at the site, and who tries in vain: forged names, paths, methods, sessions, smuggling.

Three things stand in the way: the load balancer's rules, nginx's locations, the gate. Each is met alone too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

from aws_edge.load_balancer.nodes import socket_in, unverified
from sandbox import settings
from sandbox.compute import hosts, load_balancers
from sandbox.demo import viewer
from tests.e2e import claims_target, inside, raw_http, visitor
from tests.e2e.raw_http import request
from tests.e2e.refusal import assert_refused, given_cookies
from tests.unit.roles.oidc_tokens import Signer, base64url, raw_signature

MIA, NED = f"mia@{settings.DOMAIN}", f"ned@{settings.DOMAIN}"
SESSION = "AWSELBAuthSessionCookie"
THREE = ["CloudFront-Key-Pair-Id", "CloudFront-Policy", "CloudFront-Signature"]
Fields = list[tuple[str, str]]


@pytest.fixture(scope="module")
def mia(deployment) -> httpx.Client:
    return visitor.signed_in(MIA, viewer.create_user(MIA))


@pytest.fixture(scope="module")
def ned(deployment) -> httpx.Client:
    return visitor.signed_in(NED, viewer.create_user(NED))


def cookie(person: httpx.Client) -> tuple[str, str]:
    """A header field with the person's cookies for the site."""
    return ("Cookie", visitor.header(visitor.cookies_of(person, SESSION))["Cookie"])


# ---- past the load balancer, where only nginx and the gate are left ----


class Facts(NamedTuple):
    """What our own load balancer says of a person who is signed in, and a stranger who would like to say it too."""

    token: str
    identity: str
    access: str
    public_key: bytes
    stranger: Signer
    at_host: Callable[[bytes], httpx.Response]

    def parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The token's header and claims."""
        header, claims = (json.loads(base64.urlsafe_b64decode(part)) for part in self.token.split(".")[:2])
        return header, claims


@pytest.fixture(scope="module")
def facts(mia) -> Facts:
    with claims_target.behind_the_load_balancer() as found:
        told = json.loads(visitor.ask_to_come_in(mia, viewer.SITE + claims_target.PATH).text)
    headers = [told[f"x-amzn-oidc-{name}"] for name in ("data", "identity", "accesstoken")]
    key_id = json.loads(base64.urlsafe_b64decode(headers[0].partition(".")[0]))["kid"]
    named = {"headers": {"Host": settings.KEYS_DOMAIN}, "extensions": {"sni_hostname": settings.KEYS_DOMAIN}}
    public_key = mia.get(f"https://{settings.LOOPBACK}/{key_id}", **named).content
    return Facts(*headers, public_key, Signer(), host_behind(found["arn"]))


def host_behind(arn: str) -> Callable[[bytes], httpx.Response]:
    """How to send bytes to the host from the address of a load balancer."""
    address, namespace = hosts.address(inside.instance()), load_balancers.namespace(arn)
    context = unverified()

    def send(sent: bytes) -> httpx.Response:
        with socket_in(namespace) as plain:
            plain.settimeout(10)
            plain.connect((address, 8443))
            (answer,) = raw_http.talk(context.wrap_socket(plain), sent)
        return answer

    return send


def identified(facts: Facts, token: str, identity: str = "") -> Fields:
    return [("x-amzn-oidc-data", token), ("x-amzn-oidc-identity", identity or facts.identity)]


def resigned(facts: Facts, signature: Callable[[bytes], bytes], **header: Any) -> Fields:
    """The claims of the real token under a header that is changed, with another signature."""
    held, claims = facts.parts()
    text = ".".join(base64url(json.dumps(part).encode()) for part in ({**held, **header}, claims))
    return identified(facts, f"{text}.{base64url(signature(text.encode()))}")


def by_stranger(facts: Facts, **header: Any) -> Fields:
    return resigned(facts, lambda text: raw_signature(facts.stranger.key, text), **header)


def renamed(facts: Facts) -> Fields:
    """The real signature under claims that name somebody else."""
    header, _other, signature = facts.token.split(".")
    claims = base64url(json.dumps({**facts.parts()[1], "email": NED}).encode())
    return identified(facts, f"{header}.{claims}.{signature}")


FORGED: dict[str, Callable[[Facts], Fields]] = {
    "a token that a stranger signed": by_stranger,
    "one that names the stranger's own key": lambda facts: by_stranger(facts, kid=facts.stranger.kid),
    "one whose key is a path": lambda facts: by_stranger(facts, kid="../../login"),
    "one of another load balancer": lambda facts: by_stranger(facts, signer=f"{facts.parts()[0]['signer']}0"),
    "one of another app client": lambda facts: by_stranger(facts, client="1example23456789"),
    "one without signature": lambda facts: resigned(facts, lambda _text: b"", alg="none"),
    "one signed with our public key as a password": lambda facts: resigned(
        facts, lambda text: hmac.digest(facts.public_key, text, hashlib.sha256), alg="HS256"
    ),
    "the real one with another name in it": renamed,
    "the real one cut short": lambda facts: identified(facts, facts.token[:-8]),
    "the real one without its padding": lambda facts: identified(facts, facts.token.replace("=", "")),
    "the real one for another person": lambda facts: identified(facts, facts.token, "somebody else"),
    "the real one without the person": lambda facts: identified(facts, facts.token)[:1],
    "the person without a token": lambda facts: identified(facts, facts.token)[1:],
    "the real one twice": lambda facts: identified(facts, facts.token) * 2,
    "a forged one before the real one": lambda facts: [*by_stranger(facts)[:1], *identified(facts, facts.token)],
    "the real one under a name with underscores": lambda facts: [
        (name.replace("-", "_"), value) for name, value in identified(facts, facts.token)
    ],
    "the access token": lambda facts: identified(facts, facts.access),
    "the name that the gate would give": lambda _facts: [("X-Person", MIA)],
}


def test_the_real_token_gets_cookies(facts):
    for path, status in (("/session", 204), ("/login", 302)):
        answer = facts.at_host(request(path, *identified(facts, facts.token)))
        assert (answer.status_code, sorted(given_cookies(answer))) == (status, THREE)


def test_the_real_token_reads_the_settings(facts):
    answer = facts.at_host(request("/settings.json", *identified(facts, facts.token)))
    assert (answer.status_code, given_cookies(answer)) == (200, [])
    assert answer.json()["credentials_origins"] == [viewer.DATA]


@pytest.mark.hostile
@pytest.mark.parametrize("case", FORGED)
def test_the_gate_refuses(facts, case):
    for path in ("/session", "/login", "/settings.json"):
        assert_refused(facts.at_host(request(path, *FORGED[case](facts))), 401)


# ---- ways to /session, /login and /settings.json that no rule of the load balancer knows ----

DISGUISED = [
    *(
        "//session",
        "/%73ession",
        "/session%2f",
        "/session/",
        "/session;x",
        "/session;/..",
        "/session%00",
        "/session%20",
    ),
    *("/./session", "/SESSION", "/session/.", "/index.html/../session", "/session%3fx", "/%2e/session"),
    *("/assets/../session", "/assets/..%2fsession", "/assets/%2e%2e/session", "/assets/%2e%2e%2fsession"),
    *("/assets/..%5csession", "/assets/..;/session", "/assets/x/../../session", "/assets//../session"),
    *("//login", "/assets/../login", "/logout/../login", "/-/gate", "/assets/../-/gate", "/assets/..%2f-/gate"),
    *("/-/pages/not-listed.html", "/@cookies-session", "/assets/../../etc/nginx/bioviewers/cookies.conf"),
    "/assets/..%2f..%2f..%2fetc/nginx/bioviewers/cookies.conf",
    *(
        "//settings.json",
        "/%73ettings.json",
        "/settings%2ejson",
        "/settings.json/",
        "/settings.json%00",
        "/settings.json;x",
    ),
    *("/./settings.json", "/SETTINGS.JSON", "/index.html/../settings.json", "/assets/../settings.json"),
    *(
        "/assets/..%2fsettings.json",
        "/assets/%2e%2e/settings.json",
        "/assets/..%5csettings.json",
        "/assets/settings.json",
    ),
    *(
        "/settings.json.gz",
        "/settings",
        "/neuroglancer.json",
        "/assets/../../neuroglancer.json",
        "/etc/neuroglancer.json",
    ),
    *("/assets/../../../etc/neuroglancer.json", "/assets/..%2f..%2f..%2fetc/neuroglancer.json"),
]


@pytest.mark.hostile
@pytest.mark.parametrize("target", DISGUISED)
def test_no_disguised_path_gives_anything_to_a_stranger(facts, target):
    assert_refused(raw_http.only(request(target, *by_stranger(facts))), 302, 400, 401, 404)


@pytest.mark.hostile
@pytest.mark.parametrize("target", DISGUISED)
def test_nor_would_nginx_if_a_rule_let_it_pass(facts, target):
    """With the real token: as if the rule that let the path pass had been one that authenticates."""
    assert_refused(facts.at_host(request(target, *identified(facts, facts.token))), 400, 404)


# ---- what a stranger writes into the rest of the header ----

SHELL, LOGIN_FIRST, DENIED, BAD = 200, 302, 401, 400
UPGRADE = [
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]
HEADERS: dict[str, tuple[str, Fields, int]] = {
    "another address of the page": ("/", [("X-Original-URL", "/session")], SHELL),
    "another address, rewritten": ("/", [("X-Rewrite-URL", "/session")], SHELL),
    "a redirect within nginx": ("/", [("X-Accel-Redirect", "/@cookies-session")], SHELL),
    "another address of the page, with the settings": ("/", [("X-Original-URL", "/settings.json")], SHELL),
    "the settings, by a token of nobody's": ("/settings.json", [("Authorization", "Bearer a.b.c")], DENIED),
    "the settings, as if they were known": ("/settings.json", [("If-None-Match", "*")], DENIED),
    "the settings, in part": ("/settings.json", [("Range", "bytes=0-10")], DENIED),
    "the settings of the data's host": ("/settings.json", [("Host", settings.DATA_DOMAIN)], DENIED),
    "another method": ("/session", [("X-HTTP-Method-Override", "HEAD")], DENIED),
    "an address of the load balancer's": ("/session", [("X-Forwarded-For", "10.0.0.1")], DENIED),
    "this machine's address": ("/session", [("X-Real-IP", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")], DENIED),
    "another host, forwarded": ("/login", [("X-Forwarded-Host", "evil.example")], LOGIN_FIRST),
    "HTTP, forwarded": ("/session", [("X-Forwarded-Proto", "http")], DENIED),
    "a name and a password": ("/session", [("Authorization", "Basic YWRtaW46YWRtaW4=")], DENIED),
    "a token of nobody's": ("/session", [("Authorization", "Bearer a.b.c")], DENIED),
    "a WebSocket": ("/session", [*UPGRADE, ("Upgrade", "websocket")], DENIED),
    "HTTP/2 without TLS": ("/session", [*UPGRADE[:1], ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")], DENIED),
    "identity taken off on the way": ("/session", [("Connection", "x-amzn-oidc-data, x-amzn-oidc-identity")], DENIED),
    "the data's host": ("/session", [("Host", settings.DATA_DOMAIN)], DENIED),
    "the data's host and an object": ("/mri/head.nii.gz", [("Host", settings.DATA_DOMAIN)], LOGIN_FIRST),
    "nobody's host": ("/session", [("Host", "evil.example")], DENIED),
    "two hosts": ("/session", [("Host", settings.SITE_DOMAIN), ("Host", "evil.example")], BAD),
    "a host in the target": (f"{viewer.SITE}/session", [], LOGIN_FIRST),
    "the data's host in the target": (f"{viewer.DATA}/mri/head.nii.gz", [], LOGIN_FIRST),
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", HEADERS)
def test_header_of_a_stranger(facts, case):
    target, fields, status = HEADERS[case]
    assert_refused(raw_http.only(request(target, *fields, *by_stranger(facts))), status)


@pytest.mark.hostile
@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/signed-out", "/logout", "/assets/none.js", "/login", "/session", "/settings.json"]
)
@pytest.mark.parametrize("case", ["a token that a stranger signed", "the real one with another name in it"])
def test_a_forged_identity_is_worth_nothing_under_any_rule(facts, path, case):
    assert_refused(raw_http.only(request(path, *FORGED[case](facts))), 200, 302, 401, 404)


OLD: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "HTTP/1.0 without host": (b"GET /session HTTP/1.0\r\n\r\n", (401,)),
    "HTTP/1.0 without host, to the login": (b"GET /login HTTP/1.0\r\n\r\n", (401,)),
    "HTTP/1.1 without host": (b"GET /session HTTP/1.1\r\n\r\n", (400,)),
    "HTTP/0.9": (b"GET /session\r\n\r\n", (400,)),
    "no version that there is": (request("/session", version="9.9"), (400, 401, 505)),
    "CONNECT": (request(f"{settings.DATA_DOMAIN}:443", method="CONNECT"), (302, 400, 405)),
    "a space in the target": (request("/assets/ /../session"), (400,)),
    "a fragment in the target": (request("/session#/assets/"), (302, 400, 401)),
    "a name that ends in a space": (request("/session", ("x-amzn-oidc-identity ", "me")), (400,)),
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", OLD)
def test_odd_requests(deployment, case):
    sent, statuses = OLD[case]
    assert_refused(raw_http.only(sent), *statuses)


# ---- methods, by somebody who is in ----


@pytest.mark.hostile
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"])
@pytest.mark.parametrize("path", ["/session", "/login", "/settings.json"])
def test_only_reading_gives_anything(mia, path, method):
    answer = raw_http.only(request(path, cookie(mia), ("X-HTTP-Method-Override", "GET"), method=method))
    assert_refused(answer, 405)


# ---- the load balancer's own cookies ----

Cookies = dict[str, str]


def shard(cookies: Cookies, number: int) -> str:
    return cookies[f"{SESSION}-{number}"]


def shards(*values: str) -> Cookies:
    return {f"{SESSION}-{number}": value for number, value in enumerate(values)}


def changed(value: str, at: int) -> str:
    return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]


BROKEN: dict[str, Callable[[Cookies, Cookies], Cookies]] = {
    "none": lambda mine, theirs: {},
    "the first alone": lambda mine, theirs: shards(shard(mine, 0)),
    "the second alone": lambda mine, theirs: {f"{SESSION}-1": shard(mine, 1)},
    "in the wrong order": lambda mine, theirs: shards(shard(mine, 1), shard(mine, 0)),
    "of two people": lambda mine, theirs: shards(shard(mine, 0), shard(theirs, 1)),
    "of two people, the other way": lambda mine, theirs: shards(shard(theirs, 0), shard(mine, 1)),
    "one part too many": lambda mine, theirs: {**mine, f"{SESSION}-2": shard(theirs, 1)},
    "a letter changed in front": lambda mine, theirs: {**mine, **shards(changed(shard(mine, 0), 5))},
    "a letter changed in the middle": lambda mine, theirs: {**mine, **shards(changed(shard(mine, 0), 2000))},
    "cut": lambda mine, theirs: {**mine, f"{SESSION}-1": shard(mine, 1)[:-1]},
    "in one cookie": lambda mine, theirs: {SESSION: shard(mine, 0) + shard(mine, 1)},
    "under another name": lambda mine, theirs: {f"X{name}": value for name, value in mine.items()},
    "of the login's": lambda mine, theirs: {"cognito": shard(mine, 0)},
}


def test_both_parts_of_the_cookie_are_a_sign_in(http, mia):
    mine = visitor.cookies_of(mia, SESSION)
    assert sorted(mine) == [f"{SESSION}-0", f"{SESSION}-1"]
    assert http.get(f"{viewer.SITE}/session", headers=visitor.header(mine)).status_code == 204


@pytest.mark.hostile
@pytest.mark.parametrize("case", BROKEN)
def test_sign_ins_that_are_none(http, mia, ned, case):
    cookies = BROKEN[case](visitor.cookies_of(mia, SESSION), visitor.cookies_of(ned, SESSION))
    for path in ("/session", "/settings.json"):
        assert_refused(http.get(f"{viewer.SITE}{path}", headers=visitor.header(cookies)), 401)


@pytest.mark.hostile
def test_a_cookie_tossed_before_the_own_ends_the_sign_in(http, mia):
    """As a name beside the site can do it, with a longer path: the person is out, nobody is in."""
    own = visitor.header(visitor.cookies_of(mia, SESSION))["Cookie"]
    assert_refused(http.get(f"{viewer.SITE}/session", headers={"Cookie": f"{SESSION}-0=tossed; {own}"}), 401)


@pytest.mark.hostile
def test_who_signed_out_is_out(deployment):
    person = visitor.signed_in(NED, viewer.create_user(NED))
    visitor.follow(person, person.get(f"{viewer.SITE}/logout"))
    assert visitor.cookies_of(person, SESSION) == visitor.cookies_of(person, "CloudFront-") == {}
    assert_refused(person.get(f"{viewer.SITE}/session"), 401)
    assert_refused(person.get(f"{viewer.SITE}/settings.json"), 401)
    # The login has forgotten the person as well.
    assert "password" in visitor.ask_to_come_in(person).text


@pytest.mark.hostile
def test_a_link_elsewhere_signs_nobody_out(deployment):
    person = visitor.signed_in(NED, viewer.create_user(NED))
    answer = person.get(f"{viewer.SITE}/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers.get_list("set-cookie")) == (200, [])
    assert "Another site has led you here" in answer.text
    assert person.get(f"{viewer.SITE}/session").status_code == 204


# ---- sizes ----

SIZES: dict[str, tuple[Fields, tuple[int, ...]]] = {
    "a cookie of 17 kB": ([("Cookie", f"x={'y' * 17_000}")], (400,)),
    "a sign-in of 15 kB that is none": ([("Cookie", f"{SESSION}-0={'y' * 15_000}")], (401,)),
    "70 kB of cookies": ([("Cookie", f"x{number}={'y' * 14_000}") for number in range(5)], (400,)),
    "120 kB of header": ([("x-filler", "y" * 120_000)], (400,)),
    "a token of 17 kB": ([("x-amzn-oidc-data", "y" * 17_000)], (400,)),
    "a token of 15 kB": ([("x-amzn-oidc-data", "y" * 15_000)], (401,)),
    "500 fields": ([(f"x-{number}", "y") for number in range(500)], (400, 401)),
    "40 addresses": ([("X-Forwarded-For", ", ".join(["192.0.2.1"] * 40))], (463,)),
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", SIZES)
def test_more_than_there_is_room_for(deployment, case):
    fields, statuses = SIZES[case]
    assert_refused(raw_http.only(request("/session", *fields)), *statuses)


@pytest.mark.hostile
def test_more_fields_than_the_gate_reads(mia):
    """Signed in, but with a header that the gate does not read to its end: it can't say yes."""
    fields = [(f"x-{number}", "y") for number in range(150)]
    assert_refused(raw_http.only(request("/session", cookie(mia), *fields)), 401)


# ---- one request in the body of another ----


def inner(facts: Facts) -> bytes:
    return request("/session?smuggled", *by_stranger(facts))


def outer(body: bytes, *fields: tuple[str, str], method: str = "POST") -> bytes:
    """A request to a public path whose connection stays open, with a body."""
    lines = [f"{name}: {value}" for name, value in (("Host", settings.SITE_DOMAIN), *fields)]
    return "\r\n".join([f"{method} / HTTP/1.1", *lines, "", ""]).encode() + body


CHUNKED = ("Transfer-Encoding", "chunked")
END = b"0\r\n\r\n"
SMUGGLED: dict[str, Callable[[bytes], bytes]] = {
    "a length and chunks": lambda b: outer(END + b, ("Content-Length", str(len(END + b))), CHUNKED),
    "chunks and a length": lambda b: outer(END + b, CHUNKED, ("Content-Length", str(len(END + b)))),
    "a short length and chunks": lambda b: outer(END + b, ("Content-Length", "5"), CHUNKED),
    "two lengths": lambda b: outer(b, ("Content-Length", "0"), ("Content-Length", str(len(b)))),
    "two lengths in one": lambda b: outer(b, ("Content-Length", f"0, {len(b)}")),
    "a length with a sign": lambda b: outer(b, ("Content-Length", f"+{len(b)}")),
    "a coding nobody knows": lambda b: outer(END + b, ("Transfer-Encoding", "xchunked"), ("Content-Length", "5")),
    "two codings": lambda b: outer(END + b, CHUNKED, ("Transfer-Encoding", "identity")),
    "a folded coding": lambda b: outer(END + b, ("Transfer-Encoding", "\r\n chunked"), ("Content-Length", "5")),
    "a coding with a space before the colon": lambda b: outer(END + b, ("Transfer-Encoding ", "chunked")),
    "a coding with underscores": lambda b: outer(END + b, ("Transfer_Encoding", "chunked"), ("Content-Length", "5")),
    "a chunk with a broken extension": lambda b: outer(b"0;a=\nb\r\n\r\n" + b, CHUNKED),
    "a body of a GET": lambda b: outer(b, ("Content-Length", str(len(b))), method="GET"),
    "chunks of a GET": lambda b: outer(END + b, CHUNKED, method="GET"),
    "a field split by a bare carriage return": lambda b: outer(b"", ("x-filler", "a\rTransfer-Encoding: chunked")),
    "a field split by a bare newline": lambda b: outer(b"", ("x-filler", f"a\n\n{b.decode('latin-1')}")),
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", SMUGGLED)
def test_no_request_in_the_body_of_another(facts, case):
    for answer in raw_http.exchange(SMUGGLED[case](inner(facts))):
        assert_refused(answer, 200, 400, 401, 405, 501)
    assert not [line for line in inside.access_log() if "smuggled" in line["uri"]], "a request that no rule has seen"


# ---- what is written down ----


@pytest.mark.hostile
def test_nobody_writes_another_name_or_address_into_the_log(facts, mia):
    fields = [*by_stranger(facts), ("X-Person", NED), ("X-Forwarded-For", "192.0.2.77")]
    answer = raw_http.only(request("/session?noted", cookie(mia), *fields))
    assert answer.status_code == 204, "the load balancer writes its own identity over any that is sent"
    (line,) = [line for line in inside.access_log() if line["uri"] == "/session?noted"]
    assert (line["person"], line["client"]) == (MIA, settings.LOOPBACK)
