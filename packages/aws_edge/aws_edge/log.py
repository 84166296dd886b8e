"""The access log: one JSON line for each request, and no secret in it: no query, no cookie value, no body."""

from __future__ import annotations

import datetime
import json
import pathlib

from aws_edge.http.messages import Reply, Request


class AccessLog:
    """Appends to a file; without a path nothing is logged."""

    def __init__(self, path: pathlib.Path | None) -> None:
        self._file = path.open("a", buffering=1, encoding="utf-8") if path else None

    def write(self, part: str, request: Request, reply: Reply) -> None:
        """Log one request and its response."""
        if self._file:
            self._file.write(json.dumps(entry(part, request, reply)) + "\n")


def entry(part: str, request: Request, reply: Reply) -> dict[str, object]:
    """The log entry of a request."""
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "part": part,
        "host": request.host,
        "method": request.method,
        "path": request.path,
        "status": reply.status,
        "range": request.header("range"),
        "origin": request.header("origin"),
        "cookie_names": [name for name, _value in request.cookies()],
        "reason": reply.reason,
    }
