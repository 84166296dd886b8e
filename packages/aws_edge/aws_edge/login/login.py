"""The hosted login of a user pool.

ministack shows the form, checks passwords and issues codes and tokens. This adds: that a client belongs to the domain's
pool, Cognito's error responses, browser sessions, CSRF protection, the choice of a provider, and the checks of
/oauth2/token and /oauth2/userInfo. federation.py has the sign-in at external providers.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from aws_edge.account.api import Api
from aws_edge.config import Switches
from aws_edge.http.messages import Reply, Request, first_values, redirect
from aws_edge.login.external_provider import ExternalProvider
from aws_edge.login.federation import CALLBACK, Federation, error_to_client
from aws_edge.login.pages import HEADERS, buttons, choice, no_store, page
from aws_edge.login.sessions import COOKIE, NATIVE, Session, Sessions
from aws_edge.login.token_endpoint import Tokens
from aws_edge.login.triggers import HOSTED_AUTH, NEW_PASSWORD_CHALLENGE, TriggerError, Triggers

FORM_LIMIT = 64 * 1024
CSRF_COOKIE = "XSRF-TOKEN"
CSRF_FIELD = "_csrf"
FORM_START = re.compile(r'(<form method="POST" action="/login">)')
CHALLENGE = re.compile(r'name="np_token" value="([^"]+)"')
Resource = dict[str, Any]


class Login:
    """Answers for every user pool domain; which one is meant comes with each request."""

    def __init__(
        self,
        api: Api,
        backend: httpx.AsyncClient,
        external: ExternalProvider,
        triggers: Triggers,
        switches: Switches,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._backend = backend
        self._switches = switches
        self._sessions = Sessions(clock)
        self._triggers = triggers
        self._tokens = Tokens(api, backend, triggers)
        self._federation = Federation(api, backend, external, triggers, self._sessions, clock)
        self._routes = {
            ("GET", "/oauth2/authorize"): self._authorize,
            ("GET", "/login"): self._form,
            ("POST", "/login"): self._submit,
            ("GET", CALLBACK): self._federation.callback,
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
            return page(404, "User pool domain does not exist.", f"no user pool has the domain {prefix}")
        route = self._routes.get((request.method, request.path))
        if route is None:
            known = {path for _method, path in self._routes}
            return page(405 if request.path in known else 404, "This page does not exist.", "no such endpoint")
        return await route(request, pool_id)

    async def _authorize(self, request: Request, pool_id: str) -> Reply:
        answer = await self._refusal(request.parameters(), pool_id) or await self._existing_session(request, pool_id)
        if answer:
            return answer
        provider = await self._only_provider(request.parameters(), pool_id)
        if provider != NATIVE:
            return await self._federation.begin(request, pool_id, provider)
        return redirect(302, f"/login?{request.query}", *no_store(), reason="to the login page")

    async def _only_provider(self, parameters: dict[str, str], pool_id: str) -> str:
        """The provider to which the browser is redirected without a login page, else the pool itself."""
        providers = await self._providers(pool_id, parameters["client_id"])
        alone = len(providers) == 1 and self._switches.only_provider == "redirect"
        return parameters.get("identity_provider") or (providers[0] if alone else NATIVE)

    async def _form(self, request: Request, pool_id: str) -> Reply:
        parameters = request.parameters()
        answer = await self._refusal(parameters, pool_id) or await self._existing_session(request, pool_id)
        if answer:
            return answer
        providers = await self._providers(pool_id, parameters["client_id"])
        if NATIVE not in providers:
            return choice(buttons(providers, parameters))
        form = await self._backend.get("/oauth2/authorize", params=_without_provider(parameters))
        return self._page(request, form, "the form", buttons(_external(providers), parameters))

    async def _submit(self, request: Request, pool_id: str) -> Reply:
        form = first_values(parse_qsl((await request.read(FORM_LIMIT)).decode(), keep_blank_values=True))
        if not _is_own_form(request, form):
            return page(403, "Something went wrong.", "the form post has no matching XSRF-TOKEN")
        session = self._sessions.begin(pool_id, form)
        providers = await self._providers(pool_id, session.form.get("client_id", "")) if session else []
        if session is None or NATIVE not in providers:
            return _error_page("invalid_request", form.get("client_id", ""))
        answer = await self._backend.post("/login", data={key: form[key] for key in form if key != CSRF_FIELD})
        if answer.status_code == 302:
            return await self._complete_sign_in(request, session, answer.headers["location"], "np_token" in form)
        if challenge := CHALLENGE.search(answer.text):
            self._sessions.challenge(html.unescape(challenge[1]), session)
            return self._page(request, answer, "a new password is due")
        return self._page(
            request, answer, "not signed in", buttons(_external(providers), _authorization_parameters(form))
        )

    async def _complete_sign_in(self, request: Request, session: Session, location: str, new_password: bool) -> Reply:
        """The response to a correct password: a code, or the form again with the triggers' error."""
        parameters = _authorization_parameters(session.form)
        try:
            source = NEW_PASSWORD_CHALLENGE if new_password else HOSTED_AUTH
            await self._triggers.pre_token_generation(
                source, session.pool_id, parameters["client_id"], session.username
            )
        except TriggerError as error:
            form = await self._backend.get("/oauth2/authorize", params=_without_provider(parameters))
            return self._page(request, form, error.description, f"<p>{html.escape(error.description)}</p>")
        cookie = self._sessions.store(session)
        return redirect(302, location, *no_store(cookie), reason="signed in")

    async def _existing_session(self, request: Request, pool_id: str) -> Reply | None:
        """The response for a browser with a session: a code without a form."""
        session, parameters = self._sessions.find(request.cookie(COOKIE), pool_id), request.parameters()
        if session is None:
            return None
        wanted = parameters.get("identity_provider")
        if session.provider not in ([wanted] if wanted else await self._providers(pool_id, parameters["client_id"])):
            return None
        try:
            location = await self._code(session, parameters)
        except TriggerError as error:
            return error_to_client(parameters, error.error, error.description)
        return redirect(302, location, *no_store(), reason="signed in before") if location else None

    async def _code(self, session: Session, parameters: dict[str, str]) -> str | None:
        if session.provider != NATIVE:
            return await self._federation.code(session.pool_id, session.username, parameters)
        await self._triggers.pre_token_generation(
            HOSTED_AUTH, session.pool_id, parameters["client_id"], session.username
        )
        form = {**_without_provider(parameters), "username": session.username, "password": session.password}
        answer = await self._backend.post("/login", data=form)
        return answer.headers["location"] if answer.status_code == 302 else None

    async def _logout(self, request: Request, pool_id: str) -> Reply:
        parameters = request.parameters()
        client = await self._client(pool_id, parameters.get("client_id", ""))
        if client is None:
            return page(400, "Required String parameter 'client_id' is not present.", "no such client in the pool")
        self._sessions.end(request.cookie(COOKIE))
        gone = f"{COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly"
        if parameters.get("logout_uri") in client.get("LogoutURLs", []):
            return redirect(302, parameters["logout_uri"], *no_store(gone), reason="signed out")
        if "redirect_uri" in parameters:
            return redirect(302, f"/login?{request.query}", *no_store(gone), reason="signed out, to sign in anew")
        return page(400, "Required String parameter 'redirect_uri' is not present.", "logout_uri is not allowed")

    async def _error(self, request: Request, _pool_id: str) -> Reply:
        error = request.parameters().get("error", "unknown")
        return page(400, f"An error was encountered with the requested page. {error}", error)

    async def _client(self, pool_id: str, client_id: str) -> Resource | None:
        return await asyncio.to_thread(self._api.user_pool_client, pool_id, client_id) if client_id else None

    async def _providers(self, pool_id: str, client_id: str) -> list[str]:
        client = await self._client(pool_id, client_id)
        return (client or {}).get("SupportedIdentityProviders", [])

    async def _refusal(self, parameters: dict[str, str], pool_id: str) -> Reply | None:
        client_id, target = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
        client = await self._client(pool_id, client_id)
        if client is None:
            return _error_page("invalid_request", client_id)
        if target not in client.get("CallbackURLs", []):
            return _error_page("redirect_mismatch", client_id)
        error = request_error(parameters, client)
        return error_to_client(parameters, error) if error else None

    def _page(self, request: Request, answer: httpx.Response, reason: str, before: str = "") -> Reply:
        """ministack's page with additional HTML before its form, and a CSRF token in the form."""
        if answer.status_code != 200:
            return page(400, "An error was encountered with the requested page.", f"ministack: {answer.text[:200]}")
        token = request.cookie(CSRF_COOKIE) or secrets.token_urlsafe(24)
        field = f'<input type="hidden" name="{CSRF_FIELD}" value="{html.escape(token)}">'
        text = FORM_START.sub(lambda found: f"{before}{found[1]}\n{field}", answer.text)
        cookie = ("Set-Cookie", f"{CSRF_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax")
        return Reply(200, (*HEADERS, cookie), text.encode(), reason)


