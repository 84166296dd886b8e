"""Sign-in at an external provider: redirect, callback at /oauth2/idpresponse, user of the pool, code for the client."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from aws_edge.account.api import Api
from aws_edge.http.messages import Reply, Request, redirect
from aws_edge.login.external_provider import Claims, Client, ExternalError, ExternalProvider
from aws_edge.login.pages import no_store, page
from aws_edge.login.sessions import Session, Sessions
from aws_edge.login.triggers import HOSTED_AUTH, PRE_SIGN_UP_EXTERNAL_PROVIDER, Triggers

CALLBACK = "/oauth2/idpresponse"
COOKIE = "csrf-state"
# For the sign-in at the provider.
TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Pending:
    """A pending sign-in at a provider."""

    pool_id: str
    provider: str
    # The cookie of the browser.
    browser: str
    # Of the app client's request.
    parameters: dict[str, str]
    expires_at: float


class Federation:
    """Answers for every user pool that has an external provider."""

    def __init__(
        self,
        api: Api,
        backend: httpx.AsyncClient,
        external: ExternalProvider,
        triggers: Triggers,
        sessions: Sessions,
        clock: Callable[[], float],
    ) -> None:
        self._api = api
        self._backend = backend
        self._external = external
        self._triggers = triggers
        self._sessions = sessions
        self._clock = clock
        self._pending: dict[str, Pending] = {}

    async def begin(self, request: Request, pool_id: str, provider: str) -> Reply:
        """Redirect a browser to the provider."""
        parameters, now = request.parameters(), self._clock()
        state, browser = secrets.token_urlsafe(32), request.cookie(COOKIE) or secrets.token_urlsafe(32)
        try:
            client = await self._client(pool_id, provider)
            location = await self._external.authorization_url(client, _callback(request), state)
        except ExternalError as error:
            return error_to_client(parameters, error.error, error.description)
        self._pending = {key: each for key, each in self._pending.items() if each.expires_at > now}
        self._pending[state] = Pending(pool_id, provider, browser, parameters, now + TIMEOUT_SECONDS)
        cookie = f"{COOKIE}={browser}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return redirect(302, location, *no_store(cookie), reason=f"to {provider}")

    async def callback(self, request: Request, pool_id: str) -> Reply:
        """/oauth2/idpresponse: the callback of the provider."""
        given = request.parameters()
        pending = self._pending.pop(given.get("state", ""), None)
        if pending is None:
            return page(400, "Invalid state.", "the state is unknown, or was used")
        if reason := self._state_error(pending, request, pool_id):
            return page(400, "Invalid state.", reason)
        try:
            return await self._signed_in(request, pending, given)
        except ExternalError as error:
            return error_to_client(pending.parameters, error.error, error.description)

    def _state_error(self, pending: Pending, request: Request, pool_id: str) -> str:
        same = hmac.compare_digest(pending.browser.encode(), request.cookie(COOKIE).encode())
        checks = (
            (pending.pool_id != pool_id, "the state is another pool's"),
            (pending.expires_at <= self._clock(), "the state is over"),
            (not same, "another browser began this sign-in"),
        )
        return next((reason for bad, reason in checks if bad), "")

    async def _signed_in(self, request: Request, pending: Pending, given: dict[str, str]) -> Reply:
        if "error" in given:
            raise ExternalError(given["error"], given.get("error_description", f"{pending.provider} Error"))
        await self._require_provider(pending)
        client = await self._client(pending.pool_id, pending.provider)
        claims = await self._external.claims(client, given.get("code", ""), _callback(request))
        username = await self._user(pending, claims)
        location = await self.code(pending.pool_id, username, pending.parameters)
        if location is None:
            raise ExternalError("access_denied", "User is disabled")
        cookie = self._sessions.store(Session(pending.pool_id, {"username": username}, 0, pending.provider))
        return redirect(302, location, *no_store(cookie), reason=f"signed in with {pending.provider}")

    async def _require_provider(self, pending: Pending) -> None:
        client_id = pending.parameters["client_id"]
        client = await asyncio.to_thread(self._api.user_pool_client, pending.pool_id, client_id)
        if pending.provider not in (client or {}).get("SupportedIdentityProviders", ()):
            raise ExternalError("unauthorized_client", f"{pending.provider} is no provider of the client any more")

    async def _user(self, pending: Pending, claims: Claims) -> str:
        """The user name in the pool; the user is created at the first sign-in and updated at each."""
        identity_provider = await asyncio.to_thread(self._api.identity_provider, pending.pool_id, pending.provider)
        mapping = (identity_provider or {}).get("AttributeMapping", {})
        user_id = claims.get(mapping.get("username", "sub"))
        if not user_id:
            raise ExternalError("invalid_request", f"{pending.provider} Error - no claim for username")
        user = {
            "pool_id": pending.pool_id,
            "provider": pending.provider,
            "user_id": str(user_id),
            "attributes": attributes(mapping, claims),
        }
        await self._call_pre_sign_up(pending, user)
        answer = await self._backend.post("/_sandbox/federated-users", json=user)
        return answer.raise_for_status().json()["username"]

    async def _call_pre_sign_up(self, pending: Pending, user: dict[str, Any]) -> None:
        username = f"{user['provider']}_{user['user_id']}"
        if not await asyncio.to_thread(self._api.has_user, pending.pool_id, username):
            client_id, mapped = pending.parameters["client_id"], user["attributes"]
            await self._triggers.pre_sign_up(
                PRE_SIGN_UP_EXTERNAL_PROVIDER, pending.pool_id, client_id, username, mapped
            )

    async def code(self, pool_id: str, username: str, parameters: dict[str, str]) -> str | None:
        """The redirect to the app client with a code; None for a disabled user; raises TriggerError."""
        await self._triggers.pre_token_generation(HOSTED_AUTH, pool_id, parameters["client_id"], username)
        form = {"pool_id": pool_id, "username": username, "parameters": parameters}
        answer = await self._backend.post("/_sandbox/codes", json=form)
        return answer.json()["location"] if answer.status_code == 200 else None

    async def _client(self, pool_id: str, provider: str) -> Client:
        identity_provider = await asyncio.to_thread(self._api.identity_provider, pool_id, provider)
        if identity_provider is None:
            raise ExternalError("invalid_request", f"Identity provider {provider} does not exist")
        details = identity_provider["ProviderDetails"]
        return Client(provider, details["client_id"], details["client_secret"], details["authorize_scopes"])


def attributes(mapping: dict[str, str], claims: Claims) -> dict[str, str]:
    """The user's attributes by the provider's mapping (attribute to claim); what is not mapped is not taken."""
    taken = {name: _text(claims[claim]) for name, claim in mapping.items() if name != "username" and claim in claims}
    # A mapped address is unverified by default (Developer Guide, "Mapping IdP attributes to profiles and tokens").
    return {"email_verified": "false", **taken} if "email" in taken else taken


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _callback(request: Request) -> str:
    return f"https://{request.domain()}{CALLBACK}"


def error_to_client(parameters: dict[str, str], error: str, description: str = "") -> Reply:
    """A redirect to the app client with an error."""
    fields = {"error_description": description, "error": error, "state": parameters.get("state")}
    query = urlencode({name: value for name, value in fields.items() if value})
    target = parameters["redirect_uri"]
    return redirect(302, f"{target}{'&' if urlsplit(target).query else '?'}{query}", reason=description or error)
