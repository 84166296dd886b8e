"""The metadata service: who gets a token, whom it serves, what it tells."""

from __future__ import annotations

import datetime
import json

import pytest

from sandbox.compute import imds, instances

INSTANCE = {
    "InstanceId": "i-1",
    "ImageId": "ami-1",
    "InstanceType": "c6a.large",
    "Architecture": "x86_64",
    "LaunchTime": datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC),
    "Placement": {"AvailabilityZone": "us-east-1b"},
    "PrivateDnsName": "ip-10-0-0-1.ec2.internal",
    "PrivateIpAddress": "10.0.0.1",
    "SecurityGroups": [{"GroupName": "web"}],
    "IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/p", "Id": "AIPA1"},
}


@pytest.fixture(autouse=True)
def _world(monkeypatch):
    monkeypatch.setattr(imds, "_tokens", imds.Tokens())
    monkeypatch.setattr(instances, "describe", lambda instance_id: {**INSTANCE, "InstanceId": instance_id})
    monkeypatch.setattr(instances, "role_name", lambda instance: "web-role")
    monkeypatch.setattr(imds, "_credentials", lambda role, instance_id: f"credentials of {role} for {instance_id}")


def ask(path: str, instance_id: str = "i-1", method: str = "GET", **headers: str):
    found = imds.answer(method, path, {name.replace("_", "-"): value for name, value in headers.items()}, instance_id)
    return found.status_code, found.body.decode()


def token(instance_id: str = "i-1", ttl: str = "60") -> str:
    return imds.answer("PUT", "/latest/api/token", {imds.TTL_HEADER: ttl}, instance_id).body.decode()


def read(path: str, **world):
    return ask(path, x_aws_ec2_metadata_token=token(), **world)


@pytest.mark.parametrize(
    ("ttl", "given"),
    [
        ("1", True),
        ("21600", True),
        ("21601", False),
        ("0", False),
        ("-1", False),
        ("", False),
        (None, False),
        ("x", False),
    ],
)
def test_life_of_a_token(ttl, given):
    assert (imds.Tokens().issue("i-1", ttl) is not None) is given


def test_without_a_life_there_is_no_token():
    assert ask("/latest/api/token", method="PUT")[0] == 400


@pytest.mark.parametrize("headers", [{}, {"x_aws_ec2_metadata_token": "made-up"}, {"x_aws_ec2_metadata_token": ""}])
def test_without_a_token_nothing_is_told(headers):
    assert ask("/latest/meta-data/instance-id", **headers)[0] == 401


def test_a_token_is_good_for_its_own_instance_only():
    own = token("i-1")
    assert ask("/latest/meta-data/instance-id", "i-1", x_aws_ec2_metadata_token=own) == (200, "i-1")
    assert ask("/latest/meta-data/instance-id", "i-2", x_aws_ec2_metadata_token=own)[0] == 401


def test_a_token_ends(monkeypatch):
    own = token(ttl="60")
    now = imds.time.time()
    monkeypatch.setattr(imds.time, "time", lambda: now + 61)
    assert ask("/latest/meta-data/instance-id", x_aws_ec2_metadata_token=own)[0] == 401


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/latest/meta-data/placement/region", (200, "us-east-1")),
        ("/latest/meta-data/placement/availability-zone", (200, "us-east-1b")),
        ("/latest/meta-data/placement/", (200, "availability-zone\nregion")),
        ("/latest/meta-data/iam/security-credentials/", (200, "web-role")),
        ("/latest/meta-data/iam/security-credentials/web-role", (200, "credentials of web-role for i-1")),
        ("/latest/meta-data/iam/security-credentials/other", (404, "Not Found")),
        ("/latest/meta-data/nothing", (404, "Not Found")),
        ("/1.0/meta-data/instance-id", (404, "Not Found")),
    ],
)
def test_what_is_told(path, expected):
    assert read(path) == expected


def test_without_a_role_there_are_no_credentials(monkeypatch):
    monkeypatch.setattr(instances, "role_name", lambda instance: None)
    assert read("/latest/meta-data/iam/security-credentials/")[0] == 404


def test_identity_document():
    document = json.loads(read("/latest/dynamic/instance-identity/document")[1])
    assert (document["region"], document["instanceId"], document["accountId"]) == ("us-east-1", "i-1", "123456789012")


def test_other_methods_are_refused():
    assert read("/latest/meta-data/", method="POST")[0] == 405
