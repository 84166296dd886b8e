# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.filters import filters
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, required
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find as load_balancer

Described = dict[str, Any]


def security_groups(context: Context, *keys: str, **more: str) -> list[Described]:
    """Those of these keys in `names`, which are all that the deployment has."""
    asked = filters({"group-name": [context.names[key] for key in keys], **more})
    return context.aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=asked)


def security_group_or_none(context: Context, key: str) -> Described | None:
    """The one in the VPC of the load balancer: names are unique in a VPC only."""
    found = security_groups(context, key, **{"vpc-id": load_balancer.load_balancer(context)["VpcId"]})
    return found[0] if found else None


def security_group(context: Context, key: str, check: str) -> Described:
    return required(security_group_or_none(context, key), f"security group {context.names[key]}", check)
