"""The real nginx with the role's settings and the real gate: who gets cookies, what the others see, and the way out."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "roles" / "session_gate" / "files"))
sys.path.insert(0, str(Path(__file__).parents[3] / "roles" / "signed_cookies" / "files"))

sys.path.insert(0, str(Path(__file__).parents[3] / "roles" / "nginx" / "files"))

import nginx_watch
import session_gate
import signed_cookies

from tests.emulators import free_port
from tests.unit.roles.oidc_tokens import (
    ARN,
    CLIENT,
    EMAIL,
    ISSUER,
    SUBJECT,
    Signer,
    in_background,
    key_endpoint,
    public_pem,
)
from tests.unit.roles.real_nginx import SETTINGS, VIEWER_SETTINGS, Site, running

SIGNER = Signer()
COOKIES = 'add_header Set-Cookie "CloudFront-Policy=p; Domain=example.org; Path=/";\nset $session_ready 1;\n'
SECURITY = {"Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy"}
IDENTITY = ("x-amzn-oidc-identity", SUBJECT)


def signed_in(**claims: Any) -> list[tuple[str, str]]:
    return [("x-amzn-oidc-data", SIGNER.token(claims=claims)), IDENTITY]


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("gate")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "sock"))
    listening.listen(64)
    with key_endpoint(folder) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(endpoint.authority))
        endpoint.serves(SIGNER.kid, public_pem(SIGNER.key))
        config = session_gate.Config("x", ARN, CLIENT, ISSUER, endpoint.url, ["example.org"], [], True)
        judge = session_gate.Gate(config, session_gate.PublicKeys(endpoint.url))
        with session_gate.Server(listening, judge, "abc") as server, in_background(server):
            yield folder / "sock"


@pytest.fixture(scope="module")
def site(gate, tmp_path_factory) -> Iterator[Site]:
    with running(Site(tmp_path_factory.mktemp("nginx"), free_port(), nginx_session_gate=f"unix:{gate}")) as started:
        started.include.write_text(COOKIES)
        started.reload()
        yield started


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "status", "location"), [("/session", 204, None), ("/login", 302, "/")])
def test_a_person_on_the_list_gets_cookies(site, path, status, location, method):
    answer = site.ask(path, signed_in(), method)
    assert (answer.status, answer.headers["Location"]) == (status, location)
    assert answer.cookies() == ["CloudFront-Policy=p; Domain=example.org; Path=/"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.headers) >= SECURITY
    assert "X-Person" not in answer.headers
    assert site.log()[-1].items() >= {"person": EMAIL, "uri": path, "status": status, "method": method}.items()


def test_the_query_is_no_way_to_another_place(site):
    answer = site.ask("/login?next=https://elsewhere.org/&redirect_uri=//elsewhere.org", signed_in())
    assert (answer.status, answer.headers["Location"]) == (302, "/")


TURNED_AWAY = {
    "nobody": ([], 401),
    "the plain header alone": ([IDENTITY], 401),
    "another key": ([("x-amzn-oidc-data", SIGNER.token(key=SIGNER.other)), IDENTITY], 401),
    "another person's token": ([*signed_in()[:1], ("x-amzn-oidc-identity", "eve")], 401),
    "two tokens": ([*signed_in()[:1], *signed_in()], 401),
    "a forged token before the good one": ([("x-amzn-oidc-data", "a.b.c"), *signed_in()], 401),
    "a forged token after the good one": ([*signed_in(), ("X-Amzn-Oidc-Data", "a.b.c")], 401),
    "two identities": ([*signed_in(), IDENTITY], 401),
    "expired": (signed_in(exp=1_700_000_000), 401),
    "not on the list": (signed_in(email="eve@elsewhere.org"), 403),
    "not verified": (signed_in(email_verified="false"), 403),
    "markup for an address": (signed_in(email="<script>@example.org"), 403),
    "a person that the client names itself": ([("X-Person", EMAIL)], 401),
}


def test_a_person_on_the_list_reads_what_is_set_for_the_viewer(site):
    answer = site.ask("/settings.json", signed_in())
    assert (answer.status, answer.body, answer.cookies()) == (200, VIEWER_SETTINGS, [])
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert set(answer.headers) >= SECURITY
    assert site.log()[-1].items() >= {"person": EMAIL, "uri": "/settings.json", "status": 200}.items()


def test_what_is_set_is_sent_again_only_if_it_changed_and_only_to_who_may_have_it(site):
    known = ("If-None-Match", site.ask("/settings.json", signed_in()).headers["ETag"])
    again = site.ask("/settings.json", [*signed_in(), known])
    assert (again.status, again.body, again.headers["Cache-Control"]) == (304, "", "private, no-cache")
    assert site.ask("/settings.json", [known]).status == 401
    file = site.folder / "viewer.json"
    file.write_text("{}")
    changed = site.ask("/settings.json", [*signed_in(), known])
    file.write_text(VIEWER_SETTINGS)
    assert (changed.status, changed.body) == (200, "{}")


@pytest.mark.parametrize(("headers", "status"), TURNED_AWAY.values(), ids=TURNED_AWAY)
@pytest.mark.parametrize("path", ["/session", "/login", "/settings.json"])
def test_others_get_none(site, path, headers, status):
    answer = site.ask(path, headers)
    assert (answer.status, answer.cookies(), answer.headers["Location"]) == (status, [], None)
    assert "credentials_origins" not in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.headers) >= SECURITY
    assert site.log()[-1]["status"] == status


@pytest.mark.parametrize(
    ("email", "said", "logged"),
    [
        ("eve@elsewhere.org", "You are signed in as <strong>eve@elsewhere.org</strong>", "eve@elsewhere.org"),
        ("o'neill&co@elsewhere.org", "<strong>o'neill&amp;co@elsewhere.org</strong>", "o'neill&co@elsewhere.org"),
        ("<b>@example.org", "You are signed in, but without an e-mail address", ""),
    ],
)
def test_who_is_not_on_the_list_is_told_so(site, email, said, logged):
    answer = site.ask("/login", signed_in(email=email))
    assert answer.status == 403
    assert said in answer.body.replace("&#39;", "'")
    assert '<a href="/logout">Sign out</a>' in answer.body
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert site.log()[-1]["person"] == logged


def test_whose_sign_in_is_not_good_is_told_so(site):
    assert "could not be confirmed" in site.ask("/login", [IDENTITY]).body


@pytest.mark.parametrize(
    "path",
    [
        *(
            "//session",
            "/%73ession",
            "/./session",
            "/assets/../session",
            "/session/",
            "/session/.",
            "/Session",
            "/logi%6e",
        ),
        *(
            "/-/gate",
            "/-/pages/not-listed.html",
            "/-/pages/",
            "/-/nothing",
            "/@cookies-session",
            "/session%3F",
            "/session%00",
        ),
        *(
            "//settings.json",
            "/%73ettings.json",
            "/settings%2ejson",
            "/assets/../settings.json",
            "/assets/..%2fsettings.json",
            "/settings.json/",
            "/Settings.json",
            "/settings.json%00",
            "/viewer.json",
            "/assets/../../viewer.json",
        ),
    ],
)
def test_no_other_path_gives_cookies_or_settings(site, path):
    answer = site.ask(path, signed_in())
    assert answer.status in {400, 404}
    assert answer.cookies() == []
    assert "credentials_origins" not in answer.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/session", "/login", "/settings.json", "/logout", "/signed-out"])
def test_no_other_method(site, path, method):
    answer = site.ask(path, signed_in(), method)
    assert (answer.status, answer.cookies(), answer.headers["Allow"]) == (405, [], "GET, HEAD")


def test_a_body_goes_nowhere(site):
    assert site.ask("/session", signed_in(), body=b"GET / HTTP/1.1\r\n\r\n" * 50).status == 204


def test_large_tokens_and_cookies_reach_the_gate(site):
    sign_in = [("Cookie", "; ".join(f"AWSELBAuthSessionCookie-{shard}={'x' * 4000}" for shard in range(4)))]
    assert site.ask("/session", [*signed_in(picture="y" * 8000), *sign_in]).status == 204


@pytest.mark.parametrize(
    "agent",
    ['"},{"person":"eve@elsewhere.org', "\\", "a\tb", "\x1b[31m", "é", "$person", "</script>"],
)
def test_a_line_of_the_log_stays_one_line(site, agent):
    before = len(site.log())
    site.ask("/session", [*signed_in(), ("User-Agent", agent)])
    assert len(site.log()) == before + 1
    assert site.log()[-1]["person"] == EMAIL


NO_UTF8 = {
    "Latin-1": (b"caf\xe9/x", "caf\ufffd"),
    "no letter at all": (b"\xff", "\ufffd"),
    "cut short": (b"a\xc3", "a\ufffd"),
    "a surrogate": (b"\xed\xa0\x80", "\ufffd"),
    "an overlong one": (b"\xc0\xaf", "\ufffd"),
    "beyond Unicode": (b"\xf4\x90\x80\x80", "\ufffd"),
    "UTF-8": ("é\u20ac\U0001f9ec\u2028\ufffd".encode(), "é\u20ac\U0001f9ec\u2028\ufffd"),
    "long": ("é".encode() * 10_000, "é" * 10_000),
    "long, and broken at its end": (b"e" * 20_000 + b"\xe9", "e" * 20_000 + "\ufffd"),
}


@pytest.mark.parametrize(("sent", "logged"), NO_UTF8.values(), ids=NO_UTF8)
def test_the_log_is_utf_8_whatever_is_sent(site, sent, logged):
    site.send(b"GET /%s HTTP/1.1\r\nHost: x\r\nReferer: %s\r\nUser-Agent: %s\r\n\r\n" % (sent, sent, sent))
    line = site.log()[-1]
    assert [line["uri"], line["referer"], line["agent"]] == [f"/{logged}", logged, logged]
    site.send(b"G\xff / HTTP/1.1\r\n\r\n")
    assert site.log()[-1]["status"] == 400


CBC, AEAD = "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-GCM-SHA256"


def test_only_suites_that_authenticate(site):
    assert site.handshake(ssl.TLSVersion.TLSv1_2, f"{CBC}:{AEAD}") == AEAD
    assert site.handshake(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305") == "ECDHE-RSA-CHACHA20-POLY1305"
    assert site.handshake(ssl.TLSVersion.TLSv1_3, AEAD).startswith("TLS_")
    for version, ciphers in ((ssl.TLSVersion.TLSv1_2, CBC), (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256")):
        with pytest.raises(ssl.SSLError):
            site.handshake(version, ciphers)
    with pytest.raises(ssl.SSLError):
        site.handshake(ssl.TLSVersion.TLSv1_1, "ALL")


def test_a_person_is_named_only_where_the_gate_was_asked(site):
    site.ask("/", signed_in())
    assert site.log()[-1].items() >= {"uri": "/", "status": 200, "person": ""}.items()


# --- what looks after it


@pytest.fixture
def look(tmp_path, monkeypatch, capsys) -> Any:
    """What the watcher says of a port."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(nginx_watch, "PAUSE", 0.1)

    def look(port: int) -> dict[str, Any]:
        status = nginx_watch.main([str(port), "/healthz"])
        line = json.loads("".join(capsys.readouterr()))
        assert status == (1 if line["event"] == "failed" else 0)
        return line

    return look


