"""The gate: a table of good and forged tokens, judged by AWS's own verifier too; its keys; its list; its journal."""

from __future__ import annotations

import ast
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests import oracle

FILES = Path(__file__).parents[3] / "roles" / "session_gate" / "files"
sys.path.insert(0, str(FILES))

import session_gate  # noqa: E402
import session_gate_watch  # noqa: E402

from tests.unit.roles.oidc_tokens import (  # noqa: E402
    ARN,
    CLIENT,
    EMAIL,
    ISSUER,
    SUBJECT,
    KeyEndpoint,
    Signer,
    base64url,
    in_background,
    key_endpoint,
    public_pem,
)
from tests.unit.roles.refused_settings import refusals  # noqa: E402

Headers = list[tuple[str, str]]
SIGNER = Signer()
OTHER_ARN = ARN.replace("/lab/", "/lab2/")
EXPIRED = {"exp": 1_700_000_000}


def config(**changes: Any) -> session_gate.Config:
    settings = {
        "socket": "/run/gate.sock",
        "load_balancer_arn": ARN,
        "client_id": CLIENT,
        "issuer": ISSUER,
        "keys_url": "https://localhost",
        "allowed_email_domains": ["example.org"],
        "allowed_emails": [],
        "require_allow_list": True,
    }
    return session_gate.Config(**{**settings, **changes})


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory) -> Iterator[KeyEndpoint]:
    with key_endpoint(tmp_path_factory.mktemp("keys")) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(server.authority))
        yield server


