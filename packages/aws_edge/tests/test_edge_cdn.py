"""The CDN: which requests get to the bucket, and what comes back."""

from __future__ import annotations

import gzip
import json

import boto3
import pytest
from moto import mock_aws

from aws_edge.account.api import Api
from aws_edge.cdn.distributions import Cdn, select
from aws_edge.cdn.storage import valid_range
from aws_edge.config import Config, Switches
from fakes import (
    BUCKET,
    DATA,
    DISTRIBUTION,
    SITE,
    SUMMARY,
    FakeApi,
    ask,
    cookie_policy,
    key_pair,
    with_cookies,
)
from fakes import request as plain_request
from tests import oracle

pytestmark = pytest.mark.conformance

ORIGIN = f"https://{SITE}"
CONTENT = bytes(range(256)) * 8
LONG = b'{"a": 1}' * 500
CORS = {
    "AccessControlAllowOrigins": {"Items": [ORIGIN]},
    "AccessControlAllowHeaders": {"Items": ["Range"]},
    "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
    "AccessControlAllowCredentials": True,
    "AccessControlExposeHeaders": {"Items": ["Content-Range", "ETag"]},
    "AccessControlMaxAgeSec": 600,
    "OriginOverride": True,
}


class Bucket(FakeApi):
    """An account whose S3 is moto's."""

    object = Api.object
    list_objects = Api.list_objects

    def client(self, service, region=""):
        return self.s3


def grant(action: str, resource: str) -> dict:
    condition = {"StringEquals": {"AWS:SourceArn": DISTRIBUTION}}
    service = {"Service": "cloudfront.amazonaws.com"}
    return {"Effect": "Allow", "Principal": service, "Action": action, "Resource": resource, "Condition": condition}


READ = grant("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*")
LIST = grant("s3:ListBucket", f"arn:aws:s3:::{BUCKET}")


@pytest.fixture(scope="module")
def signing() -> tuple[str, dict[str, str]]:
    private, public = key_pair()
    return public, oracle.sign(cookie_policy(), private, "K1")


@pytest.fixture
def api(signing) -> Bucket:
    with mock_aws():
        api = Bucket(keys={"K1": signing[0]}, headers_policy={"CorsConfig": CORS}, policy={"Statement": [READ, LIST]})
        api.s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        api.s3.create_bucket(Bucket=BUCKET)
        api.s3.put_object(Bucket=BUCKET, Key="a/b c", Body=CONTENT, ContentType="application/octet-stream")
        api.s3.put_object(Bucket=BUCKET, Key="info", Body=LONG, ContentType="application/json", CacheControl="no-cache")
        api.s3.put_object(Bucket=BUCKET, Key="z.gz", Body=gzip.compress(LONG), ContentEncoding="gzip")
        api.distribution_ = distribution()
        yield api


def distribution(**changes) -> dict:
    behavior = {
        "TargetOriginId": "s3",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {"Items": ["GET", "HEAD"]},
        "TrustedKeyGroups": {"Enabled": True, "Items": ["G1"]},
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "ResponseHeadersPolicyId": "R1",
        "Compress": True,
        **changes,
    }
    domain = f"{BUCKET}.s3.us-east-1.amazonaws.com"
    return {
        "Aliases": {"Items": [DATA]},
        "DefaultRootObject": "index.html",
        "Origins": {"Items": [{"Id": "s3", "DomainName": domain, "OriginAccessControlId": "O1", "OriginPath": ""}]},
        "DefaultCacheBehavior": behavior,
    }


@pytest.fixture
def get(api, signing):
    """Ask the CDN, with good cookies unless told otherwise."""

    def send(path="/a/b%20c", method="GET", switches=None, cookies=None, scheme="https", host=DATA, **headers):
        config = Config("", "", "x.localhost", switches=switches or Switches())
        asked = plain_request(path, method, host, **headers)
        asked = with_cookies(asked, signing[1] if cookies is None else cookies)
        object.__setattr__(asked, "scheme", scheme)
        return ask(lambda each: Cdn(api, config).handle(each, SUMMARY), asked)

    return send


def code(reply) -> str:
    return reply.body.decode().partition("<Code>")[2].partition("</Code>")[0]


def test_an_object(get):
    reply = get(origin=ORIGIN)
    assert (reply.status, reply.body, reply.header("content-type")) == (200, CONTENT, "application/octet-stream")
    assert reply.header("access-control-allow-origin") == ORIGIN
    assert reply.header("access-control-allow-credentials") == "true"
    assert reply.header("access-control-expose-headers") == "Content-Range, ETag"
    assert not reply.header("access-control-allow-methods"), "only preflights are told the methods"
    assert reply.header("x-cache") == "Miss from cloudfront"


