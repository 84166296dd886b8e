# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer and what belongs to it. PRIVATE to this collection."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, required
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource

NOT_FOUND = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")
Described = dict[str, Any]


def load_balancer_or_none(context: Context) -> Described | None:
    asked = {"Names": [context.names["load_balancer"]]}
    found = context.aws.call_or_none(NOT_FOUND, "elbv2", "describe_load_balancers", **asked)
    return found["LoadBalancers"][0] if found and found["LoadBalancers"] else None


def load_balancer(context: Context) -> Described:
    return required(load_balancer_or_none(context), "load balancer", "load-balancer")


def listeners(context: Context) -> list[Resource]:
    arn = load_balancer(context)["LoadBalancerArn"]
    return context.aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)


def listener(context: Context, port: int) -> Described:
    found = [listener for listener in listeners(context) if listener["Port"] == port]
    return required(found[0] if found else None, f"listener on port {port}", "listeners")


def rules(context: Context) -> list[Resource]:
    """The rules of the HTTPS listener but its default one, which is its last."""
    held = context.aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener(context, 443)["ListenerArn"])
    return [rule for rule in held if not rule["IsDefault"]]


def target_group_name(context: Context) -> str:
    return f"{context.names['target_group_prefix']}{context.inputs['port']}"


def target_groups(context: Context) -> list[Described]:
    """One for each port that the targets ever had."""
    ours = re.compile(rf"{re.escape(context.names['target_group_prefix'])}\d+")
    listed = context.aws.pages("elbv2", "describe_target_groups", "TargetGroups")
    return [group for group in listed if ours.fullmatch(group["TargetGroupName"])]


def target_group_or_none(context: Context) -> Described | None:
    name = target_group_name(context)
    return next((group for group in target_groups(context) if group["TargetGroupName"] == name), None)
