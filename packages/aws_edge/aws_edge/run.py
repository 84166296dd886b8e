"""The edge as a process: its sockets, and the health checks beside them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable

from aws_edge.edge import Edge
from aws_edge.http.messages import application
from aws_edge.http.server import Certificates, Issue, serve, server


async def run(edge: Edge, issue: Issue, tls: Iterable[socket.socket], plain: Iterable[socket.socket]) -> None:
    """Serve bound sockets until SIGTERM; `issue` makes a certificate and its key for names."""
    app = application(edge.handle)
    default_context = Certificates(edge.resolver.certificate_names, issue).default_context()
    watch = asyncio.create_task(edge.watch())
    await serve({**{each: server(app, default_context) for each in tls}, **{each: server(app) for each in plain}})
    watch.cancel()