@contextlib.contextmanager
def running(settings: session_gate.Config, path: Path, digest: str = "abc") -> Iterator[Path]:
    """The gate on a socket."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(64)
    gate = session_gate.Gate(settings, session_gate.PublicKeys(settings.keys_url))
    with session_gate.Server(listening, gate, digest) as server, in_background(server):
        yield path


def connected(path: Path) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("gate", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    connection.sock.connect(str(path))
    return connection


def ask(path: Path, headers: Headers, target: str = "/") -> tuple[int, str | None]:
    connection = connected(path)
    connection.putrequest("GET", target)
    for name, value in headers:
        connection.putheader(name, value.encode("utf-8"))
    connection.endheaders()
    with contextlib.closing(connection):
        answer = connection.getresponse()
        return answer.status, answer.headers["X-Person"]


def with_token(token: str, identity: str = SUBJECT) -> Headers:
    return [("x-amzn-oidc-data", token), ("x-amzn-oidc-identity", identity)]


# --- tokens


class Case(NamedTuple):
    name: str
    token: str
    answer: int
    reason: str
    # Whether AWS's verifier has an opinion on what is wrong here. It judges the signature and AWS's own claims.
    judged: bool = True


def accepted(name: str, token: str, *, judged: bool = True) -> Case:
    return Case(name, token, 204, "on the list", judged)


def refused(name: str, token: str, reason: str, *, judged: bool = True) -> Case:
    return Case(name, token, 401, reason, judged)


def header(name: str, reason: str, *, judged: bool = True, **changes: Any) -> Case:
    """A token with a good signature and something else in its header."""
    return refused(name, SIGNER.token(header=changes), reason, judged=judged)


def claims(name: str, reason: str, *, judged: bool = True, **changes: Any) -> Case:
    return refused(name, SIGNER.token(claims=changes), reason, judged=judged)


def person(name: str, reason: str, **changes: Any) -> Case:
    """A token that AWS would take, of somebody who may not come in."""
    return Case(name, SIGNER.token(claims=changes), 403, reason, judged=False)


def texts(
    name: str, reason: str, header: bytes | None = None, claims: bytes | None = None, judged: bool = False
) -> Case:
    """A token of these texts, well signed."""
    given = [text or json.dumps(part).encode() for text, part in ((header, SIGNER.header()), (claims, SIGNER.claims()))]
    return refused(name, SIGNER.of_texts(*given), reason, judged=judged)


def tampered(position: int, change: Callable[[str], str]) -> str:
    parts = SIGNER.token().split(".")
    parts[position] = change(parts[position])
    return ".".join(parts)


def flipped(part: str) -> str:
    middle = len(part) // 2
    return part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1 :]


def not_canonical() -> str:
    """The last letter of a signature's 64 bytes has four bits that mean nothing."""
    signed, _mark, signature = SIGNER.token(padded=False).rpartition(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return f"{signed}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) + 1]}"


def signed_unpadded_sent_padded() -> str:
    """The signature is over the text as received, so this one is wrong."""
    parts = SIGNER.token(padded=False, claims={"email": "bo@example.org"}).split(".")
    return ".".join(part + "=" * (-len(part) % 4) for part in parts)


def twice(part: dict[str, Any], name: str, value: str) -> bytes:
    return json.dumps(part)[:-1].encode() + f', "{name}": "{value}"}}'.encode()


ALGORITHM, KEY, PARTS = "algorithm is not ES256", "kid is not one of a load balancer", "does not have three parts"
CODING, NO_JSON, SIGNATURE = "not base64url", "does not hold JSON", "signature is wrong"

CASES = [
    accepted("as load balancers write it", SIGNER.token()),
    accepted("without padding", SIGNER.token(padded=False)),
    accepted("verified as a truth value", SIGNER.token(claims={"email_verified": True})),
    accepted("capitals in the address", SIGNER.token(claims={"email": "Ada@Example.ORG"})),
    accepted("the end in the header only", SIGNER.token(claims={"exp": ...})),
    refused("alg none", SIGNER.token(header={"alg": "none"}).rpartition(".")[0] + ".", PARTS),
    header("alg none, signed all the same", ALGORITHM, alg="none"),
    header("alg None", ALGORITHM, alg="None"),
    header("alg in small letters", ALGORITHM, alg="es256"),
    header("alg ES384", ALGORITHM, alg="ES384"),
    header("no alg", ALGORITHM, alg=...),
    header("alg is a list", ALGORITHM, alg=["ES256"]),
    refused("HS256 with the public key as secret", SIGNER.resigned(SIGNER.hs256, alg="HS256"), ALGORITHM),
    refused("HS256's signature called ES256", SIGNER.resigned(SIGNER.hs256), "not one of ES256"),
    refused("RS256", SIGNER.resigned(SIGNER.rs256, alg="RS256"), ALGORITHM),
    refused("RS256's signature called ES256", SIGNER.resigned(SIGNER.rs256), "not one of ES256"),
    header("critical extension", "critical extension (crit)", judged=False, crit=["b64"]),
    header("another load balancer", "not signed by our load balancer", signer=OTHER_ARN),
    header("no load balancer", "not signed by our load balancer", signer=...),
    header("our load balancer in a list", "not signed by our load balancer", signer=[ARN]),
    header("more than our load balancer", "not signed by our load balancer", signer=f"{ARN}x"),
    header("another app client", "another app client", client=f"{CLIENT}0"),
    header("no app client", "another app client", client=...),
    header("another user pool in the header", "another user pool", judged=False, iss=f"{ISSUER}0"),
    header("no user pool in the header", "another user pool", judged=False, iss=...),
    claims("another user pool in the claims", "another user pool", iss=f"{ISSUER}0"),
    claims("no user pool in the claims", "another user pool", iss=...),
    refused("expired", SIGNER.token(EXPIRED, EXPIRED), "has expired"),
    header("expired by its header", "has expired", judged=False, **EXPIRED),
    claims("expired by its claims", "has expired", **EXPIRED),
    header("no end", "has no exp", judged=False, exp=...),
    claims("the end is a text", "has no exp", exp="4000000000"),
    header("the end is a truth value", "has no exp", judged=False, exp=True),
    claims("the end is beyond all numbers", "has no exp", judged=False, exp=1e300),
    claims("not valid yet", "not valid yet", nbf=int(time.time()) + 3600),
    claims("the begin is a text", "nbf is not a time", nbf="0"),
    header("key id leads up", KEY, kid=f"../{SIGNER.kid}"),
    header("key id is an address", KEY, kid="http://127.0.0.1/key"),
    header("key id goes on", KEY, kid=f"{SIGNER.kid}/x"),
    header("key id with a query", KEY, kid=f"{SIGNER.kid}?x"),
    header("key id ends in a new line", KEY, kid=f"{SIGNER.kid}\n"),
    header("key id begins a new line", KEY, kid=f"{SIGNER.kid} HTTP/1.1\r\nX: y"),
    header("key id without end", "too large", kid="a" * 20_000),
    header("no key id", KEY, kid=...),
    header("key id is a number", KEY, kid=7),
    header("key id is a list", KEY, kid=[SIGNER.kid]),
    header("key id that nobody knows", "no such public key", kid=str(uuid.UUID(int=1))),
    refused("another key", SIGNER.token(key=SIGNER.other), SIGNATURE),
    refused("another signature", tampered(2, flipped), SIGNATURE),
    refused("another person, the same signature", signed_unpadded_sent_padded(), SIGNATURE),
    refused("other claims", tampered(1, lambda _: base64url(json.dumps(SIGNER.claims(sub="x")).encode())), SIGNATURE),
    refused("signature in DER", SIGNER.resigned(SIGNER.der), "not one of ES256"),
    refused("signature of 63 bytes", SIGNER.resigned(lambda _: b"x" * 63), "not one of ES256"),
    refused("signature of zeros", SIGNER.resigned(lambda _: bytes(64)), SIGNATURE),
    refused("signature of ones", SIGNER.resigned(lambda _: bytes([0] * 31 + [1]) * 2), SIGNATURE),
    refused("no token in the header", "", PARTS),
    refused("two parts", SIGNER.token().rpartition(".")[0], PARTS),
    refused("four parts", f"{SIGNER.token()}.x", PARTS),
    refused("five parts, as encrypted ones have", f"{SIGNER.token()}.x.y", PARTS),
    refused("no header", SIGNER.token()[SIGNER.token().index(".") :], PARTS),
    refused("nothing but dots", "..", PARTS),
    refused("bytes beyond ASCII", tampered(1, lambda part: f"{part}é"), CODING),
    refused("a blank within", tampered(1, lambda part: f"{part[:8]} {part[8:]}"), CODING),
    refused("standard base64", tampered(2, lambda _: "+/" * 43 + "+="), CODING),
    refused("too much padding", tampered(2, lambda part: f"{part}="), CODING, judged=False),
    refused("letters after the padding", tampered(2, lambda part: f"{part}AAAA"), CODING, judged=False),
    refused("bits that mean nothing", not_canonical(), CODING, judged=False),
    texts("header of no JSON", NO_JSON, header=b"{", judged=True),
    texts("claims of no JSON", NO_JSON, claims=b"{'sub': 1}", judged=True),
    texts("claims that are not UTF-8", NO_JSON, claims=b'{"sub": "\xff"}'),
    texts("claims in UTF-16", NO_JSON, claims="{}".encode("utf-16"), judged=True),
    texts("header is a list", "JSON object", header=b"[]", judged=True),
    texts("claims are a text", "JSON object", claims=b'"x"', judged=True),
    texts("brackets without end", NO_JSON, claims=b"[" * 9000, judged=True),
    texts("algorithm twice", NO_JSON, header=twice(SIGNER.header(alg="none"), "alg", "ES256")),
    texts("address twice", NO_JSON, claims=twice(SIGNER.claims(email="eve@elsewhere.org"), "email", EMAIL)),
    claims("another person than the header says", "sub is not the x-amzn-oidc-identity", judged=False, sub="someone"),
    claims("no person", "sub is not the x-amzn-oidc-identity", judged=False, sub=...),
    claims("person is a number", "sub is not the x-amzn-oidc-identity", judged=False, sub=7),
    person("no address", "no e-mail address", email=...),
    person("address is a list", "no e-mail address", email=[EMAIL]),
    person("address is an object", "no e-mail address", email={"value": EMAIL}),
    person("address is empty", "no e-mail address", email=""),
    person("two at-signs", "no e-mail address", email="eve@elsewhere.org@example.org"),
    person("new line at the end", "no e-mail address", email=f"{EMAIL}\n"),
    person("new line within", "no e-mail address", email="ada@example.org\r\nX-Person: bo@example.org"),
    person("a name before the address", "no e-mail address", email=f"Ada <{EMAIL}>"),
    person("markup", "no e-mail address", email="<b>@example.org"),
    person("quotation marks", "no e-mail address", email='"eve@elsewhere.org"@example.org'),
    person("letters beyond ASCII", "no e-mail address", email="adá@example.org"),
    person("a sign that becomes k in small letters", "no e-mail address", email="ada@example.or\u212a"),
    person("full-width letters", "no e-mail address", email="ada@ｅxample.org"),  # noqa: RUF001
    person("domain of one label", "no e-mail address", email="ada@localhost"),
    person("domain ends in a dot", "no e-mail address", email=f"{EMAIL}."),
    person("address without end", "no e-mail address", email="a" * 60 + "@" + "b." * 120 + "org"),
    person("not verified", "not verified", email_verified=False),
    person("not verified, as a text", "not verified", email_verified="false"),
    person("verified in another spelling", "not verified", email_verified="True"),
    person("verified as a number", "not verified", email_verified=1),
    person("nothing said of verification", "not verified", email_verified=...),
    person("not on the list", "not on the list", email="eve@elsewhere.org"),
]


@pytest.fixture(scope="module")
def gate(endpoint, tmp_path_factory) -> Iterator[Path]:
    endpoint.serves(SIGNER.kid, public_pem(SIGNER.key))
    with running(config(keys_url=endpoint.url), tmp_path_factory.mktemp("gate") / "socket") as path:
        yield path


def journal(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_a_token_that_ended_a_moment_ago_still_counts(gate):
    end = {"exp": int(time.time()) - 3}
    assert ask(gate, with_token(SIGNER.token(end, end))) == (204, EMAIL)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_token(gate, capfd, case):
    status, email = ask(gate, with_token(case.token))
    (line,) = journal(capfd)
    assert (status, line["answer"]) == (case.answer, case.answer)
    assert case.reason in line["reason"]
    assert (email or "") == line.get("email", "")
    assert bool(email) == (status == 204 or case.reason in {"not verified", "not on the list"})


def test_awss_own_verifier_agrees():
    judged = [case for case in CASES if case.judged]
    expected = {"keys": {SIGNER.kid: public_pem(SIGNER.key).decode()}, "albArn": ARN, "clientId": CLIENT}
    answers = oracle.verify_alb_tokens({"token": case.token, "issuer": ISSUER, **expected} for case in judged)
    differ = [
        (case.name, answer)
        for case, answer in zip(judged, answers, strict=True)
        if ("value" in answer) != (case.answer == 204)
    ]
    assert differ == []
    assert len(judged) > 40


def test_the_table_says_each_thing_once():
    assert len({case.name for case in CASES}) == len(CASES)


GOOD_TOKEN = SIGNER.token()
IDENTITY = ("x-amzn-oidc-identity", SUBJECT)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([], "no x-amzn-oidc-data"),
        ([IDENTITY], "no x-amzn-oidc-data"),
        ([("X-Amzn-Oidc-Data", GOOD_TOKEN), ("x-amzn-oidc-data", GOOD_TOKEN), IDENTITY], "2 x-amzn-oidc-data"),
        ([("x-amzn-oidc-data", "x"), ("x-amzn-oidc-data", GOOD_TOKEN), IDENTITY], "2 x-amzn-oidc-data"),
        ([("x-amzn-oidc-data", f"{GOOD_TOKEN}, {GOOD_TOKEN}"), IDENTITY], "three parts"),
        ([("x-amzn-oidc-data", GOOD_TOKEN)], "no x-amzn-oidc-identity"),
        ([*with_token(GOOD_TOKEN), ("x-amzn-oidc-identity", "eve")], "2 x-amzn-oidc-identity"),
        (with_token(GOOD_TOKEN, ""), "sub is not the x-amzn-oidc-identity"),
        (with_token(GOOD_TOKEN, "eve"), "sub is not the x-amzn-oidc-identity"),
        (with_token(SIGNER.token(claims={"sub": ""}), ""), "sub is not the x-amzn-oidc-identity"),
        ([("x_amzn_oidc_data", GOOD_TOKEN), IDENTITY], "no x-amzn-oidc-data"),
        ([("Authorization", f"Bearer {GOOD_TOKEN}"), IDENTITY], "no x-amzn-oidc-data"),
    ],
)
def test_headers(gate, capfd, headers, reason):
    assert ask(gate, headers) == (401, None)
    assert reason in journal(capfd)[0]["reason"]


