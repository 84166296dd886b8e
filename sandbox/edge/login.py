"""The hosted login of a user pool for native users.

ministack shows the form, checks passwords and issues codes and tokens. What it leaves out is here: that a client
belongs to the domain's own pool, errors as Cognito reports them, the browser session that spares a second password, the
guard against forged form posts, and the checks of /oauth2/token and /oauth2/userInfo.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import re
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from .aws import Api
from .login_sessions import COOKIE, Sessions
from .login_tokens import Tokens
from .messages import Headers, Reply, Request, first_values, redirect

FORM_LIMIT = 64 * 1024
CSRF_COOKIE = "XSRF-TOKEN"
CSRF_FIELD = "_csrf"
NATIVE = "COGNITO"
FORM_START = re.compile(r'(<form method="POST" action="/login">)')
CHALLENGE = re.compile(r'name="np_token" value="([^"]+)"')
PAGE_HEADERS: Headers = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
)
Resource = dict[str, Any]


class Login:
    """Answers for every user pool domain; which one is meant comes with each request."""

    def __init__(self, api: Api, backend: httpx.AsyncClient) -> None:
        self._api = api
        self._backend = backend
        self._sessions = Sessions()
        self._tokens = Tokens(api, backend)
        self._routes = {
            ("GET", "/oauth2/authorize"): self._authorize,
            ("GET", "/login"): self._form,
            ("POST", "/login"): self._submit,
            ("GET", "/logout"): self._logout,
            ("GET", "/error"): self._error,
            ("POST", "/oauth2/token"): self._tokens.token,
            ("GET", "/oauth2/userInfo"): self._tokens.user_info,
            ("POST", "/oauth2/userInfo"): self._tokens.user_info,
        }

    async def handle(self, request: Request, prefix: str) -> Reply:
        """One request to <prefix>.auth.<region>.amazoncognito.com."""
        pool_id = await asyncio.to_thread(self._api.user_pool_of_domain, prefix)
        if pool_id is None:
            return _page(404, "User pool domain does not exist.", f"no user pool has the domain {prefix}")
        route = self._routes.get((request.method, request.path))
        if route is None:
            known = {path for _method, path in self._routes}
            return _page(405 if request.path in known else 404, "This page does not exist.", "no such endpoint")
        return await route(request, pool_id)

    async def _authorize(self, request: Request, pool_id: str) -> Reply:
        refusal = await self._refusal(request.parameters(), pool_id)
        if refusal:
            return refusal
        known = await self._known(request, pool_id)
        return known or redirect(302, f"/login?{request.query}", ("Cache-Control", "no-store"), reason="to the form")

    async def _form(self, request: Request, pool_id: str) -> Reply:
        refusal = await self._refusal(request.parameters(), pool_id) or await self._known(request, pool_id)
        if refusal:
            return refusal
        answer = await self._backend.get("/oauth2/authorize", params=_shown(request.parameters()))
        return self._shown(request, answer, "the form")

    async def _submit(self, request: Request, pool_id: str) -> Reply:
        form = first_values(parse_qsl((await request.read(FORM_LIMIT)).decode(), keep_blank_values=True))
        if not _is_own_form(request, form):
            return _page(403, "Something went wrong.", "the form post has no matching XSRF-TOKEN")
        session = self._sessions.begin(pool_id, form)
        if session is None or await self._client(pool_id, session.form.get("client_id", "")) is None:
            return _to_error("invalid_request", form.get("client_id", ""))
        answer = await self._backend.post("/login", data={key: form[key] for key in form if key != CSRF_FIELD})
        if answer.status_code == 302:
            cookie = self._sessions.keep(session)
            return redirect(302, answer.headers["location"], *_no_store(cookie), reason="signed in")
        if challenge := CHALLENGE.search(answer.text):
            self._sessions.challenge(html.unescape(challenge[1]), session)
            return self._shown(request, answer, "a new password is due")
        return self._shown(request, answer, "not signed in")

    async def _known(self, request: Request, pool_id: str) -> Reply | None:
        """The answer to somebody who signed in a while ago: a code without a form."""
        session = self._sessions.find(request.cookie(COOKIE), pool_id)
        if session is None:
            return None
        form = {**_shown(request.parameters()), "username": session.username, "password": session.password}
        answer = await self._backend.post("/login", data=form)
        if answer.status_code != 302:
            return None
        return redirect(302, answer.headers["location"], *_no_store(), reason="signed in before")

    async def _logout(self, request: Request, pool_id: str) -> Reply:
        parameters = request.parameters()
        client = await self._client(pool_id, parameters.get("client_id", ""))
        if client is None:
            return _page(400, "Required String parameter 'client_id' is not present.", "no such client in the pool")
        self._sessions.end(request.cookie(COOKIE))
        gone = f"{COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly"
        if parameters.get("logout_uri") in client.get("LogoutURLs", []):
            return redirect(302, parameters["logout_uri"], *_no_store(gone), reason="signed out")
        if "redirect_uri" in parameters:
            return redirect(302, f"/login?{request.query}", *_no_store(gone), reason="signed out, to sign in anew")
        return _page(400, "Required String parameter 'redirect_uri' is not present.", "logout_uri is not allowed")

    async def _error(self, request: Request, _pool_id: str) -> Reply:
        error = request.parameters().get("error", "unknown")
        return _page(400, f"An error was encountered with the requested page. {error}", error)

    async def _client(self, pool_id: str, client_id: str) -> Resource | None:
        return await asyncio.to_thread(self._api.user_pool_client, pool_id, client_id) if client_id else None

    async def _refusal(self, parameters: dict[str, str], pool_id: str) -> Reply | None:
        client_id, target = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
        client = await self._client(pool_id, client_id)
        if client is None:
            return _to_error("invalid_request", client_id)
        if target not in client.get("CallbackURLs", []):
            return _to_error("redirect_mismatch", client_id)
        error = request_error(parameters, client)
        if not error:
            return None
        query = urlencode({"error": error, **({"state": parameters["state"]} if "state" in parameters else {})})
        return redirect(302, f"{target}{'&' if urlsplit(target).query else '?'}{query}", reason=error)

    def _shown(self, request: Request, answer: httpx.Response, reason: str) -> Reply:
        """A page of ministack's with our guard against forged posts in its form."""
        if answer.status_code != 200:
            return _page(400, "An error was encountered with the requested page.", f"ministack: {answer.text[:200]}")
        token = request.cookie(CSRF_COOKIE) or secrets.token_urlsafe(24)
        field = f'<input type="hidden" name="{CSRF_FIELD}" value="{html.escape(token)}">'
        page = FORM_START.sub(lambda found: f"{found[1]}\n{field}", answer.text)
        cookie = ("Set-Cookie", f"{CSRF_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax")
        return Reply(200, (*PAGE_HEADERS, cookie), page.encode(), reason)


