"""Evaluation of security group rules (`IpPermissions` of DescribeSecurityGroups)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

Permission = dict[str, Any]
ANYWHERE = "0.0.0.0/0"
# All protocols.
ALL = "-1"
# The API takes names and numbers.
TCP = ("tcp", "6")


def networks(permission: Permission) -> list[str]:
    """The IPv4 networks that a rule names, in their usual form."""
    named = [each["CidrIp"] for each in permission.get("IpRanges", ())]
    return [str(ipaddress.ip_network(each, strict=False)) for each in named]


def groups(permission: Permission) -> list[str]:
    """The security groups that a rule names."""
    return [each["GroupId"] for each in permission.get("UserIdGroupPairs", ())]


def covers_port(permission: Permission, port: int) -> bool:
    """Whether a rule includes TCP at this port."""
    protocol = permission["IpProtocol"]
    return protocol == ALL or (protocol in TCP and permission["FromPort"] <= port <= permission["ToPort"])


def allows(permissions: Iterable[Permission], port: int, network: str) -> bool:
    """Whether the rules allow TCP at this port, from or to the whole of a network."""
    wanted = ipaddress.IPv4Network(network)
    fitting = (each for each in permissions if covers_port(each, port))
    return any(wanted.subnet_of(ipaddress.IPv4Network(each)) for rule in fitting for each in networks(rule))
