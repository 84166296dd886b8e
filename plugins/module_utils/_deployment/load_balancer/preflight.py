# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quota of load balancers. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.account import quotas


def load_balancers(context: Context) -> Findings:
    held = context.aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    names = [found["LoadBalancerName"] for found in held if found["Type"] == "application"]
    limits = context.aws.call("elbv2", "describe_account_limits")["Limits"]
    most = {found["Name"]: int(found["Max"]) for found in limits}["application-load-balancers"]
    counts = (len(names), int(context.names["load_balancer"] not in names))
    yield from quotas.judge(
        context, "project", f"application load balancers in {context.inputs['region']}", counts, (most, "")
    )


CHECKS = (
    Check(
        "The quota of load balancers",
        load_balancers,
        needs=("usable_region", "project", "network"),
        option="project",
        strict=False,
    ),
)
