# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance, what it may do and who can reach it, as EC2, IAM and Systems Manager describe it. PRIVATE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Skipped, Wrong
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket.verify import listed, plain
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.notifications.verify import topic_arn

Door = tuple[str, int, int, str]  # protocol, first and last port, whom to: addresses or a security group
ALL = "0.0.0.0/0"
KNOCK_SECONDS = 3
NOWHERE = ("192.0.2.1", "198.51.100.1", "203.0.113.1")  # addresses that nobody on the internet has (RFC 5737)
READ_PARAMETERS = ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"]


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


def difference(held: Iterable[Mapping[str, Any]], wanted: Iterable[Door], way: str) -> Wrong:
    found, wished = set(doors(held)), set(wanted)
    if found - wished:
        yield f"it also lets {way} {join(map(_told, sorted(found - wished)))}"
    if wished - found:
        yield f"it does not let {way} {join(map(_told, sorted(wished - found)))}"


def balancer_doors(look: Sight) -> Wrong:
    group = facts.find_security_group(look, "load-balancer")
    if group is None:
        yield f"there is no security group {look.known['project']}-load-balancer"
        return
    port, host = look.known["port"], facts.security_group(look, "instance", "instance-doors")["GroupId"]
    clients = [("tcp", number, number, network) for number in (443, 80) for network in look.known["client_cidrs"]]
    yield from difference(group["IpPermissions"], clients, "in")
    yield from difference(group["IpPermissionsEgress"], [("tcp", port, port, host), ("tcp", 443, 443, ALL)], "out")
    worn = facts.load_balancer(look)["SecurityGroups"]
    if worn != [group["GroupId"]]:
        yield f"the load balancer has the groups {join(worn)}, not {group['GroupId']} alone"


def instance_doors(look: Sight) -> Wrong:
    group = facts.find_security_group(look, "instance")
    if group is None:
        yield f"there is no security group {look.known['project']}-instance"
        return
    port, balancer = look.known["port"], facts.security_group(look, "load-balancer", "balancer-doors")["GroupId"]
    yield from difference(group["IpPermissions"], [("tcp", port, port, balancer)], "in")
    vpc = look.call("ec2", "describe_vpcs", VpcIds=[group["VpcId"]])["Vpcs"][0]["CidrBlock"]
    out = [("tcp", 443, 443, ALL), ("tcp", 80, 80, ALL), ("udp", 53, 53, vpc), ("tcp", 53, 53, vpc)]
    yield from difference(group["IpPermissionsEgress"], out, "out")


def groups_worn(instance: Mapping[str, Any], wanted: str) -> Wrong:
    held = {one["GroupId"]: one["GroupName"] for one in instance.get("SecurityGroups", [])}
    for interface in instance.get("NetworkInterfaces", []):
        held |= {one["GroupId"]: one["GroupName"] for one in interface.get("Groups", [])}
    surplus = [f"{name} ({group})" for group, name in held.items() if group != wanted]
    if surplus:
        yield f"it has the groups {join(surplus)} too"
    if wanted not in held:
        yield f"it does not have the group {wanted}"


def worn(look: Sight) -> Wrong:
    group = facts.security_group(look, "instance", "instance-doors")
    yield from groups_worn(facts.instance(look), group["GroupId"])


def there(look: Sight) -> Wrong:
    held = facts.find_instance(look)
    if held is None:
        yield f"no instance has the name and the tag Project {look.known['project']}"
    elif held["State"]["Name"] != "running":
        yield f"{held['InstanceId']} is {held['State']['Name']}"


def metadata_faults(held: Mapping[str, Any]) -> Wrong:
    if held.get("HttpTokens") != "required":
        yield f"its metadata is given without a token too (IMDSv1): HttpTokens is {held.get('HttpTokens')}"
    if held.get("HttpPutResponseHopLimit") != 1:
        yield f"its token travels {held.get('HttpPutResponseHopLimit')} hops, so that a container can have it"


def metadata(look: Sight) -> Wrong:
    yield from metadata_faults(facts.instance(look).get("MetadataOptions", {}))


