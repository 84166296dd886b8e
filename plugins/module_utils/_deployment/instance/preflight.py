# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the instance that is to be made. PRIVATE to this collection."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.filters import filters
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import ClientError, error_code
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.account import quotas
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import find

BUILT = ("usable_region", "project")
# In GiB, for the build of the viewer: its heap, Node.js itself and what else runs on the host.
LEAST_MEMORY, ENOUGH_MEMORY = 2, 4
# Systems Manager User Guide, "Find AMIs with the SSM Agent preinstalled"; Debian's list of AMIs, wiki.debian.org/Cloud.
WITH_AGENT = {"099720109477": "Canonical", "137112412989": "Amazon", "amazon": "Amazon"}
WITHOUT_AGENT = {"136693071363": "Debian"}
# Families of the quota "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances".
STANDARD = re.compile(r"(a|c|d|h|i|im|is|m|r|t|z)\d")


def instance(context: Context) -> Findings:
    context.provide(instance_exists=find.instance_or_none(context) is not None)
    yield from ()


def instance_type(context: Context) -> Findings:
    name = context.inputs["web_instance_type"]
    try:
        found = context.aws.call("ec2", "describe_instance_types", InstanceTypes=[name])["InstanceTypes"][0]
    except ClientError as error:
        if error_code(error) not in ("InvalidInstanceType", "InvalidParameterValue"):
            raise
        wrong = f"EC2 has no such instance type in {context.inputs['region']}"
        yield context.problem("web_instance_type", wrong, "write one such as c6a.large")
        return
    context.provide(type_facts=found)
    yield from _offered(context, name)


def memory(context: Context) -> Findings:
    name, held = context.inputs["web_instance_type"], context.found["type_facts"]["MemoryInfo"]["SizeInMiB"] / 1024
    if held < LEAST_MEMORY:
        wrong = f"it has {held:g} GiB of memory, and the build of the viewer needs {LEAST_MEMORY}"
        yield context.problem("web_instance_type", wrong, f"write a type with {ENOUGH_MEMORY} GiB, such as c6a.large")
    elif held < ENOUGH_MEMORY:
        yield Note(
            f"{name} has {held:g} GiB of memory. The build of the viewer, beside what else runs, can take all of it and"
            f" be killed; {ENOUGH_MEMORY} GiB are enough."
        )


def _offered(context: Context, name: str) -> Findings:
    held = find.instance_or_none(context)
    offered = find.zones_with_type(context, name)
    if held and (zone := held["Placement"]["AvailabilityZone"]) not in offered:
        wrong = f"EC2 does not offer it in {zone}, where the instance is, but in {join(sorted(offered))}"
        yield context.problem("web_instance_type", wrong, "write another type")
    where = context.found.get("instance_subnet")
    if not held and where and (zone := where["AvailabilityZone"]) not in offered:
        wrong = f"EC2 does not offer it in {zone}, where the instance's subnet is, but in {join(sorted(offered))}"
        yield context.problem(
            "web_instance_type", wrong, "write another type, or put a subnet of such a zone first in network_subnet_ids"
        )


def address(context: Context) -> Findings:
    """Whether an instance that is to be made gets out: by an internet gateway only with a public address."""
    subnet, public = context.found["instance_subnet"]["SubnetId"], context.inputs["web_instance_public_address"]
    direct = context.found["ways_out"][subnet].startswith("igw-")
    if context.found["instance_exists"] or direct == public:
        return
    if direct:
        wrong = f"{subnet} leads out by an internet gateway, which takes public addresses only"
        yield context.problem(
            "web_instance_public_address",
            wrong,
            "write a private subnet with a NAT gateway in network_instance_subnet_id, or leave the address",
        )
    else:
        yield Note(
            f"The instance is in {subnet}, a private subnet, where the public address that it gets is of no use: set"
            " web_instance_public_address to false."
        )


def plan(context: Context) -> Findings:
    """Accounts on AWS's free plan may run a few types only (EC2 User Guide, "Free Tier benefits")."""
    if context.found["type_facts"].get("FreeTierEligible") or context.found["instance_exists"]:
        return
    # An account from before there were plans has none.
    none = ["ResourceNotFoundException"]
    held = context.aws.call_or_none(none, "freetier", "get_account_plan_state", region="us-east-1") or {}
    if held.get("accountPlanType") == "FREE":
        wrong = "the account is on AWS's free plan, which does not have that type"
        instead = f"upgrade the account to the paid plan, or write {join(_of_the_free_plan(context), 'or')}"
        yield context.problem("web_instance_type", wrong, instead)