def test_a_site_that_is_no_longer_served_is_a_fault(site, look):
    nowhere = free_port()
    assert look(nowhere) == {"event": "watched", "well": False}, "a viewer that is still being built is no fault"
    assert look(site.port) == {"event": "watched", "well": True}
    assert "nothing answers at /healthz" in look(nowhere)["reason"]
    site.include.unlink()
    site.reload()
    said = look(site.port)
    site.include.write_text(COOKIES)
    site.reload()
    assert said["reason"] == "/healthz was answered with 503: no cookies"
    assert look(site.port)["well"]


def test_a_restart_is_no_fault(site, look, monkeypatch):
    assert look(site.port)["well"]
    answers = ["nothing answers", ""]
    monkeypatch.setattr(nginx_watch, "fault", lambda *_where: answers.pop(0))
    assert look(site.port)["well"]


# --- what does not work


@pytest.fixture
def alone(tmp_path) -> Iterator[Site]:
    """A site whose gate is missing."""
    with running(Site(tmp_path, free_port(), nginx_session_gate=f"unix:{tmp_path}/sock")) as started:
        yield started


class Recorder(BaseHTTPRequestHandler):
    """A gate that says what the test wants, and keeps what it was asked."""

    status = 204
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.seen.append((self.command, self.path, dict(self.headers.items()), body))
        self.send_response_only(self.status)
        self.send_header("X-Person", EMAIL)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


