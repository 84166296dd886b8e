# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which security groups are left. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.network import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource


def security_groups(context: Context) -> Iterator[Resource]:
    keys = ("load_balancer_security_group", "instance_security_group")
    for one in find.security_groups(context, *keys, **{"tag:Project": context.inputs["project"]}):
        yield Resource("security group", f"{one['GroupName']} of {one['VpcId']}")


REMAINS = (("network", security_groups),)
