"""What the nginx role writes: its guards, its headers, its contract with the cookies. test_nginx_asks.py runs it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROLES = Path(__file__).parents[3] / "roles"
sys.path.insert(0, str(ROLES / "signed_cookies" / "files"))

import signed_cookies  # noqa: E402

from tests.unit.roles.real_nginx import render  # noqa: E402
from tests.unit.roles.refused_settings import refusals  # noqa: E402

SECURITY = {"Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy"}
SECURITY |= {"Cross-Origin-Opener-Policy", "Permissions-Policy"}
Directive = tuple[list[str], "list[Directive] | None"]


def parse(tokens: list[str]) -> list[Directive]:
    """nginx's grammar: words up to `;`, or up to `{` and then directives up to `}`."""
    found, words = [], []
    while tokens and (token := tokens.pop(0)) != "}":
        if token in ";{":
            found.append((words, parse(tokens) if token == "{" else None))
            words = []
        else:
            words.append(token.strip("\"'"))
    assert not words, words
    return found


def read(text: str) -> list[Directive]:
    without_comments = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return parse(re.findall(r""""[^"]*"|'[^']*'|[;{}]|[^\s;{}"']+""", without_comments))


def block(directives: list[Directive], *words: str) -> list[Directive]:
    [inner] = [inner for found, inner in directives if found == list(words)]
    assert inner is not None
    return inner


def lines(directives: list[Directive], name: str) -> list[list[str]]:
    return [words[1:] for words, _other in directives if words[0] == name]


@pytest.fixture(scope="module")
def http() -> list[Directive]:
    return block(read(render()), "http")


@pytest.fixture(scope="module")
def server(http: list[Directive]) -> list[Directive]:
    return block(http, "server")


def look_up(mapping: list[Directive], value: str) -> str:
    """nginx's `map`: an exact text without regard to case, then the first pattern, then the default."""
    cases = {words[0]: words[1] for words, _other in mapping}
    exact = {key.lower(): result for key, result in cases.items() if key[0] != "~" and key != "default"}
    patterns = (result for key, result in cases.items() if key[0] == "~" and re.search(key[1:], value))
    return exact.get(value.lower()) or next(patterns, cases["default"])


@pytest.mark.parametrize(
    ("path", "raw", "disguised"),
    [
        ("/session", "/session", False),
        ("/session", "/session?", False),
        ("/session", "/session?a=/b?c d", False),
        ("/assets/app-1a_2.js", "/assets/app-1a_2.js", False),
        ("/", "/", False),
        ("/", "/?/", False),
        ("/session", "//session", True),
        ("/session", "/%73ession", True),
        ("/session", "/assets/../session", True),
        ("/session", "/session#a", True),
        ("/session", "/./session?x", True),
        ("/session?", "/session%3F", True),
        ("/session", "/sessions", True),
        ("/session /session", "/session%20/session", True),
        ("/session", "/assets/?/../session", True),
        ("/ /session", "/%20/session", True),
        ("/assets/session", "/assets/..%2fsession", True),
    ],
)
def test_path_must_be_the_one_that_was_sent(http, path, raw, disguised):
    mapping = block(http, "map", "$uri $request_uri", "$disguised")
    assert look_up(mapping, f"{path} {raw}") == ("1" if disguised else "0")


@pytest.mark.parametrize(
    ("path", "identity", "anonymous"),
    [
        ("/session", "", True),
        ("/login", "", True),
        ("/settings.json", "", True),
        ("/session", "person", False),
        ("/login", ":", False),
        ("/settings.json", "person", False),
        ("/", "", False),
        ("/assets/session", "", False),
    ],
)
def test_without_a_gate_cookies_only_where_a_person_is_named(path, identity, anonymous):
    http = block(read(render(nginx_session_gate="")), "http")
    mapping = block(http, "map", "$uri:$http_x_amzn_oidc_identity", "$anonymous")
    assert look_up(mapping, f"{path}:{identity}") == ("1" if anonymous else "0")