@contextlib.contextmanager
def recorder(path: Path, answer: int) -> Iterator[list[Any]]:
    handler = type("Handler", (Recorder,), {"status": answer, "seen": []})
    with ThreadingUnixStreamServer(str(path), handler) as server, in_background(server):
        yield handler.seen


@pytest.mark.parametrize("path", ["/session", "/login", "/settings.json"])
def test_without_the_gate_nobody_gets_in(alone, path):
    alone.include.write_text(COOKIES)
    alone.reload()
    answer = alone.ask(path, signed_in())
    assert (answer.status, answer.cookies()) == (503, [])
    assert "Nobody can be let in at the moment" in answer.body
    assert alone.log()[-1].items() >= {"status": 503, "person": ""}.items()


@pytest.mark.parametrize("status", [200, 204, 301, 400, 404, 500, 503])
def test_only_a_yes_is_a_yes(alone, status):
    alone.include.write_text(COOKIES)
    alone.reload()
    with recorder(alone.folder / "sock", status):
        answer = alone.ask("/session", signed_in())
    expected = (204, 1) if status < 300 else (503, 0)
    assert (answer.status, len(answer.cookies())) == expected


def test_the_gate_sees_the_headers_and_no_other_secret(alone):
    sent = [("Cookie", "a=b"), ("Authorization", "Bearer c"), ("x-amzn-oidc-accesstoken", "d"), *signed_in()]
    with recorder(alone.folder / "sock", 204) as seen:
        alone.ask("/session?e", sent, body=b"f")
    ((method, path, headers, body),) = seen
    assert (method, path, body) == ("GET", "/", b"")
    names = {name.lower() for name in headers}
    assert names & {name for name, _other in sent} == {"x-amzn-oidc-data", "x-amzn-oidc-identity"}
    assert not names & {"cookie", "authorization"}


