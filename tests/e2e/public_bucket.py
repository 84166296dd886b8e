"""A public bucket as other institutes offer them: every origin may read (`Access-Control-Allow-Origin: *`), unsigned.

It stands under the deployment's own domain, where a browser that sent its cookies everywhere would send them too.
"""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from functools import partial

from sandbox import settings
from sandbox.demo import volumes
from sandbox.process import ca

NAME = f"open.{settings.DOMAIN}"


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, objects: dict[str, bytes], seen: list[tuple[str, str, bool]], *arguments) -> None:
        self.objects, self.seen = objects, seen
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answer as S3 does, ranges included."""
        self.seen.append((self.command, self.path, "Cookie" in self.headers))
        body = self.objects.get(self.path.lstrip("/"))
        if body is None:
            return self.answer(404, b"")
        first, _mark, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        if not first:
            return self.answer(200, body)
        stop = min(int(last), len(body) - 1)
        return self.answer(206, body[int(first) : stop + 1], f"bytes {first}-{stop}/{len(body)}")

    do_HEAD = do_OPTIONS = do_GET  # noqa: N815  (the names that http.server looks for)

    def answer(self, status: int, body: bytes, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", "Content-Range, Content-Length")
        self.send_header("Content-Length", str(len(body)))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """What matters is in `seen`."""


@contextlib.contextmanager
def serving() -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """Yields the bucket's address and the list of (method, path, whether a cookie came), which grows."""
    seen: list[tuple[str, str, bool]] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, dict(volumes.objects()), seen))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue([NAME]))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://{NAME}:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
