# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the load balancer. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource


def load_balancers(context: Context) -> Iterator[Resource]:
    if found := find.load_balancer_or_none(context):
        yield Resource("load balancer", found["LoadBalancerName"], costs=True)


def target_groups(context: Context) -> Iterator[Resource]:
    for one in find.target_groups(context):
        yield Resource("target group", one["TargetGroupName"])


REMAINS = (
    ("load_balancer", load_balancers),
    ("load_balancer", target_groups),
)