def test_head_has_the_same_header_and_no_body(get):
    whole, head = get(), get(method="HEAD")
    names = ("content-length", "content-type", "etag", "last-modified")
    assert [head.header(name) for name in names] == [whole.header(name) or str(len(CONTENT)) for name in names]
    assert head.body == b""


@pytest.mark.parametrize("origin", ["https://evil.example", f"http://{SITE}", f"https://x.{SITE}", "null"])
def test_other_origins_get_no_cors_headers(get, origin):
    reply = get(origin=origin)
    assert reply.status == 200
    assert not [name for name, _value in reply.headers if name.lower().startswith("access-control")]


def test_a_plain_reply_says_that_it_varies(get):
    assert get().header("vary") == "Origin"


RANGES = {
    "bytes=10-19": (206, CONTENT[10:20]),
    "bytes=10-": (206, CONTENT[10:]),
    "bytes=-5": (206, CONTENT[-5:]),
    "bytes=0-99999": (206, CONTENT),
    "bytes=19-10": (200, CONTENT),
    "bytes=0-1,5-6": (200, CONTENT),
    "bytes=5-6,0-1": (200, CONTENT),
    "bytes=x-y": (200, CONTENT),
    "bytes=-": (200, CONTENT),
    "items=0-1": (200, CONTENT),
}


@pytest.mark.parametrize("wanted", RANGES)
def test_ranges(get, wanted):
    reply = get(range=wanted)
    assert (reply.status, reply.body) == RANGES[wanted]


def test_a_range_behind_the_end(get):
    reply = get(range="bytes=99999-")
    assert (reply.status, code(reply)) == (416, "InvalidRange")
    assert valid_range("bytes=99999-") == "bytes=99999-"


