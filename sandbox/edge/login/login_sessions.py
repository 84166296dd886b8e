"""The hosted login's browser sessions: whoever signed in within the hour isn't asked again.

A real user pool remembers who signed in. ministack does not, so the session of a native user holds what the form was
filled in with, in memory, and fills it in again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import formatdate

COOKIE = "cognito"
NATIVE = "COGNITO"
LIFE = 3600


@dataclass(frozen=True)
class Session:
    """One sign-in, finished or under way."""

    pool_id: str
    form: dict[str, str] = field(repr=False)
    until: float
    # Who knows the person: the pool itself, or an external provider.
    provider: str = NATIVE

    @property
    def username(self) -> str:
        """Who signs in."""
        return self.form["username"]

    @property
    def password(self) -> str:
        """With what."""
        return self.form["password"]


class Sessions:
    """Sessions by cookie value, and sign-ins that wait for a new password by ministack's name for them."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: dict[str, Session] = {}
        self._waiting: dict[str, Session] = {}

    def begin(self, pool_id: str, form: dict[str, str]) -> Session | None:
        """The sign-in that a posted form is about; None for a form that belongs to nothing."""
        token = form.get("np_token")
        if token is None:
            return Session(pool_id, {"username": "", "password": "", **form}, self._clock() + LIFE)
        waiting = self._waiting.get(token)
        if waiting is None or waiting.pool_id != pool_id:
            return None
        return replace(waiting, form={**waiting.form, "password": form.get("new_password", "")})

    def challenge(self, token: str, session: Session) -> None:
        """Remember a sign-in that is asked for a new password."""
        self._waiting[token] = session

    def keep(self, session: Session) -> str:
        """Remember who signed in; returns the cookie to set."""
        now = self._clock()
        self._kept = {value: each for value, each in self._kept.items() if each.until > now}
        value = secrets.token_urlsafe(32)
        self._kept[value] = replace(session, until=now + LIFE)
        expires = formatdate(now + LIFE, usegmt=True)
        return f"{COOKIE}={value}; Expires={expires}; Path=/; Secure; HttpOnly; SameSite=Lax"

    def find(self, value: str, pool_id: str) -> Session | None:
        """The session of a cookie, unless it is over or another pool's."""
        session = self._kept.get(value)
        return session if session and session.pool_id == pool_id and session.until > self._clock() else None

    def end(self, value: str) -> None:
        """Forget a session."""
        self._kept.pop(value, None)
