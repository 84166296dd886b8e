# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the zone in Route 53 and of what already stands in it. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import Check, Findings, Look, join

# What a record of an earlier run points to.
OURS = (".cloudfront.net", ".elb.amazonaws.com")


def zone(look: Look) -> Findings:
    """The hosted zone"""
    wanted = look.known["hosted_zone"]
    held = [
        zone for zone in look.pages("route53", "list_hosted_zones", "HostedZones") if not zone["Config"]["PrivateZone"]
    ]
    named = [zone["Id"].rpartition("/")[2] for zone in held if zone["Name"] == f"{wanted}."]
    if len(named) == 1:
        found = look.call("route53", "get_hosted_zone", Id=named[0])
        servers = sorted(name.rstrip(".").lower() for name in found["DelegationSet"]["NameServers"])
        records = look.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=named[0])
        # An owner may give Route 53's servers names of his own; then the zone itself says which.
        own = {_plain(value) for record in records if _is_apex(record, wanted) for value in _values(record)}
        look.learn(zone_id=named[0], zone_name_servers=servers, zone_answers=[set(servers), own], zone_records=records)
    elif named:
        wrong = f"Route 53 has {len(named)} public zones of that name in this account ({join(named)}); it must be one"
        yield look.fault("hosted_zone", wrong, "delete the one that public DNS does not ask")
    else:
        yield _missing(look, wanted, [zone["Name"].rstrip(".") for zone in held])


def _missing(look: Look, wanted: str, held: list[str]) -> Any:
    parents = [name for name in held if f".{look.known.get('domain', wanted)}".endswith(f".{name}")]
    advice = (
        f"write {parents[0]}, which is there"
        if parents
        else "make one, write the zone that holds the domain, or set dns to manual"
    )
    return look.fault("hosted_zone", "Route 53 has no public zone of that name in this account", advice)


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def _is_apex(record: dict[str, Any], zone: str) -> bool:
    return record["Type"] == "NS" and _plain(record["Name"]) == zone


def _values(record: dict[str, Any]) -> list[str]:
    return [value["Value"] for value in record.get("ResourceRecords", [])]


def records(look: Look) -> Findings:
    """The records that are there already"""
    for option in ("site_domain", "data_domain"):
        for record in look.known["zone_records"]:
            if _plain(record["Name"]) == look.known.get(option) and _is_in_the_way(record):
                target = record.get("AliasTarget", {}).get("DNSName") or ", ".join(_values(record))
                what = f"{record['Type']} to {target.rstrip('.')}"
                wrong = f"the zone holds a record of that name already, and it is not ours ({what})"
                yield look.fault(option, wrong, "take the record out if nobody needs it, or write another name")


def _is_in_the_way(record: dict[str, Any]) -> bool:
    if record["Type"] == "CNAME":
        return True
    return record["Type"] in ("A", "AAAA") and not _plain(record.get("AliasTarget", {}).get("DNSName", "")).endswith(
        OURS
    )


CHECKS = (
    Check(zone, ("account", "hosted_zone"), "hosted_zone"),
    Check(records, ("zone_records",), "hosted_zone"),
)
