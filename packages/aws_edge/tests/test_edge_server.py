"""The sockets: a certificate for each name, the name decides who answers, and bytes arrive as they were sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from aws_edge.dispatch import Destination, Dispatch, Resolver
from aws_edge.http.messages import Reply, Request, application
from aws_edge.http.server import Certificates, server
from aws_edge.log import AccessLog
from fakes import LOOP, ask, request
from sandbox import settings
from sandbox.process import ca

pytestmark = pytest.mark.conformance

NAMES = {"a.localhost": ("a.localhost", "*.a.localhost"), "b.localhost": ("b.localhost",)}


@pytest.fixture
def authority(tmp_path, monkeypatch) -> ssl.SSLContext:
    for name in ("CERTIFICATES", "CA_FILE", "CA_KEY_FILE", "CA_BUNDLE"):
        monkeypatch.setattr(settings, name, tmp_path / name)
    ca.create()
    return ssl.create_default_context(cafile=str(settings.CA_FILE))


async def echo(asked: Request) -> Reply:
    """What arrived, as JSON in two pieces."""
    body = await asked.read(1_000_000)
    seen = {"name": asked.server_name, "host": asked.host, "path": asked.path, "query": asked.query}
    seen |= {"client": asked.client, "scheme": asked.scheme, "size": len(body), "fields": len(asked.headers)}
    text = json.dumps(seen).encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield text[:5]
        yield text[5:]

    return Reply(200, (("X-Own", "1"), ("X-Own", "2")), pieces())


@contextlib.asynccontextmanager
async def serving(default_context: ssl.SSLContext | None) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = server(application(echo), default_context)
        task = asyncio.create_task(running.serve(sockets=[listening]))
        while not running.started:
            await asyncio.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            running.should_exit = True
            await task


def talk(authority, name: str, target: bytes = b"/", *, secure: bool = True, **options) -> httpx.Response:
    async def session() -> httpx.Response:
        default_context = (
            Certificates(lambda asked: NAMES.get(asked, ()), ca.issue).default_context() if secure else None
        )
        async with serving(default_context) as port, httpx.AsyncClient(verify=authority, trust_env=False) as client:
            scheme = "https" if secure else "http"
            extensions = {"target": target, "sni_hostname": name}
            headers = {"host": name, **options.pop("headers", {})}
            method = options.pop("method", "GET")
            url = f"{scheme}://127.0.0.1:{port}/"
            return await client.request(method, url, headers=headers, extensions=extensions, **options)

    return LOOP.run(session())


def test_each_name_has_its_certificate(authority):
    for name in NAMES:
        assert talk(authority, name).json()["name"] == name


def test_a_name_that_leads_nowhere_gets_no_connection(authority):
    authority.check_hostname, authority.verify_mode = False, ssl.CERT_NONE
    assert talk(authority, "a.localhost").status_code == 200
    with pytest.raises(httpx.ConnectError):
        talk(authority, "c.localhost")


def test_the_name_of_the_connection_counts_not_the_host_header(authority):
    seen = talk(authority, "a.localhost", headers={"host": "b.localhost"}).json()
    assert (seen["name"], seen["host"]) == ("a.localhost", "b.localhost")


@pytest.mark.parametrize("target", ["//session", "/%73ession", "/assets/../session", "/a?b=%20c&d", "/a%2Fb"])
def test_targets_arrive_as_sent(authority, target):
    path, _mark, query = target.partition("?")
    seen = talk(authority, "a.localhost", target.encode()).json()
    assert (seen["path"], seen["query"]) == (path, query)


def test_plain_http(authority):
    seen = talk(authority, "a.localhost", secure=False).json()
    assert (seen["scheme"], seen["name"], seen["host"]) == ("http", "", "a.localhost")


def test_nobody_may_say_where_a_request_comes_from(authority):
    headers = {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "http"}
    seen = talk(authority, "a.localhost", headers=headers).json()
    assert (seen["client"], seen["scheme"]) == ("127.0.0.1", "https")


def test_bodies_headers_and_repeated_fields(authority):
    headers = {f"x-{number}": "x" * 15000 for number in range(4)}
    answer = talk(authority, "a.localhost", method="POST", content=b"x" * 300_000, headers=headers)
    assert answer.json()["size"] == 300_000
    assert answer.headers.get_list("x-own") == ["1", "2"]
    assert len(answer.headers.get_list("date")) == 1
    assert "server" not in answer.headers


def test_head_has_no_body(authority):
    assert talk(authority, "a.localhost", method="HEAD").content == b""


class Places(Resolver):
    """A map with two places."""

    def __init__(self) -> None:
        """Needs no account."""

    def resolve(self, name: str) -> Destination | None:
        return {"good": Destination("cdn"), "bad": Destination("login")}.get(name)


def test_every_request_is_logged_without_its_secrets(tmp_path):
    async def good(_asked, _resource):
        return Reply(206, reason="fine")

    async def bad(_asked, _resource):
        raise ValueError("broken")

    file = tmp_path / "edge.jsonl"
    dispatch = Dispatch(Places(), {"cdn": good, "login": bad}, AccessLog(file))
    headers = {"cookie": "CloudFront-Policy=secret; b=2", "range": "bytes=0-1", "origin": "https://o.example"}
    replies = [ask(dispatch.handle, request("/p?code=secret", host=host, **headers)) for host in ("good", "bad", "no")]
    assert [reply.status for reply in replies] == [206, 500, 404]
    assert "secret" not in file.read_text()
    first, second, third = (json.loads(line) for line in file.read_text().splitlines())
    names = ["CloudFront-Policy", "b"]
    expected = {"part": "cdn", "host": "good", "method": "GET", "path": "/p", "status": 206, "range": "bytes=0-1"}
    expected |= {"origin": "https://o.example", "cookie_names": names, "reason": "fine", "time": first["time"]}
    assert first == expected
    assert "broken" in second["reason"]
    assert third["part"] == "none"
