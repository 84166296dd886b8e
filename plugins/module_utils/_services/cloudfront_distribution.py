# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a distribution's configuration needs besides merging: defaults of new parts, and parts that exclude each other.

PRIVATE to this collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import merge

READ = ["GET", "HEAD"]

# What a new one begins with.
NEW_BEHAVIOR = {
    "ViewerProtocolPolicy": "redirect-to-https",
    "AllowedMethods": {"Items": READ, "CachedMethods": READ},
    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",  # CachingOptimized, one id in all accounts
    "Compress": True,
}
# An update must say what a creation may leave to AWS (CloudFront Developer Guide, "Required fields for creating and
# updating distributions").
TIMEOUTS = {"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5}
NEW_CUSTOM = {
    "HTTPPort": 80,
    "HTTPSPort": 443,
    "OriginProtocolPolicy": "https-only",
    "OriginSslProtocols": ["TLSv1.2"],
    **TIMEOUTS,
}
# An origin has one of these. That of S3 is required even when an access control signs.
KINDS = {"S3OriginConfig": {"OriginAccessIdentity": ""}, "CustomOriginConfig": NEW_CUSTOM, "VpcOriginConfig": TIMEOUTS}
CERTIFICATE_SOURCES = ("ACMCertificateArn", "IAMCertificateId", "CloudFrontDefaultCertificate")
NO_LOGS = {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}

# How AWS describes what is not set; the four of POLICY_IDS it leaves out.
POLICY_IDS = ("CachePolicyId", "OriginRequestPolicyId", "ResponseHeadersPolicyId", "RealtimeLogConfigArn")
UNSET_BEHAVIOR = {
    **dict.fromkeys((*POLICY_IDS, "FieldLevelEncryptionId"), ""),
    "FunctionAssociations": [],
    "LambdaFunctionAssociations": [],
    "TrustedKeyGroups": {"Enabled": False, "Items": []},
    "TrustedSigners": {"Enabled": False, "Items": []},
    "SmoothStreaming": False,
    "GrpcConfig": {"Enabled": False},
}
UNSET_ORIGIN = {
    "OriginPath": "",
    "OriginAccessControlId": "",
    "CustomHeaders": [],
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
}
UNSET = {
    **dict.fromkeys(("DefaultRootObject", "WebACLId"), ""),
    **{several: [] for several in ("Aliases", "CacheBehaviors", "CustomErrorResponses", "OriginGroups")},
    "Logging": NO_LOGS,
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Items": []}},
}


def behaviors(config: dict[str, Any]) -> list[dict[str, Any]]:
    default = config.get("DefaultCacheBehavior")
    return [*([default] if default else []), *config.get("CacheBehaviors", [])]


def to_api_shape(behavior: dict[str, Any]) -> None:
    """In the API the cached methods stand among the allowed ones, and key groups have a switch."""
    pairs = {"Items": behavior.pop("AllowedMethods", None), "CachedMethods": behavior.pop("CachedMethods", None)}
    methods = {key: value for key, value in pairs.items() if value is not None}
    trusted = behavior.pop("TrustedKeyGroups", None)
    if methods:
        behavior["AllowedMethods"] = methods
    if trusted is not None:
        behavior["TrustedKeyGroups"] = {"Enabled": bool(trusted), "Items": trusted}


def certificate(asked: dict[str, Any]) -> dict[str, Any]:
    if asked.get("CloudFrontDefaultCertificate"):
        return {"CloudFrontDefaultCertificate": True}  # for which CloudFront chooses the rest
    return {**asked, "CloudFrontDefaultCertificate": False}


def defaults_for(held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """What is held, made ready to have what is asked laid over it.

    New items begin with defaults, and what can't stand beside what is asked is gone.
    """
    return {**held, **{key: make(held.get(key), asked[key]) for key, make in DEFAULTS.items() if key in asked}}


def behavior_defaults(held: dict[str, Any] | None, asked: dict[str, Any]) -> dict[str, Any]:
    # AWS refuses a cache policy together with the settings that it replaced.
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CacheBehavior.html
    replaced = ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL") if asked.get("CachePolicyId") else ()
    return {key: value for key, value in (held or NEW_BEHAVIOR).items() if key not in replaced}


def origin_defaults(held: dict[str, Any] | None, asked: dict[str, Any]) -> dict[str, Any]:
    held = held or {}
    kind = next((kind for settings in (asked, held) for kind in KINDS if kind in settings), "S3OriginConfig")
    common = {key: value for key, value in held.items() if key not in KINDS}
    return {**common, kind: held.get(kind, KINDS[kind])}


def certificate_defaults(held: dict[str, Any] | None, asked: dict[str, Any]) -> dict[str, Any]:
    same_source = any((held or {}).get(source) and asked.get(source) for source in CERTIFICATE_SOURCES)
    return held if same_source else {}


def defaults_of_each(key: str, make: Callable) -> Callable:
    def defaults(held: list[dict[str, Any]] | None, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        before, wanted = ({item[key]: item for item in items} for items in (held or [], asked))
        return [{key: name, **make(before.get(name), wanted.get(name, {}))} for name in {**before, **wanted}]

    return defaults


DEFAULTS = {
    "DefaultCacheBehavior": behavior_defaults,
    "CacheBehaviors": defaults_of_each("PathPattern", behavior_defaults),
    "Origins": defaults_of_each("Id", origin_defaults),
    "ViewerCertificate": certificate_defaults,
    "Logging": lambda held, asked: {**NO_LOGS, **(held or {})},
}


def is_named(name: str, config: dict[str, Any]) -> bool:
    """Whether it is the distribution of that name: CloudFront has no names, so the caller reference holds it."""
    return f"{config['CallerReference']}/".startswith(f"{name}/")


def for_each_behavior(change: Callable, config: dict[str, Any]) -> dict[str, Any]:
    several = [change(behavior) for behavior in config.get("CacheBehaviors", [])]
    return {**config, "DefaultCacheBehavior": change(config["DefaultCacheBehavior"]), "CacheBehaviors": several}


def with_unset(config: dict[str, Any]) -> dict[str, Any]:
    """One form, so that asking for nothing where there is nothing is no change, and that what is new is complete."""
    complete = for_each_behavior(lambda behavior: merge(UNSET_BEHAVIOR, behavior), merge(UNSET, config))
    return {**complete, "Origins": [merge(UNSET_ORIGIN, origin) for origin in config["Origins"]]}


def drop_empty_policy_ids(config: dict[str, Any]) -> dict[str, Any]:
    def said(behavior: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in behavior.items() if value or key not in POLICY_IDS}

    return for_each_behavior(said, config)
