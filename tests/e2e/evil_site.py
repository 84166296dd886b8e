"""A site of somebody's, which sets cookies: below the deployment's own domain, or of another domain."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from functools import partial

from sandbox import settings
from sandbox.process import ca

# Browsers find every name below .localhost on this machine.
BESIDE, ELSEWHERE = f"evil.{settings.DOMAIN}", "evil.localhost"


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, cookies: list[str], *arguments) -> None:
        self.cookies = cookies
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """An empty page."""
        body = b"<!doctype html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        for cookie in self.cookies:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[tuple[int, list[str]]]:
    """Yields the port, and the cookies that its pages set."""
    cookies: list[str] = []
    server = http.server.ThreadingHTTPServer((settings.LOOPBACK, 0), partial(Handler, cookies))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue([BESIDE, ELSEWHERE]))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], cookies
    finally:
        server.shutdown()
        server.server_close()