GUARDS = [("($allowed_methods)", [(["return", "405"], None)]), ("($disguised)", [(["return", "404"], None)])]
ANONYMOUS = ("($anonymous)", [(["return", "403"], None)])


@pytest.mark.parametrize(("gate", "expected"), [("unix:/run/gate.sock", GUARDS), ("", [*GUARDS, ANONYMOUS])])
def test_guards_stand_before_the_locations(gate, expected):
    # Within a location an `if` inherits add_header lines, so a refusal could carry the cookies.
    server = block(block(read(render(nginx_session_gate=gate)), "http"), "server")
    guards = [(words, inner) for words, inner in server if words[0] == "if"]
    assert [(words[1], inner) for words, inner in guards] == expected
    first_location = next(at for at, (words, _other) in enumerate(server) if words[0] == "location")
    assert max(server.index(guard) for guard in guards) < first_location


@pytest.mark.parametrize("path", ["/session", "/login"])
def test_the_gate_is_asked_before_the_cookies(server, path):
    location = block(server, "location", "=", path)
    assert lines(location, "auth_request") == [["/-/gate"]]
    assert lines(location, "try_files") == [["/-/nothing", f"@cookies-{path[1:]}"]]
    # They would be done before the gate is asked.
    assert not [words for words, _other in location if words[0] in {"return", "rewrite", "if", "set", "include"}]


def test_the_gate_is_asked_for_the_settings_too(server):
    location = block(server, "location", "=", "/settings.json")
    assert lines(location, "auth_request") == [["/-/gate"]]
    assert lines(location, "alias") == [["/etc/viewer.json"]]
    assert not [words for words, _other in location if words[0] in {"return", "rewrite", "if", "set", "include"}]


@pytest.mark.parametrize(("name", "answer"), [("session", ["204"]), ("login", ["302", "/"])])
def test_cookies_are_handed_out_or_503(server, name, answer):
    location = block(server, "location", f"@cookies-{name}")
    order = [words for words, _other in location if words[0] in {"set", "include", "if", "return"}]
    assert order == [
        ["set", "$session_ready", ""],
        ["include", "/etc/nginx/viewer/cookies.con[f]"],
        ["if", "($session_ready", "=", "", ")"],
        ["return", *answer],
    ]
    assert block(location, *order[2]) == [(["return", "503"], None)]
    assert ["Cache-Control", "no-store", "always"] in lines(location, "add_header")


def test_file_of_cookies_keeps_its_side_of_the_contract():
    config = signed_cookies.Config("r", "d.example", "K", "p", "r", "", 1, "SHA256", "Lax", "/x", [], [])
    cookies = {"CloudFront-Policy": "p", "CloudFront-Hash-Algorithm": "SHA256"}
    included = read(signed_cookies.nginx_include(cookies, config, "abc", 1))
    assert [words[:2] for words, _other in included] == [["add_header", "Set-Cookie"]] * 2 + [["if", "($msec"]]
    assert included[-1][1] == [(["set", "$session_ready", "1"], None)]
    assert not [words for words, _other in included if "always" in words]


def test_every_block_with_headers_of_its_own_repeats_the_security_headers(server):
    locations = [inner for words, inner in server if words[0] == "location"]
    headers = [lines(inner, "add_header") for inner in [server, *locations]]
    own = [{name: rest for name, *rest in found} for found in headers if found]
    assert len(own) == 9
    for found in own:
        assert found.keys() >= SECURITY
        assert all(found[name][-1] == "always" for name in SECURITY)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (["=", "/"], ["no-cache", "always"]),
        (["=", "/index.html"], ["no-cache", "always"]),
        (["/assets/"], ["public, max-age=31536000, immutable"]),
    ],
)
def test_how_long_files_are_kept(server, path, headers):
    location = block(server, "location", *path)
    assert {name: rest for name, *rest in lines(location, "add_header")}["Cache-Control"] == headers
    [[*_others, otherwise]] = lines(location, "try_files")
    assert otherwise == "=404"


