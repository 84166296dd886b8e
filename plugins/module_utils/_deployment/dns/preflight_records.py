# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the records that stand in the zone already, under the names of the deployment. PRIVATE."""

from __future__ import annotations

import re
from collections.abc import Callable

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import find

TAKE_OUT = "take the record out if nobody needs it, or write another name"
# Whoever built the same by hand has such a record.
OF_AWS = (".cloudfront.net", ".elb.amazonaws.com")
TAKE_OVER = (
    "to take the name over from what it leads to, delete the record and run, and nobody gets there until the run ends;"
    " or write another name"
)


def of_the_viewer(context: Context) -> Findings:
    # A load balancer's address begins with its name, and its account and region have no other of that name.
    name, region = context.names["load_balancer"], context.inputs["region"]
    own = re.compile(rf"(dualstack[.])?{re.escape(name)}-\d+[.]{region}[.]elb[.]amazonaws[.]com")
    yield from _in_the_way(context, "site_domain", lambda target: bool(own.fullmatch(target)))


def of_the_data(context: Context) -> Findings:
    own = find.normalized(context.found["own_distribution"].get("DomainName", ""))
    yield from _in_the_way(context, "data_domain", lambda target: own != "" and target == own)


def _in_the_way(context: Context, option: str, is_ours: Callable[[str], bool]) -> Findings:
    """The records of a name that lead elsewhere than to what the deployment makes."""
    for record in context.found["zone_records"]:
        if find.normalized(record["Name"]) != context.inputs[option] or record["Type"] not in ("A", "AAAA", "CNAME"):
            continue
        alias = find.normalized(record.get("AliasTarget", {}).get("DNSName", ""))
        if record["Type"] == "CNAME" or not is_ours(alias):
            what = f"{record['Type']} to {alias or ', '.join(find.values(record))}"
            wrong = f"the zone holds a record of that name already, and it is not ours ({what.rstrip('.')})"
            yield context.problem(option, wrong, TAKE_OVER if alias.endswith(OF_AWS) else TAKE_OUT)


CHECKS = (
    Check(
        "The records of the viewer's name that are there already",
        of_the_viewer,
        needs=("zone_records", "site_domain", "project", "region"),
        option="site_domain",
    ),
    Check(
        "The records of the data's name that are there already",
        of_the_data,
        needs=("zone_records", "data_domain", "own_distribution"),
        option="data_domain",
    ),
)
