"""Signed cookies and URLs: what AWS's own signer makes is let in, anything else is not."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import pytest

from aws_edge.cdn import signed
from aws_edge.config import Switches
from fakes import DATA, cookie_policy, key_pair, request, with_cookies
from tests import oracle

pytestmark = pytest.mark.conformance

NOW = 1_800_000_000
ALGORITHMS = ("SHA1", "SHA256")
KINDS = ("RSA", "EC")
CASES = {
    "good": cookie_policy(),
    "expired": cookie_policy(until=NOW),
    "another host": cookie_policy("https://other.lab.localhost/*"),
    "another folder": cookie_policy(f"https://{DATA}/other/*"),
    "every host": cookie_policy("https://*"),
    "parent wildcard": cookie_policy("https://*.lab.localhost/*"),
    "not before": cookie_policy(DateGreaterThan={"AWS:EpochTime": NOW}),
    "begun": cookie_policy(DateGreaterThan={"AWS:EpochTime": NOW - 1}),
    "my address": cookie_policy(IpAddress={"AWS:SourceIp": "127.0.0.0/8"}),
    "another address": cookie_policy(IpAddress={"AWS:SourceIp": "192.0.2.1"}),
    "not an address": cookie_policy(IpAddress={"AWS:SourceIp": "2001:db8::/32"}),
    "milliseconds": cookie_policy(until=NOW * 1000 + 999),
    "quoted time": cookie_policy().replace("2000000000", '"2000000000"'),
    "two statements": cookie_policy().replace("]}", ',{"Condition":{"DateLessThan":{"AWS:EpochTime":2000000000}}}]}'),
    "no time": '{"Statement":[{"Resource":"https://*","Condition":{}}]}',
    "no resource": '{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":2000000000}}}]}',
    "no json": "let me in",
    "wildcard protocol": cookie_policy(f"http*://{DATA}/*"),
}
OUTCOMES = {
    **dict.fromkeys(("good", "every host", "parent wildcard", "begun", "my address", "no resource"), ""),
    **dict.fromkeys(("expired", "another host", "another folder", "not before", "another address"), "AccessDenied"),
    **dict.fromkeys(("milliseconds", "quoted time", "two statements", "no time", "no json"), "MalformedPolicy"),
    "not an address": "MalformedPolicy",
    "wildcard protocol": "AccessDenied",
}


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[str, str]]:
    return {kind: key_pair(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def trusted(keys) -> dict[str, str]:
    return {f"K{kind}": public for kind, (_private, public) in keys.items()}


@pytest.fixture(scope="module")
def made(keys) -> dict[tuple[str, str, str], dict[str, str]]:
    """Cookies by the AWS SDK, in one go, by case, kind of key and hash."""
    wanted = [(case, kind, algorithm) for case in CASES for kind in KINDS for algorithm in ALGORITHMS]
    inputs = [(CASES[case], keys[kind][0], f"K{kind}", algorithm) for case, kind, algorithm in wanted]
    return dict(zip(wanted, oracle.sign_many(inputs), strict=True))


def refusal(asked, trusted, switches: Switches | None = None) -> str:
    """The code of the refusal, or nothing when the request may pass."""
    try:
        signed.check(asked, trusted, switches or Switches(), NOW)
    except signed.SignatureError as refused:
        return refused.code
    return ""


def to_object(cookies: dict[str, str]):
    return with_cookies(request("/mri/a.nii.gz", host=DATA), cookies)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_cookies_of_the_sdk(made, trusted, case, kind, algorithm):
    assert refusal(to_object(made[case, kind, algorithm]), trusted) == OUTCOMES[case]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["CloudFront-Policy", "CloudFront-Signature"])
def test_no_byte_may_differ(made, trusted, name, kind, algorithm):
    cookies = made["good", kind, algorithm]
    value = cookies[name]
    for place in range(0, len(value) - 2, 17):
        other = "A" if value[place] != "A" else "B"
        tampered = {**cookies, name: value[:place] + other + value[place + 1 :]}
        assert refusal(to_object(tampered), trusted) in ("AccessDenied", "MalformedPolicy")


TAMPERED = {
    "no cookie": (lambda cookies: {}, "MissingKey"),
    "empty key id": (lambda cookies: {**cookies, "CloudFront-Key-Pair-Id": ""}, "MissingKey"),
    "unknown key": (lambda cookies: {**cookies, "CloudFront-Key-Pair-Id": "K2OTHER"}, "InvalidKey"),
    "another trusted key": (lambda cookies: {**cookies, "CloudFront-Key-Pair-Id": "KEC"}, "AccessDenied"),
    "no signature": (lambda cookies: without(cookies, "CloudFront-Signature"), "MissingSignature"),
    "no policy": (lambda cookies: without(cookies, "CloudFront-Policy"), "MissingPolicy"),
    "plain base64 signature": (lambda cookies: plain(cookies, "CloudFront-Signature"), "MalformedSignature"),
    "plain base64 policy": (lambda cookies: plain(cookies, "CloudFront-Policy"), "MalformedPolicy"),
    "cut signature": (lambda cookies: {**cookies, "CloudFront-Signature": "abc"}, "MalformedSignature"),
    "hash named that was not used": (
        lambda cookies: {**cookies, "CloudFront-Hash-Algorithm": "SHA256"},
        "AccessDenied",
    ),
    "unknown hash": (lambda cookies: {**cookies, "CloudFront-Hash-Algorithm": "MD5"}, "AccessDenied"),
    "names in lower case": (lambda cookies: {name.lower(): value for name, value in cookies.items()}, "MissingKey"),
}


def without(cookies: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in cookies.items() if key != name}


def plain(cookies: dict[str, str], name: str) -> dict[str, str]:
    """One cookie in standard base64, padded as in the manual's script."""
    raw = signed.decoded(cookies[name], Switches())
    # A length that leaves padding, whatever was signed.
    raw += b" " * (1 if len(raw) % 3 == 0 else 0)
    return {**cookies, name: base64.b64encode(raw).decode()}


