"""The load balancer's sign-in cookies: one encrypted value in shards of 4 kB."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from typing import Any

from aws_edge.http.messages import Headers, Request
from aws_edge.load_balancer.sealed import Box

SHARDS = 4
# Browsers refuse a cookie whose name and value are longer than this together.
SHARD_SIZE = 4096
# Cognito's own tokens are longer than ministack's. So that headers meet the limits of targets as they would on AWS,
# the sealed value is made about as long as theirs would be.
COGNITO_SIZE = 5600
# What the cookie's expiry says, whatever the session time-out is.
COOKIE_LIFETIME = 7 * 24 * 3600
EXPIRED = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True)
class Session:
    """A session, stored in the browser only."""

    user_pool_arn: str
    client_id: str
    access_token: str
    refresh_token: str
    # When the claims must be renewed, and when the person must sign in again (Unix time).
    claims_expire_at: int
    expires_at: int
    claims: dict[str, Any] = field(default_factory=dict)


class TooLargeError(Exception):
    """The sign-in doesn't fit into the four cookies."""


def read(request: Request, name: str, box: Box) -> Session | None:
    """The session that the request's cookies hold, whether or not it is over."""
    value = box.open(name, "".join(shards(request, name)))
    return Session(**value[0]) if value else None


def shards(request: Request, name: str) -> list[str]:
    """The values of the shards that the request brings."""
    values = [request.cookie(f"{name}-{number}") for number in range(SHARDS)]
    return values[: values.index("")] if "" in values else values


def write(session: Session, name: str, box: Box, request: Request) -> Headers:
    """The Set-Cookie fields of a session, and those that expire surplus shards of an older one."""
    text = box.seal(name, [asdict(session), ""])
    missing = max(0, COGNITO_SIZE - len(text)) * 3 // 4
    text = box.seal(name, [asdict(session), "." * missing])
    size = SHARD_SIZE - len(f"{name}-0")
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    if len(parts) > SHARDS:
        raise TooLargeError(name)
    expires = formatdate(time.time() + COOKIE_LIFETIME, usegmt=True)
    kept = [(f"{name}-{number}", part, expires) for number, part in enumerate(parts)]
    stale = [(f"{name}-{number}", "", EXPIRED) for number in range(len(parts), len(shards(request, name)))]
    return tuple(("Set-Cookie", _cookie(*each, request)) for each in kept + stale)


def _cookie(name: str, value: str, expires: str, request: Request) -> str:
    text = f"{name}={value}; Expires={expires}; Path=/; Secure; HttpOnly"
    return f"{text}; SameSite=None" if is_cors(request) else text


def is_cors(request: Request) -> bool:
    """Whether another origin's page makes the request."""
    origin = request.header("origin")
    return bool(origin) and origin != f"{request.scheme}://{request.host}"
