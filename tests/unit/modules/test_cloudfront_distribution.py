"""What is special about cloudfront_distribution on ministack: what its options can't stand beside."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront import plain

BUCKET = {"id": "data", "domain_name": "b.s3.us-east-1.amazonaws.com", "origin_access_control_id": "E1OAC"}
SERVER = {"id": "api", "domain_name": "api.example.org", "custom_origin_config": {}}
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/c1"
FUNCTION = "arn:aws:cloudfront::123456789012:function/strip-prefix"
REALTIME = "arn:aws:cloudfront::123456789012:realtime-log-config/lab"
NEW_SERVER = {
    "HTTPPort": 80,
    "HTTPSPort": 443,
    "OriginProtocolPolicy": "https-only",
    "OriginSslProtocols": ["TLSv1.2"],
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


@pytest.fixture
def cdn(run_module):
    """A distribution with one bucket, and a run of the module on it."""
    run = functools.partial(run_module, "cloudfront_distribution", name="lab")
    made = run(origins=[BUCKET], default_cache_behavior={"target_origin_id": "data"})
    assert made["changed"], made
    return run


@pytest.fixture
def held(client):
    """The configuration that CloudFront holds; `update` writes one by other means than the module."""
    cloudfront = client("cloudfront")

    def get(**update: Any) -> dict[str, Any]:
        (summary,) = cloudfront.list_distributions()["DistributionList"]["Items"]
        response = cloudfront.get_distribution_config(Id=summary["Id"])
        if update:
            config = {**response["DistributionConfig"], **update}
            cloudfront.update_distribution(Id=summary["Id"], IfMatch=response["ETag"], DistributionConfig=config)
        return plain({**response["DistributionConfig"], **update})

    return get


def asked_twice(cdn, **asked: Any) -> dict[str, Any]:
    foreseen, done, again = cdn(check_mode=True, **asked), cdn(**asked), cdn(**asked)
    changed = tuple(result.get("changed", result.get("msg")) for result in (foreseen, done, again))
    assert changed == (True, True, False), asked
    assert foreseen["diff"] == done["diff"]
    return done


EMPTY = {
    "cache_policy_id": ("p1", ""),
    "origin_request_policy_id": ("p2", ""),
    "response_headers_policy_id": ("p3", ""),
    "realtime_log_config_arn": (REALTIME, ""),
    "field_level_encryption_id": ("C1", ""),
    "function_associations": ([{"function_arn": FUNCTION, "event_type": "viewer-request"}], []),
    "trusted_key_groups": (["g1"], []),
}


def test_an_empty_value_takes_a_setting_away(cdn, held):
    full, empty = ({option: values[i] for option, values in EMPTY.items()} for i in (0, 1))
    cdn(default_cache_behavior={"cache_policy_id": ""})
    assert not cdn(default_cache_behavior=empty)["changed"], "nothing, where there is nothing, is no change"
    cdn(default_cache_behavior=full)
    asked_twice(cdn, default_cache_behavior=empty)
    left = held()["DefaultCacheBehavior"]
    assert left["FunctionAssociations"] == []
    assert left["FieldLevelEncryptionId"] == ""
    assert left["TrustedKeyGroups"] == {"Enabled": False, "Items": []}
    unsaid = {"CachePolicyId", "OriginRequestPolicyId", "ResponseHeadersPolicyId", "RealtimeLogConfigArn"}
    assert not unsaid & left.keys(), "these AWS leaves out, and does not take an empty one"


def test_an_origin_becomes_another_kind(cdn, held):
    cdn(origins=[{**BUCKET, "connection_attempts": 2}])
    kinds = {"CustomOriginConfig": NEW_SERVER, "S3OriginConfig": {"OriginAccessIdentity": ""}}
    for option, kind in zip(("custom_origin_config", "s3_origin_config"), kinds, strict=True):
        asked_twice(cdn, origins=[{**BUCKET, option: {}}])
        (origin,) = held()["Origins"]
        assert {key: value for key, value in origin.items() if key.endswith("OriginConfig")} == {kind: kinds[kind]}
        assert origin["ConnectionAttempts"] == 2


def test_an_origin_in_a_vpc_is_foreseen(cdn):
    """The emulator wants the VPC origin to be there, with an instance behind it."""
    inside = {"vpc_origin_id": "vo_1", "origin_read_timeout": 60, "origin_keepalive_timeout": 30}
    result = cdn(check_mode=True, origins=[{**BUCKET, "vpc_origin_config": inside}])
    (origin,) = result["diff"]["after"]["origins"]
    assert origin["vpc_origin_config"] == inside
    assert "s3_origin_config" not in origin


def test_one_origin_is_not_of_two_kinds(cdn):
    refused = cdn(origins=[{**SERVER, "s3_origin_config": {}}])
    assert "mutually exclusive: s3_origin_config|custom_origin_config|vpc_origin_config" in refused["msg"]


def test_the_value_of_a_header_is_never_shown(cdn, held):
    for value in ("first-s3cr3t", "second-s3cr3t"):
        result = asked_twice(cdn, origins=[{**BUCKET, "custom_headers": [{"header_name": "X", "header_value": value}]}])
        assert "s3cr3t" not in str(result)
        assert held()["Origins"][0]["CustomHeaders"] == [{"HeaderName": "X", "HeaderValue": value}]
    assert "s3cr3t" not in str(cdn())


def behaviors(*patterns: str) -> list[dict[str, str]]:
    return [{"path_pattern": pattern, "target_origin_id": "data"} for pattern in patterns]


def test_a_new_behavior_begins_as_the_default_one_does(cdn, held):
    asked_twice(cdn, cache_behaviors=behaviors("/raw/*"))
    config = held()
    (behavior,) = config["CacheBehaviors"]
    for setting in ("ViewerProtocolPolicy", "AllowedMethods", "CachePolicyId", "Compress"):
        assert behavior[setting] == config["DefaultCacheBehavior"][setting]
    assert behavior["CachePolicyId"] == CACHING_OPTIMIZED


def test_behaviors_keep_their_settings_and_take_the_order_asked_for(cdn, held):
    cdn(cache_behaviors=[{**behaviors("/a/*")[0], "compress": False}, *behaviors("/b/*")])
    asked_twice(cdn, cache_behaviors=behaviors("/b/*", "/a/*"))
    compress = {behavior["PathPattern"]: behavior["Compress"] for behavior in held()["CacheBehaviors"]}
    assert list(compress.items()) == [("/b/*", True), ("/a/*", False)]
    asked_twice(cdn, cache_behaviors=behaviors("/b/*"))
    asked_twice(cdn, cache_behaviors=[])
    assert held()["CacheBehaviors"] == []


def test_a_cache_policy_takes_the_place_of_older_settings(cdn, held):
    old = {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}}, "MinTTL": 0, "DefaultTTL": 60}
    default = held()["DefaultCacheBehavior"]
    methods = {"Quantity": 2, "Items": ["GET", "HEAD"]}
    kept = {key: default[key] for key in ("TargetOriginId", "ViewerProtocolPolicy")}
    held(DefaultCacheBehavior={**kept, **old, "AllowedMethods": {**methods, "CachedMethods": methods}})
    assert not cdn(default_cache_behavior={"target_origin_id": "data"})["changed"]
    asked_twice(cdn, default_cache_behavior={"origin_request_policy_id": ""}, comment="x")
    assert held()["DefaultCacheBehavior"]["MinTTL"] == 0, "not asked for, so it stays"
    asked_twice(cdn, default_cache_behavior={"cache_policy_id": "p1"})
    assert not held()["DefaultCacheBehavior"].keys() & old.keys()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"acm_certificate_arn": ARN},
            {"CloudFrontDefaultCertificate": False, "ACMCertificateArn": ARN, "SSLSupportMethod": "sni-only"}
            | {"MinimumProtocolVersion": "TLSv1.2_2021"},
        ),
        ({"cloudfront_default_certificate": True}, {"CloudFrontDefaultCertificate": True}),
    ],
)
def test_a_certificate_takes_the_place_of_another(cdn, held, asked, expected):
    cdn(viewer_certificate={"iam_certificate_id": "ASCA1"})
    asked_twice(cdn, viewer_certificate=asked)
    assert held()["ViewerCertificate"] == expected


@pytest.mark.parametrize("asked", [{}, {"acm_certificate_arn": ARN, "iam_certificate_id": "A"}])
def test_a_certificate_comes_from_one_place(cdn, asked):
    assert "acm_certificate_arn" in cdn(viewer_certificate=asked)["msg"]


def test_logs_end_with_all_their_settings(cdn, held):
    cdn(logging={"enabled": True, "bucket": "logs.s3.amazonaws.com", "prefix": "cdn/", "include_cookies": True})
    asked_twice(cdn, logging={"enabled": False, "bucket": "logs.s3.amazonaws.com"})
    assert held()["Logging"] == {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}


def test_all_countries_are_let_in_again(cdn, held):
    cdn(restrictions={"geo_restriction": {"restriction_type": "blacklist", "items": ["DE"]}})
    asked_twice(cdn, restrictions={"geo_restriction": {"restriction_type": "none"}})
    assert held()["Restrictions"]["GeoRestriction"] == {"RestrictionType": "none", "Items": []}


def test_several_origins_and_behaviors_at_once(run_module, held):
    asked = {
        "name": "lab",
        "origins": [BUCKET, SERVER, {**BUCKET, "id": "second"}],
        "default_cache_behavior": {"target_origin_id": "data"},
        "cache_behaviors": [*behaviors("/raw/*"), {"path_pattern": "/api/*", "target_origin_id": "api"}],
        "tags": {"project": "lab"},
    }
    run = functools.partial(run_module, "cloudfront_distribution")
    assert asked_twice(run, **asked)["distribution"]["tags"] == {"project": "lab"}
    config = held()
    assert [origin["Id"] for origin in config["Origins"]] == ["data", "api", "second"]
    assert config["Origins"][1]["CustomOriginConfig"] == NEW_SERVER
    assert [behavior["TargetOriginId"] for behavior in config["CacheBehaviors"]] == ["data", "api"]
    asked_twice(run, **{**asked, "origins": [BUCKET, SERVER]})
    assert [origin["Id"] for origin in held()["Origins"]] == ["data", "api"]
