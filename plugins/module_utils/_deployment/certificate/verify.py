# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates in use, as ACM describes them. PRIVATE."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import find as distribution
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find as load_balancer


def certificate_faults(held: Mapping[str, Any], least: int, now: datetime.datetime) -> Reasons:
    """What ACM says of a certificate: whether it is good, for how long, and whether it renews it."""
    arn = held["CertificateArn"]
    if held["Status"] != "ISSUED":
        yield f"{arn} is {held['Status']}"
        return
    days = (held["NotAfter"] - now).days
    if days < least:
        yield f"{arn} ends in {days} days"
    renewal = held.get("RenewalSummary", {})
    if renewal.get("RenewalStatus") in ("PENDING_VALIDATION", "FAILED"):
        why = renewal.get("RenewalStatusReason") or "its validation record is not found"
        yield f"the renewal of {arn} is {renewal['RenewalStatus']}: {why}"


def certificates(context: Context) -> Reasons:
    used = {arn for one in load_balancer.listeners(context) for arn in _arns(one)}
    used |= {distribution.distribution(context)["DistributionConfig"]["ViewerCertificate"].get("ACMCertificateArn", "")}
    now = datetime.datetime.now(datetime.UTC)
    for arn in sorted(used - {""}):
        held = context.aws.call("acm", "describe_certificate", region=arn.split(":")[3], CertificateArn=arn)[
            "Certificate"
        ]
        yield from certificate_faults(held, context.inputs["min_certificate_days"], now)


def _arns(listener: Mapping[str, Any]) -> list[str]:
    return [one["CertificateArn"] for one in listener.get("Certificates", [])]


PART = "The certificates"
CHECKS = (
    Check(
        "certificates",
        certificates,
        claim="The certificates in use are good for {min_certificate_days} days or more, and ACM renews them.",
        how="ACM's DescribeCertificate for those of the load balancer and of the distribution",
        todo="See that the validation record is still in DNS: ACM renews by it, 60 days before the end.",
        needs=("load-balancer", "distribution"),
    ),
)
