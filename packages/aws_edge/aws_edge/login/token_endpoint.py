"""/oauth2/token and /oauth2/userInfo: ministack's responses, after the checks that it lacks."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from aws_edge.account.api import Api
from aws_edge.http.messages import Headers, Reply, Request, first_values
from aws_edge.login.triggers import REFRESH_TOKENS, TriggerError, Triggers
from aws_edge.tokens import claims_of, is_signed_by

FORM_LIMIT = 64 * 1024
JSON: Headers = (("Content-Type", "application/json;charset=UTF-8"), ("Cache-Control", "no-store"))


class Tokens:
    """The endpoints that the load balancer calls."""

    def __init__(self, api: Api, backend: httpx.AsyncClient, triggers: Triggers) -> None:
        self._api = api
        self._triggers = triggers
        self._backend = backend

    async def token(self, request: Request, pool_id: str) -> Reply:
        """Exchange a code or a refresh token; only for a client of this pool, with its secret."""
        body = await request.read(FORM_LIMIT)
        form = first_values(parse_qsl(body.decode(), keep_blank_values=True))
        client_id, secret = _credentials(request, form)
        client = await asyncio.to_thread(self._api.user_pool_client, pool_id, client_id) if client_id else None
        if client is None or not hmac.compare_digest(client.get("ClientSecret", "").encode(), secret.encode()):
            return _error("invalid_client", "the client or its secret is wrong")
        form = {**form, "client_id": client_id, **({"client_secret": secret} if secret else {})}
        answer = await self._backend.post("/oauth2/token", data=form)
        if answer.status_code != 200:
            return Reply(answer.status_code, JSON, answer.content, f"ministack: {answer.text[:200]}")
        reason = await self._grant_error(form.get("grant_type", ""), pool_id, claims_of(answer.json()["access_token"]))
        return _error("invalid_grant", reason) if reason else Reply(200, JSON, answer.content, form["grant_type"])

    async def _grant_error(self, grant: str, pool_id: str, claims: dict[str, Any]) -> str:
        if not await self._is_active(pool_id, claims):
            return "the user is disabled or gone"
        # The triggers were invoked before the code was issued.
        if grant != "refresh_token":
            return ""
        try:
            await self._triggers.pre_token_generation(REFRESH_TOKENS, pool_id, claims["client_id"], claims["username"])
        except TriggerError as error:
            return error.description
        return ""

    async def user_info(self, request: Request, pool_id: str) -> Reply:
        """The claims of the user of an access token of this pool."""
        scheme, _mark, token = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer":
            return _unauthorized("no bearer token")
        reason = await self._token_error(token, pool_id)
        if reason:
            return _unauthorized(reason)
        answer = await self._backend.get("/oauth2/userInfo", headers={"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            return _unauthorized(f"ministack: {answer.text[:200]}")
        # ministack adds cognito:username and cognito:groups, which Cognito's own answer doesn't have.
        claims = {name: value for name, value in answer.json().items() if not name.startswith("cognito:")}
        claims |= await self._identities(pool_id, claims["username"])
        return Reply(200, JSON, json.dumps(claims).encode(), "claims")

    async def _identities(self, pool_id: str, username: str) -> dict[str, str]:
        """The claim `identities` of a federated user, as text; ministack lacks it."""
        user = await asyncio.to_thread(self._api.user, pool_id, username)
        attributes = (user or {}).get("UserAttributes", ())
        return {each["Name"]: each["Value"] for each in attributes if each["Name"] == "identities"}

    async def _token_error(self, token: str, pool_id: str) -> str:
        claims = claims_of(token)
        checks = (
            (claims.get("token_use") != "access", "not an access token"),
            (str(claims.get("iss", "")).rpartition("/")[2] != pool_id, "a token of another pool"),
            (not isinstance(claims.get("exp"), int) or claims["exp"] <= time.time(), "the token is over"),
            ("openid" not in str(claims.get("scope", "")).split(), "the scope lacks openid"),
        )
        failed = next((reason for bad, reason in checks if bad), "")
        if failed:
            return failed
        if not await self._is_signed(token, pool_id):
            return "the signature is wrong"
        return "" if await self._is_active(pool_id, claims) else "the user is disabled or gone"

    async def _is_active(self, pool_id: str, claims: dict[str, Any]) -> bool:
        username = claims.get("username") or claims.get("sub") or ""
        return await asyncio.to_thread(self._api.user, pool_id, username) is not None

    async def _is_signed(self, token: str, pool_id: str) -> bool:
        answer = await self._backend.get(f"/{pool_id}/.well-known/jwks.json")
        return any(is_signed_by(token, key) for key in answer.json()["keys"])


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _mark, value = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _mark, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(secret)


def _error(error: str, reason: str) -> Reply:
    return Reply(400, JSON, json.dumps({"error": error}).encode(), reason)


def _unauthorized(reason: str) -> Reply:
    body = json.dumps({"error": "invalid_token", "error_description": reason})
    return Reply(401, (*JSON, ("WWW-Authenticate", 'Bearer error="invalid_token"')), body.encode(), reason)
