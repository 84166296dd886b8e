# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records are left that lead to the deployment. PRIVATE to this collection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import find as distribution
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource


def _address_records(context: Context, name: str, pattern: str) -> Iterator[Resource]:
    """The records of a name; one that leads elsewhere by now is its owner's."""
    for record in find.all_records(context):
        if record["Name"].rstrip(".") == name.lower() and record["Type"] in ("A", "AAAA"):
            target = record.get("AliasTarget", {}).get("DNSName", "no alias").rstrip(".")
            ours = re.fullmatch(pattern, target)
            yield Resource(f"{record['Type']} record", record["Name"], stays="" if ours else f"it points to {target}")


def site_records(context: Context) -> Iterator[Resource]:
    balancer = rf"(dualstack\.)?{re.escape(context.names['load_balancer'])}-\d+\..*"
    yield from _address_records(context, context.inputs["site_domain"], balancer)


def data_records(context: Context) -> Iterator[Resource]:
    own = "|".join(re.escape(one["DomainName"].lower()) for one in distribution.own_distributions(context))
    yield from _address_records(context, context.inputs["data_domain"], own or "(?!)")


REMAINS = (
    ("private_cdn", data_records),
    ("load_balancer", site_records),
)
