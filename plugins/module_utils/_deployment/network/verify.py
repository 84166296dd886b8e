# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups: what they let through, and who has them, as EC2 describes it. PRIVATE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import find as instance
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find as load_balancer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.network import find

Door = tuple[str, int, int, str]  # protocol, first and last port, whom to: addresses or a security group
ALL = "0.0.0.0/0"


def doors(permissions: Iterable[Mapping[str, Any]]) -> Iterator[Door]:
    """What a security group lets through, one by one."""
    for permission in permissions:
        ports = permission.get("FromPort", 0), permission.get("ToPort", 65535)
        peers = [
            *(one["CidrIp"] for one in permission.get("IpRanges", [])),
            *(one["CidrIpv6"] for one in permission.get("Ipv6Ranges", [])),
            *(one["PrefixListId"] for one in permission.get("PrefixListIds", [])),
            *(one["GroupId"] for one in permission.get("UserIdGroupPairs", [])),
        ]
        yield from ((permission["IpProtocol"], *ports, peer) for peer in peers)


def _told(door: Door) -> str:
    protocol, first, last, peer = door
    what = "everything" if protocol == "-1" else f"{protocol} {first}{'' if first == last else f' to {last}'}"
    return f"{what} of {peer}"


def difference(held: Iterable[Mapping[str, Any]], wanted: Iterable[Door], way: str) -> Reasons:
    found, wished = set(doors(held)), set(wanted)
    if found - wished:
        yield f"it also lets {way} {join(map(_told, sorted(found - wished)))}"
    if wished - found:
        yield f"it does not let {way} {join(map(_told, sorted(wished - found)))}"


def balancer_doors(context: Context) -> Reasons:
    group = find.security_group_or_none(context, "load_balancer_security_group")
    if group is None:
        yield f"there is no security group {context.names['load_balancer_security_group']}"
        return
    port, host = (
        context.inputs["port"],
        find.security_group(context, "instance_security_group", "instance-doors")["GroupId"],
    )
    clients = [("tcp", number, number, network) for number in (443, 80) for network in context.inputs["client_cidrs"]]
    yield from difference(group["IpPermissions"], clients, "in")
    yield from difference(group["IpPermissionsEgress"], [("tcp", port, port, host), ("tcp", 443, 443, ALL)], "out")
    worn = load_balancer.load_balancer(context)["SecurityGroups"]
    if worn != [group["GroupId"]]:
        yield f"the load balancer has the groups {join(worn)}, not {group['GroupId']} alone"


def instance_doors(context: Context) -> Reasons:
    group = find.security_group_or_none(context, "instance_security_group")
    if group is None:
        yield f"there is no security group {context.names['instance_security_group']}"
        return
    port, balancer = (
        context.inputs["port"],
        find.security_group(context, "load_balancer_security_group", "balancer-doors")["GroupId"],
    )
    yield from difference(group["IpPermissions"], [("tcp", port, port, balancer)], "in")
    vpc = context.aws.call("ec2", "describe_vpcs", VpcIds=[group["VpcId"]])["Vpcs"][0]["CidrBlock"]
    out = [("tcp", 443, 443, ALL), ("tcp", 80, 80, ALL), ("udp", 53, 53, vpc), ("tcp", 53, 53, vpc)]
    yield from difference(group["IpPermissionsEgress"], out, "out")


def groups_worn(instance: Mapping[str, Any], wanted: str) -> Reasons:
    held = {one["GroupId"]: one["GroupName"] for one in instance.get("SecurityGroups", [])}
    for interface in instance.get("NetworkInterfaces", []):
        held |= {one["GroupId"]: one["GroupName"] for one in interface.get("Groups", [])}
    surplus = [f"{name} ({group})" for group, name in held.items() if group != wanted]
    if surplus:
        yield f"it has the groups {join(surplus)} too"
    if wanted not in held:
        yield f"it does not have the group {wanted}"


def worn(context: Context) -> Reasons:
    group = find.security_group(context, "instance_security_group", "instance-doors")
    yield from groups_worn(instance.instance(context), group["GroupId"])


PART = "The security groups"
CHECKS = (
    Check(
        "balancer-doors",
        balancer_doors,
        claim=(
            "The load balancer's group lets {client_cidrs} in on 443 and 80, and out to the instance and Cognito only."
        ),
        how="EC2's DescribeSecurityGroups, every rule",
        todo="Run site.yml: it takes other rules out.",
        needs=("load-balancer",),
    ),
    Check(
        "instance-doors",
        instance_doors,
        claim=(
            "The instance's security group lets in the load balancer on {port}, and nobody on 22; out on "
            "443, 80 and DNS."
        ),
        how="EC2's DescribeSecurityGroups, every rule",
        todo="Run site.yml: it takes other rules out.",
        needs=("load-balancer",),
    ),
    Check(
        "instance-groups",
        worn,
        claim="The instance has that security group and no other.",
        how="EC2's DescribeInstances, with all its network interfaces",
        todo="Run site.yml, or take the other groups off the instance.",
        needs=("load-balancer", "instance"),
    ),
)