@pytest.mark.parametrize("size", [50_000, 2**20])
def test_a_header_without_end_gets_no_yes(gate, capfd, size):
    with contextlib.suppress(OSError, http.client.HTTPException):  # it may hang up before it has read all
        assert ask(gate, with_token(SIGNER.token(header={"kid": "a" * size})))[0] == 401
    assert [line["reason"] for line in journal(capfd)] == ["the request has too many headers, or too long ones"]
    assert ask(gate, with_token(GOOD_TOKEN)) == (204, EMAIL)


@pytest.mark.parametrize("lines", [90, 101, 1000])
def test_many_headers_are_no_fault_of_the_gate(gate, capfd, lines):
    headers = [(f"X-{number}", "x") for number in range(lines)]
    answer = ask(gate, [*headers, *with_token(GOOD_TOKEN)])
    assert answer == ((204, EMAIL) if lines < 100 else (401, None))
    assert journal(capfd)[0]["answer"] == answer[0]


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xc3", "\u2028é".encode(), b"\xed\xa0\x80"])
@pytest.mark.parametrize("name", ["x-amzn-oidc-data", "x-amzn-oidc-identity", "X-Other"])
def test_the_journal_is_ascii_whatever_was_sent(gate, capfdbinary, name, value):
    connection = connected(gate)
    connection.putrequest("GET", "/")
    for header in [(name, value), *with_token(GOOD_TOKEN)]:
        connection.putheader(*header)
    connection.endheaders()
    with contextlib.closing(connection):
        assert connection.getresponse().status == (204 if name == "X-Other" else 401)
    (line,) = capfdbinary.readouterr().out.splitlines()
    assert json.loads(line.decode("ascii"))["event"] == "request"


