"""The hosted login's browser sessions of one hour.

ministack has none: so the session of a native user has username and password in memory, and submits the form again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import formatdate

COOKIE = "cognito"
NATIVE = "COGNITO"
LIFETIME = 3600


@dataclass(frozen=True)
class Session:
    """One sign-in, finished or under way."""

    pool_id: str
    form: dict[str, str] = field(repr=False)
    expires_at: float
    # The identity provider: the pool itself, or an external one.
    provider: str = NATIVE

    @property
    def username(self) -> str:
        """The user name."""
        return self.form["username"]

    @property
    def password(self) -> str:
        """The password."""
        return self.form["password"]


class Sessions:
    """Sessions by cookie value, and sign-ins that wait for a new password by ministack's name for them."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._challenges: dict[str, Session] = {}

    def begin(self, pool_id: str, form: dict[str, str]) -> Session | None:
        """The sign-in of a posted form; None for an unknown challenge."""
        token = form.get("np_token")
        if token is None:
            return Session(pool_id, {"username": "", "password": "", **form}, self._clock() + LIFETIME)
        pending = self._challenges.get(token)
        if pending is None or pending.pool_id != pool_id:
            return None
        return replace(pending, form={**pending.form, "password": form.get("new_password", "")})

    def challenge(self, token: str, session: Session) -> None:
        """Store a sign-in that needs a new password."""
        self._challenges[token] = session

    def store(self, session: Session) -> str:
        """Store a session; returns the cookie to set."""
        now = self._clock()
        self._sessions = {value: each for value, each in self._sessions.items() if each.expires_at > now}
        value = secrets.token_urlsafe(32)
        self._sessions[value] = replace(session, expires_at=now + LIFETIME)
        expires = formatdate(now + LIFETIME, usegmt=True)
        return f"{COOKIE}={value}; Expires={expires}; Path=/; Secure; HttpOnly; SameSite=Lax"

    def find(self, value: str, pool_id: str) -> Session | None:
        """The session of a cookie, unless it is over or another pool's."""
        session = self._sessions.get(value)
        return session if session and session.pool_id == pool_id and session.expires_at > self._clock() else None

    def end(self, value: str) -> None:
        """Remove a session."""
        self._sessions.pop(value, None)
