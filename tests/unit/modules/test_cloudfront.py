"""What is special about the CloudFront modules, on ministack (the life of each: strict)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._engine import resource
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import merge
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront import (
    CloudFrontResource,
    counted,
    plain,
)
from botocore.session import Session
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.unit.modules.public_keys import new_pem


@pytest.fixture
def cloudfront(client):
    return client("cloudfront")


@pytest.fixture
def held(cloudfront):
    """Everything CloudFront holds of one kind, as {name: config}."""

    def get(kind: str) -> dict[str, Any]:
        plural = kind.replace("policy", "policie") + "s"
        custom = {"Type": "custom"} if kind.endswith("policy") else {}
        camel = kind.title().replace("_", "")
        items = getattr(cloudfront, f"list_{plural}")(**custom)[f"{camel}List"].get("Items", [])
        ids = [item.get(camel, item)["Id"] for item in items]
        configs = [getattr(cloudfront, f"get_{kind}")(Id=one)[camel][f"{camel}Config"] for one in ids]
        return {config.get("Name", config.get("CallerReference")): config for config in configs}

    return get


@pytest.fixture
def key_id(run_module) -> Callable[[str], str]:
    return lambda name: run_module("cloudfront_public_key", name=name, encoded_key=new_pem())["public_key"]["id"]


def test_an_rsa_key(run_module, held):
    key = new_pem(rsa.generate_private_key(65537, 2048))
    for changed in (True, False):
        assert run_module("cloudfront_public_key", name="k1", encoded_key=key)["changed"] is changed
    assert held("public_key")["k1"]["EncodedKey"] == key


@pytest.mark.parametrize(
    "make",
    [
        lambda: new_pem(rsa.generate_private_key(65537, 3072)),
        lambda: new_pem(ec.generate_private_key(ec.SECP384R1())),
        lambda: new_pem(ed25519.Ed25519PrivateKey.generate()),
        lambda: private_pem(ec.generate_private_key(ec.SECP256R1())),
        lambda: "",
        lambda: "/path/to/key.pem",
    ],
    ids=["RSA 3072", "P-384", "Ed25519", "private", "empty", "a path"],
)
def test_what_cloudfront_takes_for_no_key_is_refused(run_module, held, make):
    key = make()
    result = run_module("cloudfront_public_key", name="k1", encoded_key=key, check_mode=True)
    assert "encoded_key must be a public key, RSA with 2048 bits or ECDSA on P-256" in result["msg"]
    assert not key or key not in result["msg"]


def private_pem(private: Any) -> str:
    plain = serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


@pytest.mark.parametrize("form", [str.strip, "{}\n\n".format, lambda pem: pem.replace("\n", "\r\n")])
def test_white_space_makes_no_other_key(run_module, held, form):
    pem = new_pem()
    assert run_module("cloudfront_public_key", name="k1", encoded_key=form(pem))["changed"]
    assert held("public_key")["k1"]["EncodedKey"] == pem
    for same in (pem, form(pem)):
        assert not run_module("cloudfront_public_key", name="k1", encoded_key=same)["changed"]


def test_white_space_that_someone_else_sent_stays(run_module, cloudfront, held):
    pem = new_pem()
    config = {"CallerReference": "x", "Name": "k1", "EncodedKey": pem.strip()}
    cloudfront.create_public_key(PublicKeyConfig=config)
    assert not run_module("cloudfront_public_key", name="k1", encoded_key=pem)["changed"]
    assert run_module("cloudfront_public_key", name="k1", encoded_key=pem, comment="ours")["changed"]
    assert held("public_key")["k1"] == {**config, "Comment": "ours"}


def test_two_keys_of_one_name(run_module, cloudfront):
    for reference in ("x", "y"):
        config = {"CallerReference": reference, "Name": "k1", "EncodedKey": new_pem()}
        cloudfront.create_public_key(PublicKeyConfig=config)
    result = run_module("cloudfront_public_key", name="k1", encoded_key=new_pem())
    assert result["failed"]
    ids = [item["Id"] for item in cloudfront.list_public_keys()["PublicKeyList"]["Items"]]
    assert all(key_id in result["msg"] for key_id in ids)


def test_key_group_rotation(run_module, held, key_id):
    k1, k2 = key_id("k1"), key_id("k2")
    run_module("cloudfront_key_group", name="g", public_key_ids=[k1])
    assert run_module("cloudfront_key_group", name="g", items=[k2, k1])["changed"]
    assert not run_module("cloudfront_key_group", name="g", public_key_ids=[k1, k2])["changed"], "order means nothing"
    assert run_module("cloudfront_key_group", name="g", public_key_ids=[k2])["diff"]["after"]["public_key_ids"] == [k2]
    assert held("key_group")["g"]["Items"] == [k2]


def test_a_key_in_use_is_not_deleted(run_module, held, key_id, monkeypatch):
    monkeypatch.setattr(CloudFrontResource, "retry_on", ())  # a moment later it may not be
    run_module("cloudfront_key_group", name="g", public_key_ids=[key_id("k1")])
    result = run_module("cloudfront_public_key", name="k1", state="absent")
    assert result["msg"].startswith("Failed to delete public key k1: ")
    assert "PublicKeyInUse" in result["msg"]
    assert "k1" in held("public_key")


CORS = {
    "access_control_allow_origins": ["https://neuroglancer.lab.example.org"],
    "access_control_allow_headers": ["*"],
    "access_control_allow_methods": ["GET", "HEAD"],
    "access_control_allow_credentials": True,
    "access_control_expose_headers": ["Content-Range", "ETag"],
    "access_control_max_age_sec": 600,
    "origin_override": True,
}


HEADERS = (
    (
        "security_headers_config",
        {
            "strict_transport_security": {"access_control_max_age_sec": 60, "include_subdomains": True, "preload": True}
            | {"override": True},
            "content_type_options": {"override": True},
            "frame_options": {"frame_option": "DENY", "override": False},
            "referrer_policy": {"referrer_policy": "same-origin", "override": True},
            "content_security_policy": {"content_security_policy": "default-src 'self'", "override": True},
            "xss_protection": {"protection": True, "mode_block": True, "override": True},
        },
        {
            "StrictTransportSecurity": {"AccessControlMaxAgeSec": 60, "IncludeSubdomains": True, "Preload": True}
            | {"Override": True},
            "ContentTypeOptions": {"Override": True},
            "FrameOptions": {"FrameOption": "DENY", "Override": False},
            "ReferrerPolicy": {"ReferrerPolicy": "same-origin", "Override": True},
            "ContentSecurityPolicy": {"ContentSecurityPolicy": "default-src 'self'", "Override": True},
            "XSSProtection": {"Protection": True, "ModeBlock": True, "Override": True},
        },
    ),
    (
        "security_headers_config",
        {"xss_protection": {"protection": True, "report_uri": "/x", "mode_block": False, "override": True}},
        {"XSSProtection": {"Protection": True, "ModeBlock": False, "ReportUri": "/x", "Override": True}},
    ),
    (
        "custom_headers_config",
        [{"header": "X-A", "value": "1", "override": True}, {"header": "X-B", "value": "2", "override": True}],
        [{"Header": "X-A", "Value": "1", "Override": True}, {"Header": "X-B", "Value": "2", "Override": True}],
    ),
    ("remove_headers_config", [{"header": "Server"}], [{"Header": "Server"}]),
    (
        "server_timing_headers_config",
        {"enabled": True, "sampling_rate": 12.5},
        {"Enabled": True, "SamplingRate": 12.5},
    ),
)


def test_each_kind_of_header(run_module, held):
    def policy(**asked: Any) -> dict[str, Any]:
        return run_module("cloudfront_response_headers_policy", name="p", **asked)

    policy(cors_config=CORS)
    for option, asked, expected in HEADERS:
        foreseen, done, again = (
            policy(check_mode=True, **{option: asked}),
            *(policy(**{option: asked}) for _turn in "ab"),
        )
        assert (done.get("changed", done), again["changed"]) == (True, False)
        assert foreseen["diff"] == done["diff"]
        name = "".join(word.capitalize() for word in option.split("_"))
        after = plain(held("response_headers_policy")["p"][name])
        assert merge(after, expected) == after
    assert held("response_headers_policy")["p"]["CorsConfig"]["OriginOverride"] is True
    reordered = list(reversed(HEADERS[2][1]))
    assert not policy(custom_headers_config=reordered)["changed"], "order means nothing"
    for option in ("custom_headers_config", "remove_headers_config"):
        assert [policy(**{option: []})["changed"] for _turn in "ab"] == [True, False]
    left = held("response_headers_policy")["p"]
    assert [plain(left.get(name, [])) for name in ("CustomHeadersConfig", "RemoveHeadersConfig")] == [[], []]


def test_response_headers_policy_keeps_what_has_no_option(run_module, cloudfront, held):
    config = {"Name": "p", "Comment": "", "ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 5.0}}
    cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=config)
    asked = {"name": "p", "cors_config": {**CORS, "access_control_allow_methods": ["HEAD", "GET"]}}
    assert run_module("cloudfront_response_headers_policy", **asked)["changed"]
    assert not run_module("cloudfront_response_headers_policy", **asked)["changed"]
    after = held("response_headers_policy")["p"]
    assert after["ServerTimingHeadersConfig"] == {"Enabled": True, "SamplingRate": 5.0}
    assert plain(after["CorsConfig"])["AccessControlAllowMethods"] == ["HEAD", "GET"]


def test_a_managed_policy_is_not_ours(run_module):
    result = run_module("cloudfront_response_headers_policy", name="Managed-SimpleCORS", state="absent")
    assert not result["changed"]


ORIGIN = {"id": "data", "domain_name": "b.s3.us-east-1.amazonaws.com", "origin_access_control_id": "E1OAC"}
ASKED = {
    "name": "lab-viewer",
    "origins": [ORIGIN],
    "default_cache_behavior": {"target_origin_id": "data", "trusted_key_groups": ["g1"]},
    "price_class": "PriceClass_100",
    "http_version": "http2and3",
    "is_ipv6_enabled": False,
    "tags": {"project": "lab"},
}
CERTIFICATE = {"acm_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/c1"}


def as_aws_returns_it(cloudfront) -> dict[str, Any]:
    """Add what AWS adds to a distribution of ours: defaults, mirrors of the certificate, HTTP in capitals."""
    (summary,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    response = cloudfront.get_distribution_config(Id=summary["Id"])
    config = response["DistributionConfig"]
    config["HttpVersion"] = "HTTP2and3"
    config["WebACLId"] = ""
    config["Logging"] = {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}
    config["Restrictions"] = {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}}
    config["ViewerCertificate"] = {
        "CloudFrontDefaultCertificate": True,
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    }
    config["Origins"]["Items"][0] |= {"OriginPath": "", "ConnectionAttempts": 3, "CustomHeaders": {"Quantity": 0}}
    config["Origins"]["Items"][0] |= {"ConnectionTimeout": 10, "OriginShield": {"Enabled": False}}
    config |= {part: {"Quantity": 0} for part in ("Aliases", "CacheBehaviors", "CustomErrorResponses", "OriginGroups")}
    config["DefaultRootObject"] = ""
    methods = {"Quantity": 2, "Items": ["HEAD", "GET"]}
    config["DefaultCacheBehavior"] |= {
        "SmoothStreaming": False,
        "GrpcConfig": {"Enabled": False},
        "TrustedSigners": {"Enabled": False, "Quantity": 0},
        "FieldLevelEncryptionId": "",
        "FunctionAssociations": {"Quantity": 0},
        "LambdaFunctionAssociations": {"Quantity": 0},
        "AllowedMethods": {**methods, "CachedMethods": methods},
    }
    cloudfront.update_distribution(Id=summary["Id"], IfMatch=response["ETag"], DistributionConfig=config)
    return config


def test_distribution_does_not_fight_what_aws_adds(run_module, cloudfront, held):
    run_module("cloudfront_distribution", **ASKED)
    as_aws_returns_it(cloudfront)
    assert not run_module("cloudfront_distribution", **ASKED)["changed"]


def test_distribution_update_sends_all_that_is_there(run_module, cloudfront, held):
    run_module("cloudfront_distribution", **ASKED)
    before = as_aws_returns_it(cloudfront)
    run_module("cloudfront_distribution", name="lab-viewer", comment="new", viewer_certificate=CERTIFICATE)
    after = held("distribution")["lab-viewer"]
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {"Comment", "HttpVersion", "ViewerCertificate"}
    assert after["HttpVersion"] == "http2and3", "in the spelling that the API takes"
    assert "CertificateSource" not in after["ViewerCertificate"]


def test_distribution_empties_what_is_asked_to_be_empty(run_module, held):
    run_module("cloudfront_distribution", **ASKED, aliases=["a.example.org"], viewer_certificate=CERTIFICATE)
    closed = {"trusted_key_groups": []}
    run_module("cloudfront_distribution", name="lab-viewer", aliases=[], default_cache_behavior=closed)
    config = held("distribution")["lab-viewer"]
    assert config["Aliases"] == {"Quantity": 0}
    assert config["DefaultCacheBehavior"]["TrustedKeyGroups"] == {"Enabled": False, "Quantity": 0}
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == "data"


def test_distribution_result(run_module):
    result = run_module("cloudfront_distribution", **ASKED)["distribution"]
    assert result["arn"] == f"arn:aws:cloudfront::123456789012:distribution/{result['id']}"
    assert result["domain_name"].endswith(".cloudfront.net")
    assert (result["status"], result["tags"]) == ("Deployed", {"project": "lab"})
    assert result["default_cache_behavior"]["trusted_key_groups"] == {"enabled": True, "items": ["g1"]}


def test_distribution_tags(run_module, cloudfront):
    arn = run_module("cloudfront_distribution", **ASKED)["distribution"]["arn"]

    def tags() -> dict[str, str]:
        items = cloudfront.list_tags_for_resource(Resource=arn)["Tags"]["Items"]
        return {tag["Key"]: tag["Value"] for tag in items}

    more = {"name": "lab-viewer", "tags": {"cost": "7"}}
    assert run_module("cloudfront_distribution", check_mode=True, **more)["changed"]
    assert tags() == {"project": "lab"}
    result = run_module("cloudfront_distribution", **more)
    assert result["diff"]["after"]["tags"] == tags() == {"project": "lab", "cost": "7"}
    assert not run_module("cloudfront_distribution", **more)["changed"]
    run_module("cloudfront_distribution", name="lab-viewer", tags={"cost": "8"}, purge_tags=True)
    assert tags() == {"cost": "8"}


@pytest.mark.parametrize(
    ("reference", "ours"),
    [("lab-viewer", True), ("lab-viewer/1700000000", True), ("lab-viewer2", False), ("lab", False)],
)
def test_distribution_is_found_by_its_caller_reference(run_module, cloudfront, reference, ours):
    for name in ("other", reference):
        run_module("cloudfront_distribution", **{**ASKED, "name": name})
    if reference == "lab-viewer/1700000000":
        assert not run_module("cloudfront_distribution", name="lab-viewer/1700000000")["changed"]
    assert run_module("cloudfront_distribution", **ASKED)["changed"] is not ours


@pytest.fixture
def slow_edge(monkeypatch):
    """Deployment takes some looks; returns how often the module slept."""
    real, slept = CloudFrontResource.call, []

    def call(self, name: str, **request: Any) -> dict[str, Any]:
        response = real(self, name, **request)
        if name == "get_distribution" and len(slept) < 3:
            response["Distribution"]["Status"] = "InProgress"
        return response

    monkeypatch.setattr(CloudFrontResource, "call", call)
    monkeypatch.setattr(resource.time, "sleep", slept.append)
    return slept


def test_distribution_waits_only_when_asked(run_module, slow_edge):
    run_module("cloudfront_distribution", **ASKED)
    assert slow_edge == []
    result = run_module("cloudfront_distribution", **ASKED, wait=True)
    assert (result["changed"], result["distribution"]["status"], len(slow_edge)) == (False, "Deployed", 3)


def test_distribution_waits_before_it_is_deleted(run_module, slow_edge, held):
    run_module("cloudfront_distribution", **ASKED)
    result = run_module("cloudfront_distribution", name="lab-viewer", state="absent", wait_timeout=5)
    assert result["msg"] == "Failed to delete distribution lab-viewer: Not deployed after 5 seconds."
    assert held("distribution")["lab-viewer"]["Enabled"] is False
    assert run_module("cloudfront_distribution", name="lab-viewer", state="absent")["changed"]
    assert (held("distribution"), len(slow_edge)) == ({}, 3)


CONFIG_SHAPES = Session().get_service_model("cloudfront")


@pytest.mark.parametrize(
    ("shape", "without", "with_count"),
    [
        ("Aliases", [], {"Quantity": 0}),
        ("Aliases", ["a"], {"Quantity": 1, "Items": ["a"]}),
        ("TrustedKeyGroups", {"Enabled": False, "Items": []}, {"Enabled": False, "Quantity": 0}),
        (
            "AllowedMethods",
            {"Items": ["GET"], "CachedMethods": ["GET"]},
            {"Quantity": 1, "Items": ["GET"], "CachedMethods": {"Quantity": 1, "Items": ["GET"]}},
        ),
        ("KeyGroupConfig", {"Name": "g", "Items": ["K1"]}, {"Name": "g", "Items": ["K1"]}),
        (
            "Restrictions",
            {"GeoRestriction": {"RestrictionType": "none", "Items": []}},
            {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        ),
        (
            "OriginGroups",
            [{"Id": "o", "FailoverCriteria": {"StatusCodes": [500]}}],
            {
                "Quantity": 1,
                "Items": [{"Id": "o", "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [500]}}}],
            },
        ),
    ],
)
def test_counted_lists(shape, without, with_count):
    assert counted(without, CONFIG_SHAPES.shape_for(shape)) == with_count
    assert plain(with_count) == without