@pytest.mark.parametrize(("target", "status"), [("/login", 404), ("/?x", 404), ("/status", 200)])
def test_what_is_not_the_question_is_not_judged(gate, capfd, target, status):
    assert ask(gate, with_token(GOOD_TOKEN), target) == (status, None)
    assert journal(capfd) == []


def test_no_token_is_in_the_journal(gate, capfd):
    for case in CASES:
        ask(gate, with_token(case.token))
    said = capfd.readouterr()
    assert said.err == ""
    # Clients of other tests may still be closing their connections.
    assert said.out.count('"event": "request"') == len(CASES)
    longest = max(re.findall(r"\S+", said.out), key=len)
    assert len(longest) < 60, longest
    assert not [case.name for case in CASES for part in case.token.split(".") if len(part) > 20 and part in said.out]


# --- the list


@pytest.mark.parametrize(
    ("domains", "emails", "required", "email", "expected"),
    [
        ([], [], True, EMAIL, False),
        ([], [], False, EMAIL, True),
        (["example.org"], [], True, EMAIL, True),
        (["EXAMPLE.org"], [], True, EMAIL, True),
        (["example.org"], [], False, "eve@elsewhere.org", False),
        (["example.org"], [], True, "eve@notexample.org", False),
        (["example.org"], [], True, "eve@sub.example.org", False),
        (["example.org"], [], True, "eve@example.org.elsewhere.org", False),
        (["sub.example.org"], [], True, EMAIL, False),
        (["org"], [], True, EMAIL, False),
        ([""], [], True, EMAIL, False),
        (["*"], [], True, EMAIL, False),
        (["*.org"], [], True, EMAIL, False),
        (["a@example.org"], [], True, "a@example.org", False),
        ([], [EMAIL], True, EMAIL, True),
        ([], ["Ada@Example.org"], True, EMAIL, True),
        ([], [EMAIL], True, "ada+x@example.org", False),
        ([], [EMAIL], True, "xada@example.org", False),
        ([], [EMAIL], False, "bo@example.org", False),
        (["elsewhere.org"], [EMAIL], True, EMAIL, True),
        (["elsewhere.org"], [EMAIL], True, "bo@example.org", False),
    ],
)
def test_list(domains, emails, required, email, expected):
    settings = config(allowed_email_domains=domains, allowed_emails=emails, require_allow_list=required)
    assert settings.is_allowed(email) == expected


