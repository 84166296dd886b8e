"""The load balancers' own connections, made in their network namespaces: so they have their addresses and filters."""

from __future__ import annotations

import asyncio
import ctypes
import os
import pathlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import anyio.abc
import httpcore
import httpx
from httpcore._backends.anyio import AnyIOStream

from aws_edge.cache import Cache

# podman inspect is slow, and the namespace of a container does not change.
NAMESPACE_SECONDS = 10
# An idle connection is closed after this time.
KEEPALIVE_SECONDS = 5
# Linux's CLONE_NEWNET; os.setns is new in Python 3.12.
NEW_NETWORK = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def unverified() -> ssl.SSLContext:
    """TLS as a load balancer speaks it to its targets, whose certificates it does not look at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def socket_in(namespace: pathlib.Path) -> socket.socket:
    """A TCP socket of a network namespace. A thread enters the namespace to create it, and ends."""
    made: list[socket.socket | OSError] = []
    thread = threading.Thread(target=_open_socket, args=(namespace, made))
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def _open_socket(namespace: pathlib.Path, made: list[socket.socket | OSError]) -> None:
    try:
        with namespace.open("rb") as file:
            if _libc.setns(file.fileno(), NEW_NETWORK):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        made.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
    except OSError as error:
        made.append(error)


class _Backend(httpcore.AnyIOBackend):
    """Opens httpcore's connections in a network namespace."""

    def __init__(self, make: Callable[[], socket.socket]) -> None:
        self._open_socket = make

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_local: Any, **_options: Any
    ) -> httpcore.AsyncNetworkStream:
        """A connection, with the errors that httpcore's own backend raises."""
        try:
            with anyio.fail_after(timeout):
                made = await asyncio.to_thread(self._open_socket)
                return AnyIOStream(await _connected(made, host, port))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error


async def _connected(made: socket.socket, host: str, port: int) -> anyio.abc.SocketStream:
    try:
        await asyncio.get_running_loop().sock_connect(made, (host, port))
        return await anyio.abc.SocketStream.from_socket(made)
    except BaseException:
        made.close()
        raise


class _Transport(httpx.AsyncHTTPTransport):
    """httpx has no option for a network backend, so its pool is replaced."""

    def __init__(self, make: Callable[[], socket.socket], keepalive: int) -> None:
        super().__init__()
        self._pool = httpcore.AsyncConnectionPool(
            unverified(),
            max_connections=100,
            max_keepalive_connections=keepalive,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=_Backend(make),
        )


class Nodes:
    """HTTP clients in the namespaces of load balancers; `namespace_of` gets one by ARN."""

    def __init__(self, namespace_of: Callable[[str], pathlib.Path | None]) -> None:
        self._namespace_of = namespace_of
        self._namespaces = Cache(NAMESPACE_SECONDS)
        self._clients: dict[tuple[str, int], httpx.AsyncClient] = {}

    def for_requests(self, arn: str) -> httpx.AsyncClient:
        """A client that keeps some connections for the next request."""
        return self._client(arn, 20)

    def for_checks(self, arn: str) -> httpx.AsyncClient:
        """A client for health checks, each of which has a connection of its own."""
        return self._client(arn, 0)

    def _client(self, arn: str, keepalive: int) -> httpx.AsyncClient:
        if (arn, keepalive) not in self._clients:
            transport = _Transport(lambda: self._socket(arn), keepalive)
            self._clients[arn, keepalive] = httpx.AsyncClient(transport=transport, trust_env=False)
        return self._clients[arn, keepalive]

    def _socket(self, arn: str) -> socket.socket:
        try:
            return socket_in(self._namespaces.get(arn, lambda: self._namespace(arn)))
        except OSError:
            self._namespaces.forget(arn)
            raise

    def _namespace(self, arn: str) -> pathlib.Path:
        if found := self._namespace_of(arn):
            return found
        raise OSError(f"{arn} has no address yet")