def disk_faults(volumes: Iterable[Mapping[str, Any]]) -> Wrong:
    for volume in volumes:
        if not volume["Encrypted"]:
            yield f"{volume['VolumeId']} is not encrypted"


def disks(look: Sight) -> Wrong:
    ids = [one["Ebs"]["VolumeId"] for one in facts.instance(look)["BlockDeviceMappings"]]
    if ids:
        yield from disk_faults(look.call("ec2", "describe_volumes", VolumeIds=ids)["Volumes"])


def protection(look: Sight) -> Wrong:
    if not look.known["protect_instance"]:
        return
    asked = {"InstanceId": facts.instance(look)["InstanceId"], "Attribute": "disableApiTermination"}
    if not look.call("ec2", "describe_instance_attribute", **asked)["DisableApiTermination"]["Value"]:
        yield "it can be terminated by mistake"


def trust(document: Mapping[str, Any]) -> Wrong:
    for statement in listed(document["Statement"]):
        if statement["Effect"] == "Allow" and statement.get("Principal") != {"Service": "ec2.amazonaws.com"}:
            yield f"{statement.get('Principal')} may take its role"


def policies(attached: Iterable[str], inline: Iterable[str], wanted: Mapping[str, list[str]]) -> Wrong:
    for kind, held in {"managed": list(attached), "inline": list(inline)}.items():
        surplus, missing = set(held) - set(wanted[kind]), set(wanted[kind]) - set(held)
        if surplus:
            yield f"its role has the {kind} policies {join(sorted(surplus))} besides"
        if missing:
            yield f"its role lacks the {kind} policies {join(sorted(missing))}"


def readable(statements: Iterable[Mapping[str, Any]], parameter: Any) -> Wrong:
    """Whether the policy for parameters lets one (or a list) be read and denies all others."""
    held = [statement for statement in statements if not str(statement.get("Action")).startswith("kms:")]
    allowed = [plain(one.get("Resource")) for one in held if one["Effect"] == "Allow"]
    if allowed != [parameter]:
        yield f"its role may read the parameters {join(allowed)}, not {join(listed(parameter))} alone"
    denied = [one for one in held if one["Effect"] == "Deny" and plain(one.get("NotResource")) == parameter]
    if not any(sorted(listed(one["Action"])) == READ_PARAMETERS for one in denied):
        yield "its role is not denied all other parameters, which AmazonSSMManagedInstanceCore lets it read"


def publishable(statements: Iterable[Mapping[str, Any]], topic: str) -> Wrong:
    """Whether the policy for topics lets it tell this one and no other."""
    held = [(one["Effect"], plain(one.get("Action")), plain(one.get("Resource"))) for one in statements]
    if held != [("Allow", "sns:Publish", topic)]:
        yield f"its role's policy for topics is {held}, not to publish to {topic} alone"


def role(look: Sight) -> Wrong:
    name, wanted = look.known["project"], look.known["role_policies"]
    profile = facts.instance(look).get("IamInstanceProfile", {}).get("Arn", "none")
    if not profile.endswith(f"/{name}"):
        yield f"its instance profile is {profile}, not {name}"
    yield from trust(look.call("iam", "get_role", RoleName=name)["Role"]["AssumeRolePolicyDocument"])
    attached = look.call("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
    inline = look.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]
    yield from policies([one["PolicyName"] for one in attached], inline, wanted)
    if "parameters" in inline:
        document = look.call("iam", "get_role_policy", RoleName=name, PolicyName="parameters")["PolicyDocument"]
        place = f"arn:aws:ssm:{look.known['region']}:{look.known['aws_account_id']}:parameter"
        signing = [f"{place}{look.known['signing_key_path']}/{label}" for label in look.known["signing_keys"]]
        yield from readable(listed(document["Statement"]), plain(signing))
    if "topics" in inline:
        document = look.call("iam", "get_role_policy", RoleName=name, PolicyName="topics")["PolicyDocument"]
        yield from publishable(listed(document["Statement"]), topic_arn(look))


