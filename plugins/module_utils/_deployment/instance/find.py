# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.filters import filters
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, required

NOT_TERMINATED = ["pending", "running", "stopping", "stopped"]
Described = dict[str, Any]


def instances(context: Context, **tags: str) -> list[Described]:
    """All that have the tag `Project` of the deployment, and these tags."""
    tagged = {f"tag:{name}": value for name, value in {"Project": context.inputs["project"], **tags}.items()}
    asked = filters({**tagged, "instance-state-name": NOT_TERMINATED})
    found = context.aws.pages("ec2", "describe_instances", "Reservations", Filters=asked)
    return [instance for reservation in found for instance in reservation["Instances"]]


def zones_with_type(context: Context, name: str) -> set[str]:
    """The availability zones that have machines of an instance type; most types are in some of a region only."""
    asked = {"LocationType": "availability-zone", "Filters": filters({"instance-type": name})}
    found = context.aws.pages("ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", **asked)
    return {offer["Location"] for offer in found}


def instance_or_none(context: Context) -> Described | None:
    found = instances(context, Name=context.names["instance"])
    return found[0] if found else None


def instance(context: Context) -> Described:
    return required(instance_or_none(context), "instance", "instance")
