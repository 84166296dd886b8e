"""cloudfront_distribution, option by option."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.strict.table import Row, Table
from tests.unit.strict.tables.cloudfront_public_key import KEY

DATA = "data.s3.us-east-1.amazonaws.com"
HEADERS = [{"header_name": "X-Lab", "header_value": "first-value"}]
ORIGINS = [{"id": name, "domain_name": f"{name}.example.org", "custom_headers": HEADERS} for name in ("data", "more")]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/{}"
FUNCTION = "arn:aws:cloudfront::123456789012:function/{}"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:{}:1"
LOGS = "arn:aws:cloudfront::123456789012:realtime-log-config/{}"
ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/{}/1"
WITH_FUNCTIONS = {
    "target_origin_id": "data",
    "function_associations": [{"event_type": "viewer-request", "function_arn": FUNCTION.format("a")}],
    "lambda_function_associations": [{"event_type": "origin-request", "lambda_function_arn": LAMBDA.format("a")}],
}
PAIR = {
    "id": "pair",
    "failover_criteria": {"status_codes": [503]},
    "members": [{"origin_id": "data"}, {"origin_id": "more"}],
}


def before(account):
    cloudfront = account.cloudfront
    cloudfront.put("PublicKey", "K1", {"Name": "k1", "CallerReference": "k1", "EncodedKey": KEY})
    for name in ("g1", "g2"):
        cloudfront.put("KeyGroup", name, {"Name": name, "Items": ["K1"]})
        signing = {"SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
        cloudfront.put("OriginAccessControl", name, {"Name": name, **signing})
        headers = {"Quantity": 1, "Items": [{"Header": "Server"}]}
        cloudfront.put("ResponseHeadersPolicy", name, {"Name": name, "RemoveHeadersConfig": headers})
    for name in ("a", "lab-viewer2"):
        behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"}
        origins = {"Quantity": 1, "Items": [{"Id": "o", "DomainName": f"{name}.example.org"}]}
        said = {"CallerReference": name, "Comment": "", "Enabled": True}
        cloudfront.put("Distribution", name, {**said, "Origins": origins, "DefaultCacheBehavior": behavior})


def in_capitals(version):
    return version.upper() if version == "http2" else version


def logs(on):
    written_to = {"Bucket": "logs.s3.amazonaws.com", "Prefix": "x/", "IncludeCookies": True}
    off = {"Bucket": "", "Prefix": "", "IncludeCookies": False}  # AWS forgets the rest
    return {"Enabled": on, **(written_to if on else off)}


def behavior(option, path):
    """The rows of one cache behaviour."""
    rows = {
        "target_origin_id": Row("data", "more", "TargetOriginId"),
        "viewer_protocol_policy": Row("https-only", "redirect-to-https", "ViewerProtocolPolicy"),
        "allowed_methods": Row(["GET", "HEAD"], ["GET", "HEAD", "OPTIONS"], "AllowedMethods"),
        "cached_methods": Row(["GET", "HEAD"], ["GET"], "AllowedMethods.CachedMethods"),
        "cache_policy_id": Row("c1", "c2", "CachePolicyId"),
        "origin_request_policy_id": Row("r1", "r2", "OriginRequestPolicyId"),
        "response_headers_policy_id": Row("g1", "g2", "ResponseHeadersPolicyId"),
        "trusted_key_groups": Row(["g1"], [], "TrustedKeyGroups"),
        "compress": Row(True, False, "Compress"),
        "function_associations.function_arn": Row(
            FUNCTION.format("a"), FUNCTION.format("b"), "FunctionAssociations.0.FunctionARN"
        ),
        "lambda_function_associations.lambda_function_arn": Row(
            LAMBDA.format("a"), LAMBDA.format("b"), "LambdaFunctionAssociations.0.LambdaFunctionARN"
        ),
        "lambda_function_associations.include_body": Row(True, False, "LambdaFunctionAssociations.0.IncludeBody"),
        "grpc_config.enabled": Row(True, False, "GrpcConfig.Enabled"),
        "realtime_log_config_arn": Row(LOGS.format("a"), LOGS.format("b"), "RealtimeLogConfigArn"),
        "field_level_encryption_id": Row("F1", "", "FieldLevelEncryptionId"),
        "smooth_streaming": Row(True, False, "SmoothStreaming"),
    }
    return {f"{option}.{name}": replace(row, path=f"{path}.{row.path}") for name, row in rows.items()}


def keys_of(option):
    """What tells the functions of a cache behaviour apart."""
    return {f"{option}.{kind}function_associations.event_type" for kind in ("", "lambda_")}


# An origin is one of three kinds.
KINDS = {f"Origins.0.{kind}" for kind in ("CustomOriginConfig", "VpcOriginConfig")}
BEHAVIORS = ("DefaultCacheBehavior", "CacheBehaviors.0")
# What cache policies replace: AWS takes the one or the other.
REPLACED = {
    f"{behaviour}.{key}" for behaviour in BEHAVIORS for key in ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")
}

# What tells the items of a list apart.
KEYS = {
    *("Origins.0.CustomHeaders.0.HeaderName", "OriginGroups.0.Id", "CacheBehaviors.0.PathPattern"),
    "CustomErrorResponses.0.ErrorCode",
    *(f"{behaviour}.FunctionAssociations.0.EventType" for behaviour in BEHAVIORS),
    *(f"{behaviour}.LambdaFunctionAssociations.0.EventType" for behaviour in BEHAVIORS),
}

BUCKET = Table(
    module="cloudfront_distribution",
    use="of a bucket",
    kind="Distribution",
    before=before,
    asked={
        "name": "lab-viewer",
        "origins": ORIGINS,
        "origin_groups": [PAIR],
        "default_cache_behavior": WITH_FUNCTIONS,
        "cache_behaviors": [{**WITH_FUNCTIONS, "path_pattern": "/more/*"}],
        "custom_error_responses": [{"error_code": 404}],
    },
    identity=frozenset(
        {
            *("name", "origins.id", "origins.custom_headers.header_name", "origin_groups.id"),
            *("cache_behaviors.path_pattern", "custom_error_responses.error_code"),
            *keys_of("default_cache_behavior"),
            *keys_of("cache_behaviors"),
        }
    ),
    rows={
        "aliases": Row(["data.example.org"], [], "Aliases"),
        "comment": Row("volumes", "", "Comment"),
        "enabled": Row(True, False, "Enabled"),
        "default_root_object": Row("index.html", "", "DefaultRootObject"),
        "price_class": Row("PriceClass_100", "PriceClass_All", "PriceClass"),
        "http_version": Row("http2and3", "http2", "HttpVersion", in_capitals),
        "is_ipv6_enabled": Row(False, True, "IsIPV6Enabled"),
        "web_acl_id": Row(ACL.format("a"), "", "WebACLId"),
        "origins.domain_name": Row(DATA, "data.s3.eu-west-1.amazonaws.com", "Origins.0.DomainName"),
        "origins.origin_access_control_id": Row("g1", "g2", "Origins.0.OriginAccessControlId"),
        "origins.origin_path": Row("/volumes", "", "Origins.0.OriginPath"),
        "origins.custom_headers.header_value": Row(
            "first-value", "second-value", "Origins.0.CustomHeaders.0.HeaderValue"
        ),
        "origins.connection_attempts": Row(2, 3, "Origins.0.ConnectionAttempts"),
        "origins.connection_timeout": Row(5, 10, "Origins.0.ConnectionTimeout"),
        "origins.origin_shield.enabled": Row(True, False, "Origins.0.OriginShield.Enabled"),
        "origins.origin_shield.origin_shield_region": Row(
            "us-east-1", "us-west-2", "Origins.0.OriginShield.OriginShieldRegion"
        ),
        "origin_groups.failover_criteria.status_codes": Row(
            [500, 503], [503], "OriginGroups.0.FailoverCriteria.StatusCodes"
        ),
        "origin_groups.members.origin_id": Row("data", "other", "OriginGroups.0.Members.0.OriginId"),
        **behavior("default_cache_behavior", "DefaultCacheBehavior"),
        **behavior("cache_behaviors", "CacheBehaviors.0"),
        "custom_error_responses.response_page_path": Row(
            "/404.html", "/none.html", "CustomErrorResponses.0.ResponsePagePath"
        ),
        "custom_error_responses.response_code": Row("404", "200", "CustomErrorResponses.0.ResponseCode"),
        "custom_error_responses.error_caching_min_ttl": Row(5, 0, "CustomErrorResponses.0.ErrorCachingMinTTL"),
        "logging.enabled": Row(True, False, "Logging", logs),
        "logging.bucket": Row("logs.s3.amazonaws.com", "other.s3.amazonaws.com", "Logging.Bucket"),
        "logging.prefix": Row("x/", "", "Logging.Prefix"),
        "logging.include_cookies": Row(True, False, "Logging.IncludeCookies"),
        "restrictions.geo_restriction.restriction_type": Row(
            "whitelist", "blacklist", "Restrictions.GeoRestriction.RestrictionType"
        ),
        "restrictions.geo_restriction.items": Row(["US"], ["DE"], "Restrictions.GeoRestriction.Items"),
        "viewer_certificate.acm_certificate_arn": Row(
            CERTIFICATE.format("c1"),
            CERTIFICATE.format("c2"),
            "ViewerCertificate.ACMCertificateArn",
            also=("ViewerCertificate.Certificate",),
        ),
        "viewer_certificate.ssl_support_method": Row("sni-only", "vip", "ViewerCertificate.SSLSupportMethod"),
        "viewer_certificate.minimum_protocol_version": Row(
            "TLSv1.2_2021", "TLSv1.3_2025", "ViewerCertificate.MinimumProtocolVersion"
        ),
        "tags": Row({"project": "lab"}, {"project": "other"}, "tags"),
    },
    # The first takes the place of another; the second says what is waited for.
    acts=frozenset({"viewer_certificate.cloudfront_default_certificate", "last_modified_time"}),
    update="UpdateDistribution",
    theirs={
        "Origins.0.ResponseCompletionTimeout": 60,
        "Origins.0.S3OriginConfig.OriginReadTimeout": 40,
        "OriginGroups.0.SelectionCriteria": "media-quality-based",
        "DefaultCacheBehavior.TrustedSigners": ["self"],
        "CacheBehaviors.0.TrustedSigners": ["self"],
        "AnycastIpListId": "A1",
        "ConnectionMode": "direct",
        "ViewerMtlsConfig": {"Mode": "required", "TrustStoreConfig": {"TrustStoreId": "T1"}},
        "ConnectionFunctionAssociation": {"Id": "F2"},
        "CacheTagConfig": {"HeaderName": "Cache-Tag"},
        "ContinuousDeploymentPolicyId": "D1",
    },
    apart=frozenset(
        {
            *KINDS,
            *KEYS,
            "Origins.0.S3OriginConfig.OriginAccessIdentity",
            *REPLACED,
            # Which certificate is told by acm_certificate_arn; two repeat it.
            *(f"ViewerCertificate.{key}" for key in ("CloudFrontDefaultCertificate", "IAMCertificateId")),
            *(f"ViewerCertificate.{key}" for key in ("Certificate", "CertificateSource")),
            *("Staging", "TenantConfig"),  # other kinds of distribution
        }
    ),
)


def origin_of(use, option, **settings):
    """A distribution whose origin is of another kind."""
    return Table(
        module="cloudfront_distribution",
        use=use,
        kind="Distribution",
        before=before,
        asked={
            "name": "lab-viewer",
            "origins": [{"id": "data", "domain_name": DATA, option: settings["asked"]}],
            "default_cache_behavior": {"target_origin_id": "data"},
        },
        identity=frozenset({"name"}),
        rows={f"origins.{option}.{name}": row for name, row in settings["rows"].items()} | settings.get("more", {}),
    )


OTHER_KINDS = [
    origin_of(
        "of a bucket, by the older way",
        "s3_origin_config",
        asked={"origin_access_identity": "origin-access-identity/cloudfront/E1"},
        rows={
            "origin_access_identity": Row(
                "origin-access-identity/cloudfront/E1",
                "origin-access-identity/cloudfront/E2",
                "Origins.0.S3OriginConfig.OriginAccessIdentity",
            )
        },
    ),
    origin_of(
        "of a web server",
        "custom_origin_config",
        asked={},
        rows={
            "http_port": Row(80, 8080, "Origins.0.CustomOriginConfig.HTTPPort"),
            "https_port": Row(443, 8443, "Origins.0.CustomOriginConfig.HTTPSPort"),
            "origin_protocol_policy": Row(
                "https-only", "match-viewer", "Origins.0.CustomOriginConfig.OriginProtocolPolicy"
            ),
            "origin_ssl_protocols": Row(
                ["TLSv1.2"], ["TLSv1.1", "TLSv1.2"], "Origins.0.CustomOriginConfig.OriginSslProtocols"
            ),
            "origin_read_timeout": Row(30, 60, "Origins.0.CustomOriginConfig.OriginReadTimeout"),
            "origin_keepalive_timeout": Row(5, 60, "Origins.0.CustomOriginConfig.OriginKeepaliveTimeout"),
        },
        more={
            "viewer_certificate.iam_certificate_id": Row(
                "ASCA1", "ASCA2", "ViewerCertificate.IAMCertificateId", also=("ViewerCertificate.Certificate",)
            )
        },
    ),
    origin_of(
        "inside a VPC",
        "vpc_origin_config",
        asked={"vpc_origin_id": "vo_1"},
        rows={
            "vpc_origin_id": Row("vo_1", "vo_2", "Origins.0.VpcOriginConfig.VpcOriginId"),
            "origin_read_timeout": Row(30, 60, "Origins.0.VpcOriginConfig.OriginReadTimeout"),
            "origin_keepalive_timeout": Row(5, 60, "Origins.0.VpcOriginConfig.OriginKeepaliveTimeout"),
        },
    ),
]
TABLES = [BUCKET, *OTHER_KINDS]
