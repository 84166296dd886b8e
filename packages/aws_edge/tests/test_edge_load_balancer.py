"""Listeners, rules, limits, targets: an Application Load Balancer without its sign-in."""

from __future__ import annotations

import json

import httpx
import pytest

from aws_edge.config import Switches
from aws_edge.load_balancer.health import State, matches_codes, record_check
from aws_edge.load_balancer.load_balancer import redirected
from aws_edge.load_balancer.rules import holds, select
from balancer import Balancer, forward, rule
from fakes import SITE, request

pytestmark = pytest.mark.conformance

PATHS = {
    ("/", "/"): True,
    ("/", "/index.html"): False,
    ("/assets/*", "/assets/a/b.js"): True,
    ("/assets/*", "/assets"): False,
    ("/assets/*", "/Assets/a"): False,
    ("/assets/*", "/assets/../session"): True,
    ("/session", "/session"): True,
    ("/session", "//session"): False,
    ("/session", "/%73ession"): False,
    ("/session", "/session/"): False,
    ("/a?c", "/abc"): True,
    ("/a?c", "/ac"): False,
    ("/a.c", "/abc"): False,
}


@pytest.mark.parametrize(("pattern", "path"), PATHS)
def test_path_patterns_see_the_path_as_received(pattern, path):
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/never", pattern]}}
    assert holds(condition, request(path + "?q=/session")) is PATHS[pattern, path]
    assert holds({"Field": "path-pattern", "Values": [pattern]}, request(path)) is PATHS[pattern, path]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Field": "host-header", "Values": ["*.LAB.localhost"]}, True),
        ({"Field": "host-header", "Values": ["lab.localhost"]}, False),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}, False),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "A", "Value": "b*"}]}}, True),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "x"}]}}, False),
        ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["1?"]}}, True),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}, False),
    ],
)
def test_other_conditions(condition, expected):
    assert holds(condition, request("/x?a=bc", x_a="12")) is expected


def test_a_condition_that_the_sandbox_lacks_is_never_guessed():
    with pytest.raises(NotImplementedError):
        holds({"Field": "phase-of-the-moon", "Values": ["full"]}, request())


def test_rules_in_order_and_the_default_last():
    rules = [rule("/a*", "first"), rule("/ab", "second"), {"Conditions": [], "Actions": "default"}]
    assert [select(rules, request(path))["Actions"] for path in ("/ab", "/b")] == ["first", "default"]


def test_forwarding_keeps_path_query_body_and_headers():
    balancer = Balancer([rule("/up/*", [forward()])])
    body = balancer.body(b"x" * 70000)
    reply = balancer.ask(request("/up/%73/..//a?b=%20c", "PUT", x_own="1", content_length="70000"), body)
    (seen,) = balancer.seen
    assert (seen["method"], seen["target"], seen["size"]) == ("PUT", "/up/%73/..//a?b=%20c", 70000)
    assert (seen["headers"]["host"], seen["headers"]["x-own"]) == (SITE, "1")
    assert reply.status == 200
    assert [value for name, value in reply.headers if name.lower() == "set-cookie"] == ["a=1", "b=2"]


def test_what_a_target_learns_of_the_client():
    balancer = Balancer([rule("/*", [forward()])])
    balancer.ask(request("/", x_forwarded_for="192.0.2.1", connection="x-hop, keep-alive", x_hop="1", te="trailers"))
    headers = balancer.seen[0]["headers"]
    assert headers["x-forwarded-for"] == "192.0.2.1, 127.0.0.1"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "443")
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert not {"connection", "x-hop", "te", "accept-encoding", "user-agent"} & set(headers)


def test_forged_identity_headers_pass_where_nobody_authenticates():
    forged = {"x_amzn_oidc_data": "forged", "x_amzn_oidc_identity": "root"}
    balancer = Balancer([rule("/*", [forward()])])
    balancer.ask(request("/", **forged))
    assert balancer.seen[0]["headers"]["x-amzn-oidc-identity"] == "root"
    strict = Balancer([rule("/*", [forward()])], switches=Switches(client_identity_headers="drop"))
    strict.ask(request("/", **forged))
    assert not [name for name in strict.seen[0]["headers"] if name.startswith("x-amzn-oidc")]


LIMITS = {
    "a long line": (request("/" + "x" * 17000), 400),
    "a long field": (request("/", x_big="x" * 17000), 400),
    "a long header": (request("/", **{f"x_{n}": "x" * 9000 for n in range(8)}), 400),
    "trace": (request("/", "TRACE"), 405),
    "many addresses": (request("/", x_forwarded_for=", ".join(["192.0.2.1"] * 31)), 463),
    "a coding": (request("/", transfer_encoding="gzip"), 501),
    "as much as is allowed": (request("/", cookie="x" * 16000), 200),
}


@pytest.mark.parametrize("case", LIMITS)
def test_limits(case):
    asked, status = LIMITS[case]
    assert Balancer([rule("/*", [forward()])]).ask(asked).status == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (httpx.ConnectError("refused"), 502),
        (httpx.RemoteProtocolError("closed"), 502),
        (httpx.ReadError("reset"), 502),
        (httpx.ConnectTimeout("slow"), 504),
        (httpx.ReadTimeout("slow"), 504),
    ],
)
def test_failing_targets(error, status):
    balancer = Balancer([rule("/*", [forward()])], failure=error)
    reply = balancer.ask(request("/"))
    assert (reply.status, reply.header("server")) == (status, "awselb/2.0")


@pytest.mark.parametrize(("size", "status"), [(30_000, 200), (33_000, 502)])
def test_a_targets_header_has_a_limit(size, status):
    balancer = Balancer([rule("/*", [forward()])], headers=[("x-filler", "x" * size)])
    assert balancer.ask(request("/")).status == status


