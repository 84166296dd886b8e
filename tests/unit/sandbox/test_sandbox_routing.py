"""Which emulator a request goes to, and which action it asks for."""

from __future__ import annotations

import urllib.parse

import pytest

from sandbox import settings
from sandbox.api import routing


def authorization(service: str, region: str = "us-east-1") -> dict[str, str]:
    scope = f"sandbox/20261101/{region}/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"}


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        (authorization("ec2"), {}, ("sandbox", "us-east-1", "ec2")),
        (authorization("acm", "eu-central-1"), {}, ("sandbox", "eu-central-1", "acm")),
        ({}, {"X-Amz-Credential": "ASIAX/20261101/us-east-1/s3/aws4_request"}, ("ASIAX", "us-east-1", "s3")),
        ({}, {"AWSAccessKeyId": "sandbox", "Signature": "x"}, ("sandbox", "us-east-1", "s3")),
        ({}, {}, ("", "us-east-1", "s3")),
        ({"authorization": "Bearer x"}, {}, ("", "us-east-1", "s3")),
        (
            {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"},
            {},
            ("", "us-east-1", "cognito-idp"),
        ),
        (
            {"x-amz-target": "AWSCognitoIdentityService.GetId"},
            {},
            ("", "us-east-1", "cognito-identity"),
        ),
        ({"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, {}, ("", "us-east-1", "sts")),
    ],
)
def test_signer(headers, query, expected):
    assert routing.credential_scope(headers, query) == routing.CredentialScope(*expected)


@pytest.mark.parametrize(
    ("service", "address"),
    [
        ("cloudfront", settings.MINISTACK_URL),
        ("cognito-idp", settings.MINISTACK_URL),
        ("cognito-identity", settings.MINISTACK_URL),
        ("s3", settings.MOTO_URL),
        ("iam", settings.MOTO_URL),
        ("elasticloadbalancing", settings.MOTO_URL),
        ("route53", settings.MOTO_URL),
    ],
)
def test_emulator(service, address):
    assert routing.emulator_url(service) == address


@pytest.mark.parametrize(
    ("service", "method", "target", "headers", "body", "expected"),
    [
        ("ssm", "POST", "/", {"x-amz-target": "AmazonSSM.StartSession"}, b"{}", "StartSession"),
        ("ec2", "POST", "/", {}, b"Action=RunInstances&Version=2016-11-15", "RunInstances"),
        ("sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, b"", "GetCallerIdentity"),
        ("s3", "GET", "/", {}, b"", "ListBuckets"),
        ("s3", "PUT", "/bucket", {}, b"", "CreateBucket"),
        ("s3", "PUT", "/bucket?policy", {}, b"", "PutBucketPolicy"),
        ("s3", "GET", "/bucket/?list-type=2&prefix=a", {}, b"", "ListObjectsV2"),
        ("s3", "GET", "/bucket/a/b//c.txt?X-Amz-Expires=60", {}, b"", "GetObject"),
        ("s3", "PUT", "/bucket/key", {}, b"", "PutObject"),
        ("s3", "PUT", "/bucket/key", {"x-amz-copy-source": "/other/key"}, b"", "CopyObject"),
        ("s3", "PUT", "/bucket/key?uploadId=1&partNumber=2", {}, b"", "UploadPart"),
        ("cloudfront", "GET", "/2020-05-31/distribution/E1", {}, b"", "GetDistribution"),
        ("cloudfront", "PUT", "/2020-05-31/distribution/E1/config", {}, b"<x/>", "UpdateDistribution"),
        ("cloudfront", "POST", "/2020-05-31/distribution?WithTags", {}, b"<x/>", "CreateDistributionWithTags"),
        ("route53", "POST", "/2013-04-01/hostedzone/Z1/rrset/", {}, b"<x/>", "ChangeResourceRecordSets"),
        ("s3", "OPTIONS", "/bucket/key", {}, b"", "OPTIONS /bucket/key"),
        ("unknown", "GET", "/thing", {}, b"", "GET /thing"),
    ],
)
def test_action(service, method, target, headers, body, expected):
    assert routing.action(service, method, urllib.parse.urlsplit(target), headers, body) == expected
