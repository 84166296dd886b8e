"""Requests and replies, with paths and header fields as they were on the wire, and the bridge from ASGI."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

Headers = tuple[tuple[str, str], ...]
# For one connection only: a proxy must not forward them.
HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)


async def no_body() -> AsyncIterator[bytes]:
    """The body of a message that has none."""
    for nothing in ():
        yield nothing


@dataclass(frozen=True)
class Request:
    """A client's request. Names of header fields are in lower case, `path` is undecoded and without the query."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: Headers = ()
    scheme: str = "https"
    client: str = "127.0.0.1"
    # The name that the TLS connection was made for; nothing on plain connections.
    server_name: str = ""
    http_version: str = "1.1"
    body: AsyncIterator[bytes] = field(default_factory=no_body)

    def header(self, name: str) -> str:
        """The field's value; of repeated fields the first, of missing ones the empty string."""
        return next((value for key, value in self.headers if key == name), "")

    def cookies(self) -> list[tuple[str, str]]:
        """Every cookie pair in the order sent; a name can come twice."""
        pairs = [pair for key, value in self.headers if key == "cookie" for pair in value.split(";")]
        split = (pair.strip().partition("=") for pair in pairs)
        return [(name, value) for name, found, value in split if found]

    def cookie(self, name: str) -> str:
        """The first cookie of that name, or the empty string."""
        return next((value for key, value in self.cookies() if key == name), "")

    def parameters(self) -> dict[str, str]:
        """The query, decoded; of repeated parameters the first."""
        return first_values(parse_qsl(self.query, keep_blank_values=True))

    def domain(self) -> str:
        """The host without its port, in lower case."""
        return self.host.rpartition(":")[0].lower() if _has_port(self.host) else self.host.lower()

    def url(self) -> str:
        """The whole address as the client knows it."""
        return f"{self.scheme}://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")

    def has_body(self) -> bool:
        """Whether the client announced a body."""
        return bool(self.header("transfer-encoding")) or self.header("content-length") not in ("", "0")

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> Request:
        """The same request with other header fields."""
        return replace(self, headers=tuple(headers))

    async def read(self, limit: int) -> bytes:
        """The body, at most `limit` bytes of it."""
        read = bytearray()
        async for part in self.body:
            read += part
            if len(read) > limit:
                break
        return bytes(read[:limit])


@dataclass(frozen=True)
class Reply:
    """A response; `reason` is its explanation in the log."""

    status: int
    headers: Headers = ()
    body: bytes | AsyncIterator[bytes] = b""
    reason: str = ""

    def header(self, name: str) -> str:
        """The first field of that name, whatever its case, or the empty string."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def adding(self, *headers: tuple[str, str]) -> Reply:
        """The same reply with more header fields."""
        return replace(self, headers=(*self.headers, *headers))


Handler = Callable[[Request], Awaitable[Reply]]


def first_values(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A dictionary of pairs in which the first of each name counts."""
    result: dict[str, str] = {}
    for name, value in pairs:
        result.setdefault(name, value)
    return result


def redirect(status: int, location: str, *headers: tuple[str, str], reason: str = "") -> Reply:
    """A redirect that no cache keeps longer than AWS's own would."""
    return Reply(status, (("Location", location), *headers), reason=reason)


def _has_port(host: str) -> bool:
    name, found, port = host.rpartition(":")
    return bool(found and port.isdigit() and not name.endswith(":"))


def application(handler: Handler) -> Callable[..., Awaitable[None]]:
    """The ASGI application that answers with `handler`."""

    async def app(scope: MutableMapping[str, Any], receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the edge does not speak {scope['type']}")
        await _send(await handler(_request(scope, receive)), scope["method"], send)

    return app


def _request(scope: MutableMapping[str, Any], receive: Callable) -> Request:
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    return Request(
        method=scope["method"],
        host=next((value for name, value in headers if name == "host"), ""),
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        scheme=scope["scheme"],
        client=(scope.get("client") or ("127.0.0.1", 0))[0],
        server_name=scope.get("state", {}).get("server_name", ""),
        http_version=scope["http_version"],
        body=_received(receive),
    )


async def _received(receive: Callable) -> AsyncIterator[bytes]:
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away")
        more = event.get("more_body", False)
        if event.get("body"):
            yield event["body"]


async def _send(reply: Reply, method: str, send: Callable) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _complete(reply)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if isinstance(reply.body, bytes):
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
        return
    async with contextlib.aclosing(reply.body) as parts:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


def _complete(reply: Reply) -> Headers:
    missing = []
    if not reply.header("date"):
        missing.append(("Date", formatdate(usegmt=True)))
    if isinstance(reply.body, bytes) and reply.status not in (204, 304) and not reply.header("content-length"):
        missing.append(("Content-Length", str(len(reply.body))))
    return (*reply.headers, *missing)
