"""The load balancer's action authenticate-cognito."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aws_edge.account import security_groups
from aws_edge.account.api import Api
from aws_edge.config import Config
from aws_edge.http import pages
from aws_edge.http.messages import Headers, Reply, Request, redirect
from aws_edge.load_balancer import session_cookies
from aws_edge.load_balancer.identity_provider import Client, Grant, IdentityProvider, ProviderError
from aws_edge.load_balancer.sealed import Box
from aws_edge.load_balancer.session_cookies import Session
from aws_edge.tokens import Signer

CALLBACK = "/oauth2/idpresponse"
NONCE = "AWSALBAuthNonce"
# A login must be finished in this time (seconds), and claims with access token must not be larger (bytes).
LOGIN_TIMEOUT = 15 * 60
CLAIMS_LIMIT = 11 * 1024


@dataclass(frozen=True)
class Identity:
    """Header fields with the identity for the target, and cookies of a renewed session."""

    headers: Headers = ()
    cookies: Headers = ()


class Settings:
    """One AuthenticateCognitoConfig, with the defaults that AWS documents."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.user_pool_arn: str = config["UserPoolArn"]
        self.client_id: str = config["UserPoolClientId"]
        self.domain: str = config["UserPoolDomain"]
        self.cookie = config.get("SessionCookieName") or "AWSELBAuthSessionCookie"
        self.scope = config.get("Scope") or "openid"
        self.timeout = int(config.get("SessionTimeout") or 604800)
        self.extra: dict[str, str] = config.get("AuthenticationRequestExtraParams") or {}
        self.unauthenticated = config.get("OnUnauthenticatedRequest") or "authenticate"
        self.region, self.pool_id = self.user_pool_arn.split(":")[3], self.user_pool_arn.rpartition("/")[2]
        self.issuer = f"https://cognito-idp.{self.region}.amazonaws.com/{self.pool_id}"
        self.id = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