def test_without_a_list_everybody_still_needs_a_verified_address(endpoint, tmp_path, capfd):
    endpoint.serves(SIGNER.kid, public_pem(SIGNER.key))
    open_to_all = {"allowed_email_domains": [], "require_allow_list": False}
    with running(config(keys_url=endpoint.url, **open_to_all), tmp_path / "socket") as path:
        assert ask(path, with_token(SIGNER.token(claims={"email": "bo@elsewhere.org"}))) == (204, "bo@elsewhere.org")
        assert ask(path, with_token(SIGNER.token(claims={"email_verified": "false"}))) == (403, EMAIL)


# --- the keys


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(endpoint, clock) -> session_gate.PublicKeys:
    endpoint.asked.clear()
    return session_gate.PublicKeys(endpoint.url, clock)


def find(keys: session_gate.PublicKeys, key_id: str) -> tuple[int, str]:
    try:
        keys.get(key_id)
    except session_gate.AccessDeniedError as refusal:
        return refusal.status, refusal.reason
    return 200, ""


def test_a_key_is_fetched_once(endpoint, keys, clock):
    key = keys.get(SIGNER.kid)
    keys.add(SIGNER.kid, key)
    clock.now += session_gate.KEY_LIFETIME - 1
    assert keys.get(SIGNER.kid) is key
    assert endpoint.asked == [f"/{SIGNER.kid}"]


def test_a_key_that_is_used_all_the_time_is_asked_for_each_hour(endpoint, keys, clock):
    kid = str(uuid.uuid4())
    endpoint.serves(kid, public_pem(SIGNER.key))
    for _turn in range(7):
        keys.add(kid, keys.get(kid))
        clock.now += 600
    assert endpoint.asked == [f"/{kid}"] * 2
    endpoint.serves(kid, b"<Error/>", 404)
    clock.now += session_gate.KEY_LIFETIME
    assert find(keys, kid) == (401, "the load balancer has no such public key")


def test_the_address_of_the_keys_may_have_a_path(endpoint, clock):
    endpoint.asked.clear()
    for url in (f"{endpoint.url}/keys", f"{endpoint.url}/keys/"):
        session_gate.PublicKeys(url, clock).get(SIGNER.kid)
    assert endpoint.asked == [f"/keys/{SIGNER.kid}"] * 2


def test_many_at_once_share_one_fetch(endpoint, keys):
    endpoint.serves(SIGNER.kid, public_pem(SIGNER.key), seconds=0.3)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: find(keys, SIGNER.kid), range(20)))
    endpoint.serves(SIGNER.kid, public_pem(SIGNER.key))
    assert found == [(200, "")] * 20
    assert len(endpoint.asked) == 1


# As of an address that swallows packets; what is asked for meanwhile must not wait for it.
HANGS = 2.0


@pytest.fixture
def hanging(monkeypatch) -> list[str]:
    """Name resolution does not end in time, but for one key; returns the list of the others that were asked for."""
    asked: list[str] = []

    def fetch(_keys: Any, kid: str) -> bytes:
        if kid != SIGNER.kid:
            asked.append(kid)
            time.sleep(HANGS)
        return public_pem(SIGNER.key)

    monkeypatch.setattr(session_gate.PublicKeys, "_fetch", fetch)
    monkeypatch.setattr(session_gate, "KEY_TIMEOUT", HANGS / 2)
    return asked