def request_error(parameters: dict[str, str], client: Resource) -> str:
    """The OAuth error of an authorization request, empty when it has none."""
    allowed = client.get("AllowedOAuthFlows", []) if client.get("AllowedOAuthFlowsUserPoolClient") else []
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    scopes = parameters.get("scope", "").split()
    providers = client.get("SupportedIdentityProviders", [])
    checks = (
        (parameters.get("response_type") not in ("code", "token"), "invalid_request"),
        (parameters.get("response_type") == "token" or "code" not in allowed, "unauthorized_client"),
        (bool(challenge) != bool(method) or method not in (None, "S256"), "invalid_request"),
        (not set(scopes) <= set(client.get("AllowedOAuthScopes", [])), "invalid_scope"),
        (not providers or parameters.get("identity_provider", providers[0]) not in providers, "invalid_request"),
    )
    return next((error for failed, error in checks if failed), "")


def _is_own_form(request: Request, form: dict[str, str]) -> bool:
    sent, kept = form.get(CSRF_FIELD, ""), request.cookie(CSRF_COOKIE)
    return bool(kept) and hmac.compare_digest(sent.encode(), kept.encode())


def _without_provider(parameters: dict[str, str]) -> dict[str, str]:
    # ministack treats any identity_provider as federation.
    return {key: value for key, value in parameters.items() if key != "identity_provider"}


def _authorization_parameters(form: dict[str, str]) -> dict[str, str]:
    """The authorization request, which is in hidden fields of the form."""
    return {key: value for key, value in form.items() if value and key not in (CSRF_FIELD, "username", "password")}


def _external(providers: list[str]) -> list[str]:
    return [provider for provider in providers if provider != NATIVE]


def _error_page(error: str, client_id: str) -> Reply:
    return redirect(302, f"/error?{urlencode({'error': error, 'client_id': client_id})}", reason=error)