@pytest.mark.parametrize("text", [None, "", COOKIES.replace("set $session_ready 1;", "")])
def test_without_cookies_503(site, text):
    site.include.unlink() if text is None else site.include.write_text(text)
    site.reload()
    answers = [site.ask(path, signed_in()) for path in ("/session", "/login")]
    site.include.write_text(COOKIES)
    site.reload()
    assert [(answer.status, answer.cookies()) for answer in answers] == [(503, [])] * 2
    assert "Nobody can be let in at the moment" in answers[1].body


COOKIE = COOKIES.splitlines()[0]


def with_cookies_until(end: float) -> str:
    """What the cookie job writes."""
    return f'{COOKIE}\nif ($msec ~ "{signed_cookies.msec_before(int(end))}") {{ set $session_ready 1; }}\n'


def test_cookies_are_handed_out_until_they_end(site):
    site.include.write_text(with_cookies_until(time.time() + 3))
    site.reload()
    before = [site.ask(path, signed_in()) for path in ("/session", "/login", "/healthz")]
    time.sleep(3)
    after = [site.ask(path, signed_in()) for path in ("/session", "/login", "/healthz")]
    site.include.write_text(COOKIES)
    site.reload()
    assert [(answer.status, len(answer.cookies())) for answer in before] == [(204, 1), (302, 1), (200, 0)]
    assert [(answer.status, len(answer.cookies())) for answer in after] == [(503, 0)] * 3


