"""Forwarding of requests to the emulators, and the bodies of their responses."""

from __future__ import annotations

import httpx
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from sandbox.api import routing

# Hop by hop (RFC 9110, 7.6.1); `Expect` was answered by our own server already.
HOP_HEADERS = {b"connection", b"keep-alive", b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"}

_http = httpx.AsyncClient(
    timeout=httpx.Timeout(120, connect=5), limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
)


def raw_target(request: Request) -> bytes:
    path = request.scope["raw_path"]
    query = request.scope["query_string"]
    return path + b"?" + query if query else path


async def forward(request: Request, service: str, body: bytes | None) -> Response:
    """Forward a request unchanged to its emulator; without `body` the request's own is streamed."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in HOP_HEADERS]
    upstream = httpx.Request(
        request.method,
        routing.emulator_url(service),
        headers=headers,
        content=request.stream() if body is None else body,
        # The target as it came: httpx would tidy up a path such as /bucket//key.
        extensions={"target": raw_target(request)},
    )
    try:
        answer = await _http.send(upstream, stream=True)
    except httpx.HTTPError as error:
        return PlainTextResponse(f"The emulator of {service} does not answer: {error!r}", 503)
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in HOP_HEADERS
    ]
    return response


async def read_body(response: StreamingResponse) -> bytes:
    """The whole body of an emulator's response."""
    content = b"".join([part async for part in response.body_iterator])
    await response.background()
    return content


def replace_body(response: Response, content: bytes) -> Response:
    """The response with another body."""
    headers = [(name, value) for name, value in response.raw_headers if name != b"content-length"]
    whole = Response(content, response.status_code)
    whole.raw_headers = [*headers, (b"content-length", str(len(content)).encode())]
    return whole