@pytest.mark.parametrize("case", TAMPERED)
def test_tampered_cookies(made, trusted, case):
    change, code = TAMPERED[case]
    assert refusal(to_object(change(made["good", "RSA", "SHA1"])), trusted) == code


def test_a_foreign_key_with_a_trusted_id(trusted):
    cookies = oracle.sign(cookie_policy(), key_pair()[0], "KRSA")
    assert refusal(to_object(cookies), trusted) == "AccessDenied"


def test_switches_of_unsettled_behaviour(made, trusted):
    good = made["good", "RSA", "SHA1"]
    to_plain = {name: value.translate(str.maketrans("-_~", "+=/")) for name, value in good.items()}
    assert refusal(to_object(to_plain), trusted) == "MalformedSignature"
    assert refusal(to_object(to_plain), trusted, Switches(plain_base64="accept")) == ""
    assert refusal(to_object(made["good", "RSA", "SHA256"]), trusted, Switches(hash_cookie="ignore")) == "AccessDenied"
    twice = with_cookies(to_object(made["expired", "RSA", "SHA1"]), good)
    assert refusal(twice, trusted) == "AccessDenied"
    assert refusal(twice, trusted, Switches(repeated_cookies="last")) == ""


def test_canned_policy_cookies_hold_for_one_address_only(keys, trusted):
    url = f"https://{DATA}/mri/a.nii.gz"
    inputs = {"url": url, "keyPairId": "KRSA", "privateKey": keys["RSA"][0], "dateLessThan": "2033-05-18T00:00:00Z"}
    (answer,) = oracle.ask("cookies", [inputs])
    cookies = {name: str(value) for name, value in answer["value"].items()}
    assert "CloudFront-Expires" in cookies
    assert refusal(to_object(cookies), trusted) == ""
    assert refusal(with_cookies(request("/mri/other", host=DATA), cookies), trusted) == "AccessDenied"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signed_urls_take_precedence_over_cookies(made, keys, trusted, algorithm):
    url = f"https://{DATA}/mri/a.nii.gz?size=large"
    until = {"dateLessThan": "2033-05-18T00:00:00Z"}
    common = {"url": url, "keyPairId": "KRSA", "privateKey": keys["RSA"][0], "algorithm": algorithm}
    canned, custom = (
        answer["value"] for answer in oracle.ask("url", [common | until, common | {"policy": cookie_policy()}])
    )
    for address in (canned, custom):
        parts = urlsplit(address)
        assert refusal(request(f"{parts.path}?{parts.query}", host=DATA), trusted) == ""
    spoiled = with_cookies(request("/mri/a.nii.gz?Expires=5", host=DATA), made["good", "RSA", "SHA1"])
    assert refusal(spoiled, trusted) == "MissingKey"


@pytest.mark.parametrize(
    ("resource", "url", "fits"),
    [
        ("https://d.example/*", "https://d.example/a/b?c=d", True),
        ("https://d.example/*", "http://d.example/a", False),
        ("https://d.example/a?c", "https://d.example/abc", True),
        ("https://d.example/a", "https://d.example/a?q=1", False),
        ("https://*.example/*", "https://d.example/a", True),
        ("https://*.example/*", "https://example/a", False),
        ("https://*.example/*", "https://evil.test/x.example/a", False),
        ("https://d.example/A", "https://d.example/a", False),
        ("https://D.Example/a", "https://d.example/a", True),
        ("https://*", "https://any.test/a?b", True),
        ("d.example/*", "https://d.example/a", False),
    ],
)
def test_resource(resource, url, fits):
    assert signed.resource_fits(resource, url, in_url=False) is fits


def test_only_signed_urls_may_leave_the_protocol_open():
    assert signed.resource_fits("http*://d.example/*", "https://d.example/a", in_url=True)
    assert not signed.resource_fits("http*://d.example/*", "https://d.example/a", in_url=False)
