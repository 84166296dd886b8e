"""Requests byte for byte, for what no HTTP client would send."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
from collections.abc import Iterator

import httpx

from sandbox import settings

SILENCE = 0.5  # seconds after which nothing more is waited for


def request(target: str, *fields: tuple[str, str], method: str = "GET", version: str = "1.1") -> bytes:
    """The header of a request. `Host` is the site's unless one is given; the connection ends with the answer."""
    named = {name.lower() for name, _value in fields}
    host = [] if "host" in named else [("Host", settings.SITE_DOMAIN)]
    lines = [f"{name}: {value}" for name, value in (*host, *fields, ("Connection", "close"))]
    return "\r\n".join([f"{method} {target} HTTP/{version}", *lines, "", ""]).encode("latin-1")


def exchange(sent: bytes, name: str = settings.SITE_DOMAIN, *, tls: bool = True) -> list[httpx.Response]:
    """Every answer to these bytes, on a connection made for `name`."""
    port = settings.EDGE_TLS_PORT if tls else settings.EDGE_HTTP_PORT
    with socket.create_connection((settings.LOOPBACK, port), timeout=10) as plain:
        context = ssl.create_default_context(cafile=str(settings.CA_FILE))
        return talk(context.wrap_socket(plain, server_hostname=name) if tls else plain, sent)


def talk(connection: socket.socket, sent: bytes) -> list[httpx.Response]:
    """Every answer to these bytes on a connection."""
    # Who refuses early does not read on.
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        connection.sendall(sent)
    return list(answers(received(connection)))


def only(sent: bytes, name: str = settings.SITE_DOMAIN, *, tls: bool = True) -> httpx.Response:
    """The one answer to these bytes."""
    (answer,) = exchange(sent, name, tls=tls)
    return answer


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side ends, or is silent once it has begun."""
    whole = b""
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while part := connection.recv(65536):
            whole += part
            connection.settimeout(SILENCE)
    return whole


class _Stream(io.BytesIO):
    """What was received, read by one HTTPResponse after the other."""

    def makefile(self, _mode: str) -> _Stream:
        return self

    def close(self) -> None:
        """Each response would close it."""


def answers(whole: bytes) -> Iterator[httpx.Response]:
    """The responses in what was received."""
    stream = _Stream(whole)
    while stream.tell() < len(whole):
        response = http.client.HTTPResponse(stream)
        response.begin()
        yield httpx.Response(response.status, headers=response.getheaders(), content=response.read())
