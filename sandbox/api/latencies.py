"""How long AWS takes for what the emulators have at once; off unless SANDBOX_LATENCIES names seconds, for measurements.

    SANDBOX_LATENCIES="certificate=60 load_balancer=120 distribution=240 instance=45" python -m sandbox up

A thing is as old as the emulator's own answer says; while it is younger than its latency, the answer tells the state
that AWS tells of a thing in the making.
"""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

VARIABLE = "SANDBOX_LATENCIES"
NAMES = ("certificate", "load_balancer", "distribution", "instance")


def read(setting: str) -> dict[str, float]:
    """The seconds that the setting gives to each kind of thing."""
    found = {name: float(seconds) for name, _equals, seconds in (part.partition("=") for part in setting.split())}
    if unknown := found.keys() - set(NAMES):
        raise ValueError(f"{VARIABLE} knows {', '.join(NAMES)}; not {', '.join(sorted(unknown))}")
    return found


SECONDS = read(os.environ.get(VARIABLE, ""))


def is_in_the_making(kind: str, since: datetime.datetime | float | str) -> bool:
    """Whether AWS would still be at work on a thing that was begun or changed at `since` (an ISO time if text)."""
    if isinstance(since, str):
        since = datetime.datetime.fromisoformat(since)
    began = since.timestamp() if isinstance(since, datetime.datetime) else since
    return time.time() - began < SECONDS.get(kind, 0)


@dataclass(frozen=True)
class InXml:
    """Where an answer in XML tells the time and the state of a thing, and what it says of one in the making."""

    kind: str
    time: str
    states: dict[str, str]

    def correct(self, answer: bytes) -> bytes:
        """The answer with the state of each thing that AWS would still be at work on."""
        root = ElementTree.fromstring(answer)  # noqa: S314 (from an emulator)
        namespace = root.tag.partition("}")[0].lstrip("{")
        for thing in root.iter():
            began = thing.findtext(f"{{{namespace}}}{self.time}")
            if began and is_in_the_making(self.kind, began):
                self._mark(thing, namespace)
        ElementTree.register_namespace("", namespace)
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    def _mark(self, thing: ElementTree.Element, namespace: str) -> None:
        for place, text in self.states.items():
            state = thing.find("/".join(f"{{{namespace}}}{name}" for name in place.split("/")))
            if state is not None:
                state.text = text


def _correct_certificate(answer: bytes) -> bytes:
    told: dict[str, Any] = json.loads(answer)
    certificate = told["Certificate"]
    if is_in_the_making("certificate", certificate["CreatedAt"]):
        certificate["Status"] = "PENDING_VALIDATION"
        for name in certificate.get("DomainValidationOptions", []):
            name["ValidationStatus"] = "PENDING_VALIDATION"
    return json.dumps(told).encode()


_balancers = InXml("load_balancer", "CreatedTime", {"State/Code": "provisioning"})
_instances = InXml("instance", "launchTime", {"instanceState/code": "0", "instanceState/name": "pending"})
_distributions = InXml("distribution", "LastModifiedTime", {"Status": "InProgress"})
# The answers that tell a state, by service and action.
ANSWERS: dict[tuple[str, str], Callable[[bytes], bytes]] = {
    ("acm", "DescribeCertificate"): _correct_certificate,
    ("elasticloadbalancing", "DescribeLoadBalancers"): _balancers.correct,
    ("ec2", "DescribeInstances"): _instances.correct,
    **dict.fromkeys(
        (("cloudfront", action) for action in ("GetDistribution", "ListDistributions", "UpdateDistribution")),
        _distributions.correct,
    ),
}
