# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public hosted zone and its records. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context

Described = dict[str, Any]


def normalized(name: str) -> str:
    return name.rstrip(".").lower()


def public_zones(context: Context) -> list[Described]:
    zones = context.aws.pages("route53", "list_hosted_zones", "HostedZones")
    return [zone for zone in zones if not zone["Config"].get("PrivateZone")]


def zone_ids(context: Context) -> list[str]:
    """Of the zone that the inventory names; none if records are made by hand."""
    wanted = normalized(context.inputs.get("hosted_zone", ""))
    return (
        [zone["Id"].rpartition("/")[2] for zone in public_zones(context) if normalized(zone["Name"]) == wanted]
        if wanted
        else []
    )


def values(record: Described) -> list[str]:
    return [value["Value"] for value in record.get("ResourceRecords", [])]


def records(context: Context, zone_id: str) -> list[Described]:
    return context.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone_id)


def all_records(context: Context) -> list[Described]:
    return [record for zone_id in zone_ids(context) for record in records(context, zone_id)]
