"""cloudfront_distribution, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table
from tests.unit.strict.tables.cloudfront_public_key import KEY

ORIGINS = [{"id": "data", "domain_name": "data.s3.us-east-1.amazonaws.com"}, {"id": "more", "domain_name": "more.org"}]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/{}"
FUNCTION = "arn:aws:cloudfront::123456789012:function/theirs"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:theirs:1"


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


TABLES = [
    Table(
        module="cloudfront_distribution",
        kind="Distribution",
        before=before,
        asked={"name": "lab-viewer", "origins": ORIGINS, "default_cache_behavior": {"target_origin_id": "data"}},
        identity=frozenset({"name", "origins.id"}),
        rows={
            "aliases": Row(["data.example.org"], [], "Aliases"),
            "comment": Row("volumes", "", "Comment"),
            "enabled": Row(True, False, "Enabled"),
            "default_root_object": Row("index.html", "", "DefaultRootObject"),
            "price_class": Row("PriceClass_100", "PriceClass_All", "PriceClass"),
            "http_version": Row("http2and3", "http2", "HttpVersion", in_capitals),
            "is_ipv6_enabled": Row(False, True, "IsIPV6Enabled"),
            "origins.domain_name": Row(
                "data.s3.us-east-1.amazonaws.com", "data.s3.eu-west-1.amazonaws.com", "Origins.0.DomainName"
            ),
            "origins.origin_access_control_id": Row("g1", "g2", "Origins.0.OriginAccessControlId"),
            "origins.origin_path": Row("/volumes", "", "Origins.0.OriginPath"),
            "default_cache_behavior.target_origin_id": Row("data", "more", "DefaultCacheBehavior.TargetOriginId"),
            "default_cache_behavior.viewer_protocol_policy": Row(
                "https-only", "redirect-to-https", "DefaultCacheBehavior.ViewerProtocolPolicy"
            ),
            "default_cache_behavior.allowed_methods": Row(
                ["GET", "HEAD"], ["GET", "HEAD", "OPTIONS"], "DefaultCacheBehavior.AllowedMethods"
            ),
            "default_cache_behavior.cached_methods": Row(
                ["GET", "HEAD"], ["GET"], "DefaultCacheBehavior.AllowedMethods.CachedMethods"
            ),
            "default_cache_behavior.cache_policy_id": Row("c1", "c2", "DefaultCacheBehavior.CachePolicyId"),
            "default_cache_behavior.origin_request_policy_id": Row(
                "r1", "r2", "DefaultCacheBehavior.OriginRequestPolicyId"
            ),
            "default_cache_behavior.response_headers_policy_id": Row(
                "g1", "g2", "DefaultCacheBehavior.ResponseHeadersPolicyId"
            ),
            "default_cache_behavior.trusted_key_groups": Row(["g1"], [], "DefaultCacheBehavior.TrustedKeyGroups"),
            "default_cache_behavior.compress": Row(True, False, "DefaultCacheBehavior.Compress"),
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
            "tags": Row({"project": "lab"}, {"project": "lab", "owner": "ann"}, "tags"),
        },
        update="UpdateDistribution",
        theirs={
            "Origins.0.CustomHeaders": [{"HeaderName": "X-Lab", "HeaderValue": "1"}],
            "Origins.0.ConnectionAttempts": 2,
            "Origins.0.ConnectionTimeout": 5,
            "Origins.0.ResponseCompletionTimeout": 60,
            "Origins.0.OriginShield": {"Enabled": True, "OriginShieldRegion": "us-east-1"},
            "Origins.0.S3OriginConfig.OriginReadTimeout": 40,
            "OriginGroups": [
                {
                    "Id": "pair",
                    "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [503]}},
                    "Members": {"Quantity": 2, "Items": [{"OriginId": "data"}, {"OriginId": "more"}]},
                }
            ],
            "DefaultCacheBehavior.TrustedSigners": ["self"],
            "DefaultCacheBehavior.SmoothStreaming": True,
            "DefaultCacheBehavior.LambdaFunctionAssociations": [
                {"LambdaFunctionARN": LAMBDA, "EventType": "origin-request", "IncludeBody": False}
            ],
            "DefaultCacheBehavior.FunctionAssociations": [{"FunctionARN": FUNCTION, "EventType": "viewer-request"}],
            "DefaultCacheBehavior.FieldLevelEncryptionId": "F1",
            "DefaultCacheBehavior.RealtimeLogConfigArn": "arn:aws:cloudfront::123456789012:realtime-log-config/theirs",
            "DefaultCacheBehavior.GrpcConfig": {"Enabled": True},
            "CacheBehaviors": [
                {"PathPattern": "/more/*", "TargetOriginId": "more", "ViewerProtocolPolicy": "https-only"}
            ],
            "CustomErrorResponses": [{"ErrorCode": 404, "ErrorCachingMinTTL": 5}],
            "Logging": {"Enabled": True, "IncludeCookies": False, "Bucket": "logs.s3.amazonaws.com", "Prefix": "x"},
            "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Quantity": 1, "Items": ["US"]}},
            "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/theirs/1",
            "AnycastIpListId": "A1",
            "ConnectionMode": "direct",
            "ViewerMtlsConfig": {"Mode": "required", "TrustStoreConfig": {"TrustStoreId": "T1"}},
            "ConnectionFunctionAssociation": {"Id": "F2"},
            "CacheTagConfig": {"HeaderName": "Cache-Tag"},
            "ContinuousDeploymentPolicyId": "D1",
        },
        apart=frozenset(
            {
                # An origin is one of three kinds; this one is a bucket, signed for by access control.
                *("Origins.0.CustomOriginConfig", "Origins.0.VpcOriginConfig"),
                "Origins.0.S3OriginConfig.OriginAccessIdentity",
                # What cache policies replace: AWS takes the one or the other.
                *(f"DefaultCacheBehavior.{key}" for key in ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")),
                # Which certificate is told by acm_certificate_arn; two repeat it.
                *(f"ViewerCertificate.{key}" for key in ("CloudFrontDefaultCertificate", "IAMCertificateId")),
                *(f"ViewerCertificate.{key}" for key in ("Certificate", "CertificateSource")),
                "CallerReference",  # the name
                *("Staging", "TenantConfig"),  # other kinds of distribution
            }
        ),
    )
]