def test_while_an_address_hangs_people_whose_key_is_cached_are_let_in_at_once(tmp_path, hanging, capfd):
    lost = [with_token(SIGNER.token(header={"kid": str(uuid.uuid4())})) for _turn in range(4)] * 4
    with running(config(), tmp_path / "socket") as path, ThreadPoolExecutor(17) as pool:
        assert ask(path, with_token(GOOD_TOKEN))[0] == 204
        others = [pool.submit(timed, path, headers) for headers in lost]
        until(lambda: len(hanging) == 4)
        known = [timed(path, with_token(GOOD_TOKEN)) for _turn in range(20)]
        ended = [other.result() for other in others]
    assert [status for status, _seconds in known] == [204] * 20
    assert max(seconds for _status, seconds in known) < 0.1
    assert [status for status, _seconds in ended] == [503] * 16
    assert max(seconds for _status, seconds in ended) < HANGS / 2 + 0.5
    assert len(hanging) == 4
    assert {line["reason"] for line in journal(capfd) if line["answer"] == 503} == {
        f"could not fetch the load balancer's public key: no answer within {HANGS / 2} seconds"
    }


def test_more_than_can_wait_are_told_so(tmp_path, hanging, monkeypatch, capfd):
    monkeypatch.setattr(session_gate, "MAX_WAITING", 16)
    lost = [with_token(SIGNER.token(header={"kid": str(uuid.uuid4())})) for _turn in range(4)] * 10
    with running(config(), tmp_path / "socket") as path, ThreadPoolExecutor(40) as pool:
        ended = list(pool.map(lambda headers: ask(path, headers)[0], lost))
    assert ended == [503] * 40
    assert "too many requests wait for public keys" in {line["reason"] for line in journal(capfd)}


def test_a_result_is_kept_from_its_end(hanging, monkeypatch):
    monkeypatch.setattr(session_gate, "FETCH_RESULT_SECONDS", 1.5)
    keys, kid = session_gate.PublicKeys("https://localhost"), str(uuid.uuid4())
    assert find(keys, kid)[0] == 503
    time.sleep(HANGS / 2 + 0.2)
    assert find(keys, kid) == (200, ""), "what came too late for one is there for the next"
    assert hanging == [kid]


def timed(path: Path, headers: Headers) -> tuple[int, float]:
    began = time.monotonic()
    return ask(path, headers)[0], time.monotonic() - began


def until(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not check() and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((500, b"", 0), (503, "status 500")),
        ((503, b"slow down", 0), (503, "status 503")),
        ((302, b"", 0), (503, "status 302")),
        ((404, b"<Error/>", 0), (401, "no such public key")),
        ((403, b"<Error/>", 0), (401, "no such public key")),
        ((200, b"<html>Sign in to the hotel's network</html>", 0), (503, "not in PEM form")),
        ((200, b"", 0), (503, "not in PEM form")),
        ((200, public_pem(SIGNER.key)[:-40], 0), (503, "not in PEM form")),
        ((200, public_pem(SIGNER.key) + b" " * 5000, 0), (503, "status 200, ")),
        ((200, public_pem(ec.generate_private_key(ec.SECP384R1())), 0), (503, "not one of P-256")),
        ((200, public_pem(ec.generate_private_key(ec.SECP256K1())), 0), (503, "not one of P-256")),
        ((200, public_pem(rsa.generate_private_key(65537, 2048)), 0), (503, "not one of P-256")),
        ((200, public_pem(SIGNER.key), 1), (503, "could not fetch")),
    ],
    ids=lambda value: f"{value[0]} {value[1][:30]!r}" if len(value) == 3 else "",
)
def test_a_key_that_can_not_be_had_lets_nobody_in(endpoint, keys, monkeypatch, answer, expected):
    monkeypatch.setattr(session_gate, "KEY_TIMEOUT", 0.4)
    kid = str(uuid.uuid4())
    endpoint.answers[kid] = answer
    status, reason = find(keys, kid)
    assert status == expected[0]
    assert expected[1] in reason
    assert len(endpoint.asked) == 1


def test_a_body_that_drips_ends_in_time(keys, monkeypatch, endpoint):
    monkeypatch.setattr(session_gate, "KEY_TIMEOUT", 0.4)
    kid = str(uuid.uuid4())

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _turn in range(40):
                handler.wfile.write(b"x")
                time.sleep(0.1)

    monkeypatch.setattr(endpoint.RequestHandlerClass, "do_GET", drip)
    began = time.monotonic()
    assert find(keys, kid)[0] == 503
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "https://no-such-host.invalid"])
def test_no_endpoint_lets_nobody_in(url, clock):
    assert find(session_gate.PublicKeys(url, clock), SIGNER.kid)[0] == 503


