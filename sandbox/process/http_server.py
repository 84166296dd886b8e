"""Running one of the sandbox's web applications on given addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.process import sockets

Handler = Callable[[Request], Awaitable[Response]]


def application(handler: Handler) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """An ASGI application of one function that answers every request."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await handler(request)
        await response(scope, receive, send)

    return answer


def serve(handler: Handler, addresses: Iterable[tuple[str, int]]) -> None:
    """Answer requests on `addresses` until SIGTERM."""
    listeners = [sockets.bind(*address) for address in addresses]
    # No lifespan: there is nothing to set up. No server or date header: the emulators send their own.
    config = uvicorn.Config(
        application(handler),
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=listeners))
