# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance, what it may do and who reaches it, as EC2, IAM and Systems Manager describe it. PRIVATE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import as_list, document_statements, plain
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.notifications import find as notifications

KNOCK_SECONDS = 3
NOWHERE = ("192.0.2.1", "198.51.100.1", "203.0.113.1")  # addresses that nobody on the internet has (RFC 5737)
READ_PARAMETERS = ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"]


def instance_runs(context: Context) -> Reasons:
    held = find.instance_or_none(context)
    if held is None:
        yield f"no instance has the name and the tag Project {context.inputs['project']}"
    elif held["State"]["Name"] != "running":
        yield f"{held['InstanceId']} is {held['State']['Name']}"


def metadata_faults(held: Mapping[str, Any]) -> Reasons:
    if held.get("HttpTokens") != "required":
        yield f"its metadata is given without a token too (IMDSv1): HttpTokens is {held.get('HttpTokens')}"
    if held.get("HttpPutResponseHopLimit") != 1:
        yield f"its token travels {held.get('HttpPutResponseHopLimit')} hops, so that a container can have it"


def metadata(context: Context) -> Reasons:
    yield from metadata_faults(find.instance(context).get("MetadataOptions", {}))


def disk_faults(volumes: Iterable[Mapping[str, Any]]) -> Reasons:
    for volume in volumes:
        if not volume["Encrypted"]:
            yield f"{volume['VolumeId']} is not encrypted"


def disks(context: Context) -> Reasons:
    ids = [one["Ebs"]["VolumeId"] for one in find.instance(context)["BlockDeviceMappings"]]
    if ids:
        yield from disk_faults(context.aws.call("ec2", "describe_volumes", VolumeIds=ids)["Volumes"])


def protection(context: Context) -> Reasons:
    if not context.inputs["require_instance_termination_protection"]:
        return
    asked = {"InstanceId": find.instance(context)["InstanceId"], "Attribute": "disableApiTermination"}
    if not context.aws.call("ec2", "describe_instance_attribute", **asked)["DisableApiTermination"]["Value"]:
        yield "it can be terminated by mistake"


def trust(document: Mapping[str, Any]) -> Reasons:
    for statement in document_statements(document):
        if statement["Effect"] == "Allow" and statement.get("Principal") != {"Service": "ec2.amazonaws.com"}:
            yield f"{statement.get('Principal')} may take its role"


def policies(attached: Iterable[str], inline: Iterable[str], wanted: Mapping[str, list[str]]) -> Reasons:
    for kind, held in {"managed": list(attached), "inline": list(inline)}.items():
        surplus, missing = set(held) - set(wanted[kind]), set(wanted[kind]) - set(held)
        if surplus:
            yield f"its role has the {kind} policies {join(sorted(surplus))} besides"
        if missing:
            yield f"its role lacks the {kind} policies {join(sorted(missing))}"


def readable(statements: Iterable[Mapping[str, Any]], parameter: Any) -> Reasons:
    """Whether the policy for parameters lets one (or a list) be read and denies all others."""
    held = [statement for statement in statements if not str(statement.get("Action")).startswith("kms:")]
    allowed = [plain(one.get("Resource")) for one in held if one["Effect"] == "Allow"]
    if allowed != [parameter]:
        yield f"its role may read the parameters {join(allowed)}, not {join(as_list(parameter))} alone"
    denied = [one for one in held if one["Effect"] == "Deny" and plain(one.get("NotResource")) == parameter]
    if not any(sorted(as_list(one["Action"])) == READ_PARAMETERS for one in denied):
        yield "its role is not denied all other parameters, which AmazonSSMManagedInstanceCore lets it read"


def publishable(statements: Iterable[Mapping[str, Any]], topic: str) -> Reasons:
    """Whether the policy for topics lets it tell this one and no other."""
    held = [(one["Effect"], plain(one.get("Action")), plain(one.get("Resource"))) for one in statements]
    if held != [("Allow", "sns:Publish", topic)]:
        yield f"its role's policy for topics is {held}, not to publish to {topic} alone"