PATHS = {"/", "/index.html", "/session", "/login", "/healthz"}
ON_REQUEST = {
    "nginx_session_gate": {"/-/gate"},
    "nginx_settings_file": {"/settings.json"},
    "nginx_sign_out_url": {"/logout", "/signed-out"},
}


@pytest.mark.parametrize("left_out", [set(), *({name} for name in ON_REQUEST), set(ON_REQUEST)])
def test_what_is_not_named_is_not_there(left_out):
    server = block(block(read(render(**dict.fromkeys(left_out, ""))), "http"), "server")
    locations = {tuple(words[1:]) for words, _other in server if words[0] == "location"}
    paths = PATHS.union(*(paths for name, paths in ON_REQUEST.items() if name not in left_out))
    named = {("@cookies-session",), ("@cookies-login",), ("@healthy",), ("@not-healthy",), ("=", "/-/cookies")}
    assert locations == {("=", path) for path in paths} | named | {("/",), ("/assets/",), ("/-/pages/",)}
    assert block(server, "location", "/") == [(["return", "404"], None)]


def test_what_is_ours_can_not_be_asked_for(server):
    ours = [inner for words, inner in server if words[0] == "location" and words[-1].startswith("/-/")]
    assert len(ours) == 3
    assert all((["internal"], None) in inner for inner in ours)


def test_one_port_with_tls(http, server):
    assert [words for words, _other in http].count(["server"]) == 1
    assert lines(server, "listen") == [["8443", "ssl", "default_server"]]
    assert lines(http, "ssl_protocols") == [["TLSv1.2", "TLSv1.3"]]
    assert lines(http, "large_client_header_buffers") == [["4", "32k"]]
    assert lines(http, "absolute_redirect") == [["off"]]
    settable = {"ssl_protocols", "large_client_header_buffers", "absolute_redirect"}
    assert not settable & {words[0] for words, _other in server}
    assert lines(http, "server_tokens") == [["off"]]


@pytest.mark.parametrize(("found", "static"), [("", []), ("libnginx-mod-http-brotli-static", [["on"]])])
def test_brotli_only_where_the_distribution_has_it(found, static):
    http = block(read(render(__nginx_brotli={"stdout": found})), "http")
    assert lines(http, "brotli_static") == static
    assert lines(http, "gzip_static") == [["on"]]


def test_settings_reach_the_server():
    text = render(nginx_listen_port=9443, nginx_real_ip_from=["10.1.0.0/16", "10.2.0.0/16"], nginx_hsts_max_age=60)
    server = block(block(read(text), "http"), "server")
    assert lines(server, "listen")[0][0] == "9443"
    assert lines(server, "set_real_ip_from") == [["10.1.0.0/16"], ["10.2.0.0/16"]]
    assert lines(server, "root") == [["/srv/viewer/current"]]
    assert ["Strict-Transport-Security", "max-age=60", "always"] in lines(server, "add_header")


@pytest.mark.parametrize(
    ("settings", "directive"),
    [
        ({}, "connect-src 'self' blob: data: https: http://localhost:* http://127.0.0.1:*"),
        (
            {"nginx_connect_sources": ["https://data.example.org"]},
            "connect-src 'self' blob: data: https://data.example.org",
        ),
        ({}, "frame-ancestors 'none'"),
        ({"nginx_frame_ancestors": ["https://wiki.example.org"]}, "frame-ancestors https://wiki.example.org"),
        ({}, "worker-src 'self' blob:"),
    ],
)
def test_what_the_viewer_may(settings, directive):
    policies = re.findall(r'Content-Security-Policy "([^"]*)"', render(**settings))
    assert directive in policies[0].split("; ")


