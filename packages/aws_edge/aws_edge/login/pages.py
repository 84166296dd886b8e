"""The hosted login's own pages."""

from __future__ import annotations

import html
from collections.abc import Iterable
from urllib.parse import urlencode

from aws_edge.http.messages import Headers, Reply

HEADERS: Headers = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
)


def no_store(*cookies: str) -> Headers:
    """Header fields of a response that must not be cached."""
    return (("Cache-Control", "no-store"), *(("Set-Cookie", cookie) for cookie in cookies))


def page(status: int, text: str, reason: str) -> Reply:
    """A page with one sentence."""
    return Reply(status, HEADERS, _document("Error", f"<p>{html.escape(text)}</p>"), reason)


def choice(buttons: str) -> Reply:
    """The login of a client without native users."""
    return Reply(200, HEADERS, _document("Sign in", f"<h1>Sign in</h1>\n{buttons}"), "the providers to choose from")


def buttons(providers: Iterable[str], parameters: dict[str, str]) -> str:
    """A link to each provider."""
    return "".join(_button(provider, parameters) for provider in providers)


def _button(provider: str, parameters: dict[str, str]) -> str:
    query = urlencode({**parameters, "identity_provider": provider})
    return f'<p><a href="/oauth2/authorize?{html.escape(query)}">Continue with {html.escape(provider)}</a></p>\n'


def _document(title: str, body: str) -> bytes:
    return f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{body}</body></html>\n".encode()
