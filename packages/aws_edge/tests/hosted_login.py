"""A user pool on the real ministack, a browser that keeps cookies and sends forms, and what a load balancer asks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aws_edge.http.messages import Reply
from fakes import SITE, ask, request, set_cookies

HOST = "lab.auth.us-east-1.amazoncognito.localhost"
CALLBACK, SIGNED_OUT = f"https://{SITE}/oauth2/idpresponse", f"https://{SITE}/signed-out"
USER, PASSWORD = "ada@lab.localhost", "Correct-horse-1"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass
class Pool:
    id: str
    client: dict[str, Any]
    cognito: Any


def app_client(cognito, pool_id: str) -> dict[str, Any]:
    answer = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="site",
        GenerateSecret=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["openid", "email", "profile"],
        CallbackURLs=[CALLBACK],
        LogoutURLs=[SIGNED_OUT],
        SupportedIdentityProviders=["COGNITO"],
    )
    return answer["UserPoolClient"]


@dataclass
class Browser:
    """Keeps cookies, sends forms."""

    handle: Callable
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, path: str, method: str = "GET", body: bytes = b"", host: str = HOST, **headers: str) -> Reply:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        asked = request(path, method, host, cookie=cookies, **headers)
        reply = ask(self.handle, replace(asked, body=one(body)))
        self.cookies |= set_cookies(reply)
        self.cookies = {name: value for name, value in self.cookies.items() if value}
        return reply

    def submit(self, page: Reply, **fields: str) -> Reply:
        hidden = {html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(page.body.decode())}
        return self.send("/login", "POST", urlencode({**hidden, **fields}).encode())


async def one(body: bytes):
    yield body


def authorize(client_id: str, **changes: str | None) -> str:
    query = {"client_id": client_id, "redirect_uri": CALLBACK, "response_type": "code"}
    query |= {"scope": "openid email", "state": "s+/=&1", **changes}
    return f"/oauth2/authorize?{urlencode({name: value for name, value in query.items() if value is not None})}"


def form(browser: Browser, pool: Pool) -> Reply:
    return browser.send(browser.send(authorize(pool.client["ClientId"])).header("location"))


def returned(reply: Reply) -> dict[str, str]:
    assert reply.header("location").startswith(CALLBACK + "?"), reply
    return dict(parse_qsl(urlsplit(reply.header("location")).query))


def redeem(browser: Browser, pool: Pool, **changes: str) -> tuple[Reply, dict[str, Any]]:
    fields = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    fields |= {"client_id": pool.client["ClientId"], "client_secret": pool.client["ClientSecret"], **changes}
    reply = browser.send("/oauth2/token", "POST", urlencode(fields).encode())
    return reply, json.loads(reply.body)


def user_info(browser: Browser, token: str) -> Reply:
    return browser.send("/oauth2/userInfo", authorization=f"Bearer {token}")