def test_types_that_a_viewer_is_made_of(http):
    types = {extension: words[0] for words, _other in block(http, "types") for extension in words[1:]}
    expected = {"html": "text/html", "js": "application/javascript", "wasm": "application/wasm", "css": "text/css"}
    assert types.items() >= expected.items()


def test_the_paths_are_served_and_no_others():
    paths = [{"path": "/s", "access": "deny", "serve": "session"}, {"path": "/mine/*", "access": "public"}]
    http = block(read(render(nginx_paths=paths, nginx_session_gate="")), "http")
    server = block(http, "server")
    named = {words[-1] for words, _inner in server if words[0] == "location"}
    assert {name for name in named if not name.startswith(("@", "/-/"))} == {"/", "/s"}
    assert block(http, "map", "$uri:$http_x_amzn_oidc_identity", "$anonymous")[1:] == [(["/s:", "1"], None)]


def test_a_lab_adds_lines_of_its_own():
    added = {"nginx_extra_http_options": "map $uri $x { default 1; }", "nginx_extra_server_options": "gzip on;\n"}
    http = block(read(render(**added)), "http")
    assert (["map", "$uri", "$x"], [(["default", "1"], None)]) in http
    assert lines(block(http, "server"), "gzip") == [["on"]]


def test_it_is_started_anew_and_can_not_reach_the_metadata():
    lines_ = render("nginx-drop-in.conf.j2").splitlines()
    assert {"StartLimitIntervalSec=0", "Restart=on-failure", "IPAddressDeny=169.254.169.254 fd00:ec2::254"} <= set(
        lines_
    )


@pytest.mark.parametrize("unit", ["", "failure-notice@%n.service"])
def test_who_looks_after_it_tells_somebody(unit):
    text = render("nginx-watch.service.j2", nginx_on_failure=unit)
    assert "ExecStart=/usr/bin/python3 /usr/local/lib/nginx_watch.py 8443 /healthz\n" in text
    told = [f"OnFailure={unit}", f"OnSuccess={unit}"] if unit else []
    assert [line for line in text.splitlines() if line.startswith("On")] == told


GOOD = {"nginx_root": "/srv/viewer", "nginx_session_include": "/etc/nginx/cookies.conf"}
BAD = {
    "nginx_root": ["/srv/viewer\n", "srv/viewer", "/srv/a viewer", "/srv;"],
    "nginx_session_include": ["cookies.conf", "/etc/nginx/*", "/etc/nginx/"],
    "nginx_session_gate": ["/run/gate.sock", "unix:gate", "http://gate:80", "gate:80;"],
    "nginx_settings_file": ["viewer.json", "/etc/*", "/etc/", "/etc/a;b"],
    "nginx_paths": [
        [{"path": "session", "access": "deny", "serve": "session"}],
        [{"path": "/a;b", "access": "public"}],
        [{"path": "/s", "access": "public", "serve": "session"}],
    ],
    "nginx_on_failure": ["mail somebody"],
    "nginx_session_domain": ["example.org\n", ".example.org", 'example.org"'],
    "nginx_sign_out_url": ["/signed-out", "http://login.example.org/logout", "https://login/$host", 'https://login/"'],
    "nginx_listen_port": [0, 65536],
    "nginx_hsts_max_age": [-1],
    "nginx_connect_sources": [["https://data.example.org; script-src *"], ["data"], ['https://"']],
    "nginx_frame_ancestors": [["*"], ["https://wiki.example.org/page"]],
    "nginx_session_rate": [0],
    "nginx_session_burst": [0],
}


def test_settings_that_are_refused():
    for name, value, said in refusals("nginx", GOOD, BAD):
        assert said.startswith(f"{name} "), (name, value)
        assert shown(value) in said


def shown(value):
    """What a refusal names of a value: of a path that is served to the wrong people, what serves it."""
    first = value[0] if isinstance(value, list) else value
    if isinstance(first, dict):
        return first["serve"] if first["access"] == "public" and "serve" in first else first["path"]
    return str(first)
