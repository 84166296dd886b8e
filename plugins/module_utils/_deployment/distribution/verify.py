# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distribution and its headers, as CloudFront describes them, and what lets it read the bucket. PRIVATE."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import Statement, plain
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import find as bucket
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.signing_keys import find as signing_keys

SECURE = ("redirect-to-https", "https-only")
# CloudFront Developer Guide, "Supported protocols and ciphers between viewers and CloudFront"
MODERN = ("TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")
CORS = {
    "AccessControlAllowCredentials": True,
    "AccessControlAllowMethods": ["GET", "HEAD"],
    "OriginOverride": True,
}

# What keeps objects of the bucket from being pages that act in a person's name.
GUARDS = {
    "ContentSecurityPolicy": {
        "Override": True,
        "ContentSecurityPolicy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    },
    "ContentTypeOptions": {"Override": True},
    "FrameOptions": {"Override": True, "FrameOption": "DENY"},
    "ReferrerPolicy": {"Override": True, "ReferrerPolicy": "no-referrer"},
    "StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 31536000},
}
UNSHARED = ("private", "no-store")


def items(counted: Mapping[str, Any] | None) -> list[Any]:
    """What one of CloudFront's counted lists holds."""
    return (counted or {}).get("Items") or []


def distribution_exists(context: Context) -> Reasons:
    held, alias = find.distribution_or_none(context), context.inputs["data_domain"]
    if held is None or alias not in find.aliases(held["DistributionConfig"]):
        yield f"no distribution of {context.inputs['project']} in this account has the alternate name {alias}"
    elif not held["DistributionConfig"]["Enabled"]:
        yield f"the distribution {held['Id']} is disabled"


def deployed(context: Context) -> Reasons:
    status = find.distribution(context)["Status"]
    if status != "Deployed":
        yield f"its status is {status}"


def aliases(config: Mapping[str, Any], wanted: str) -> Reasons:
    surplus = [name for name in items(config.get("Aliases")) if name != wanted]
    if surplus:
        yield f"it answers for {join(surplus)} too"


def viewer(config: Mapping[str, Any]) -> Reasons:
    """How visitors may connect."""
    behaviours = [config["DefaultCacheBehavior"], *items(config.get("CacheBehaviors"))]
    for policy in {one["ViewerProtocolPolicy"] for one in behaviours} - set(SECURE):
        yield f"its viewer protocol policy is {policy}"
    held = config.get("ViewerCertificate", {}).get("MinimumProtocolVersion", "none")
    if held not in MODERN:
        yield f"its least TLS version is {held}"


def _viewer(context: Context) -> Reasons:
    config = find.distribution(context)["DistributionConfig"]
    yield from aliases(config, context.inputs["data_domain"])
    yield from viewer(config)


def trusted(behaviour: Mapping[str, Any], group: str) -> Reasons:
    """Whose cookies a behaviour asks for: those of the key group and nobody else's."""
    held = behaviour.get("TrustedKeyGroups") or {}
    if not held.get("Enabled") or not items(held):
        yield "it asks nobody for a signed cookie"
    elif items(held) != [group]:
        yield f"it trusts the key groups {join(items(held))}, not {group} alone"
    if (behaviour.get("TrustedSigners") or {}).get("Enabled"):
        yield "it trusts the keys of AWS accounts (trusted signers) besides"


def keys_asked(context: Context) -> Reasons:
    group = signing_keys.key_group_or_none(context)
    if group is None:
        yield f"there is no key group {context.names['key_group']}"
        return
    yield from trusted(find.default_behavior(context), group["Id"])


def other_behaviours(config: Mapping[str, Any], group: str) -> Reasons:
    for one in items(config.get("CacheBehaviors")):
        for wrong in trusted(one, group):
            yield f"behaviour {one['PathPattern']}: {wrong}"


def behaviours(context: Context) -> Reasons:
    yield from other_behaviours(find.distribution(context)["DistributionConfig"], signing_keys.key_group(context)["Id"])


def origin_faults(config: Mapping[str, Any], bucket: str) -> Reasons:
    """Where the data comes from: the one bucket, with requests that CloudFront signs."""
    held = items(config["Origins"])
    for origin in held:
        if not origin["DomainName"].startswith(f"{bucket}.s3."):
            yield f"it has another origin, {origin['DomainName']}"
        elif not origin.get("OriginAccessControlId"):
            yield f"the origin {origin['Id']} has no origin access control"


def origin(context: Context) -> Reasons:
    config = find.distribution(context)["DistributionConfig"]
    yield from origin_faults(config, context.inputs["data_bucket"])
    for control in {one.get("OriginAccessControlId") for one in items(config["Origins"])} - {None, ""}:
        held = context.aws.call("cloudfront", "get_origin_access_control", Id=control)["OriginAccessControl"]
        signing = held["OriginAccessControlConfig"]["SigningBehavior"]
        if signing != "always":
            yield f"its origin access control signs {signing}, not always"


def cors(config: Mapping[str, Any] | None, origin_wanted: str) -> Reasons:
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


def guards(config: Mapping[str, Any]) -> Reasons:
    """Whether a browser takes what is delivered for data, and keeps it for its person alone."""
    held = config.get("SecurityHeadersConfig") or {}
    for name, wanted in GUARDS.items():
        here = held.get(name) or {}
        if {key: here.get(key) for key in wanted} != wanted:
            yield f"{name} is {json.dumps(here)}"
    custom = {one["Header"].lower(): one for one in items(config.get("CustomHeadersConfig"))}
    cache = custom.get("cache-control", {"Value": "none", "Override": True})
    if not (cache["Override"] and any(word in cache["Value"] for word in UNSHARED)):
        yield f"Cache-Control is {cache['Value']}"


def headers_policy(context: Context) -> Mapping[str, Any] | None:
    policy = find.default_behavior(context).get("ResponseHeadersPolicyId")
    if not policy:
        return None
    held = context.aws.call("cloudfront", "get_response_headers_policy", Id=policy)["ResponseHeadersPolicy"]
    return held["ResponseHeadersPolicyConfig"]


def readers(context: Context) -> Reasons:
    config = headers_policy(context)
    if config is None:
        yield "the distribution has no response headers policy"
        return
    yield from cors(config.get("CorsConfig"), f"https://{context.inputs['site_domain']}")


def pages(context: Context) -> Reasons:
    yield from guards(headers_policy(context) or {})


def granted(sids: Mapping[str, str], bucket_name: str, arn: str) -> dict[str, Statement]:
    """The two statements that the deployment adds to the bucket's policy, by their Sids."""
    resources = {"GetObject": f"arn:aws:s3:::{bucket_name}/*", "ListBucket": f"arn:aws:s3:::{bucket_name}"}
    return {
        sid: {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": f"s3:{action}",
            "Resource": resources[action],
            "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
        }
        for action, sid in sids.items()
    }


def differing(held: Iterable[Statement], wanted: dict[str, Statement]) -> Reasons:
    """Which of the wanted statements are not distribution_exists, or not so."""
    found = {statement.get("Sid"): statement for statement in held}
    for sid, statement in wanted.items():
        if sid not in found:
            yield f"the statement {sid} is missing"
            continue
        here = {key: value for key, value in found[sid].items() if key != "Sid"}
        keys = [key for key in {**statement, **here} if plain(here.get(key)) != plain(statement.get(key))]
        if keys:
            told = join(f"{key} {json.dumps(here.get(key))}" for key in sorted(keys))
            yield f"the statement {sid} says {told}"


def bucket_statements(context: Context) -> Reasons:
    name, arn = context.inputs["data_bucket"], find.distribution(context)["ARN"]
    yield from differing(bucket.statements(context, name), granted(bucket.statement_ids(context), name, arn))


PART = "The distribution"
CHECKS = (
    Check(
        "distribution",
        distribution_exists,
        claim="A distribution answers for {data_domain}, and is enabled.",
        how="CloudFront's ListDistributions and GetDistribution",
        todo="Run site.yml; with a name that another distribution took, take it from there first.",
    ),
    Check(
        "distribution-deployed",
        deployed,
        claim="Its last change has reached all of CloudFront.",
        how="CloudFront's GetDistribution: the status is Deployed",
        todo="Wait some minutes; CloudFront is still spreading a change.",
        needs=("distribution",),
        settles=True,
    ),
    Check(
        "distribution-keys",
        keys_asked,
        claim="It opens the data only to cookies that the deployment's own key group has signed.",
        how="CloudFront's GetDistribution: the trusted key groups of the default behaviour",
        todo="Run site.yml: it gives the behaviour its key group back. Until then the data may be open.",
        needs=("distribution",),
    ),
    Check(
        "distribution-behaviours",
        behaviours,
        claim="No path of it is exempt from that.",
        how="CloudFront's GetDistribution: the trusted key groups of the other behaviours",
        todo="Take that behaviour out of the distribution, or give it the key group.",
        needs=("distribution",),
    ),
    Check(
        "distribution-viewers",
        _viewer,
        claim="Visitors reach it by TLS 1.2 or newer only, under no other name.",
        how="CloudFront's GetDistribution: aliases, viewer protocol policy, least TLS version",
        todo="Run site.yml; take names away that are not yours.",
        needs=("distribution",),
    ),
    Check(
        "distribution-origin",
        origin,
        claim="It reads {data_bucket} and nothing else, with requests that it signs.",
        how="CloudFront's GetDistribution and GetOriginAccessControl",
        todo="Run site.yml: it gives the origin its access control back.",
        needs=("distribution",),
    ),
    Check(
        "headers-policy",
        readers,
        claim="Of all pages only those of {site_domain} may read the data.",
        how="CloudFront's GetResponseHeadersPolicy",
        todo="Run site.yml: it writes the policy anew.",
        needs=("distribution",),
    ),
    Check(
        "headers-guards",
        pages,
        claim="No object of {data_bucket} can act as a page of {data_domain}, and no browser keeps one for others.",
        how="CloudFront's GetResponseHeadersPolicy: security headers and Cache-Control",
        todo="Run site.yml: it writes the policy anew.",
        needs=("distribution",),
    ),
    Check(
        "bucket-statements",
        bucket_statements,
        claim="The policy of {data_bucket} lets this distribution read and list, by exactly two statements.",
        how="S3's GetBucketPolicy, compared by meaning",
        todo="Run site.yml: it puts both statements right and leaves the others alone.",
    ),
)
