"""Operations of Systems Manager that moto lacks: managed instances, and sessions to them.

An instance is online once its host has booted and its role allows what the agent does. session_manager_plugin opens the
shell; this returns only what AWS's plugin would get.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from sandbox import settings
from sandbox.api import latencies
from sandbox.compute import hosts, instances
from sandbox.iam import authorization

# The actions of AmazonSSMManagedInstanceCore that an agent needs to register and to open a session.
AGENT_ACTIONS = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


class ServiceError(Exception):
    """AWS's error code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# A cache: `systemctl is-system-running` takes a fifth of a second.
_booted_hosts: set[str] = set()


def _has_booted(name: str) -> bool:
    if not hosts.is_running(name):
        _booted_hosts.discard(name)
    elif name not in _booted_hosts and hosts.is_booted(name):
        _booted_hosts.add(name)
    return name in _booted_hosts


def is_online(instance_id: str) -> bool:
    """Whether the agent on the instance would have registered and be reachable."""
    instance = instances.describe(instance_id)
    if instance is None or instance["State"]["Name"] != "running":
        return False
    if latencies.is_in_progress("instance", instance["LaunchTime"]):
        return False
    role = instances.role_name(instance)
    if role is None or not (instances.trusts_ec2(role) and authorization.allows_all(role, AGENT_ACTIONS)):
        return False
    return _has_booted(instance_id)


def _information(instance_id: str) -> dict[str, Any]:
    return {
        "InstanceId": instance_id,
        "PingStatus": "Online",
        "LastPingDateTime": time.time(),
        "AgentVersion": "3.3.0.0",
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": "Debian GNU/Linux",
        "PlatformVersion": "12",
        "ResourceType": "EC2Instance",
        "IPAddress": hosts.address(instance_id),
        "ComputerName": instance_id,
    }


def _filters(request: dict[str, Any]) -> dict[str, list[str]]:
    """The request's filters, of the older and of the newer form."""
    filters = {entry["Key"]: entry["Values"] for entry in request.get("Filters", [])}
    filters |= {entry["key"]: entry["valueSet"] for entry in request.get("InstanceInformationFilterList", [])}
    if unknown := set(filters) - {"InstanceIds", "PingStatus", "PlatformTypes", "ResourceType"}:
        raise ServiceError("InvalidFilterKey", f"The sandbox does not know the filter {sorted(unknown)[0]}.")
    return filters


def describe_instance_information(request: dict[str, Any]) -> dict[str, Any]:
    """The online instances that pass the filters."""
    filters = _filters(request)
    ids = filters.pop("InstanceIds", None)
    online = [name for name in hosts.names() if (ids is None or name in ids) and is_online(name)]
    found = [_information(name) for name in online]
    names = {"PlatformTypes": "PlatformType"}
    matching = [entry for entry in found if all(entry[names.get(key, key)] in filters[key] for key in filters)]
    return {"InstanceInformationList": matching}


def start_session(request: dict[str, Any]) -> dict[str, Any]:
    """A session to an online instance."""
    target = request.get("Target", "")
    if not is_online(target):
        raise ServiceError("TargetNotConnected", f"{target} is not connected.")
    session = f"sandbox-{secrets.token_hex(9)[:17]}"
    stream = f"wss://ssmmessages.{settings.REGION}.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe"
    return {"SessionId": session, "TokenValue": secrets.token_urlsafe(64), "StreamUrl": stream}


def terminate_session(request: dict[str, Any]) -> dict[str, Any]:
    """The end of a session; its shell ended with the plugin's process."""
    return {"SessionId": request.get("SessionId", "")}


ACTIONS = {
    "DescribeInstanceInformation": describe_instance_information,
    "StartSession": start_session,
    "TerminateSession": terminate_session,
}