@pytest.mark.parametrize("text", [None, "", COOKIE])
def test_without_cookies_it_is_not_healthy(alone, text):
    if text is not None:
        alone.include.write_text(text)
        alone.reload()
    answer = alone.ask("/healthz")
    assert (answer.status, answer.body, answer.cookies()) == (503, "no cookies\n", [])


def test_without_a_viewer_it_is_not_healthy(alone):
    alone.include.write_text(COOKIES)
    alone.reload()
    assert (alone.ask("/healthz").status, alone.ask("/healthz").body) == (200, "ok\n")
    (alone.folder / "root/index.html").unlink()
    answer = alone.ask("/healthz")
    assert (answer.status, answer.body, answer.cookies()) == (503, "no viewer\n", [])


def test_an_address_that_asks_without_end_is_slowed_down(gate, tmp_path):
    settings = {"nginx_session_gate": f"unix:{gate}", "nginx_session_rate": 1, "nginx_session_burst": 3}
    with running(Site(tmp_path, free_port(), **settings)) as narrow:
        narrow.include.write_text(COOKIES)
        narrow.reload()
        answers = [narrow.ask(path, signed_in()) for path in ["/session", "/login"] * 4]
        others = [narrow.ask(path).status for path in ["/", "/healthz"] * 4]
        from_elsewhere = narrow.ask("/session", signed_in(), source="127.0.0.2")
    assert [answer.status for answer in answers[:4]] == [204, 302, 204, 302]
    assert {(answer.status, len(answer.cookies())) for answer in answers[5:]} == {(429, 0)}
    assert set(others) == {200}
    assert from_elsewhere.status == 204


def test_a_slow_gate_does_not_hold_the_site_up(alone):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(alone.folder / "sock"))
    listening.listen(1)
    with contextlib.closing(listening):
        threading.Thread(target=alone.ask, args=("/session", signed_in()), daemon=True).start()
        assert alone.ask("/").body == "the shell"


# --- the way out

ENDED = [*(f"AWSELBAuthSessionCookie-{shard}" for shard in range(4))]
ENDED_IN_DOMAIN = ["CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", "CloudFront-Hash-Algorithm"]


@pytest.mark.parametrize(
    "headers", [[], signed_in(), [("Host", "elsewhere.org"), ("X-Forwarded-Host", "elsewhere.org")]]
)
@pytest.mark.parametrize("path", ["/logout", "/logout?logout_uri=https://elsewhere.org/", "/logout?//elsewhere.org"])
def test_signing_out_ends_every_cookie_and_leads_to_the_login(site, path, headers):
    answer = site.ask(path, headers)
    assert (answer.status, answer.headers["Location"]) == (302, SETTINGS["nginx_sign_out_url"])
    end = "Expires=Thu, 01 Jan 1970 00:00:00 GMT;"
    ours = [f"{name}=; {end} Path=/; Secure; HttpOnly" for name in ENDED]
    shared = [f"{name}=; {end} Domain=example.org; Path=/; Secure; HttpOnly" for name in ENDED_IN_DOMAIN]
    assert answer.cookies() == ours + shared
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.headers) >= SECURITY


