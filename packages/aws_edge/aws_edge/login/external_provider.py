"""The hosted login's calls to an OpenID Connect provider: code for ID token, and its verification."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from aws_edge.tokens import claims_of, is_signed_by

Claims = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """The client at the provider, as the user pool is configured."""

    provider: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str


class ExternalError(Exception):
    """An error of the provider, or an invalid ID token; `error` and `description` are for the app client."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class ExternalProvider:
    """An OpenID Connect provider, found by its issuer."""

    def __init__(self, http: httpx.AsyncClient, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self._http = http
        self._issuer = issuer
        self._clock = clock

    async def authorization_url(self, client: Client, redirect_uri: str, state: str) -> str:
        """The URL of the provider's sign-in."""
        query = {
            "client_id": client.client_id,
            "redirect_uri": redirect_uri,
            "scope": client.scopes,
            "response_type": "code",
            "state": state,
        }
        return f"{(await self._endpoints(client))['authorization_endpoint']}?{urlencode(query)}"

    async def claims(self, client: Client, code: str, redirect_uri: str) -> Claims:
        """The verified claims for a code."""
        endpoints = await self._endpoints(client)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        request = self._http.build_request("POST", endpoints["token_endpoint"], data=form)
        token = (await self._ask(client, request)).get("id_token", "")
        keys = (await self._get(client, endpoints["jwks_uri"]))["keys"]
        if reason := self._token_error(token, keys, client):
            raise ExternalError("invalid_request", f"{client.provider} Error - {reason}")
        return claims_of(token)

    def _token_error(self, token: str, keys: list[dict[str, str]], client: Client) -> str:
        claims = claims_of(token)
        audience, expiry = claims.get("aud"), claims.get("exp")
        checks = (
            (claims.get("iss") != self._issuer, "the ID token has another issuer"),
            (audience not in (client.client_id, [client.client_id]), "the ID token is for another client"),
            (not isinstance(expiry, int) or expiry <= self._clock(), "the ID token has expired"),
            (not any(is_signed_by(token, key) for key in keys), "the signature of the ID token is wrong"),
        )
        return next((reason for bad, reason in checks if bad), "")

    async def _endpoints(self, client: Client) -> dict[str, str]:
        return await self._get(client, f"{self._issuer}/.well-known/openid-configuration")

    async def _get(self, client: Client, url: str) -> dict[str, Any]:
        return await self._ask(client, self._http.build_request("GET", url))

    async def _ask(self, client: Client, request: httpx.Request) -> dict[str, Any]:
        try:
            answer = await self._http.send(request)
            body = answer.json()
        except (httpx.TransportError, json.JSONDecodeError) as error:
            raise ExternalError("server_error", f"{client.provider} Error - {error}") from error
        if answer.status_code != 200:
            raise _provider_error(client.provider, answer.status_code, body)
        return body


def _provider_error(provider: str, status: int, body: dict[str, Any]) -> ExternalError:
    # Provider and status stand before what it said (Developer Guide, "Managed login and federation error responses").
    error = str(body.get("error", "server_error"))
    return ExternalError(error, f"{provider} Error - {status} {error} {body.get('error_description', '')}".rstrip())
