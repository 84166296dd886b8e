"""The load balancer's own calls to Cognito's hosted endpoints: code or refresh token in, claims out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from aws_edge import tokens


@dataclass(frozen=True)
class Client:
    """The app client that a listener rule names."""

    host: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Grant:
    """What a user pool gave for a code or a refresh token."""

    access_token: str
    refresh_token: str
    id_claims: dict[str, Any]
    claims: dict[str, Any]
    expires_in: int


class ProviderError(Exception):
    """The identity provider refused; `status` is what the load balancer answers then."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class IdentityProvider:
    """Calls /oauth2/token and /oauth2/userInfo of a user pool domain."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def redeem(self, client: Client, code: str, redirect_uri: str) -> Grant:
        """Exchange an authorization code; the answer must bring an ID token."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        answer = await self._tokens(client, form)
        if "id_token" not in answer:
            raise ProviderError(401, "AuthInvalidIdToken: the scope gives no ID token")
        return await self._grant(client, answer, answer.get("refresh_token", ""))

    async def refresh(self, client: Client, refresh_token: str) -> Grant:
        """Renew tokens and claims."""
        answer = await self._tokens(client, {"grant_type": "refresh_token", "refresh_token": refresh_token})
        return await self._grant(client, answer, refresh_token)

    async def _tokens(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        form = {**form, "client_id": client.client_id}
        # RFC 6749, 2.3.1: both are form-encoded first.
        credentials = httpx.BasicAuth(quote(client.client_id, safe=""), quote(client.client_secret, safe=""))
        request = self._http.build_request("POST", f"https://{client.host}/oauth2/token", data=form)
        return await self._ask(request, "AuthTokenEpRequestFailed", credentials)

    async def _grant(self, client: Client, answer: dict[str, Any], refresh_token: str) -> Grant:
        access_token = answer["access_token"]
        bearer = {"Authorization": f"Bearer {access_token}"}
        request = self._http.build_request("GET", f"https://{client.host}/oauth2/userInfo", headers=bearer)
        claims = await self._ask(request, "AuthUserinfoEpRequestFailed")
        id_claims = tokens.claims_of(answer.get("id_token", ""))
        return Grant(access_token, refresh_token, id_claims, claims, int(answer.get("expires_in", 3600)))

    async def _ask(self, request: httpx.Request, reason: str, auth: httpx.Auth | None = None) -> dict[str, Any]:
        try:
            answer = await self._http.send(request, auth=auth)
        except httpx.TransportError as error:
            raise ProviderError(500, f"{reason}: {error}") from error
        if answer.status_code != 200:
            raise ProviderError(561, f"{reason}: {answer.status_code} {answer.text[:200]}")
        return answer.json()