HOST = ("Host", "viewer.example.org")
ELSEWHERE = {
    "another site": [("Sec-Fetch-Site", "cross-site")],
    "another host of the domain": [("Sec-Fetch-Site", "same-site")],
    "an old browser": [HOST, ("Referer", "https://evil.example/viewer.example.org/")],
    "an address that begins so": [HOST, ("Referer", "https://viewer.example.org.evil.example/")],
    "a browser that says both": [HOST, ("Sec-Fetch-Site", "cross-site"), ("Referer", "https://viewer.example.org/")],
}
HERE = {
    "the viewer": [("Sec-Fetch-Site", "same-origin")],
    "typed": [("Sec-Fetch-Site", "none")],
    "the viewer in an old browser": [HOST, ("Referer", "https://viewer.example.org/")],
}


@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("path", ["/logout", "/logout?x"])
def test_who_comes_from_elsewhere_is_asked_before_signing_out(site, path, headers):
    answer = site.ask(path, headers)
    assert (answer.status, answer.cookies(), answer.headers["Location"]) == (200, [], None)
    assert "Another site has led you here" in answer.body
    assert '<a href="/logout">Sign out</a>' in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("headers", HERE.values(), ids=HERE)
def test_who_comes_from_here_is_signed_out_at_once(site, headers):
    answer = site.ask("/logout", headers)
    assert (answer.status, answer.headers["Location"]) == (302, SETTINGS["nginx_sign_out_url"])


@pytest.mark.parametrize("path", ["//logout", "/%6cogout", "/logout/", "/logout/..//elsewhere.org"])
def test_no_other_path_signs_out(site, path):
    assert site.ask(path).status == 404


def test_signed_out(site):
    answer = site.ask("/signed-out?x=<script>")
    assert answer.status == 200
    assert "You are signed out" in answer.body
    assert '<a href="/login">Sign in again</a>' in answer.body
    assert "script" not in answer.body
    assert answer.cookies() == []
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_an_address_there_is_no_way_out(gate, tmp_path):
    settings = {"nginx_session_gate": f"unix:{gate}", "nginx_sign_out_url": ""}
    with running(Site(tmp_path, free_port(), **settings)) as bare:
        assert [bare.ask(path).status for path in ("/logout", "/signed-out")] == [404, 404]
        assert "/logout" not in bare.ask("/login", signed_in(email="eve@elsewhere.org")).body


def test_without_a_gate_the_plain_header_is_enough(tmp_path):
    with running(Site(tmp_path, free_port(), nginx_session_gate="")) as bare:
        bare.include.write_text(COOKIES)
        bare.reload()
        asked = [[], [IDENTITY]]
        assert [
            (answer.status, len(answer.cookies())) for answer in (bare.ask("/session", each) for each in asked)
        ] == [
            (403, 0),
            (204, 1),
        ]
        assert [bare.ask("/settings.json", each).status for each in asked] == [403, 200]
        assert json.dumps(bare.log()[-1]["person"]) == '""'


MINE = """
large_client_header_buffers 4 1k;
location /mine/ { return 200 "$kind\\n"; }
"""


def test_a_lab_adds_paths_and_lines_of_its_own(gate, tmp_path):
    own = {
        "nginx_paths": [
            {"path": "/", "access": "public", "serve": "index"},
            {"path": "/cookies", "access": "deny", "serve": "session"},
            {"path": "/mine/*", "access": "public"},
        ],
        "nginx_extra_http_options": "map $uri $kind { default none; ~a$ ours; }",
        "nginx_extra_server_options": MINE,
    }
    with running(Site(tmp_path / "nginx", free_port(), nginx_session_gate=f"unix:{gate}", **own)) as site:
        assert site.ask("/").body == "the shell"
        assert site.ask("/mine/a").body == "ours\n"
        assert [site.ask(path).status for path in ("/session", "/cookies")] == [404, 401]
        assert site.ask("/", [("X-Long", "a" * 2000)]).status == 400, "the lab's buffers, not ours"
