"""What a bucket policy lets CloudFront do."""

from __future__ import annotations

import pytest

from aws_edge.account.iam_policies import Caller, allows
from aws_edge.cdn.storage import caller
from fakes import ACCOUNT, BUCKET, DISTRIBUTION

pytestmark = pytest.mark.conformance

KEY = f"arn:aws:s3:::{BUCKET}/a/b"
CDN = caller({"SigningBehavior": "always"}, DISTRIBUTION)


def statement(effect: str = "Allow", **changes) -> dict:
    grant = {
        "Effect": effect,
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": DISTRIBUTION}},
    }
    return {name: value for name, value in {**grant, **changes}.items() if value is not None}


def given(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


OTHER_ARN = DISTRIBUTION.replace("E1", "E2")
ALLOWED = {
    "as documented": statement(),
    "lists": statement(Action=["s3:ListBucket", "s3:GetObject"], Principal={"Service": ["cloudfront.amazonaws.com"]}),
    "wildcard action in another case": statement(Action="S3:Get*"),
    "arn pattern": statement(Condition={"ArnLike": {"aws:SourceArn": DISTRIBUTION.replace("E1", "*")}}),
    "one of several": statement(Condition={"StringEquals": {"AWS:SourceArn": [OTHER_ARN, DISTRIBUTION]}}),
    "account": statement(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
    "everybody": statement(Principal="*", Condition=None),
    "everybody of AWS": statement(Principal={"AWS": "*"}, Condition=None),
    "not another action": statement(Action=None, NotAction="s3:PutObject"),
    "not another arn": statement(Condition={"StringNotEquals": {"AWS:SourceArn": OTHER_ARN}}),
    "absent key": statement(Condition={"Null": {"aws:PrincipalOrgID": "true"}}),
    "if it exists": statement(Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
}
REFUSED = {
    "another distribution": statement(Condition={"StringEquals": {"AWS:SourceArn": OTHER_ARN}}),
    "another account": statement(Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}}),
    "another action": statement(Action="s3:PutObject"),
    "another bucket": statement(Resource="arn:aws:s3:::other/*"),
    "the bucket, not its objects": statement(Resource=f"arn:aws:s3:::{BUCKET}"),
    "another service": statement(Principal={"Service": "logs.amazonaws.com"}),
    "an account": statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    "an unknown operator": statement(Condition={"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}),
    "a missing key": statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    "not this action": statement(Action=None, NotAction="s3:GetObject"),
    "no action": statement(Action=None),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_allowed(case):
    assert allows(given(ALLOWED[case]), CDN, "s3:GetObject", KEY)


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    assert not allows(given(REFUSED[case]), CDN, "s3:GetObject", KEY)


def test_nothing_is_allowed_without_a_policy():
    assert not allows(None, CDN, "s3:GetObject", KEY)
    assert not allows({}, CDN, "s3:GetObject", KEY)


@pytest.mark.parametrize(
    ("denial", "effective"),
    [
        (statement("Deny"), True),
        (statement("Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}), False),
        (statement("Deny", Principal="*", Condition={"StringNotEquals": {"AWS:SourceArn": OTHER_ARN}}), True),
        (statement("Deny", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/x"}, Condition=None), False),
        # What the sandbox can't judge does not open a door.
        (statement("Deny", Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}), True),
        (statement("Deny", Resource=f"arn:aws:s3:::{BUCKET}/b/*"), False),
    ],
)
def test_a_denial_wins(denial, effective):
    assert allows(given(statement(), denial), CDN, "s3:GetObject", KEY) is not effective


@pytest.mark.parametrize("control", [None, {"SigningBehavior": "never"}])
def test_without_origin_access_control_cloudfront_is_a_stranger(control):
    anybody = statement(Principal="*", Condition=None)
    stranger = caller(control, DISTRIBUTION)
    assert not allows(given(statement()), stranger, "s3:GetObject", KEY)
    assert allows(given(anybody), stranger, "s3:GetObject", KEY)


def test_a_service_of_no_name_is_not_the_stranger():
    assert not allows(given(statement(Principal={"Service": ""}, Condition=None)), Caller(), "s3:GetObject", KEY)
