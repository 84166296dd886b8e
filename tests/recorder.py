"""A door in front of an emulator that writes down which operations were asked for."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import re
import threading
import urllib.parse
from collections.abc import Iterator

from sandbox.api import routing

READS = re.compile("(Describe|Get|Head|List)[A-Z]")
OF_THE_CONNECTION = {"transfer-encoding", "content-length", "connection"}


def writing(actions: list[str]) -> list[str]:
    """Those that do more than read."""
    return [action for action in actions if not READS.match(action)]


def operation(method: str, address: str, headers: http.client.HTTPMessage, body: bytes) -> str:
    """What a request asks for."""
    url = urllib.parse.urlsplit(address)
    scope = routing.credential_scope(headers, dict(urllib.parse.parse_qsl(url.query)))
    named = {name.lower(): value for name, value in headers.items()}
    return routing.action(scope.service, method, url, named, body)


def forward(netloc: str, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple:
    """The emulator's answer and its content."""
    with contextlib.closing(http.client.HTTPConnection(netloc, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()


@contextlib.contextmanager
def in_front_of(url: str, actions: list[str]) -> Iterator[str]:
    """The address of a door, which adds to `actions` what it lets through."""
    emulator = urllib.parse.urlsplit(url).netloc

    class Door(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            actions.append(operation(self.command, self.path, self.headers, body))
            answer, content = forward(emulator, self.command, self.path, dict(self.headers), body)
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_THE_CONNECTION:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on  # noqa: N815  (http.server's names)

        def log_message(self, *_: object) -> None:
            """Nothing on the console."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
