"""What the checks see from outside: real sockets and TLS first, then answers as a site might give them."""

from __future__ import annotations

import contextlib
import datetime
import functools
import http.server
import importlib.util
import json
import pathlib
import socket
import ssl
import sys
import threading
import urllib.parse

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import signed_cookies as jar
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import verify_data as data
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import verify as names
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import verify_site as site
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import verify_login as login
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.unit.deployment import verify_fakes
from tests.unit.deployment.verify_fakes import KNOWN, context_of

ROOT = pathlib.Path(__file__).parents[3]
HOST = "localhost"
# Python warns of the old versions of TLS, which are offered here to see them refused.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


class Handler(http.server.BaseHTTPRequestHandler):
    """Tells what it was asked for, sets two cookies."""

    def do_GET(self):
        # Not self.path, in which the library makes one slash of two at the start.
        body = json.dumps({"path": self.requestline.split()[1], "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "a=1; Secure")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(context=None):
    """A server on a port of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a refused handshake is what some tests want
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(folder, key, days, name=HOST):
    """A self-signed certificate that ends in so many days and an hour; its file and that of its key."""
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return paths


@pytest.fixture
def shop(tmp_path, key, monkeypatch):
    """Open a TLS server: whose certificate ends when, in which versions, trusted or not; yields its host and port."""
    with contextlib.ExitStack() as stack:

        def open_(days=100, trusted=True, name=HOST, least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = least, most
            paths = certificate(tmp_path, key, days, name)
            context.load_cert_chain(*paths)
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(paths[0]))
            return f"{HOST}:{stack.enter_context(serving(context))}"

        yield open_


# --- Real sockets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/a?b=c", *site.SESSION_SPELLINGS])
def test_requests_go_out_as_written(path):
    with serving() as port:
        answer = web.ask(f"http://127.0.0.1:{port}{path}", {"x-amzn-oidc-identity": "me"})
    told = json.loads(answer.body)
    assert told["path"] == path
    assert told["headers"]["x-amzn-oidc-identity"] == "me"
    assert answer.cookies == ["a=1; Secure", "b=2"]


def test_over_tls(shop):
    assert json.loads(web.ask(f"https://{shop()}/x").body)["path"] == "/x"


def test_through_a_proxy(monkeypatch):
    with serving() as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        answer = web.ask("http://neuroglancer.lab.test/index.html")
    assert json.loads(answer.body)["path"] == "http://neuroglancer.lab.test/index.html"


def test_a_tunnel_for_tls(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.lab.test:3128")
    connection, target = web.connect("https", "neuroglancer.lab.test", "/x")
    assert (connection.host, connection.port, target) == ("proxy.lab.test", 3128, "/x")
    assert (connection._tunnel_host, connection._tunnel_port) == ("neuroglancer.lab.test", 443)


@pytest.mark.parametrize(
    ("days", "options", "words"),
    [
        (100, {}, ""),
        (21, {}, ""),
        (20, {}, "ends in 20 days"),
        (-1, {}, "certificate has expired"),
        (100, {"trusted": False}, "self-signed certificate"),
        (100, {"name": "other.test"}, "Hostname mismatch"),
    ],
)
def test_certificates(shop, days, options, words):
    context = context_of(site_domain=shop(days, **options))
    said = "; ".join(names.certificate(context, "site_domain"))
    assert words in said if words else said == ""


VERSION = ssl.TLSVersion


@pytest.mark.skipif(not (ssl.HAS_TLSv1 and ssl.HAS_TLSv1_1), reason="this OpenSSL has no old versions to try with")
@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (VERSION.TLSv1_2, VERSION.TLSv1_3, []),
        (VERSION.TLSv1, VERSION.TLSv1_3, ["still speaks TLS 1.0", "still speaks TLS 1.1"]),
        (VERSION.TLSv1_1, VERSION.TLSv1_3, ["still speaks TLS 1.1"]),
        (VERSION.TLSv1_2, VERSION.TLSv1_2, ["does not speak TLS 1.3"]),
    ],
)
def test_versions_of_tls(shop, least, most, words):
    address = shop(least=least, most=most)
    assert list(names.versions(context_of(site_domain=address), "site_domain")) == [
        f"{address} {word}" for word in words
    ]


def test_versions_that_cannot_be_offered(shop, monkeypatch):
    monkeypatch.setattr(web, "speaks", lambda _: False)
    with pytest.raises(Skipped, match=r"can't offer TLS 1\.0 and 1\.1"):
        list(names.versions(context_of(site_domain=shop()), "site_domain"))


def test_a_version_without_ciphers_is_not_offered(monkeypatch):
    context = web.only(VERSION.TLSv1)
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # of TLS 1.2
    monkeypatch.setattr(web, "only", lambda _: context)
    assert not web.speaks(VERSION.TLSv1)


def test_names(monkeypatch):
    known = {"neuroglancer.lab.test"}

    def look_up(name, *_, **__):
        if name not in known:
            raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert list(names.resolves(context_of(), "site_domain")) == []
    assert list(names.resolves(context_of(), "data_domain")) == [
        "data.lab.test does not resolve: Name or service not known"
    ]


# --- Answers -----------------------------------------------------------------------------------------------------


def said_by(monkeypatch, answers, test, answers_of_aws=None, **known):
    verify_fakes.site(monkeypatch, web, *answers)
    return "; ".join(test(context_of(answers_of_aws, **known)))


def answer(status=200, body="", **headers):
    return Answer(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), body)


COOKIE = {"Set_Cookie": "CloudFront-Policy=x; Secure"}
AT_LOGIN = f"https://{KNOWN['login_domain']}/oauth2/authorize"
ASKED = {
    "client_id": "c1",
    "redirect_uri": "https://neuroglancer.lab.test/oauth2/idpresponse",
    "response_type": "code",
    "state": "s",
}
TO_LOGIN = answer(302, Location=f"{AT_LOGIN}?client_id=c1")


def to_login(address=AT_LOGIN, **changed):
    asked = {name: value for name, value in {**ASKED, **changed}.items() if value}
    return list(
        site.login_address(
            f"{address}?{urllib.parse.urlencode(asked)}", KNOWN["login_domain"], "c1", "https://neuroglancer.lab.test"
        )
    )


SHELL = '<script type="module" src="./shell.js"></script>'
SECURE = {
    "Strict_Transport_Security": "max-age=31536000",
    "X_Content_Type_Options": "nosniff",
    "Referrer_Policy": "same-origin",
    "Server": "nginx",
}

SITE_CASES = {
    "shell": ([(".*/", answer(body=SHELL)), (".*js", answer(body="viewer"))], site.shell, ""),
    "shell with the bucket in its script": (
        [(".*/", answer(body=SHELL)), (".*js", answer(body="s3://lab-data/"))],
        site.shell,
        "/shell.js names the bucket lab-data",
    ),
    "shell with the bucket in its page": ([(".*/", answer(body="lab-data"))], site.shell, "/ names the bucket"),
    "no shell": ([(".*/", answer(502))], site.shell, "/ answers 502"),
    "shell with cookies": ([(".*/", answer(**COOKIE))], site.shell, "/ hands out CloudFront-Policy"),
    "session refused": ([(".*", answer(401))], site.session_requires_login, ""),
    "session open": ([(".*", answer(204))], site.session_requires_login, "/session answers 204"),
    "session with cookies": ([(".*", answer(401, **COOKIE))], site.session_requires_login, "/session hands out"),
    "disguises": ([(".*", answer(404))], site.path_confusion, ""),
    "one disguise open": (
        [(".*//session", answer(204, **COOKIE)), (".*", answer(404))],
        site.path_confusion,
        "//session hands out",
    ),
    "one disguise answered": (
        [(".*%73.*", answer(204)), (".*", answer(302))],
        site.path_confusion,
        "/%73ession answers 204",
    ),
    "settings refused": ([(".*/settings.json", answer(401)), (".*", answer(404))], site.settings, ""),
    "settings led to the login": ([(".*", answer(302))], site.settings, ""),
    "settings open": ([(".*", answer(200))], site.settings, "/settings.json answers 200"),
    "settings open under another spelling": (
        [(".*/%73ettings.json", answer(200)), (".*", answer(401))],
        site.settings,
        "/%73ettings.json answers 200",
    ),
    "forged": ([(".*", answer(302))], site.forged_identity, ""),
    "forged and believed": (
        [(".*/login", answer(302, **COOKIE)), (".*", answer(401))],
        site.forged_identity,
        "/login hands out",
    ),
    "unknown path": ([(".*", TO_LOGIN)], site.unknown_path, ""),
    "unknown path answered": ([(".*", answer(404))], site.unknown_path, "a path that nobody knows answers 404"),
    "unknown path elsewhere": ([(".*", answer(302, Location="https://x.test/"))], site.unknown_path, "leads to x.test"),
    "headers": ([(".*", answer(**SECURE))], site.headers, ""),
    "no headers": (
        [(".*", answer())],
        site.headers,
        "Strict-Transport-Security is missing; X-Content-Type-Options is missing",
    ),
    "short-lived": (
        [(".*", answer(**{**SECURE, "Strict_Transport_Security": "max-age=60"}))],
        site.headers,
        "Strict-Transport-Security is max-age=60",
    ),
    "version": ([(".*", answer(**{**SECURE, "Server": "nginx/1.24.0"}))], site.headers, "nginx/1.24.0"),
    "redirect": (
        [("http:.*", answer(301, Location="https://neuroglancer.lab.test:443/index.html?a=b"))],
        functools.partial(names.redirected, host="site_domain"),
        "",
    ),
    "no redirect": (
        [("http:.*", answer(200))],
        functools.partial(names.redirected, host="site_domain"),
        "http://neuroglancer.lab.test answers 200",
    ),
    "redirect elsewhere": (
        [("http:.*", answer(301, Location="http://neuroglancer.lab.test/"))],
        functools.partial(names.redirected, host="site_domain"),
        "answers 301 to http:",
    ),
}


@pytest.mark.parametrize("name", SITE_CASES)
def test_the_site(monkeypatch, name):
    answers, test, words = SITE_CASES[name]
    said = said_by(monkeypatch, answers, test)
    assert words in said if words else said == ""


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (to_login(), ""),
        (to_login(client_id="c2"), "client_id c2, not c1"),
        (to_login(redirect_uri="https://x.test/"), "redirect_uri https://x.test/"),
        (to_login(state=""), "without a state"),
        (to_login(response_type="token"), "response_type token"),
        (
            to_login("https://x.test/oauth2/authorize"),
            "it leads to https://x.test/oauth2/authorize, not to https://lab.auth",
        ),
        (to_login("http://lab.auth.us-east-1.amazoncognito.com/oauth2/authorize"), "it leads to http:"),
    ],
)
def test_the_way_to_the_login(said, words):
    told = "; ".join(said)
    assert words in told if words else told == ""


def test_forged_headers_are_sent(monkeypatch):
    asked = verify_fakes.site(monkeypatch, web, (".*", answer(401)))
    list(site.forged_identity(context_of()))
    assert len(asked) > 6
    assert all(site.FORGED.items() <= headers.items() for _other, headers in asked)


# --- The data ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pem(key):
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *form).decode()


@pytest.fixture(scope="module")
def public(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.fixture(scope="module")
def another_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def keys(pem, public, another_key, monkeypatch):
    """What AWS says of the signing key; keys that are thrown away are all the same one, which takes less time."""
    monkeypatch.setattr(jar, "throw_away", lambda key_pair_id: jar.Signer(another_key, key_pair_id))
    group = {"KeyGroup": {"Id": "KG1", "KeyGroupConfig": {"Name": "lab", "Items": ["K1"]}}}
    return {
        "list_key_groups": {"KeyGroupList": {"Items": [group]}},
        "list_public_keys": {
            "PublicKeyList": {"Items": [{"Id": "K0", "EncodedKey": "x"}, {"Id": "K1", "EncodedKey": public}]}
        },
        "get_parameter": lambda Name, **_: {"Parameter": {"Value": public if Name.endswith(".pub") else pem}},  # noqa: N803
        "list_objects_v2": {"Contents": [{"Key": "mri/info"}]},
    }


def checks_of(part):
    return {check.name: check.test for check in part.CHECKS}


def cookies_sent(headers):
    return dict(pair.split("=", 1) for pair in headers["Cookie"].split("; "))


@pytest.mark.parametrize("use", [False, True])
@pytest.mark.parametrize(
    "line",
    [
        "data-closed",
        "cookie-other-key",
        "cookie-expired",
        "cookie-other-resource",
        "cookie-tampered",
        "cookie-plain-base64",
    ],
)
@pytest.mark.parametrize(("status", "words"), [(403, ""), (206, "is answered with 206"), (404, "is answered with 404")])
def test_refusals(monkeypatch, keys, use, line, status, words):
    test = checks_of(data)[line]
    said = said_by(monkeypatch, [(".*/mri/info", answer(status))], test, keys, use_signing_key=use)
    assert words in said if words else said == ""


def sent(monkeypatch, keys, line, use=True):
    asked = verify_fakes.site(monkeypatch, web, (".*", answer(403)))
    list(checks_of(data)[line](context_of(keys, use_signing_key=use)))
    return cookies_sent(asked[0][1])


def verifies(public_pem, cookies):
    loaded = serialization.load_pem_public_key(public_pem.encode())
    with contextlib.suppress(InvalidSignature):
        loaded.verify(jar.decode(cookies["CloudFront-Signature"]), jar.decode(cookies["CloudFront-Policy"]), *scheme())
        return True
    return False


def scheme():
    return jar.padding.PKCS1v15(), hashes.SHA1()  # noqa: S303


def statement(cookies):
    (found,) = json.loads(jar.decode(cookies["CloudFront-Policy"]))["Statement"]
    return found["Resource"], found["Condition"]["DateLessThan"]["AWS:EpochTime"]


def test_each_bad_cookie_has_just_its_own_fault(monkeypatch, keys, public):
    now = datetime.datetime.now(datetime.UTC).timestamp()
    good = "https://data.lab.test/*"
    made = {
        line: sent(monkeypatch, keys, f"cookie-{line}")
        for line in ("expired", "other-resource", "tampered", "other-key")
    }
    assert {line: verifies(public, cookies) for line, cookies in made.items()} == {
        "expired": True,
        "other-resource": True,
        "tampered": False,
        "other-key": False,
    }
    assert {line: statement(cookies)[0] == good for line, cookies in made.items() if line != "other-resource"} == {
        "expired": True,
        "tampered": True,
        "other-key": True,
    }
    assert [line for line, cookies in made.items() if statement(cookies)[1] < now] == ["expired"]
    assert {cookies["CloudFront-Key-Pair-Id"] for cookies in made.values()} == {"K1"}
    usual = sent(monkeypatch, keys, "cookie-plain-base64")
    assert usual["CloudFront-Signature"].endswith("==")


def test_the_signing_key_is_read_only_when_it_may_be(monkeypatch, keys):
    def only_public(Name, **_):  # noqa: N803
        assert Name.endswith(".pub")
        return {"Parameter": {"Value": keys["get_parameter"](Name)["Parameter"]["Value"]}}

    for line in ("cookie-expired", "listing", "cors-foreign"):
        verify_fakes.site(monkeypatch, web, (".*", answer(403)))
        list(checks_of(data)[line](context_of({**keys, "get_parameter": only_public})))
    for line in ("cookie-good", "object-missing", "cors-own"):
        with pytest.raises(Skipped, match="verify_use_signing_key"):
            list(checks_of(data)[line](context_of({**keys, "get_parameter": only_public})))


ALLOWED = {
    "Access_Control_Allow_Credentials": "true",
    "Access_Control_Expose_Headers": "Content-Range, Content-Length, Content-Encoding, ETag",
}
OWN = {"Access_Control_Allow_Origin": "https://neuroglancer.lab.test", **ALLOWED}
LIST = "<ListBucketResult/>"
DATA_CASES = {
    "good": ("cookie-good", answer(206), ""),
    "good refused": (
        "cookie-good",
        answer(403, "<Error><Code>InvalidKey</Code></Error>"),
        "answered with 403 (InvalidKey)",
    ),
    "missing": ("object-missing", answer(404), ""),
    "missing refused": ("object-missing", answer(403, "<Code>AccessDenied</Code>"), "answered with 403 (AccessDenied)"),
    "list for all": ("listing", answer(200, LIST), "/ is answered with 200"),
    "list refused": ("listing", answer(403), ""),
    "own page": ("cors-own", answer(206, **OWN), ""),
    "own page refused": ("cors-own", answer(206), "Access-Control-Allow-Origin is missing"),
    "own page without cookies": (
        "cors-own",
        answer(206, **{**OWN, "Access_Control_Allow_Credentials": ""}),
        "may not read the data",
    ),
    "own page without range": (
        "cors-own",
        answer(206, **{**OWN, "Access_Control_Expose_Headers": "ETag"}),
        "content-encoding, content-length and content-range",
    ),
    "foreign page": ("cors-foreign", answer(206), ""),
    "foreign page allowed": (
        "cors-foreign",
        answer(206, Access_Control_Allow_Origin="*"),
        "Access-Control-Allow-Origin *",
    ),
}


@pytest.mark.parametrize("name", DATA_CASES)
def test_the_data(monkeypatch, keys, name):
    line, told, words = DATA_CASES[name]
    said = said_by(monkeypatch, [(".*", told)], checks_of(data)[line], keys, use_signing_key=True)
    assert words in said if words else said == ""


def test_a_list_for_those_with_a_cookie(monkeypatch, keys):
    def ask(url, headers, *_):
        return answer(200, LIST) if "Cookie" in headers else answer(403)

    monkeypatch.setattr(web, "ask", ask)
    assert list(data.listing(context_of(keys, use_signing_key=True))) == [
        "/ is answered with 200 and a list of objects",
        "/?list-type=2 is answered with 200 and a list of objects",
    ]


def test_cookies_are_those_of_the_program_on_the_host(key, monkeypatch):
    path = ROOT / "roles" / "signed_cookies" / "files" / "signed_cookies.py"
    spec = importlib.util.spec_from_file_location("signed_cookies", path)
    program = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "signed_cookies", program)  # where its dataclass looks itself up
    spec.loader.exec_module(program)
    policy = jar.policy("https://data.lab.test/*", 300)
    expires = json.loads(policy)["Statement"][0]["Condition"]["DateLessThan"]["AWS:EpochTime"]
    assert policy == program.custom_policy("https://data.lab.test/*", expires)
    assert jar.Signer(key, "K1").sign(policy) == program.create_cookies(policy, key, "K1", "SHA1")


# --- Who signs in ------------------------------------------------------------------------------------------------

SET = "Domain=lab.test; Path=/; Secure; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (SET, ""),
        ("Path=/; Secure; HttpOnly; SameSite=Strict; Domain=lab.test", ""),
        (SET.replace("lab.test", "test"), "lacks domain=lab.test"),
        (SET.replace("; Secure", ""), "lacks secure"),
        (SET.replace("; HttpOnly", ""), "lacks httponly"),
        (SET.replace("Lax", "None"), "sent along from other sites"),
        (f"{SET}; Max-Age=3600", "outlives the browser"),
    ],
)
def test_attributes_of_cookies(rest, words):
    said = "; ".join(login.attributes([f"CloudFront-Policy=x; {rest}"], "lab.test"))
    assert words in said if words else said == ""


@pytest.mark.parametrize(
    ("resource", "life", "words"),
    [
        ("https://data.lab.test/*", 3600, ""),
        ("https://data.lab.test/*", 3661, "good for 3661 seconds more"),
        ("https://data.lab.test/*", -1, "good for -1 seconds more"),
        ("https://*", 3600, "they open https://*, not"),
    ],
)
def test_what_cookies_open(monkeypatch, resource, life, words):
    monkeypatch.setattr(jar.time, "time", lambda: 1_000_000)
    said = "; ".join(login.contents(jar.encode(jar.policy(resource, life)), "https://data.lab.test/*", 3600, 1_000_000))
    assert words in said if words else said == ""


PAGE = """<form action="/search"><input name="q"></form>
<form method="POST" action="/login?client_id=c1"><input type="hidden" name="_csrf" value="t&amp;k">
<input name="username"><input name="password" type="password"></form>"""
USER = {"test_user": "ada@lab.test", "test_password": "secret"}


def login_answers(last):
    at = f"https://{KNOWN['login_domain']}/login"
    return {
        "https://neuroglancer.lab.test/login": [answer(302, Location=at), last],
        at: [answer(200, PAGE, Set_Cookie="XSRF-TOKEN=t; Path=/")],
        f"{at}?client_id=c1": [answer(302, Location="https://neuroglancer.lab.test/oauth2/idpresponse?code=1")],
        "https://neuroglancer.lab.test/oauth2/idpresponse?code=1": [
            answer(302, Location="/login", Set_Cookie="AWSELB=s")
        ],
    }


def play(monkeypatch, last):
    """A login that goes well; what was asked on the way."""
    held, asked = login_answers(last), []

    def ask(url, headers=None, method="GET", body=None):
        asked.append((method, url, (headers or {}).get("Cookie", ""), body))
        return held[url].pop(0)

    monkeypatch.setattr(web, "ask", ask)
    return asked


def handing_out(policy):
    cookies = {"Policy": jar.encode(policy), "Signature": "s", "Key-Pair-Id": "K1"}
    headers = tuple(("Set-Cookie", f"CloudFront-{name}={value}; {SET}") for name, value in cookies.items())
    return Answer(302, (*headers, ("Cache-Control", "no-store"), ("Location", "/")))


def test_signing_in(monkeypatch):
    asked = play(monkeypatch, handing_out(jar.policy("https://data.lab.test/*", 3600)))
    assert list(login.cookies(context_of(**USER))) == []
    assert (
        "POST",
        f"https://{KNOWN['login_domain']}/login?client_id=c1",
        "XSRF-TOKEN=t",
        "_csrf=t%26k&username=ada%40lab.test&password=secret",
    ) in asked
    assert asked[-1][:3] == ("GET", "https://neuroglancer.lab.test/login", "AWSELB=s")


def test_signing_in_to_too_much(monkeypatch):
    play(monkeypatch, handing_out(jar.policy("https://*", 3600)))
    assert list(login.cookies(context_of(**USER))) == ["they open https://*, not https://data.lab.test/*"]


def test_a_login_that_does_not_let_in(monkeypatch):
    play(monkeypatch, answer(403))
    with pytest.raises(OSError, match=r"ends at https://neuroglancer\.lab\.test/login with 403"):
        list(login.cookies(context_of(**USER)))


@pytest.mark.parametrize(
    ("known", "words"), [({}, "verify_test_user"), ({**USER, "identity_providers": ["Google"]}, "sign in with Google")]
)
def test_nobody_to_sign_in_as(known, words):
    with pytest.raises(Skipped, match=words):
        list(login.cookies(context_of(**known)))
