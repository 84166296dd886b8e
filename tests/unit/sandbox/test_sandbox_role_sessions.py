"""What a session of a role is to S3 in the sandbox: moto looks at no signed address and no age."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

import boto3
import pytest
import requests
from botocore.config import Config
from moto import mock_aws
from moto.s3.responses import S3Response
from moto.sts.models import sts_backends

from sandbox import settings
from sandbox.iam import sts_sessions

BUCKET, OTHER = "lab-reads", "another-bucket"
OBJECTS = {"proj/a.bam": b"0123456789", "private/b.bam": b"b"}
POLICY = [
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{BUCKET}",
        "Condition": {"StringLike": {"s3:prefix": ["proj/", "proj/*"]}},
    },
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/proj/*"},
]


@pytest.fixture
def account(monkeypatch) -> Iterator[boto3.Session]:
    """Two buckets with objects, and moto with our rules."""
    name = "_authenticate_and_authorize_s3_action"
    monkeypatch.setattr(S3Response, name, getattr(S3Response, name))
    sts_sessions.verify_s3_requests()
    with mock_aws():
        owner = boto3.Session("k", "s", region_name=settings.REGION)
        s3 = owner.client("s3")
        for bucket in (BUCKET, OTHER):
            s3.create_bucket(Bucket=bucket)
            for key, body in OBJECTS.items():
                s3.put_object(Bucket=bucket, Key=key, Body=body)
        yield owner


def session(owner: boto3.Session, *statements: dict) -> boto3.Session:
    """Somebody with a role that has these statements."""
    iam = owner.client("iam")
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=document)
    given = owner.client("sts").assume_role(RoleArn=arn, RoleSessionName="ada")["Credentials"]
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return boto3.Session(*keys, region_name=settings.REGION)


def address(somebody: boto3.Session, version: str = "s3v4", seconds: int = 3600, key: str = "proj/a.bam") -> str:
    s3 = somebody.client("s3", config=Config(signature_version=version, s3={"addressing_style": "path"}))
    return s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": key}, ExpiresIn=seconds)


def code(answer: requests.Response) -> str:
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_signed_address_gives_a_part_of_the_object(account, version):
    asked = address(session(account, *POLICY), version)
    answer = requests.get(asked, headers={"Range": "bytes=2-4"}, timeout=5)
    assert (answer.status_code, answer.content) == (206, b"234")


TAMPERED = {
    "another key": lambda text: text.replace("a.bam", "c.bam"),
    "another bucket": lambda text: text.replace(BUCKET, OTHER),
    "another method": lambda text: text,
    "another signature": lambda text: text.replace("Signature=", "Signature=0"),
    "more life": lambda text: text.replace("X-Amz-Expires=3600", "X-Amz-Expires=86400"),
    "one parameter more": lambda text: f"{text}&response-content-type=text%2Fhtml",
}


# The older form names its end, not its life.
CHANGED = [(case, "s3v4") for case in TAMPERED] + [(case, "s3") for case in TAMPERED if case != "more life"]


@pytest.mark.parametrize(("case", "version"), CHANGED)
def test_a_changed_address_is_refused(account, case, version):
    asked = TAMPERED[case](address(session(account, *POLICY, {**POLICY[1], "Action": "s3:*"}), version))
    answer = requests.request("DELETE" if case == "another method" else "GET", asked, timeout=5)
    assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_an_address_is_over_some_time(account, version):
    answer = requests.get(address(session(account, *POLICY), version, seconds=-5), timeout=5)
    assert (answer.status_code, code(answer)) == (403, "AccessDenied")
    assert "expired" in answer.text


@pytest.mark.parametrize("by_address", [True, False])
def test_a_session_is_over_some_time(account, by_address):
    somebody = session(account, *POLICY)
    for given in sts_backends[settings.ACCOUNT]["aws"].assumed_roles:
        given.expiration -= datetime.timedelta(hours=1)
    if by_address:
        answer = requests.get(address(somebody), timeout=5)
        assert (answer.status_code, code(answer)) == (400, "ExpiredToken")
    else:
        s3 = somebody.client("s3")
        with pytest.raises(s3.exceptions.ClientError, match="ExpiredToken"):
            s3.get_object(Bucket=BUCKET, Key="proj/a.bam")


@pytest.mark.parametrize(
    ("key", "secret", "token", "expected"),
    [
        (None, "guess", None, (403, "SignatureDoesNotMatch")),
        (None, None, "guess", (400, "InvalidToken")),
        ("ASIAGUESS", None, None, (403, "InvalidAccessKeyId")),
    ],
)
def test_a_forger_is_refused(account, key, secret, token, expected):
    given = session(account, *POLICY).get_credentials()
    keys = (key or given.access_key, secret or given.secret_key, token or given.token)
    forger = boto3.Session(*keys, region_name=settings.REGION)
    answer = requests.get(address(forger), timeout=5)
    assert (answer.status_code, code(answer)) == expected
    s3 = forger.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match=expected[1]):
        s3.get_object(Bucket=BUCKET, Key="proj/a.bam")
