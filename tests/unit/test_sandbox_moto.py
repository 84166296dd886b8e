"""What moto lets pass and AWS refuses: checked in this process, without a server."""

from __future__ import annotations

import json
import types

import boto3
import pytest
from moto import mock_aws, settings
from moto.acm.models import CertBundle
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, S3Backend

from sandbox import moto_server

BUCKET = "private"
EVERYTHING = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


@pytest.fixture
def strict(monkeypatch):
    """moto with our rules, and as it was afterwards."""
    monkeypatch.setattr(CertBundle, "check", CertBundle.check)
    monkeypatch.setattr(S3Backend, "put_bucket_policy", S3Backend.put_bucket_policy)
    monkeypatch.setattr(FakeBucket, "get_permission", FakeBucket.get_permission)
    monkeypatch.setattr(settings, "ACM_VALIDATION_WAIT", -1)
    moto_server.require_validation_records()
    moto_server.keep_buckets_private()
    with mock_aws():
        yield boto3.Session("k", "s", region_name="us-east-1")


def request_certificate(acm) -> dict:
    names = {"DomainName": "lab.localhost", "SubjectAlternativeNames": ["*.lab.localhost", "other.localhost"]}
    arn = acm.request_certificate(**names, ValidationMethod="DNS")["CertificateArn"]
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]


def put_record(route53, zone: str, record: dict, value: str) -> None:
    rrset = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": value}]}
    change = {"Action": "UPSERT", "ResourceRecordSet": rrset}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def test_a_certificate_waits_for_all_its_records(strict):
    acm, route53 = strict.client("acm"), strict.client("route53")
    certificate = request_certificate(acm)
    records = {
        option["ResourceRecord"]["Name"]: option["ResourceRecord"] for option in certificate["DomainValidationOptions"]
    }
    zone = route53.create_hosted_zone(Name="localhost", CallerReference="x")["HostedZone"]["Id"]

    def status() -> str:
        return acm.describe_certificate(CertificateArn=certificate["CertificateArn"])["Certificate"]["Status"]

    first, second = records.values()
    put_record(route53, zone, first, first["Value"])
    assert status() == "PENDING_VALIDATION"
    put_record(route53, zone, second, "wrong.example.")
    assert status() == "PENDING_VALIDATION"
    put_record(route53, zone, second, second["Value"])
    assert status() == "ISSUED"


def statement(effect: str, principal: object, condition: dict | None = None) -> dict:
    found = {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": EVERYTHING}
    return found | ({"Condition": condition} if condition else {})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (statement("Allow", "*"), PermissionResult.PERMITTED),
        (statement("Allow", {"AWS": "*"}), PermissionResult.PERMITTED),
        (statement("Allow", {"AWS": ["*"]}), PermissionResult.PERMITTED),
        (statement("Allow", {"Service": "cloudfront.amazonaws.com"}), PermissionResult.NEUTRAL),
        (statement("Allow", {"AWS": "arn:aws:iam::123456789012:root"}), PermissionResult.NEUTRAL),
        (statement("Allow", "*", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}), PermissionResult.NEUTRAL),
        (statement("Deny", "*"), PermissionResult.DENIED),
        (statement("Deny", "*", {"Bool": {"aws:SecureTransport": "false"}}), PermissionResult.NEUTRAL),
        (statement("Deny", {"AWS": "arn:aws:iam::123456789012:role/x"}), PermissionResult.NEUTRAL),
    ],
)
def test_what_a_bucket_policy_says_of_strangers(rule, expected):
    bucket = types.SimpleNamespace(policy=json.dumps({"Statement": [rule]}).encode(), public_access_block=None)
    assert moto_server._bucket_permission(bucket, "s3:GetObject", f"{EVERYTHING[0]}/key") == expected


def test_a_public_policy_is_refused_under_the_public_access_block(strict):
    s3 = strict.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement("Allow", "*")]})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
