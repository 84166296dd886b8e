"""DescribeTargetHealth with the results of the edge's health checks; to moto every target is healthy."""

from __future__ import annotations

import contextlib
import json
import urllib.parse
from xml.etree import ElementTree

from sandbox import settings

NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
# No load balancer sends requests to the group, so nothing checks it.
UNUSED = {
    "State": "unused",
    "Reason": "Target.NotInUse",
    "Description": "Target group is not configured to receive traffic from the load balancer",
}
States = dict[str, dict[str, str]]


def states_of(request_body: bytes) -> States:
    """The states of the target group in a request, by `<id>:<port>`."""
    group = dict(urllib.parse.parse_qsl(request_body.decode())).get("TargetGroupArn", "")
    with contextlib.suppress(FileNotFoundError):
        return json.loads(settings.TARGET_HEALTH.read_text()).get(group, {})
    return {}


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _replace_state(description: ElementTree.Element, states: States) -> None:
    target, health = description.find(_tag("Target")), description.find(_tag("TargetHealth"))
    name = f"{target.findtext(_tag('Id'))}:{target.findtext(_tag('Port'))}"
    health.clear()
    for key, value in states.get(name, UNUSED).items():
        ElementTree.SubElement(health, _tag(key)).text = value


def replace_states(answer: bytes, states: States) -> bytes:
    """moto's response to DescribeTargetHealth with these states."""
    root = ElementTree.fromstring(answer)  # noqa: S314 (from moto)
    for description in root.iterfind(f".//{_tag('TargetHealthDescriptions')}/{_tag('member')}"):
        _replace_state(description, states)
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