# A request of which another server might see the end elsewhere, and what the target is told of its body.
DESYNC = {
    "a length and chunks": ("POST", {"content_length": "5", "transfer_encoding": "chunked"}, True),
    "a body of a GET": ("GET", {"content_length": "5"}, True),
    "chunks of a HEAD": ("HEAD", {"transfer_encoding": "chunked"}, True),
    "a length": ("POST", {"content_length": "5"}, False),
    "chunks": ("POST", {"transfer_encoding": "chunked"}, False),
    "an empty GET": ("GET", {"content_length": "0"}, False),
    "nothing": ("GET", {}, False),
}


@pytest.mark.parametrize("case", DESYNC)
def test_connections_end_after_an_ambiguous_request(case):
    method, headers, ambiguous = DESYNC[case]
    balancer = Balancer([rule("/*", [forward()])])
    reply = balancer.ask(request("/", method, **headers), Balancer.body(b"12345"))
    assert reply.header("connection") == ("close" if ambiguous else "")
    told = balancer.seen[0]["headers"]
    assert told.get("connection", "") == ("close" if ambiguous else "")
    assert told.get("transfer-encoding") == headers.get("transfer_encoding"), "chunks stay chunks, and have no length"
    assert "transfer-encoding" not in told or "content-length" not in told


def test_a_disguised_coding_is_ambiguous_too():
    balancer = Balancer([rule("/*", [forward()])])
    asked = request("/", "POST", content_length="5")
    asked = asked.with_headers((*asked.headers, ("transfer_encoding", "chunked")))
    assert balancer.ask(asked, Balancer.body(b"12345")).header("connection") == "close"


def test_no_target_and_no_address():
    assert Balancer([rule("/*", [forward()])], targets=[]).ask(request("/")).status == 503
    assert Balancer([rule("/*", [forward()])], address="").ask(request("/")).status == 504


def test_only_healthy_targets_or_all_when_none_is():
    targets = [("i-1", 8443), ("i-2", 8443)]
    balancer = Balancer([rule("/*", [forward()])], targets=targets)
    for _turn in range(4):
        balancer.ask(request("/"))
    assert {each["address"] for each in balancer.seen} == {"10.0.0.1", "10.0.0.2"}
    balancer.seen.clear()
    balancer.make_healthy("i-2:8443")
    for _turn in range(4):
        balancer.ask(request("/"))
    assert {each["address"] for each in balancer.seen} == {"10.0.0.2"}


def test_stickiness():
    targets = [("i-1", 8443), ("i-2", 8443)]
    balancer = Balancer([rule("/*", [forward()])], targets=targets, sticky=604800)
    reply = balancer.ask(request("/"))
    lines = [value for name, value in reply.headers if name == "Set-Cookie" and value.startswith("AWS")]
    assert [line.partition("=")[0] for line in lines] == ["AWSALB", "AWSALBCORS"]
    assert lines[1].endswith("SameSite=None; Secure")
    for _turn in range(5):
        balancer.ask(request("/", cookie=lines[0].partition(";")[0]))
    assert len({each["address"] for each in balancer.seen}) == 1


def test_redirect_and_fixed_response():
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    reply = redirected(request("/a%20b?c=d"), config)
    assert (reply.status, reply.header("location")) == (301, f"https://{SITE}:443/a%20b?c=d")
    moved = redirected(request("/a"), {"Host": "new.#{host}", "Path": "/x/#{path}", "StatusCode": "HTTP_302"})
    assert (moved.status, moved.header("location")) == (302, f"https://new.{SITE}:443/x/a")
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418", "MessageBody": "tea"}}
    reply = Balancer([rule("/*", [fixed])]).ask(request("/"))
    assert (reply.status, reply.body, reply.header("content-type")) == (418, b"tea", "text/plain; charset=utf-8")


def test_an_unknown_action_is_refused():
    assert Balancer([rule("/*", [{"Type": "jwt-validation"}])]).ask(request("/")).status == 500


GROUP = {"HealthyThresholdCount": 3, "UnhealthyThresholdCount": 2, "HealthCheckIntervalSeconds": 30}


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ("+", "healthy"),
        ("-", "unhealthy"),
        ("+-", "healthy"),
        ("+--", "unhealthy"),
        ("+-+-", "healthy"),
        ("-++", "unhealthy"),
        ("-+++", "healthy"),
        ("-++-++", "unhealthy"),
    ],
)
def test_health(checks, expected):
    state = State()
    for check in checks:
        record_check(state, GROUP, check == "+", "Target.Timeout", "Request timed out")
    assert state.described()["State"] == expected
    assert ("Reason" in state.described()) is (expected == "unhealthy")


@pytest.mark.parametrize(
    ("codes", "status", "expected"),
    [("200", 200, True), ("200", 204, False), ("200,204", 204, True), ("200-299", 299, True), ("200-299", 302, False)],
)
def test_success_codes(codes, status, expected):
    assert matches_codes(codes, status) is expected


def test_health_states_are_written_for_the_control_plane(tmp_path):
    balancer = Balancer([rule("/*", [forward()])], health_file=tmp_path / "health.json")
    balancer.check_health()
    (states,) = json.loads((tmp_path / "health.json").read_text()).values()
    assert states == {"i-1:8443": {"State": "healthy"}}
    balancer.failure = httpx.ConnectError("refused")
    for _turn in range(2):
        balancer.check_health()
    (states,) = json.loads((tmp_path / "health.json").read_text()).values()
    assert states["i-1:8443"]["Reason"] == "Target.FailedHealthChecks"