def test_conditions(get):
    tag = get().header("etag")
    assert get(if_none_match=tag).status == 304
    assert get(if_none_match='"other"').status == 200
    assert get(if_match='"other"').status == 412
    assert get(if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT").status == 304
    assert get(if_modified_since="not a date").status == 200


def test_more_conditions(get):
    """Conditions hold for HEAD and for ranges; 304 tells the tag again and has no body."""
    tag = get().header("etag")
    assert (get(method="HEAD", if_none_match=tag).status, get(method="HEAD", if_match='"other"').status) == (304, 412)
    assert get(if_unmodified_since="Fri, 01 Jan 2010 00:00:00 GMT").status == 412
    assert get(if_unmodified_since="Fri, 01 Jan 2100 00:00:00 GMT").status == 200
    assert get(if_modified_since="Fri, 01 Jan 2010 00:00:00 GMT").status == 200
    part = get(if_match=tag, range="bytes=10-19")
    assert (part.status, part.body) == (206, CONTENT[10:20])
    unchanged = get("/info", if_none_match=get("/info").header("etag"))
    assert (unchanged.status, unchanged.body, unchanged.header("etag")) == (304, b"", get("/info").header("etag"))


def test_a_range_tells_where_it_is(get):
    reply = get(range="bytes=10-19")
    assert reply.header("content-range") == f"bytes 10-19/{len(CONTENT)}"
    assert (reply.header("content-length"), reply.header("accept-ranges")) == ("10", "bytes")


# What clients have reported of CloudFront's refusals.
REFUSALS = {
    "no cookies": ({"Policy": None, "Signature": None, "Key-Pair-Id": None}, "MissingKey"),
    "no key": ({"Key-Pair-Id": None}, "MissingKey"),
    "an unknown key": ({"Key-Pair-Id": "K2UNKNOWN"}, "InvalidKey"),
    "a signature that is no base64": ({"Signature": "!"}, "MalformedSignature"),
    "a policy that is no base64": ({"Policy": "!"}, "MalformedPolicy"),
    "a policy that is no JSON": ({"Policy": "bm8_"}, "MalformedPolicy"),
    "a wrong signature": ({"Signature": "bm8_"}, "AccessDenied"),
}
MESSAGES = {
    "MissingKey": "Missing Key-Pair-Id query parameter or cookie value",
    "InvalidKey": "Unknown Key",
    "MalformedSignature": "Could not unencode Signature",
    "MalformedPolicy": "Malformed Policy",
    "AccessDenied": "Access denied",
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_have_a_code_and_a_message(get, signing, case, method):
    changes, expected = REFUSALS[case]
    cookies = {**signing[1], **{f"CloudFront-{name}": value for name, value in changes.items()}}
    reply = get(cookies={name: value for name, value in cookies.items() if value is not None}, method=method)
    assert (reply.status, reply.header("content-type"), code(reply)) == (403, "text/xml", expected)
    assert f"<Message>{MESSAGES[expected]}</Message>" in reply.body.decode()
    assert reply.header("x-cache") == "Error from cloudfront"


UNTIL = "2033-05-18T00:00:00Z"


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256"])
def test_addresses_that_are_signed_open_the_object_and_reach_the_bucket_without_their_signature(get, api, algorithm):
    private, public = key_pair()
    api.keys = {"K2": public}
    common = {"url": f"https://{DATA}/a/b%20c?x=1", "keyPairId": "K2", "privateKey": private, "algorithm": algorithm}
    policies = [{"dateLessThan": UNTIL}, {"policy": cookie_policy(f"https://{DATA}/a/*")}]
    for answer in oracle.ask("url", [common | each for each in policies]):
        address = answer["value"].removeprefix(f"https://{DATA}")
        assert get(address, cookies={}).body == CONTENT
        assert get(address.replace("/a/b", "/z/b"), cookies={}).status == 403


class Groups(Bucket):
    """Key groups with a key each, of the same name."""

    def trusted_keys(self, key_group_ids):
        return {group: self.keys[group] for group in key_group_ids}


def test_each_behavior_trusts_its_own_key_groups(get, api):
    pairs = {name: key_pair() for name in ("G1", "G2")}
    signed = [(cookie_policy(), private, name, "SHA1") for name, (private, _public) in pairs.items()]
    first, second = oracle.sign_many(signed)
    api.__class__, api.keys = Groups, {name: public for name, (_private, public) in pairs.items()}
    default = distribution()["DefaultCacheBehavior"]
    other = {**default, "TrustedKeyGroups": {"Enabled": True, "Items": ["G2"]}, "PathPattern": "a/*"}
    both = {**default, "TrustedKeyGroups": {"Enabled": True, "Items": ["G1", "G2"]}, "PathPattern": "*.gz"}
    api.distribution_["CacheBehaviors"] = {"Items": [other, both, {**default, "PathPattern": "*"}]}
    opened = {
        path: [get(path, cookies=each).status for each in (first, second)] for path in ("/a/b%20c", "/info", "/z.gz")
    }
    assert opened == {"/a/b%20c": [403, 200], "/info": [200, 403], "/z.gz": [200, 200]}
    assert code(get(cookies=first)) == "InvalidKey"
    assert get("/a/../info", cookies=second).status == 403, "by the path in plain form"


def test_the_default_object_is_that_of_the_root_alone(get, api):
    api.s3.put_object(Bucket=BUCKET, Key="index.html", Body=b"hello")
    api.s3.put_object(Bucket=BUCKET, Key="a/index.html", Body=b"not me")
    assert [get(path).status for path in ("/", "/a/", "/a")] == [200, 404, 404]


def test_missing_keys_are_404_only_for_those_who_may_list(get, api):
    assert (get("/none").status, code(get("/none"))) == (404, "NoSuchKey")
    assert get("/none", "HEAD").status == 404
    api.policy = {"Statement": [READ]}
    assert (get("/none").status, code(get("/none"))) == (403, "AccessDenied")
    assert get("/none", "HEAD").status == 403
    assert get().status == 200


@pytest.mark.parametrize("change", ["no policy", "no control", "control that never signs", "no statement"])
def test_the_bucket_stays_closed(get, api, change):
    if change == "no policy":
        api.policy = None
    if change == "no statement":
        api.policy = {"Statement": [LIST]}
    if change == "no control":
        api.distribution_["Origins"]["Items"][0]["OriginAccessControlId"] = ""
    if change == "control that never signs":
        api.access_control = {"SigningBehavior": "never"}
    assert (get().status, code(get())) == (403, "AccessDenied")


def test_the_root_is_the_default_object_or_a_listing(get, api):
    assert get("/").status == 404
    api.s3.put_object(Bucket=BUCKET, Key="index.html", Body=b"hello")
    assert get("/").body == b"hello"
    api.distribution_["DefaultRootObject"] = ""
    assert b"<Key>a/b c</Key>" in get("/").body
    api.policy = {"Statement": [READ]}
    assert get("/").status == 403


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "POST", "DELETE", "PATCH"])
def test_only_the_methods_of_the_behavior(get, method):
    assert get(method=method).status == 403
    assert "not configured to allow the HTTP request method" in get(method=method).body.decode()


def test_a_preflight_needs_cookies_too_where_options_is_allowed(get, api):
    api.distribution_ = distribution(AllowedMethods={"Items": ["GET", "HEAD", "OPTIONS"]})
    assert code(get(method="OPTIONS", cookies={}, origin=ORIGIN)) == "MissingKey"
    reply = get(method="OPTIONS", origin=ORIGIN, access_control_request_method="GET")
    assert (reply.status, code(reply)) == (403, "AccessForbidden")
    assert reply.header("access-control-allow-methods") == "GET, HEAD"
    assert reply.header("access-control-max-age") == "600"


