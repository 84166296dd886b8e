"""Health checks. Their results are written to a file, from which DescribeTargetHealth is answered."""

from __future__ import annotations

import asyncio
import json
import logging
import pathlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from aws_edge.account.api import Api

HEALTHY = "healthy"
UNHEALTHY = "unhealthy"
# While a target is not healthy, all are checked at the fast interval (seconds), instead of AWS's 30.
FAST_INTERVAL = 2
SLOW_INTERVAL = 10
LOG = logging.getLogger(__name__)


@dataclass
class State:
    """The health of one target."""

    state: str = "initial"
    reason: str = "Elb.InitialHealthChecking"
    description: str = "Initial health checks in progress"
    # How many checks in a row contradicted the state.
    contradictions: int = 0
    next_check: float = field(default=0.0)

    def described(self) -> dict[str, str]:
        """The shape of DescribeTargetHealth's TargetHealth."""
        more = {"Reason": self.reason, "Description": self.description} if self.reason else {}
        return {"State": self.state, **more}


class TargetLocator(Protocol):
    """Gets the URL of a target."""

    def url(self, group: dict[str, Any], target_id: str, port: int) -> str:
        """The address of a target, empty when it has none."""


class Health:
    """The states of all targets of all target groups that a load balancer uses."""

    def __init__(self, api: Api, http_of: Callable[[str], httpx.AsyncClient], file: pathlib.Path | None) -> None:
        self._api = api
        self._http_of = http_of
        self._file = file
        self._states: dict[str, dict[str, State]] = {}

    def is_healthy(self, group_arn: str, target_id: str, port: int) -> bool:
        """Whether a target passed its checks."""
        state = self._states.get(group_arn, {}).get(f"{target_id}:{port}")
        return state is not None and state.state == HEALTHY

    async def run(self, locator: TargetLocator) -> None:
        """Check until cancelled."""
        while True:
            try:
                await self.check_all(locator)
            except Exception:
                LOG.exception("the health checks could not be made")
            await asyncio.sleep(SLOW_INTERVAL if self._all_healthy() else FAST_INTERVAL)

    def _all_healthy(self) -> bool:
        found = [(state.state, state.contradictions) for states in self._states.values() for state in states.values()]
        return bool(found) and set(found) == {(HEALTHY, 0)}

    async def check_all(self, locator: TargetLocator) -> None:
        """Check every target that is due, and write the states down when one changed."""
        before = self._described()
        groups = await asyncio.to_thread(self._api.target_groups)
        used = {arn: group for arn, group in groups.items() if group.get("LoadBalancerArns")}
        self._states = {arn: self._states.get(arn, {}) for arn in used}
        for group in used.values():
            await self._check_group(group, locator)
        if self._described() != before:
            self._write()

    async def _check_group(self, group: dict[str, Any], locator: TargetLocator) -> None:
        arn = group["TargetGroupArn"]
        registered = await asyncio.to_thread(self._api.targets, arn)
        known = self._states[arn]
        self._states[arn] = {f"{name}:{port}": known.get(f"{name}:{port}", State()) for name, port in registered}
        for name, port in registered:
            state = self._states[arn][f"{name}:{port}"]
            if state.next_check <= time.monotonic():
                record_check(
                    state, group, *await self._probe(group, await asyncio.to_thread(locator.url, group, name, port))
                )

    async def _probe(self, group: dict[str, Any], url: str) -> tuple[bool, str, str]:
        """Whether the target passed, and if not AWS's code for the reason and its words."""
        if not url:
            return False, "Target.Timeout", "Request timed out"
        address, check = httpx.URL(url), group
        scheme = check["HealthCheckProtocol"].lower()
        port = (
            address.port
            if check.get("HealthCheckPort", "traffic-port") == "traffic-port"
            else int(check["HealthCheckPort"])
        )
        wanted = f"{scheme}://{address.host}:{port}{check['HealthCheckPath']}"
        headers = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
        try:
            # A target group has one load balancer at most.
            http = self._http_of(group["LoadBalancerArns"][0])
            answer = await http.get(wanted, headers=headers, timeout=check["HealthCheckTimeoutSeconds"])
        except httpx.TimeoutException:
            return False, "Target.Timeout", "Request timed out"
        except httpx.TransportError:
            return False, "Target.FailedHealthChecks", "Health checks failed"
        codes = check.get("Matcher", {}).get("HttpCode", "200")
        return (
            matches_codes(codes, answer.status_code),
            "Target.ResponseCodeMismatch",
            f"Health checks failed with these codes: [{answer.status_code}]",
        )

    def _described(self) -> dict[str, dict[str, dict[str, str]]]:
        return {
            arn: {name: state.described() for name, state in states.items()} for arn, states in self._states.items()
        }

    def _write(self) -> None:
        if self._file:
            draft = self._file.with_suffix(".new")
            draft.write_text(json.dumps(self._described(), indent=2) + "\n")
            draft.replace(self._file)


def record_check(state: State, group: dict[str, Any], passed: bool, reason: str, description: str) -> None:
    """Record the result of one check: the first success counts at once, later changes need the threshold."""
    agrees = passed == (state.state == HEALTHY)
    state.contradictions = 0 if agrees else state.contradictions + 1
    if passed and state.contradictions >= (1 if state.state == "initial" else int(group["HealthyThresholdCount"])):
        state.state, state.reason, state.description, state.contradictions = HEALTHY, "", "", 0
    if not passed and state.state == "initial":
        state.state, state.reason, state.description = UNHEALTHY, reason, description
    if not passed and state.contradictions >= int(group["UnhealthyThresholdCount"]):
        state.state, state.reason, state.description, state.contradictions = UNHEALTHY, reason, description, 0
    interval = int(group["HealthCheckIntervalSeconds"])
    state.next_check = time.monotonic() + (interval if state.state == HEALTHY else min(interval, FAST_INTERVAL))


def matches_codes(codes: str, status: int) -> bool:
    """Whether a status is among the success codes: `200`, `200,204` or `200-299`."""
    ranges = (part.partition("-") for part in codes.split(","))
    return any(int(low) <= status <= int(high or low) for low, _other, high in ranges)
