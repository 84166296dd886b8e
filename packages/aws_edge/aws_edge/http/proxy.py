"""Forwards requests to a target, streaming both ways, with the errors of an Application Load Balancer."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping

import httpx

from aws_edge.http import desync, pages
from aws_edge.http.messages import HOP_BY_HOP, Headers, Reply, Request

CONNECT_TIMEOUT = 10
IDLE_TIMEOUT = 60
RESPONSE_HEADER_LIMIT = 32 * 1024
IDENTITY_HEADERS = ("x-amzn-oidc-accesstoken", "x-amzn-oidc-identity", "x-amzn-oidc-data")
TIMEOUTS = {"connect": CONNECT_TIMEOUT, "read": IDLE_TIMEOUT, "write": IDLE_TIMEOUT, "pool": IDLE_TIMEOUT}


async def forward_to(http: httpx.AsyncClient, request: Request, base: str, identity: Headers) -> Reply:
    """The target's response, or 502 and 504 as AWS documents them."""
    try:
        response = await http.send(_outgoing(request, base, identity), stream=True)
    except (httpx.ConnectTimeout, httpx.ReadTimeout, httpx.PoolTimeout) as error:
        return pages.load_balancer_error(504, f"{base}: {type(error).__name__}")
    except (httpx.TransportError, ConnectionResetError) as error:
        return pages.load_balancer_error(502, f"{base}: {type(error).__name__}: {error}")
    if sum(len(name) + len(value) for name, value in response.headers.raw) > RESPONSE_HEADER_LIMIT:
        await response.aclose()
        return pages.load_balancer_error(502, "the target's header is larger than 32 K")
    return Reply(response.status_code, _end_to_end(_text(response)), _stream(response))


def _outgoing(request: Request, base: str, identity: Headers) -> httpx.Request:
    ours = (*forwarded_headers(request), *identity)
    left_out = {name for name, _value in ours}
    if request.header("transfer-encoding"):
        # The length is that of the chunks (RFC 9112, 6.3).
        left_out.add("content-length")
    headers = [*(pair for pair in _end_to_end(request.headers) if pair[0] not in left_out), *ours]
    if desync.is_ambiguous(request):
        headers.append(("connection", "close"))
    target = request.path + (f"?{request.query}" if request.query else "")
    return httpx.Request(
        request.method,
        base,
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        content=request.body if request.has_body() else None,
        # The path as received: httpx would normalize it.
        extensions={"target": target.encode("latin-1"), "timeout": TIMEOUTS},
    )


def forwarded_headers(request: Request) -> Headers:
    """The header fields with the client's address, protocol and port."""
    before = ", ".join(value for name, value in request.headers if name == "x-forwarded-for")
    port = "443" if request.scheme == "https" else "80"
    trace = request.header("x-amzn-trace-id") or f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return (
        ("x-forwarded-for", f"{before}, {request.client}" if before else request.client),
        ("x-forwarded-proto", request.scheme),
        ("x-forwarded-port", port),
        ("x-amzn-trace-id", trace),
    )


def _end_to_end(headers: Headers) -> Headers:
    named = {
        part.strip().lower() for name, value in headers if name.lower() == "connection" for part in value.split(",")
    }
    return tuple((name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | named)


def _text(response: httpx.Response) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)


async def _stream(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in response.aiter_raw():
            yield part
    finally:
        await response.aclose()


def without_identity(headers: Headers) -> Headers:
    """The fields without those that only a load balancer may set."""
    return tuple(pair for pair in headers if pair[0] not in IDENTITY_HEADERS)


def base_url(group: Mapping[str, str], address: str, port: int) -> str:
    """The base URL of a target."""
    return f"{group['Protocol'].lower()}://{address}:{port}"