def test_refusals_of_the_edge_carry_no_cors_headers_unless_switched(get):
    refused = get(cookies={}, origin=ORIGIN)
    assert (refused.status, code(refused)) == (403, "MissingKey")
    assert refused.header("content-type") == "text/xml"
    assert not refused.header("access-control-allow-origin")
    switched = get(cookies={}, origin=ORIGIN, switches=Switches(cors_on_refusals="yes"))
    assert switched.header("access-control-allow-origin") == ORIGIN


def test_public_behaviors_ask_for_nothing(get, api):
    public = {**distribution(TrustedKeyGroups={"Enabled": False})["DefaultCacheBehavior"], "PathPattern": "a/*"}
    api.distribution_["CacheBehaviors"] = {"Items": [public]}
    assert get(cookies={}).status == 200
    assert get("/info", cookies={}).status == 403
    assert get("/a/../info", cookies={}).status == 403


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        *[("a/*", "/a/b", True), ("/a/*", "/a/b/c", True), ("*.json", "/x/y.json", True), ("A/*", "/a/b", False)],
        *[("a/?", "/a/b", True), ("a/?", "/a/bc", False), ("a/*", "/b/../a/x", True), ("a/", "/a/", True)],
    ],
)
def test_behaviors_by_path(pattern, path, fits):
    config = {"CacheBehaviors": {"Items": [{"PathPattern": pattern}]}, "DefaultCacheBehavior": {"PathPattern": "*"}}
    assert (select(config, path)["PathPattern"] == pattern) is fits


@pytest.mark.parametrize(
    ("policy", "method", "status"),
    [
        *[("redirect-to-https", "GET", 301), ("redirect-to-https", "POST", 307)],
        *[("https-only", "GET", 403), ("allow-all", "GET", 403)],
    ],
)
def test_plain_http(get, api, policy, method, status):
    api.distribution_ = distribution(ViewerProtocolPolicy=policy)
    reply = get("/a?x=1", method, scheme="http")
    assert reply.status == status
    assert reply.header("location") == (f"https://{DATA}/a?x=1" if status in (301, 307) else "")
    # The cookies are for https only, whatever the behavior allows.
    assert policy != "allow-all" or code(reply) == "AccessDenied"


def test_other_names_and_strange_requests(get):
    assert get(host="other.lab.localhost").status == 403
    assert get("/" + "x" * 9000).status == 414
    assert get(content_length="5").status == 403


def test_compression_is_for_listed_types_and_whole_replies(get, api):
    zipped = get("/info", accept_encoding="br, gzip")
    assert (zipped.header("content-encoding"), gzip.decompress(zipped.body)) == ("gzip", LONG)
    assert not zipped.header("content-length"), "its length is not known beforehand"
    assert zipped.header("etag").startswith('W/"')
    api.s3.put_object(Bucket=BUCKET, Key="short", Body=LONG[:999], ContentType="application/json")
    assert get("/short", accept_encoding="gzip").body == LONG[:999]
    assert get("/info").body == LONG
    assert get("/info", accept_encoding="gzip", range="bytes=0-2000").body == LONG[:2001]
    assert get(accept_encoding="gzip").body == CONTENT, "application/octet-stream is not listed"
    api.distribution_ = distribution(Compress=False)
    assert get("/info", accept_encoding="gzip").body == LONG
    stored = get("/z.gz", accept_encoding="gzip")
    assert (stored.header("content-encoding"), gzip.decompress(stored.body)) == ("gzip", LONG)


def test_more_of_a_response_headers_policy(get, api):
    api.headers_policy = {
        "RemoveHeadersConfig": {"Items": [{"Header": "cache-control"}]},
        "CustomHeadersConfig": {
            "Items": [
                {"Header": "X-Own", "Value": "1", "Override": True},
                {"Header": "Content-Type", "Value": "text/plain", "Override": False},
            ]
        },
        "SecurityHeadersConfig": {
            "ContentTypeOptions": {"Override": True},
            "StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 60, "IncludeSubdomains": True},
        },
    }
    reply = get("/info")
    assert not reply.header("cache-control")
    assert (reply.header("x-own"), reply.header("content-type")) == ("1", "application/json")
    assert reply.header("x-content-type-options") == "nosniff"
    assert reply.header("strict-transport-security") == "max-age=60; includeSubDomains"


def test_log_reasons_name_the_cause_but_no_secret(get, signing):
    reply = get(cookies={**signing[1], "CloudFront-Signature": "abcd"})
    assert reply.reason.startswith("AccessDenied")
    assert signing[1]["CloudFront-Policy"] not in json.dumps(reply.reason)
