# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the zone in Route 53 and of what already stands in it. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Problem
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import find


def zone(context: Context) -> Findings:
    wanted = context.inputs["hosted_zone"]
    named = find.zone_ids(context)
    if len(named) == 1:
        found = context.aws.call("route53", "get_hosted_zone", Id=named[0])
        servers = sorted(name.rstrip(".").lower() for name in found["DelegationSet"]["NameServers"])
        records = find.records(context, named[0])
        # An owner may give Route 53's servers names of his own; then the zone itself says which.
        own = {
            find.normalized(value) for record in records if _is_apex(record, wanted) for value in find.values(record)
        }
        context.provide(zone_name_servers=servers, zone_answers=[set(servers), own], zone_records=records)
    elif named:
        wrong = f"Route 53 has {len(named)} public zones of that name in this account ({join(named)}); it must be one"
        yield context.problem("hosted_zone", wrong, "delete the one that public DNS does not ask")
    else:
        yield _missing(context, wanted, [zone["Name"].rstrip(".") for zone in find.public_zones(context)])


def _missing(context: Context, wanted: str, held: list[str]) -> Problem:
    parents = [name for name in held if f".{context.inputs.get('domain', wanted)}".endswith(f".{name}")]
    advice = (
        f"write {parents[0]}, which is there"
        if parents
        else "make one, write the zone that holds the domain, or set dns to manual"
    )
    return context.problem("hosted_zone", "Route 53 has no public zone of that name in this account", advice)


def _is_apex(record: dict[str, Any], zone: str) -> bool:
    return record["Type"] == "NS" and find.normalized(record["Name"]) == zone


CHECKS = (
    Check(
        "The hosted zone",
        zone,
        needs=("account", "hosted_zone"),
        provides=("zone_name_servers", "zone_answers", "zone_records"),
        option="hosted_zone",
    ),
)
