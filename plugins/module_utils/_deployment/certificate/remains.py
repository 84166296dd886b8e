# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the certificates, and whether others need them. PRIVATE to this collection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.certificate import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import find as distribution
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import find as dns
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource


def other_users(context: Context, certificate: dict[str, Any]) -> list[str]:
    """What uses a certificate, is there, and is not this deployment's. ACM goes on for a while about what is gone."""
    balancers = context.aws.pages("elbv2", "describe_load_balancers", "LoadBalancers", region=certificate["region"])
    there = {one["LoadBalancerArn"] for one in balancers if one["LoadBalancerName"] != context.names["load_balancer"]}
    own = {one["ARN"] for one in distribution.own_distributions(context)}
    there |= {one["ARN"] for one in distribution.distributions(context)} - own
    known_kinds = (":loadbalancer/", ":distribution/")
    return [arn for arn in certificate["in_use_by"] if arn in there or not any(kind in arn for kind in known_kinds)]


def certificates(context: Context) -> Iterator[Resource]:
    names = sorted([context.inputs["domain"].lower(), f"*.{context.inputs['domain'].lower()}"])
    for one in find.certificates(context):
        if one["region"] in find.own_regions(context) and one["subject_alternative_names"] == names:
            others = other_users(context, one)
            yield Resource("certificate", one["arn"], stays=f"{join(others)} uses it" if others else "")


def needed_by(context: Context) -> str:
    """Why the validation record stays."""
    going = {held.name for held in certificates(context) if not held.stays}
    keepers = [one["arn"] for one in find.certificates(context) if one["arn"] not in going]
    if keepers:
        return f"{join(keepers)} needs it"
    unknown = find.unknown_regions(context)
    whether = f"whether a certificate in {join(unknown, 'or')} needs it can't be known"
    return f"{whether}, ACM refuses to list them" if unknown else ""


def validation_records(context: Context) -> Iterator[Resource]:
    pattern = rf"_[^.]+\.{re.escape(context.inputs['domain'].lower())}\."
    for record in dns.all_records(context):
        values = [one["Value"].rstrip(".") for one in record.get("ResourceRecords", [])]
        if re.fullmatch(pattern, record["Name"]) and any(value.endswith(".acm-validations.aws") for value in values):
            yield Resource("CNAME record", record["Name"], stays=needed_by(context))


REMAINS = (
    ("certificate", certificates),
    ("certificate", validation_records),
)