def role(context: Context) -> Reasons:
    name, wanted = context.names["instance_role"], context.inputs["role_policies"]
    profile = find.instance(context).get("IamInstanceProfile", {}).get("Arn", "none")
    if not profile.endswith(f"/{name}"):
        yield f"its instance profile is {profile}, not {name}"
    yield from trust(context.aws.call("iam", "get_role", RoleName=name)["Role"]["AssumeRolePolicyDocument"])
    attached = context.aws.call("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
    inline = context.aws.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]
    yield from policies([one["PolicyName"] for one in attached], inline, wanted)
    if "parameters" in inline:
        document = context.aws.call("iam", "get_role_policy", RoleName=name, PolicyName="parameters")["PolicyDocument"]
        place = f"arn:aws:ssm:{context.inputs['region']}:{context.inputs['aws_account_id']}:parameter"
        signing = [f"{place}{context.inputs['signing_key_path']}/{label}" for label in context.inputs["signing_keys"]]
        yield from readable(document_statements(document), plain(signing))
    if "topics" in inline:
        document = context.aws.call("iam", "get_role_policy", RoleName=name, PolicyName="topics")["PolicyDocument"]
        yield from publishable(document_statements(document), notifications.topic_arn(context))


def managed(context: Context) -> Reasons:
    instance = find.instance(context)["InstanceId"]
    asked = [{"Key": "InstanceIds", "Values": [instance]}]
    held = context.aws.pages("ssm", "describe_instance_information", "InstanceInformationList", Filters=asked)
    status = held[0]["PingStatus"] if held else "unknown"
    if status != "Online":
        yield f"{instance} is {status} to Systems Manager"


def knock(addresses: Iterable[str], ports: Iterable[int]) -> list[tuple[str, int]]:
    """Which ports of these addresses answer; all are tried at once."""
    tried = [(address, port) for address in addresses for port in ports]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answered = list(pool.map(lambda pair: web.answers(*pair, KNOCK_SECONDS), tried))
    return [pair for pair, answers in zip(tried, answered, strict=True) if answers]


def instance_unreachable(context: Context) -> Reasons:
    held = find.instance(context)
    public = [address for address in (held.get("PublicIpAddress"), held.get("Ipv6Address")) if address]
    answered = knock(public, (22, 80, 443, context.inputs["port"]))
    if answered and knock(NOWHERE, {port for _other, port in answered}):
        raise Skipped(
            "something between here and there answers for addresses that do not exist; try from another network"
        )
    yield from (f"port {port} of {address} answers" for address, port in answered)


PART = "The instance"
CHECKS = (
    Check(
        "instance",
        instance_runs,
        claim="The instance {project} runs.",
        how="EC2's DescribeInstances",
        todo="Start it, or run site.yml, which makes one.",
        settles=True,
    ),
    Check(
        "instance-closed",
        instance_unreachable,
        claim="Nobody reaches the instance but through the load balancer.",
        how="Connections from here to ports 22, 80, 443 and {port} of its public addresses",
        todo="Look at instance-doors and instance-groups, and for other interfaces or addresses of the instance.",
        needs=("instance",),
    ),
    Check(
        "instance-metadata",
        metadata,
        claim="The instance's credentials are given by IMDSv2 only, one hop far.",
        how="EC2's DescribeInstances",
        todo="Run site.yml: it sets the metadata options.",
        needs=("instance",),
    ),
    Check(
        "instance-disks",
        disks,
        claim="Its disks are encrypted.",
        how="EC2's DescribeVolumes",
        todo="A disk can't be encrypted later: terminate the instance, and run site.yml for a new one.",
        needs=("instance",),
    ),
    Check(
        "instance-protection",
        protection,
        claim="It is protected against termination, as the inventory says.",
        how="EC2's DescribeInstanceAttribute",
        todo="Run site.yml.",
        needs=("instance",),
    ),
    Check(
        "instance-role",
        role,
        claim="It may do what Systems Manager needs, read the signing keys in use and tell what fails, nothing else.",
        how="IAM's ListAttachedRolePolicies, ListRolePolicies, GetRolePolicy and GetRole",
        todo="Run site.yml; take policies off the role that nobody there put on.",
        needs=("instance",),
    ),
    Check(
        "instance-managed",
        managed,
        claim="Systems Manager reaches it.",
        how="Systems Manager's DescribeInstanceInformation",
        todo="See that its role holds AmazonSSMManagedInstanceCore and that its subnet has a way out to port 443.",
        needs=("instance",),
        settles=True,
    ),
)
