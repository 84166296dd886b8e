"""AWS's provisioning times, for measurements; off unless SANDBOX_LATENCIES names seconds.

    SANDBOX_LATENCIES="certificate=60 load_balancer=120 distribution=240 instance=45" python -m sandbox up

The age of a resource is taken from the emulator's response; while it is below the latency, the response is changed to
the state of a resource in creation.
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
    """The latency in seconds by kind of resource."""
    found = {name: float(seconds) for name, _equals, seconds in (part.partition("=") for part in setting.split())}
    if unknown := found.keys() - set(NAMES):
        raise ValueError(f"{VARIABLE} knows {', '.join(NAMES)}; not {', '.join(sorted(unknown))}")
    return found


SECONDS = read(os.environ.get(VARIABLE, ""))


def is_in_progress(kind: str, since: datetime.datetime | float | str) -> bool:
    """Whether AWS would still be creating or changing a resource that was requested at `since` (ISO time if text)."""
    if isinstance(since, str):
        since = datetime.datetime.fromisoformat(since)
    began = since.timestamp() if isinstance(since, datetime.datetime) else since
    return time.time() - began < SECONDS.get(kind, 0)


@dataclass(frozen=True)
class XmlState:
    """Where an XML response has creation time and state of a resource, and the state of one in creation."""

    kind: str
    time: str
    states: dict[str, str]

    def correct(self, body: bytes) -> bytes:
        """The response, with the state of each resource in progress replaced."""
        root = ElementTree.fromstring(body)  # noqa: S314 (from an emulator)
        namespace = root.tag.partition("}")[0].lstrip("{")
        for element in root.iter():
            began = element.findtext(f"{{{namespace}}}{self.time}")
            if began and is_in_progress(self.kind, began):
                self._mark(element, namespace)
        ElementTree.register_namespace("", namespace)
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    def _mark(self, element: ElementTree.Element, namespace: str) -> None:
        for place, text in self.states.items():
            state = element.find("/".join(f"{{{namespace}}}{name}" for name in place.split("/")))
            if state is not None:
                state.text = text


def _correct_certificate(body: bytes) -> bytes:
    response: dict[str, Any] = json.loads(body)
    certificate = response["Certificate"]
    if is_in_progress("certificate", certificate["CreatedAt"]):
        certificate["Status"] = "PENDING_VALIDATION"
        for name in certificate.get("DomainValidationOptions", []):
            name["ValidationStatus"] = "PENDING_VALIDATION"
    return json.dumps(response).encode()


_load_balancers = XmlState("load_balancer", "CreatedTime", {"State/Code": "provisioning"})
_instances = XmlState("instance", "launchTime", {"instanceState/code": "0", "instanceState/name": "pending"})
_distributions = XmlState("distribution", "LastModifiedTime", {"Status": "InProgress"})
# Responses with a state, by service and action.
CORRECTIONS: dict[tuple[str, str], Callable[[bytes], bytes]] = {
    ("acm", "DescribeCertificate"): _correct_certificate,
    ("elasticloadbalancing", "DescribeLoadBalancers"): _load_balancers.correct,
    ("ec2", "DescribeInstances"): _instances.correct,
    **dict.fromkeys(
        (("cloudfront", action) for action in ("GetDistribution", "ListDistributions", "UpdateDistribution")),
        _distributions.correct,
    ),
}