def _of_the_free_plan(context: Context) -> list[str]:
    """The types that would do."""
    processors = context.found["type_facts"]["ProcessorInfo"]["SupportedArchitectures"]
    asked = filters({"free-tier-eligible": "true", "processor-info.supported-architecture": processors})
    found = context.aws.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=asked)
    return sorted(one["InstanceType"] for one in found if one["MemoryInfo"]["SizeInMiB"] >= LEAST_MEMORY * 1024)


def agent(context: Context) -> Findings:
    """Whether images of that publisher carry Systems Manager's agent, the only way to the host."""
    owner = context.inputs["web_instance_image_owner"]
    if context.found["instance_exists"] or owner in WITH_AGENT:
        return
    if owner in WITHOUT_AGENT:
        wrong = (
            f"the images of {WITHOUT_AGENT[owner]} carry no agent of Systems Manager, so that nobody reaches the host"
        )
        instead = "leave it out for Ubuntu's, or write the account of an image into which you have put the agent"
        yield context.problem("web_instance_image_owner", wrong, instead)
    else:
        yield Note(
            f"The image is of account {owner}. It must carry the agent of Systems Manager; nobody can look inside."
        )


def image(context: Context) -> Findings:
    owner, name = context.inputs["web_instance_image_owner"], context.inputs["web_instance_image_name"]
    asked = filters({"name": name, "state": "available"})
    found = context.aws.pages("ec2", "describe_images", "Images", Owners=[owner], Filters=asked)
    architectures = {image["Architecture"] for image in found}
    # An instance that is there keeps its image.
    if not found and not context.found["instance_exists"]:
        wrong = f"account {owner} has no image of that name in {context.inputs['region']}"
        yield context.problem("web_instance_image_name", wrong, "write the name pattern of one, or leave it out")
    facts = context.found.get("type_facts")
    supported = facts["ProcessorInfo"]["SupportedArchitectures"] if facts else []
    if found and facts and architectures.isdisjoint(supported):
        wrong = f"its processors are {join(supported)}, and the image {name} is for {join(sorted(architectures))}"
        yield context.problem("web_instance_type", wrong, "write a type of that architecture, such as c6a.large")


def processors(context: Context) -> Findings:
    name, facts = context.inputs["web_instance_type"], context.found["type_facts"]
    if not STANDARD.match(name):
        return
    asked = filters({"instance-state-name": ["pending", "running"]})
    held = context.aws.pages("ec2", "describe_instances", "Reservations", Filters=asked)
    running = [instance for group in held for instance in group["Instances"] if "InstanceLifecycle" not in instance]
    used = sum(_processors(instance) for instance in running if STANDARD.match(instance["InstanceType"]))
    wanted = 0 if context.found["instance_exists"] else facts["VCpuInfo"]["DefaultVCpus"]
    limit = quotas.limit(context, "ec2", "L-1216C47A", 5)
    yield from quotas.judge(
        context, "web_instance_type", "virtual processors of standard instances", (used, wanted), limit
    )


def _processors(instance: dict[str, Any]) -> int:
    options = instance.get("CpuOptions", {})
    return options.get("CoreCount", 1) * options.get("ThreadsPerCore", 1)


CHECKS = (
    Check(
        "The instance", instance, needs=BUILT, provides=("instance_exists",), option="web_instance_type", strict=False
    ),
    Check(
        "The instance type",
        instance_type,
        needs=(*BUILT, "web_instance_type"),
        provides=("type_facts",),
        option="web_instance_type",
    ),
    Check(
        "The memory of the instance type",
        memory,
        needs=("type_facts", "web_instance_type"),
        option="web_instance_type",
        strict=False,
    ),
    Check(
        "The plan of the account",
        plan,
        needs=("type_facts", "instance_exists"),
        option="web_instance_type",
        strict=False,
    ),
    Check(
        "The agent in the image",
        agent,
        needs=("usable_region", "web_instance_image_owner", "instance_exists"),
        option="web_instance_image_owner",
        strict=False,
    ),
    Check(
        "The address of the instance",
        address,
        needs=("instance_subnet", "ways_out", "instance_exists", "web_instance_public_address"),
        option="web_instance_public_address",
        strict=False,
    ),
    Check(
        "The image",
        image,
        needs=(*BUILT, "web_instance_image_name", "web_instance_image_owner", "instance_exists"),
        option="web_instance_image_name",
    ),
    Check(
        "The quota of virtual processors",
        processors,
        needs=("type_facts", "instance_exists"),
        option="web_instance_type",
        strict=False,
    ),
)
