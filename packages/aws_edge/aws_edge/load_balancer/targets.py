"""Target groups: weights, healthy targets, stickiness."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx

from aws_edge.account.api import Api
from aws_edge.cache import Cache
from aws_edge.http import pages, proxy
from aws_edge.http.messages import Headers, Reply, Request
from aws_edge.load_balancer.health import Health
from aws_edge.load_balancer.sealed import Box

# podman inspect is slow, and the address of a container does not change.
ADDRESS_SECONDS = 10
STICKY = "AWSALB"


class Targets:
    """Chooses a target and forwards requests.

    `http_of` gives the client of a load balancer, `address_of` turns an instance id into an address.
    """

    def __init__(
        self, api: Api, health: Health, http_of: Callable[[str], httpx.AsyncClient], address_of: Callable[[str], str]
    ) -> None:
        self._api = api
        self._health = health
        self._http_of = http_of
        self._address_of = address_of
        self._addresses = Cache(ADDRESS_SECONDS)
        self._round_robin = itertools.count()
        self._box = Box()

    async def forward(
        self, request: Request, action: dict[str, Any], load_balancer: str, identity: Headers = ()
    ) -> Reply:
        """Pass the request to a healthy target, or to any when none is healthy."""
        group = await self._group(action)
        registered = await asyncio.to_thread(self._api.targets, group["TargetGroupArn"])
        if not registered:
            return pages.load_balancer_error(503, "the target group has no registered target")
        name = self._choose(request, group, registered)
        url = await asyncio.to_thread(self.url, group, *name)
        if not url:
            return pages.load_balancer_error(504, f"{name[0]} has no address")
        reply = await proxy.forward_to(self._http_of(load_balancer), request, url, identity)
        if reply.status in (502, 504):
            self._addresses.forget(name[0])
        return reply.adding(*self._sticky_cookies(group, name))

    async def _group(self, action: dict[str, Any]) -> dict[str, Any]:
        groups = await asyncio.to_thread(self._api.target_groups)
        weighted = (action.get("ForwardConfig") or {}).get("TargetGroups") or [
            {"TargetGroupArn": action["TargetGroupArn"]}
        ]
        weights = [int(each.get("Weight", 1)) for each in weighted]
        return groups[random.choices(weighted, weights)[0]["TargetGroupArn"]]  # noqa: S311 (no secret hangs on it)

    def _choose(self, request: Request, group: dict[str, Any], registered: list[tuple[str, int]]) -> tuple[str, int]:
        healthy = [each for each in registered if self._health.is_healthy(group["TargetGroupArn"], *each)]
        # With no healthy target all are tried: AWS's "fail open".
        candidates = healthy or registered
        wanted = self._box.open(group["TargetGroupArn"], request.cookie(STICKY)) if _duration(group) else None
        sticky = [each for each in candidates if list(each) == wanted]
        return sticky[0] if sticky else candidates[next(self._round_robin) % len(candidates)]

    def url(self, group: dict[str, Any], target_id: str, port: int) -> str:
        """The base URL of a target; empty while it has no address. Blocks."""
        if group.get("TargetType") == "ip":
            return proxy.base_url(group, target_id, port)
        address = self._addresses.get(target_id, lambda: self._address_of(target_id))
        return proxy.base_url(group, address, port) if address else ""

    def _sticky_cookies(self, group: dict[str, Any], target: tuple[str, int]) -> Headers:
        if not (life := _duration(group)):
            return ()
        value = self._box.seal(group["TargetGroupArn"], target)
        expires = formatdate(time.time() + life, usegmt=True)
        return (
            ("Set-Cookie", f"{STICKY}={value}; Expires={expires}; Path=/"),
            ("Set-Cookie", f"{STICKY}CORS={value}; Expires={expires}; Path=/; SameSite=None; Secure"),
        )


def _duration(group: dict[str, Any]) -> int:
    """Seconds for which the load balancer's own cookie sticks to a target; 0 when it does not."""
    attributes = group["Attributes"]
    sticky = attributes.get("stickiness.enabled") == "true" and attributes.get("stickiness.type") == "lb_cookie"
    return int(attributes.get("stickiness.lb_cookie.duration_seconds", 86400)) if sticky else 0
