"""The two listening sockets: TLS with a certificate for each name, and plain HTTP. HTTP/1.1 only."""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
import signal
import socket
import ssl
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

# A little above what a load balancer takes, so that the refusal is its own.
HEADER_LIMIT = 96 * 1024
Issue = Callable[[tuple[str, ...]], tuple[pathlib.Path, pathlib.Path]]
Application = Callable[..., Any]
# The server name (SNI) of each TLS connection.
SERVER_NAMES: weakref.WeakKeyDictionary[ssl.SSLObject, str] = weakref.WeakKeyDictionary()


class Certificates:
    """A TLS context for each set of names, chosen by SNI."""

    def __init__(self, names_of: Callable[[str], tuple[str, ...]], issue: Issue) -> None:
        self._names_of = names_of
        self._issue = issue
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}

    def default_context(self) -> ssl.SSLContext:
        """The context of every handshake; SNI replaces it."""
        context = _context()
        context.sni_callback = self._select_context
        return context

    def _select_context(self, connection: ssl.SSLObject, name: str | None, _front: ssl.SSLContext) -> int | None:
        SERVER_NAMES[connection] = (name or "").lower()
        names = self._names_of(SERVER_NAMES[connection])
        if not names:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if names not in self._contexts:
            self._contexts[names] = _context()
            self._contexts[names].load_cert_chain(*self._issue(names))
        connection.context = self._contexts[names]
        return None


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connection(H11Protocol):
    """A connection that passes its server name to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Store the SNI of the TLS handshake."""
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, "server_name": SERVER_NAMES[connection] if connection else ""}


class Server(uvicorn.Server):
    """One of several servers in a process, without signal handlers of its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handlers are installed in serve()."""
        yield


def server(application: Application, default_context: ssl.SSLContext | None = None) -> Server:
    """A server for one socket; with a TLS context it speaks TLS."""
    config = uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        h11_max_incomplete_event_size=HEADER_LIMIT,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=2,
        ssl_context_factory=(lambda _config, _default: default_context) if default_context else None,
    )
    return Server(config)


async def serve(servers: dict[socket.socket, Server]) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, list(servers.values()))
    await asyncio.gather(*(each.serve(sockets=[listener]) for listener, each in servers.items()))


def _stop(servers: list[Server]) -> None:
    for each in servers:
        each.should_exit = True