class Authenticator:
    """One for the whole edge. Its keys are in memory: a restart ends all sessions."""

    def __init__(
        self, api: Api, config: Config, provider: IdentityProvider, clock: Callable[[], float] = time.time
    ) -> None:
        self._api = api
        self._config = config
        self._provider = provider
        self._now = lambda: int(clock())
        self._box = Box()
        self.signer = Signer()

    async def check(self, request: Request, settings: Settings, balancer: dict[str, Any]) -> Identity | Reply:
        """The identity to forward with, or the response instead of forwarding."""
        session = session_cookies.read(request, settings.cookie, self._box)
        if session is None or not _belongs_to(session, settings):
            return await self._unauthenticated(request, settings)
        session, cookies = await self._refreshed(session, request, settings, balancer)
        if session is None:
            # An expired session is redirected to the login even with OnUnauthenticatedRequest=deny.
            return await self._redirect_to_login(request, settings, "the sign-in is over")
        return Identity(self._identity_headers(session, settings, balancer["LoadBalancerArn"]), cookies)

    async def _unauthenticated(self, request: Request, settings: Settings) -> Identity | Reply:
        reason = "AuthInvalidCookie" if session_cookies.shards(request, settings.cookie) else "not signed in"
        if settings.unauthenticated == "allow":
            return Identity()
        if settings.unauthenticated == "deny":
            return pages.load_balancer_error(401, reason)
        return await self._redirect_to_login(request, settings, reason)

    async def _redirect_to_login(self, request: Request, settings: Settings, reason: str) -> Reply:
        if not request.host:
            return pages.load_balancer_error(401, "AuthMissingHostHeader")
        keeps_nonce = self._config.switches.nonce == "keep"
        nonce = (request.cookie(NONCE) if keeps_nonce else "") or _nonce()
        state = {"nonce": nonce, "url": request.url(), "settings": settings.id, "at": self._now()}
        query = {
            "client_id": settings.client_id,
            "redirect_uri": _callback_url(request),
            "response_type": "code",
            "scope": settings.scope,
            "state": self._box.seal(CALLBACK, state),
            **settings.extra,
        }
        location = f"https://{self._host(settings)}/oauth2/authorize?{urlencode(query)}"
        cookie = f"{NONCE}={nonce}; Path=/; Secure; HttpOnly"
        return redirect(302, location, ("Server", pages.ELB), ("Set-Cookie", cookie), reason=reason)

    async def callback(self, request: Request, known: list[Settings], balancer: dict[str, Any]) -> Reply:
        """/oauth2/idpresponse: the callback of the login."""
        parameters = request.parameters()
        state = self._box.open(CALLBACK, parameters.get("state", ""))
        settings = next((each for each in known if state and each.id == state["settings"]), None)
        if settings is None:
            missing = "AuthInvalidStateParam" if "state" in parameters else "AuthMissingStateParam"
            return pages.load_balancer_error(401, missing)
        if refusal := _callback_error(request, parameters, state, self._now()):
            return refusal
        try:
            client = await self._client(settings, balancer)
            return await self._signed_in(request, settings, client, parameters["code"], state["url"])
        except ProviderError as error:
            return pages.load_balancer_error(error.status, error.reason)

    async def _signed_in(self, request: Request, settings: Settings, client: Client, code: str, url: str) -> Reply:
        grant = await self._provider.redeem(client, code, _callback_url(request))
        _check_id_token(grant.id_claims, settings, self._now())
        cookies = self._cookies(self._session(grant, settings, self._now() + settings.timeout), request, settings)
        return redirect(302, url, ("Server", pages.ELB), *cookies, reason="signed in")

    async def _refreshed(
        self, session: Session, request: Request, settings: Settings, balancer: dict[str, Any]
    ) -> tuple[Session | None, Headers]:
        if self._now() >= session.expires_at:
            return None, ()
        if self._now() < session.claims_expire_at or not session.refresh_token:
            return session, ()
        try:
            grant = await self._provider.refresh(await self._client(settings, balancer), session.refresh_token)
            renewed = self._session(grant, settings, session.expires_at)
            return renewed, self._cookies(renewed, request, settings)
        except ProviderError:
            return None, ()

    def _session(self, grant: Grant, settings: Settings, expires_at: int) -> Session:
        size = len(json.dumps(grant.claims)) + len(grant.access_token)
        if size > CLAIMS_LIMIT:
            raise ProviderError(int(self._config.switches.large_claims_status), "AuthUserClaimsSizeExceeded")
        return Session(
            settings.user_pool_arn,
            settings.client_id,
            grant.access_token,
            grant.refresh_token,
            self._now() + grant.expires_in,
            expires_at,
            grant.claims,
        )

    def _cookies(self, session: Session, request: Request, settings: Settings) -> Headers:
        try:
            return session_cookies.write(session, settings.cookie, self._box, request)
        except session_cookies.TooLargeError as error:
            raise ProviderError(500, "the sign-in does not fit into the cookies") from error

    def _identity_headers(self, session: Session, settings: Settings, load_balancer: str) -> Headers:
        token = self.signer.token(
            session.claims,
            issuer=settings.issuer,
            client=settings.client_id,
            load_balancer=load_balancer,
            now=self._now(),
        )
        return (
            ("x-amzn-oidc-accesstoken", session.access_token),
            ("x-amzn-oidc-identity", str(session.claims.get("sub", ""))),
            ("x-amzn-oidc-data", token),
        )

    async def _client(self, settings: Settings, balancer: dict[str, Any]) -> Client:
        out = await asyncio.to_thread(self._api.permissions, "IpPermissionsEgress", *balancer["SecurityGroups"])
        if not security_groups.allows(out, 443, security_groups.ANYWHERE):
            raise ProviderError(500, "no security group allows the load balancer to reach the provider")
        found = await asyncio.to_thread(self._api.user_pool_client, settings.pool_id, settings.client_id)
        secret = (found or {}).get("ClientSecret", "")
        if not secret:
            raise ProviderError(500, "the app client is gone or has no secret")
        return Client(self._host(settings), settings.client_id, secret)

    def _host(self, settings: Settings) -> str:
        if "." in settings.domain:
            return settings.domain
        return f"{settings.domain}.auth.{settings.region}.{self._config.login_suffix}"


def _belongs_to(session: Session, settings: Settings) -> bool:
    return (session.user_pool_arn, session.client_id) == (settings.user_pool_arn, settings.client_id)


def _callback_url(request: Request) -> str:
    return f"https://{request.host}{CALLBACK}"


def _nonce() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _turn in range(16))


def _callback_error(request: Request, parameters: dict[str, str], state: dict[str, Any], now: int) -> Reply | None:
    nonce = request.cookie(NONCE)
    reasons = (
        (not nonce, 401, "AuthMissingAWSALBAuthNonce"),
        (nonce != state["nonce"], 401, "AuthInvalidAWSALBAuthNonce"),
        (now > state["at"] + LOGIN_TIMEOUT, 401, "the login took more than 15 minutes"),
        (parameters.get("error") == "access_denied", 401, "the identity provider denied access"),
        ("error" in parameters, 561, f"the identity provider answered {parameters.get('error')}"),
        (not parameters.get("code"), 401, "AuthMissingCodeParam"),
    )
    failed = next((each for each in reasons if each[0]), None)
    return pages.load_balancer_error(failed[1], failed[2]) if failed else None


def _check_id_token(claims: dict[str, Any], settings: Settings, now: int) -> None:
    right = (claims.get("iss"), claims.get("aud")) == (settings.issuer, settings.client_id)
    if not right or int(claims.get("exp", 0)) <= now:
        raise ProviderError(401, "AuthInvalidIdToken")
