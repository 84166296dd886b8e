"""Sign-in at an external provider: out to it, back at /oauth2/idpresponse, into the user pool, on to the app client."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from sandbox.edge.aws import Api
from sandbox.edge.http.messages import Reply, Request, redirect
from sandbox.edge.login.external_provider import Claims, Client, ExternalError, ExternalProvider
from sandbox.edge.login.login_pages import no_store, page
from sandbox.edge.login.login_sessions import Session, Sessions
from sandbox.edge.login.triggers import FIRST_TIME, HOSTED, Triggers

CALLBACK = "/oauth2/idpresponse"
COOKIE = "csrf-state"
# How long somebody may take at the provider.
PATIENCE = 300


@dataclass(frozen=True)
class Pending:
    """A sign-in that is under way at a provider."""

    pool_id: str
    provider: str
    # The cookie of the browser that began it.
    browser: str
    # Of the app client's request.
    parameters: dict[str, str]
    until: float


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
        """Send a browser to the provider."""
        parameters, now = request.parameters(), self._clock()
        state, browser = secrets.token_urlsafe(32), request.cookie(COOKIE) or secrets.token_urlsafe(32)
        try:
            client = await self._client(pool_id, provider)
            location = await self._external.address(client, _callback(request), state)
        except ExternalError as error:
            return to_client(parameters, error.error, error.description)
        self._pending = {key: each for key, each in self._pending.items() if each.until > now}
        self._pending[state] = Pending(pool_id, provider, browser, parameters, now + PATIENCE)
        cookie = f"{COOKIE}={browser}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return redirect(302, location, *no_store(cookie), reason=f"to {provider}")

    async def answer(self, request: Request, pool_id: str) -> Reply:
        """/oauth2/idpresponse: the way back from the provider."""
        given = request.parameters()
        pending = self._pending.pop(given.get("state", ""), None)
        if pending is None:
            return page(400, "Invalid state.", "the state is unknown, or was used")
        if reason := self._fault(pending, request, pool_id):
            return page(400, "Invalid state.", reason)
        try:
            return await self._signed_in(request, pending, given)
        except ExternalError as error:
            return to_client(pending.parameters, error.error, error.description)

    def _fault(self, pending: Pending, request: Request, pool_id: str) -> str:
        same = hmac.compare_digest(pending.browser.encode(), request.cookie(COOKIE).encode())
        checks = (
            (pending.pool_id != pool_id, "the state is another pool's"),
            (pending.until <= self._clock(), "the state is over"),
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
        cookie = self._sessions.keep(Session(pending.pool_id, {"username": username}, 0, pending.provider))
        return redirect(302, location, *no_store(cookie), reason=f"signed in with {pending.provider}")

    async def _require_provider(self, pending: Pending) -> None:
        client_id = pending.parameters["client_id"]
        client = await asyncio.to_thread(self._api.user_pool_client, pending.pool_id, client_id)
        if pending.provider not in (client or {}).get("SupportedIdentityProviders", ()):
            raise ExternalError("unauthorized_client", f"{pending.provider} is no provider of the client any more")

    async def _user(self, pending: Pending, claims: Claims) -> str:
        """The name of the person's user in the pool, made at the first sign-in, brought up to date at each."""
        known = await asyncio.to_thread(self._api.identity_provider, pending.pool_id, pending.provider)
        mapping = (known or {}).get("AttributeMapping", {})
        user_id = claims.get(mapping.get("username", "sub"))
        if not user_id:
            raise ExternalError("invalid_request", f"{pending.provider} Error - no claim for username")
        told = {
            "pool_id": pending.pool_id,
            "provider": pending.provider,
            "user_id": str(user_id),
            "attributes": attributes(mapping, claims),
        }
        await self._ask_before_the_first_time(pending, told)
        answer = await self._backend.post("/_sandbox/federated-users", json=told)
        return answer.raise_for_status().json()["username"]

    async def _ask_before_the_first_time(self, pending: Pending, told: dict[str, Any]) -> None:
        username = f"{told['provider']}_{told['user_id']}"
        if not await asyncio.to_thread(self._api.has_user, pending.pool_id, username):
            client_id, known = pending.parameters["client_id"], told["attributes"]
            await self._triggers.sign_up(FIRST_TIME, pending.pool_id, client_id, username, known)

    async def code(self, pool_id: str, username: str, parameters: dict[str, str]) -> str | None:
        """The app client's address with a code for a user; None for a user who may not sign in, or a TriggerError."""
        await self._triggers.tokens(HOSTED, pool_id, parameters["client_id"], username)
        told = {"pool_id": pool_id, "username": username, "parameters": parameters}
        answer = await self._backend.post("/_sandbox/codes", json=told)
        return answer.json()["location"] if answer.status_code == 200 else None

    async def _client(self, pool_id: str, provider: str) -> Client:
        known = await asyncio.to_thread(self._api.identity_provider, pool_id, provider)
        if known is None:
            raise ExternalError("invalid_request", f"Identity provider {provider} does not exist")
        details = known["ProviderDetails"]
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


def to_client(parameters: dict[str, str], error: str, description: str = "") -> Reply:
    """An error, told to the app client at its own address."""
    told = {"error_description": description, "error": error, "state": parameters.get("state")}
    query = urlencode({name: value for name, value in told.items() if value})
    target = parameters["redirect_uri"]
    return redirect(302, f"{target}{'&' if urlsplit(target).query else '?'}{query}", reason=description or error)