def request_error(parameters: dict[str, str], client: Resource) -> str:
    """The OAuth error of an authorization request, empty when it has none."""
    allowed = client.get("AllowedOAuthFlows", []) if client.get("AllowedOAuthFlowsUserPoolClient") else []
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    scopes = parameters.get("scope", "").split()
    provider = parameters.get("identity_provider", NATIVE)
    checks = (
        (parameters.get("response_type") not in ("code", "token"), "invalid_request"),
        (parameters.get("response_type") == "token" or "code" not in allowed, "unauthorized_client"),
        (bool(challenge) != bool(method) or method not in (None, "S256"), "invalid_request"),
        (not set(scopes) <= set(client.get("AllowedOAuthScopes", [])), "invalid_scope"),
        (provider != NATIVE or NATIVE not in client.get("SupportedIdentityProviders", []), "invalid_request"),
    )
    return next((error for failed, error in checks if failed), "")


def _is_own_form(request: Request, form: dict[str, str]) -> bool:
    sent, kept = form.get(CSRF_FIELD, ""), request.cookie(CSRF_COOKIE)
    return bool(kept) and hmac.compare_digest(sent.encode(), kept.encode())


def _shown(parameters: dict[str, str]) -> dict[str, str]:
    # To ministack any identity provider means federation.
    return {key: value for key, value in parameters.items() if key != "identity_provider"}


def _no_store(*cookies: str) -> Headers:
    return (("Cache-Control", "no-store"), *(("Set-Cookie", cookie) for cookie in cookies))


def _to_error(error: str, client_id: str) -> Reply:
    return redirect(302, f"/error?{urlencode({'error': error, 'client_id': client_id})}", reason=error)


def _page(status: int, text: str, reason: str) -> Reply:
    body = f"<!DOCTYPE html>\n<html><head><title>Error</title></head><body><p>{html.escape(text)}</p></body></html>\n"
    return Reply(status, PAGE_HEADERS, body.encode(), reason)
