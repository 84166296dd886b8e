# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distribution, its keys and its headers, as CloudFront describes them; the certificates in use. PRIVATE."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Wrong
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts

SECURE = ("redirect-to-https", "https-only")
# CloudFront Developer Guide, "Supported protocols and ciphers between viewers and CloudFront"
MODERN = ("TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")
CORS = {
    "AccessControlAllowCredentials": True,
    "AccessControlAllowMethods": ["GET", "HEAD"],
    "OriginOverride": True,
}


def items(counted: Mapping[str, Any] | None) -> list[Any]:
    """What one of CloudFront's counted lists holds."""
    return (counted or {}).get("Items") or []


def there(look: Sight) -> Wrong:
    held = facts.find_distribution(look)
    if held is None:
        yield f"no distribution of this account has the alternate name {look.known['data_domain']}"
    elif not held["DistributionConfig"]["Enabled"]:
        yield f"the distribution {held['Id']} is disabled"


def deployed(look: Sight) -> Wrong:
    status = facts.distribution(look)["Status"]
    if status != "Deployed":
        yield f"its status is {status}"


def aliases(config: Mapping[str, Any], wanted: str) -> Wrong:
    surplus = [name for name in items(config.get("Aliases")) if name != wanted]
    if surplus:
        yield f"it answers for {join(surplus)} too"


def viewer(config: Mapping[str, Any]) -> Wrong:
    """How visitors may connect."""
    behaviours = [config["DefaultCacheBehavior"], *items(config.get("CacheBehaviors"))]
    for policy in {one["ViewerProtocolPolicy"] for one in behaviours} - set(SECURE):
        yield f"its viewer protocol policy is {policy}"
    held = config.get("ViewerCertificate", {}).get("MinimumProtocolVersion", "none")
    if held not in MODERN:
        yield f"its least TLS version is {held}"


def _viewer(look: Sight) -> Wrong:
    config = facts.distribution(look)["DistributionConfig"]
    yield from aliases(config, look.known["data_domain"])
    yield from viewer(config)


def trusted(behaviour: Mapping[str, Any], group: str) -> Wrong:
    """Whose cookies a behaviour asks for: those of the key group and nobody else's."""
    held = behaviour.get("TrustedKeyGroups") or {}
    if not held.get("Enabled") or not items(held):
        yield "it asks nobody for a signed cookie"
    elif items(held) != [group]:
        yield f"it trusts the key groups {join(items(held))}, not {group} alone"
    if (behaviour.get("TrustedSigners") or {}).get("Enabled"):
        yield "it trusts the keys of AWS accounts (trusted signers) besides"


def keys_asked(look: Sight) -> Wrong:
    group = facts.find_key_group(look)
    if group is None:
        yield f"there is no key group {look.known['project']}"
        return
    yield from trusted(facts.behaviour(look), group["Id"])


def same_keys(held: Mapping[str, str], halves: Mapping[str, str | None]) -> Wrong:
    """The keys of the key group beside the public halves in Parameter Store, by their labels."""
    for label, half in halves.items():
        if half is None:
            yield f"Parameter Store has no public half of {label}"
        elif half not in held.values():
            yield f"the key of {label} is not in the key group"
    surplus = [key for key, text in held.items() if text not in halves.values()]
    if surplus:
        yield f"the key group trusts {join(surplus)}, which is none of signing_keys"


def group_keys(look: Sight) -> Wrong:
    halves = {label: facts.public_half(look, label) for label in look.known["signing_keys"]}
    yield from same_keys(facts.public_keys(look), halves)


def other_behaviours(config: Mapping[str, Any], group: str) -> Wrong:
    for one in items(config.get("CacheBehaviors")):
        for wrong in trusted(one, group):
            yield f"behaviour {one['PathPattern']}: {wrong}"


def behaviours(look: Sight) -> Wrong:
    yield from other_behaviours(facts.distribution(look)["DistributionConfig"], facts.key_group(look)["Id"])


def origin_faults(config: Mapping[str, Any], bucket: str) -> Wrong:
    """Where the data comes from: the one bucket, with requests that CloudFront signs."""
    held = items(config["Origins"])
    for origin in held:
        if not origin["DomainName"].startswith(f"{bucket}.s3."):
            yield f"it has another origin, {origin['DomainName']}"
        elif not origin.get("OriginAccessControlId"):
            yield f"the origin {origin['Id']} has no origin access control"