def test_another_certificate_lets_nobody_in(endpoint, keys, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    status, reason = find(keys, SIGNER.kid)
    assert status == 503
    assert "CERTIFICATE_VERIFY_FAILED" in reason


def test_a_failure_is_tried_again_after_a_while(endpoint, keys, clock):
    kid = str(uuid.uuid4())
    endpoint.serves(kid, b"", 500)
    assert find(keys, kid)[0] == 503
    endpoint.serves(kid, public_pem(SIGNER.key))
    assert find(keys, kid)[0] == 503
    clock.now += session_gate.FETCH_RESULT_SECONDS + 1
    assert find(keys, kid)[0] == 200
    assert len(endpoint.asked) == 2


def test_forged_key_ids_can_not_make_it_hammer_the_endpoint(endpoint, keys, clock):
    keys.add(SIGNER.kid, SIGNER.key.public_key())
    answers = [find(keys, str(uuid.uuid4()))[0] for _turn in range(100)]
    assert answers == [401] * session_gate.FETCH_LIMIT + [503] * (100 - session_gate.FETCH_LIMIT)
    assert len(endpoint.asked) == session_gate.FETCH_LIMIT
    assert find(keys, SIGNER.kid)[0] == 200
    clock.now += session_gate.FETCH_LIMIT_SECONDS + 1
    assert find(keys, str(uuid.uuid4()))[0] == 401


def test_the_keys_that_are_kept_are_few_and_good(endpoint, keys, clock):
    ids = [str(uuid.uuid4()) for _turn in range(50)]
    for kid in ids:
        keys.add(kid, SIGNER.key.public_key())
    assert list(keys._cache) == ids[-session_gate.KEY_CACHE_SIZE :]
    for kid in ids[:20]:
        clock.now += session_gate.FETCH_LIMIT_SECONDS
        find(keys, kid)
    assert len(keys._fetches) == 1
    assert list(keys._cache) == ids[-session_gate.KEY_CACHE_SIZE :]


def test_a_key_is_kept_for_a_good_signature_only(endpoint, clock):
    endpoint.asked.clear()
    kid = str(uuid.uuid4())
    endpoint.serves(kid, public_pem(SIGNER.other))
    keys = session_gate.PublicKeys(endpoint.url, clock)
    gate = session_gate.Gate(config(), keys)

    def judge(key: Any) -> int:
        message = http.client.HTTPMessage()
        for name, value in with_token(SIGNER.token(header={"kid": kid}, key=key)):
            message[name] = value
        return gate.respond(message)[0]

    assert [judge(SIGNER.key), list(keys._cache)] == [401, []]
    assert [judge(SIGNER.other), list(keys._cache)] == [204, [kid]]
    endpoint.serves(kid, b"", 500)
    clock.now += 1000
    assert judge(SIGNER.other) == 204


# --- the program


def write_config(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "config.json"
    members = vars(config(socket=str(tmp_path / "gate.sock")))
    path.write_text(json.dumps({name: value for name, value in {**members, **changes}.items() if value is not ...}))
    return path


@contextlib.contextmanager
def started(settings: Path, listening: socket.socket | None) -> Iterator[subprocess.Popen[str]]:
    """The program as systemd starts it, with a socket as its fourth file."""
    number = listening.fileno() if listening else os.open(os.devnull, os.O_RDONLY)
    script = f'exec 3<&{number}; exec "$0" "$@"'
    command = ["bash", "-c", script, sys.executable, str(FILES / "session_gate.py"), str(settings)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, pass_fds=[number], **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def test_as_systemd_starts_it(endpoint, tmp_path, capsys):
    settings = write_config(tmp_path, keys_url=endpoint.url)
    assert session_gate.main([str(settings), "--check"]) == 0
    assert "nothing answers at" in json.loads(capsys.readouterr().out)["reason"]
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "gate.sock"))
    listening.listen()
    with contextlib.closing(listening), started(settings, listening) as process:
        assert ask(tmp_path / "gate.sock", with_token(SIGNER.token())) == (204, EMAIL)
        lines = [json.loads(process.stdout.readline()) for _turn in range(2)]
        assert [line["event"] for line in lines] == ["started", "request"]
        assert session_gate.main([str(settings), "--check"]) == 0
        write_config(tmp_path, keys_url=endpoint.url, allowed_emails=["bo@example.org"])
        assert session_gate.main([str(settings), "--check"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers == [{"current": True}, {"current": False, "reason": "it runs with other settings"}]


def test_without_a_socket_it_says_so(tmp_path):
    with started(write_config(tmp_path), None) as process:
        said = json.loads(process.stderr.readline())
        assert process.wait(10) == 1
    assert "systemd passed no socket" in said["reason"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"load_balancer_arn": ""}, "load_balancer_arn is not a text"),
        ({"client_id": None}, "client_id is not a text"),
        ({"issuer": ["x"]}, "issuer is not a text"),
        ({"keys_url": "http://localhost"}, "keys_url does not start with https://"),
        ({"allowed_emails": EMAIL}, "allowed_emails is not a list"),
        ({"allowed_email_domains": None}, "allowed_email_domains is not a list"),
        ({"require_allow_list": "false"}, "require_allow_list is neither true nor false"),
        ({"socket": ...}, "missing 1 required positional argument: 'socket'"),
        ({"colour": "red"}, "unexpected keyword argument 'colour'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_configuration_that_is_wrong(tmp_path, capsys, changes, reason):
    assert session_gate.main([str(write_config(tmp_path, **changes))]) == 1
    assert reason in json.loads(capsys.readouterr().err)["reason"]


@pytest.mark.parametrize("text", [None, b"", b"{", b"[]", b"\x80"], ids=["missing", "empty", "half", "list", "binary"])
def test_configuration_that_can_not_be_read(tmp_path, capsys, text):
    path = tmp_path / "config.json"
    if text is not None:
        path.write_bytes(text)
    assert session_gate.main([str(path)]) == 1
    assert "Could not read the configuration" in json.loads(capsys.readouterr().err)["reason"]


# --- who looks after it


@pytest.fixture
def watched(endpoint, tmp_path, monkeypatch, capsys) -> Callable[[str], dict[str, Any]]:
    """What a look says, when systemd has counted so many restarts."""
    (tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/asked\ncat {tmp_path}/count\n')
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    settings = write_config(tmp_path, keys_url=endpoint.url)

    def look(count: str = "0") -> dict[str, Any]:
        (tmp_path / "count").write_text(f"{count}\n")
        capsys.readouterr()
        status = session_gate_watch.main([str(settings)])
        line = json.loads("".join(capsys.readouterr()).splitlines()[-1])
        assert status == (1 if line["event"] == "failed" else 0)
        return line

    return look


def test_it_is_well(watched, endpoint, tmp_path):
    with running(config(keys_url=endpoint.url), tmp_path / "gate.sock"):
        assert watched() == {"event": "watched", "well": True}
    assert (tmp_path / "asked").read_text() == "show --property=NRestarts --value session-gate.service\n"


def test_each_restart_is_told_once(watched, endpoint, tmp_path):
    with running(config(keys_url=endpoint.url), tmp_path / "gate.sock"):
        said = [watched(count).get("reason", "well").partition(",")[0] for count in "0224101"]
    two, one = (f"session-gate.service ended {many} and was restarted" for many in ("2 times", "1 time"))
    assert said == ["well", two, "well", two, one, "well", one], "an administrator's restart sets the count back"


@pytest.mark.parametrize("count", ["", "many"])
def test_a_systemd_that_does_not_answer_is_a_failure(watched, count):
    assert "Could not read the number of restarts" in watched(count)["reason"]


def test_a_gate_that_is_gone_is_a_failure(watched):
    assert "nothing answers at" in watched()["reason"]


def test_a_gate_that_lets_everybody_in_is_a_failure(watched, tmp_path, endpoint, monkeypatch):
    monkeypatch.setattr(session_gate.Gate, "respond", lambda *_arguments: (204, EMAIL))
    with running(config(keys_url=endpoint.url), tmp_path / "gate.sock"):
        assert "answered with 204, not with 401" in watched()["reason"]


def test_a_key_that_could_not_be_had_is_a_failure_for_a_while(watched, tmp_path, endpoint):
    other = Signer()
    with running(config(keys_url=endpoint.url), tmp_path / "gate.sock") as path:
        assert ask(path, with_token(other.token()))[0] == 401, "that there is no such key is no failure"
        assert watched()["event"] == "watched"
        lost = Signer()
        endpoint.serves(lost.kid, b"", status=500)
        assert ask(path, with_token(lost.token()))[0] == 503
        assert "status 500" in watched()["reason"]


def test_the_last_error_expires(keys, clock, endpoint):
    endpoint.serves("11111111-1111-1111-1111-111111111111", b"", status=503)
    assert keys.last_error() == ""
    find(keys, "11111111-1111-1111-1111-111111111111")
    assert "status 503" in keys.last_error()
    clock.now += session_gate.LAST_ERROR_SECONDS + 1
    assert keys.last_error() == ""


def test_it_gives_a_sign_of_life_to_systemd(endpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        with running(config(keys_url=endpoint.url), tmp_path / "gate.sock"):
            assert systemd.recv(100) == b"WATCHDOG=1"


def test_program_is_python_3_10():
    ast.parse(Path(session_gate.__file__).read_text(), feature_version=(3, 10))


# --- the role

GOOD = {"session_gate_load_balancer_arn": ARN, "session_gate_client_id": CLIENT, "session_gate_issuer": ISSUER}
BAD = {
    "session_gate_load_balancer_arn": ["lab", ARN.replace("/app/", "/net/")],
    "session_gate_client_id": ["", f"{CLIENT}\n"],
    "session_gate_issuer": ["us-east-1_EXAMPLE1", ISSUER.replace("https", "http")],
    "session_gate_keys_url": ["http://localhost", "https://x/?a"],
    "session_gate_allowed_email_domains": [["@example.org"], ["example.org", "*.org"], ["exämple.org"]],
    "session_gate_allowed_emails": [["a@b@example.org"], ["adá@example.org"]],
    "session_gate_socket": ["gate.sock"],
    "session_gate_socket_group": ["www data", "www-data\n"],
    "session_gate_on_failure": ["mail somebody"],
}


def test_settings_that_are_refused():
    for name, value, said in refusals("session_gate", GOOD, BAD):
        assert said.startswith(f"{name} "), (name, value, said)
        told = value[-1] if isinstance(value, list) else value
        assert told.strip() in said
