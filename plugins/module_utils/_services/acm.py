# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that need a domain's validation record, of all regions. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import DENIED

REFUSALS = [*DENIED, "UnrecognizedClientException", "InvalidClientTokenId"]
NEED_THE_RECORD = ["ISSUED", "PENDING_VALIDATION", "INACTIVE"]


def usable_regions(ec2: Any) -> list[str]:
    return [region["RegionName"] for region in ec2.describe_regions()["Regions"]]  # those that are switched on


def described(acm: Any) -> Iterator[dict[str, Any]]:
    # Without key types AWS lists RSA certificates of up to 2048 bits only.
    includes = {"keyTypes": acm.meta.service_model.shape_for("KeyAlgorithm").enum}
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=NEED_THE_RECORD, Includes=includes)
    for summary in pages.build_full_result()["CertificateSummaryList"]:
        try:
            yield acm.describe_certificate(CertificateArn=summary["CertificateArn"])["Certificate"]
        except is_boto3_error_code("ResourceNotFoundException"):
            continue  # just deleted


def proves(certificate: dict[str, Any], domain: str) -> bool:
    """Whether the certificate needs the domain's record, which its wildcard shares."""
    names = [option["DomainName"].lower() for option in certificate.get("DomainValidationOptions", [])]
    return domain.lower() in [name.removeprefix("*.") for name in names]


def told(certificate: dict[str, Any]) -> dict[str, Any]:
    """A certificate in the words of acm_certificate_info."""
    names = {certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])}
    return {
        "arn": certificate["CertificateArn"],
        "region": certificate["CertificateArn"].split(":")[3],
        "status": certificate["Status"],
        "subject_alternative_names": sorted(name.lower() for name in names),
        "in_use_by": certificate.get("InUseBy", []),
    }


@dataclass(frozen=True)
class Listed:
    """Certificates, and the regions of which ACM refuses to tell."""

    certificates: list[dict[str, Any]]
    unknown_regions: list[str]


def certificates(clients: Iterable[Any], domain: str, strict: Container[str]) -> Listed:
    """Those of all regions; asked side by side, since there are many regions. Strict ones must not refuse."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda acm: (acm.meta.region_name, _listed(acm, strict)), clients))
    found = [certificate for _region, answer in answers for certificate in answer or []]
    ours = sorted(map(told, (one for one in found if proves(one, domain))), key=lambda one: one["arn"])
    return Listed(ours, sorted(region for region, answer in answers if answer is None))


def _listed(acm: Any, strict: Container[str]) -> list[dict[str, Any]] | None:
    # An organization may deny regions (AWS Control Tower, "Region deny control"), and tokens of the global endpoint of
    # STS are not good in regions that are off by default (IAM User Guide, "Manage AWS STS in an AWS Region").
    try:
        return list(described(acm))
    except is_boto3_error_code(REFUSALS):
        if acm.meta.region_name in strict:
            raise
        return None