def origin(look: Sight) -> Wrong:
    config = facts.distribution(look)["DistributionConfig"]
    yield from origin_faults(config, look.known["data_bucket"])
    for control in {one.get("OriginAccessControlId") for one in items(config["Origins"])} - {None, ""}:
        held = look.call("cloudfront", "get_origin_access_control", Id=control)["OriginAccessControl"]
        signing = held["OriginAccessControlConfig"]["SigningBehavior"]
        if signing != "always":
            yield f"its origin access control signs {signing}, not always"


def cors(config: Mapping[str, Any] | None, origin_wanted: str) -> Wrong:
    """Which pages may read the data."""
    if not config:
        yield "it has no CORS configuration"
        return
    origins = items(config["AccessControlAllowOrigins"])
    if origins != [origin_wanted]:
        yield f"pages of {join(origins)} may read the data"
    for name, wanted in CORS.items():
        held = config.get(name)
        held = sorted(items(held)) if isinstance(held, dict) else held
        if held != wanted:
            yield f"{name} is {held}"


def headers(look: Sight) -> Wrong:
    policy = facts.behaviour(look).get("ResponseHeadersPolicyId")
    if not policy:
        yield "the distribution has no response headers policy"
        return
    held = look.call("cloudfront", "get_response_headers_policy", Id=policy)["ResponseHeadersPolicy"]
    config = held["ResponseHeadersPolicyConfig"].get("CorsConfig")
    yield from cors(config, f"https://{look.known['site_domain']}")


def certificate_faults(held: Mapping[str, Any], least: int, now: datetime.datetime) -> Wrong:
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


def certificates(look: Sight) -> Wrong:
    used = {arn for one in facts.listeners(look) for arn in _arns(one)}
    used |= {facts.distribution(look)["DistributionConfig"]["ViewerCertificate"].get("ACMCertificateArn", "")}
    now = datetime.datetime.now(datetime.UTC)
    for arn in sorted(used - {""}):
        held = look.call("acm", "describe_certificate", region=arn.split(":")[3], CertificateArn=arn)["Certificate"]
        yield from certificate_faults(held, look.known["least_days"], now)


def _arns(listener: Mapping[str, Any]) -> list[str]:
    return [one["CertificateArn"] for one in listener.get("Certificates", [])]


CHECKS = (
    Check(
        "distribution",
        there,
        "A distribution answers for {data_domain}, and is enabled.",
        "CloudFront's ListDistributions and GetDistribution",
        "Run site.yml; with a name that another distribution took, take it from there first.",
    ),
    Check(
        "distribution-deployed",
        deployed,
        "Its last change has reached all of CloudFront.",
        "CloudFront's GetDistribution: the status is Deployed",
        "Wait some minutes; CloudFront is still spreading a change.",
        ("distribution",),
        settles=True,
    ),
    Check(
        "distribution-keys",
        keys_asked,
        "It opens the data only to cookies that the deployment's own key group has signed.",
        "CloudFront's GetDistribution: the trusted key groups of the default behaviour",
        "Run site.yml: it gives the behaviour its key group back. Until then the data may be open.",
        ("distribution",),
    ),
    Check(
        "distribution-behaviours",
        behaviours,
        "No path of it is exempt from that.",
        "CloudFront's GetDistribution: the trusted key groups of the other behaviours",
        "Take that behaviour out of the distribution, or give it the key group.",
        ("distribution",),
    ),
    Check(
        "key-group",
        group_keys,
        "The key group trusts the keys of signing_keys, and no other.",
        "CloudFront's public keys compared with the public halves in Parameter Store, {signing_key_path}",
        "Run site.yml: it makes the key group anew from Parameter Store.",
    ),
    Check(
        "distribution-viewers",
        _viewer,
        "Visitors reach it by TLS 1.2 or newer only, under no other name.",
        "CloudFront's GetDistribution: aliases, viewer protocol policy, least TLS version",
        "Run site.yml; take names away that are not yours.",
        ("distribution",),
    ),
    Check(
        "distribution-origin",
        origin,
        "It reads {data_bucket} and nothing else, with requests that it signs.",
        "CloudFront's GetDistribution and GetOriginAccessControl",
        "Run site.yml: it gives the origin its access control back.",
        ("distribution",),
    ),
    Check(
        "headers-policy",
        headers,
        "Of all pages only those of {site_domain} may read the data.",
        "CloudFront's GetResponseHeadersPolicy",
        "Run site.yml: it writes the policy anew.",
        ("distribution",),
    ),
    Check(
        "certificates",
        certificates,
        "The certificates in use are good for {least_days} days or more, and ACM renews them.",
        "ACM's DescribeCertificate for those of the load balancer and of the distribution",
        "See that the validation record is still in DNS: ACM renews by it, 60 days before the end.",
        ("load-balancer", "distribution"),
    ),
)
