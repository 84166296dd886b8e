"""Application Load Balancers: listeners, rules, actions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from aws_edge.account import security_groups
from aws_edge.account.api import Api
from aws_edge.config import Config
from aws_edge.http import desync, pages, proxy
from aws_edge.http.messages import Reply, Request
from aws_edge.load_balancer import rules
from aws_edge.load_balancer.authentication import CALLBACK, Authenticator, Identity, Settings
from aws_edge.load_balancer.targets import Targets

# Bytes of the request line, of one header field, of the whole header; addresses in X-Forwarded-For.
LINE_LIMIT = FIELD_LIMIT = 16 * 1024
HEADER_LIMIT = 64 * 1024
ADDRESS_LIMIT = 30
# Seconds without a response for a client that no security group allows.
SILENCE = 60
PORTS = {"https": 443, "http": 80}


class LoadBalancer:
    """Answers for every load balancer; which one is meant comes with each request."""

    def __init__(self, api: Api, config: Config, authenticator: Authenticator, targets: Targets) -> None:
        self._api = api
        self._config = config
        self._authenticator = authenticator
        self._targets = targets

    async def handle(self, request: Request, balancer: dict[str, Any]) -> Reply:
        """One request that came to the load balancer `balancer`."""
        if not await asyncio.to_thread(self._lets_in, balancer, request):
            await asyncio.sleep(SILENCE)
            return Reply(404, reason=f"no security group allows {request.client}; AWS would not answer")
        listener = await asyncio.to_thread(self._listener, balancer["LoadBalancerArn"], request.scheme)
        if listener is None:
            return Reply(404, reason=f"no listener on port {PORTS[request.scheme]}; AWS would not even connect")
        if refusal := malformed(request):
            return refusal
        reply = await self._answer(request, listener, balancer)
        return reply.adding(("Connection", "close")) if desync.is_ambiguous(request) else reply

    async def _answer(self, request: Request, listener: dict[str, Any], balancer: dict[str, Any]) -> Reply:
        known = await asyncio.to_thread(self._api.rules, listener["ListenerArn"])
        settings = [Settings(action["AuthenticateCognitoConfig"]) for action in _authenticating(known)]
        if request.path == CALLBACK and settings:
            return await self._authenticator.callback(request, settings, balancer)
        try:
            return await self._act(rules.select(known, request)["Actions"], request, balancer)
        except NotImplementedError as error:
            return pages.load_balancer_error(500, f"the sandbox does not know {error}")

    def _lets_in(self, balancer: dict[str, Any], request: Request) -> bool:
        allowed = self._api.permissions("IpPermissions", *balancer["SecurityGroups"])
        return security_groups.allows(allowed, PORTS[request.scheme], request.client)

    def _listener(self, arn: str, scheme: str) -> dict[str, Any] | None:
        wanted = (PORTS[scheme], scheme.upper())
        listeners = self._api.listeners(arn)
        return next((each for each in listeners if (each["Port"], each["Protocol"]) == wanted), None)

    async def _act(self, actions: list[dict[str, Any]], request: Request, balancer: dict[str, Any]) -> Reply:
        identity = Identity()
        for action in sorted(actions, key=lambda each: each.get("Order", 1)):
            match action["Type"]:
                case "authenticate-cognito":
                    settings = Settings(action["AuthenticateCognitoConfig"])
                    outcome = await self._authenticator.check(request, settings, balancer)
                    if isinstance(outcome, Reply):
                        return outcome
                    identity = outcome
                case "forward":
                    return await self._forward(request, action, balancer["LoadBalancerArn"], identity)
                case "redirect":
                    return redirected(request, action["RedirectConfig"])
                case "fixed-response":
                    return _fixed(action["FixedResponseConfig"])
                case other:
                    raise NotImplementedError(f"listener rule action {other}")
        return pages.load_balancer_error(500, "the rule has no final action")

    async def _forward(self, request: Request, action: dict[str, Any], arn: str, identity: Identity) -> Reply:
        if not identity.headers and self._config.switches.client_identity_headers == "drop":
            request = request.with_headers(proxy.without_identity(request.headers))
        reply = await self._targets.forward(request, action, arn, identity.headers)
        return reply.adding(*identity.cookies)


def _authenticating(known: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    actions = [action for rule in known for action in rule["Actions"]]
    return [action for action in actions if action["Type"] == "authenticate-cognito"]


def malformed(request: Request) -> Reply | None:
    """The error for requests that are too large or malformed."""
    fields = [len(name) + len(value) + 4 for name, value in request.headers]
    line = len(request.method) + len(request.path) + len(request.query) + 12
    addresses = sum(value.count(",") + 1 for name, value in request.headers if name == "x-forwarded-for")
    coding = request.header("transfer-encoding").lower()
    reasons = (
        (request.method == "TRACE", 405, "TRACE"),
        (line > LINE_LIMIT, 400, "the request line is larger than 16 K"),
        (max(fields, default=0) > FIELD_LIMIT, 400, "a header field is larger than 16 K"),
        (sum(fields) + line > HEADER_LIMIT, 400, "the header is larger than 64 K"),
        (addresses > ADDRESS_LIMIT, 463, "more than 30 addresses in X-Forwarded-For"),
        (coding not in ("", "chunked", "identity"), 501, "an unsupported Transfer-Encoding"),
    )
    failed = next((each for each in reasons if each[0]), None)
    return pages.load_balancer_error(failed[1], failed[2]) if failed else None


def redirected(request: Request, config: dict[str, str]) -> Reply:
    """The redirect action; parts that are not configured stay as requested."""
    known = {
        "protocol": request.scheme,
        "host": request.domain(),
        "port": str(PORTS[request.scheme]),
        "path": request.path.removeprefix("/"),
        "query": request.query,
    }
    defaults = {
        "Protocol": "#{protocol}",
        "Host": "#{host}",
        "Port": "#{port}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }
    parts = {name: _filled(config.get(name) or default, known) for name, default in defaults.items()}
    query = f"?{parts['Query']}" if parts["Query"] else ""
    location = f"{parts['Protocol'].lower()}://{parts['Host']}:{parts['Port']}{parts['Path']}{query}"
    status = int(config["StatusCode"].removeprefix("HTTP_"))
    page = pages.load_balancer_error(status, "redirect action")
    return page.adding(("Location", location))


def _filled(template: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        template = template.replace(f"#{{{name}}}", value)
    return template


def _fixed(config: dict[str, str]) -> Reply:
    content_type = config.get("ContentType") or "text/plain"
    body = (config.get("MessageBody") or "").encode()
    headers = (("Server", pages.ELB), ("Content-Type", f"{content_type}; charset=utf-8"))
    return Reply(int(config["StatusCode"]), headers, body, "fixed-response action")