def managed(look: Sight) -> Wrong:
    instance = facts.instance(look)["InstanceId"]
    asked = [{"Key": "InstanceIds", "Values": [instance]}]
    held = look.pages("ssm", "describe_instance_information", "InstanceInformationList", Filters=asked)
    status = held[0]["PingStatus"] if held else "unknown"
    if status != "Online":
        yield f"{instance} is {status} to Systems Manager"


def knock(addresses: Iterable[str], ports: Iterable[int]) -> list[tuple[str, int]]:
    """Which ports of these addresses answer; all are tried at once."""
    tried = [(address, port) for address in addresses for port in ports]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answered = list(pool.map(lambda pair: web.answers(*pair, KNOCK_SECONDS), tried))
    return [pair for pair, answers in zip(tried, answered, strict=True) if answers]


def closed(look: Sight) -> Wrong:
    held = facts.instance(look)
    public = [address for address in (held.get("PublicIpAddress"), held.get("Ipv6Address")) if address]
    answered = knock(public, (22, 80, 443, look.known["port"]))
    if answered and knock(NOWHERE, {port for _other, port in answered}):
        raise Skipped(
            "something between here and there answers for addresses that do not exist; try from another network"
        )
    yield from (f"port {port} of {address} answers" for address, port in answered)


CHECKS = (
    Check(
        "instance",
        there,
        "The instance {project} runs.",
        "EC2's DescribeInstances",
        "Start it, or run site.yml, which makes one.",
        settles=True,
    ),
    Check(
        "balancer-doors",
        balancer_doors,
        "The load balancer's group lets {client_cidrs} in on 443 and 80, and out to the instance and Cognito only.",
        "EC2's DescribeSecurityGroups, every rule",
        "Run site.yml: it takes other rules out.",
        ("load-balancer",),
    ),
    Check(
        "instance-doors",
        instance_doors,
        "The instance's security group lets in the load balancer on {port}, and nobody on 22; out on 443, 80 and DNS.",
        "EC2's DescribeSecurityGroups, every rule",
        "Run site.yml: it takes other rules out.",
        ("load-balancer",),
    ),
    Check(
        "instance-groups",
        worn,
        "The instance has that security group and no other.",
        "EC2's DescribeInstances, with all its network interfaces",
        "Run site.yml, or take the other groups off the instance.",
        ("load-balancer", "instance"),
    ),
    Check(
        "instance-closed",
        closed,
        "Nobody reaches the instance but through the load balancer.",
        "Connections from here to ports 22, 80, 443 and {port} of its public addresses",
        "Look at instance-doors and instance-groups, and for other interfaces or addresses of the instance.",
        ("instance",),
    ),
    Check(
        "instance-metadata",
        metadata,
        "The instance's credentials are given by IMDSv2 only, one hop far.",
        "EC2's DescribeInstances",
        "Run site.yml: it sets the metadata options.",
        ("instance",),
    ),
    Check(
        "instance-disks",
        disks,
        "Its disks are encrypted.",
        "EC2's DescribeVolumes",
        "A disk can't be encrypted later: terminate the instance, and run site.yml for a new one.",
        ("instance",),
    ),
    Check(
        "instance-protection",
        protection,
        "It is protected against termination, as the inventory says.",
        "EC2's DescribeInstanceAttribute",
        "Run site.yml.",
        ("instance",),
    ),
    Check(
        "instance-role",
        role,
        "It may do what Systems Manager needs, read the signing keys in use and tell what fails, nothing else.",
        "IAM's ListAttachedRolePolicies, ListRolePolicies, GetRolePolicy and GetRole",
        "Run site.yml; take policies off the role that nobody there put on.",
        ("instance",),
    ),
    Check(
        "instance-managed",
        managed,
        "Systems Manager reaches it.",
        "Systems Manager's DescribeInstanceInformation",
        "See that its role holds AmazonSSMManagedInstanceCore and that its subnet has a way out to port 443.",
        ("instance",),
        settles=True,
    ),
)
