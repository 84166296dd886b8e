"""CloudFront's own compression. It also knows brotli, which is left out here; browsers take either."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace

from aws_edge.http.messages import Reply, Request

SMALLEST, LARGEST = 1000, 10_000_000
APPLICATION = """dash+xml eot font font-sfnt javascript json opentype otf pdf pkcs7-mime protobuf rss+xml truetype ttf
vnd.apple.mpegurl vnd.mapbox-vector-tile vnd.ms-fontobject wasm xhtml+xml xml x-font-opentype x-font-truetype x-font-ttf
x-httpd-cgi x-javascript x-mpegurl x-opentype x-otf x-perl x-ttf"""
TEXT = "css csv html javascript js plain richtext tab-separated-values xml x-component x-java-source x-script"
TYPES = {
    *(f"application/{name}" for name in APPLICATION.split()),
    *(f"text/{name}" for name in TEXT.split()),
    *("font/eot", "font/opentype", "font/otf", "font/ttf", "image/svg+xml", "vnd.apple.mpegurl"),
}


def compress(reply: Reply, request: Request) -> Reply:
    """The reply compressed, if it is of a kind that CloudFront compresses and the browser takes gzip."""
    if not _is_compressible(reply, request):
        return reply
    changed = {"content-length": None, "etag": f"W/{reply.header('etag')}" if reply.header("etag") else None}
    headers = [(name, changed.get(name.lower(), value)) for name, value in reply.headers]
    kept = tuple((name, value) for name, value in headers if value is not None)
    body = _gzipped(reply.body)
    return replace(reply, headers=(*kept, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")), body=body)


def _is_compressible(reply: Reply, request: Request) -> bool:
    length = reply.header("content-length")
    return (
        reply.status == 200
        and not reply.header("content-encoding")
        and reply.header("content-type").partition(";")[0].strip().lower() in TYPES
        and SMALLEST <= int(length or 0) <= LARGEST
        and "gzip" in [each.partition(";")[0].strip() for each in request.header("accept-encoding").split(",")]
    )


async def _gzipped(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    parts = [body] if isinstance(body, bytes) else [part async for part in body]
    yield gzip.compress(b"".join(parts))
