"""A load balancer over the account in memory, with a target and a user pool that tests script."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import httpx

from aws_edge.config import Config, Switches
from aws_edge.http.messages import Reply, Request
from aws_edge.load_balancer.authentication import Authenticator
from aws_edge.load_balancer.health import HEALTHY, Health, State
from aws_edge.load_balancer.identity_provider import IdentityProvider
from aws_edge.load_balancer.load_balancer import LoadBalancer
from aws_edge.load_balancer.targets import Targets
from fakes import BALANCER, GROUP, ISSUER, LISTENER, LOOP, POOL_ARN, FakeApi, ask

NOW = 1_800_000_000
SECRET = "s3cret/+="
CHECK = {"HealthCheckProtocol": "HTTPS", "HealthCheckPath": "/healthz", "HealthCheckTimeoutSeconds": 5}
THRESHOLDS = {"HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "HealthCheckIntervalSeconds": 0}


def rule(pattern: str, actions: Any) -> dict[str, Any]:
    return {"Conditions": [{"Field": "path-pattern", "Values": [pattern]}], "Actions": actions}


def forward(order: int = 1) -> dict[str, Any]:
    return {"Type": "forward", "Order": order, "TargetGroupArn": GROUP}


def authenticate(mode: str = "authenticate", **more: Any) -> dict[str, Any]:
    config = {"UserPoolArn": POOL_ARN, "UserPoolClientId": "c1", "UserPoolDomain": "lab", "Scope": "openid email"}
    return {
        "Type": "authenticate-cognito",
        "Order": 1,
        "AuthenticateCognitoConfig": {**config, "OnUnauthenticatedRequest": mode, "SessionTimeout": 1000, **more},
    }


class Balancer:
    """What a test needs of a whole load balancer."""

    def __init__(self, rules: list[Any], **options: Any) -> None:
        self.now = NOW
        self.failure = options.get("failure")
        self.seen: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.tokens = {"access_token": "access", "id_token": id_token(), "refresh_token": "refresh", "expires_in": 300}
        self.claims: dict[str, Any] = {"sub": "u1", "email": "ada@lab.localhost"}
        self.provider_status = 200
        self._options = options
        self.api = self._account(rules)
        config = Config("", "", "login.localhost", switches=options.get("switches") or Switches())
        targets_http = httpx.AsyncClient(transport=httpx.MockTransport(self._target))
        provider = IdentityProvider(httpx.AsyncClient(transport=httpx.MockTransport(self._cognito)))
        self.authenticator = Authenticator(self.api, config, provider, lambda: self.now)
        self.health = Health(self.api, lambda _arn: targets_http, options.get("health_file"))
        self._targets = Targets(self.api, self.health, lambda _arn: targets_http, self._address)
        self._balancer = LoadBalancer(self.api, config, self.authenticator, self._targets)

    def _account(self, rules: list[Any]) -> FakeApi:
        sticky = self._options.get("sticky")
        attributes = {
            "stickiness.enabled": "true" if sticky else "false",
            "stickiness.type": "lb_cookie",
            "stickiness.lb_cookie.duration_seconds": str(sticky),
        }
        group = {"TargetGroupArn": GROUP, "Protocol": "HTTPS", "TargetType": "instance", "LoadBalancerArns": [BALANCER]}
        return FakeApi(
            listeners_=[{"ListenerArn": LISTENER, "Port": 443, "Protocol": "HTTPS"}],
            rules_=[*rules, {"Conditions": [], "Actions": [authenticate(), forward(2)]}],
            target_groups_={GROUP: {**group, **CHECK, **THRESHOLDS, "Attributes": attributes}},
            targets_=self._options.get("targets", [("i-1", 8443)]),
            clients={"c1": {"ClientSecret": SECRET}},
        )

    def ask(self, request: Request, body: AsyncIterator[bytes] | None = None) -> Reply:
        asked = replace(request, body=body) if body else request
        described = {"LoadBalancerArn": BALANCER, "SecurityGroups": ["sg-1"]}
        return ask(lambda each: self._balancer.handle(each, described), asked)

    @staticmethod
    async def body(content: bytes) -> AsyncIterator[bytes]:
        yield content

    def make_healthy(self, name: str) -> None:
        self.health._states = {GROUP: {name: State(HEALTHY)}}

    def check_health(self) -> None:
        LOOP.run(self.health.check_all(self._targets))

    def _address(self, instance_id: str) -> str:
        return self._options.get("address", f"10.0.0.{instance_id[-1]}")

    async def _target(self, request: httpx.Request) -> httpx.Response:
        if self.failure:
            raise self.failure
        target = request.extensions.get("target", request.url.raw_path).decode()
        seen = {"method": request.method, "target": target, "address": request.url.host}
        content = await request.aread()
        self.seen.append({**seen, "headers": dict(request.headers), "size": len(content)})
        headers = self._options.get("headers", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return httpx.Response(200, headers=headers, stream=Parts([b"o", b"k"]))

    async def _cognito(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        self.asked.append({"url": str(request.url), "form": form, "authorization": request.headers["authorization"]})
        answer = self.tokens if request.url.path == "/oauth2/token" else self.claims
        return httpx.Response(self.provider_status, json=answer)


class Parts(httpx.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


def id_token(**changes: Any) -> str:
    claims = {"iss": ISSUER, "aud": "c1", "exp": NOW + 300, "token_use": "id", **changes}
    return f"x.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.x"
