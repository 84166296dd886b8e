"""s3_bucket_policy_statement: one statement of a bucket policy, the others left as they are."""

from __future__ import annotations

import functools
import json
import re

import pytest
from ansible_collections.bioviewers.aws.plugins.modules.s3_bucket_policy_statement import (
    same_meaning,
    statements,
    with_statement,
)
from botocore.client import BaseClient
from botocore.exceptions import ClientError

READ = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::data/*",
    "Condition": {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E1"}},
}


@pytest.mark.parametrize(
    ("held", "asked", "same"),
    [
        ({}, {}, True),
        ({}, {"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::data/*"]}, True),
        ({"Action": ["a:1", "a:2"]}, {"Action": ["a:2", "a:1"]}, True),
        ({"Principal": "*"}, {"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "123456789012"}}, {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, True),
        ({"Condition": {"Bool": {"k": "false"}}}, {"Condition": {"Bool": {"k": False}}}, True),
        ({}, {"Effect": "Deny"}, False),
        ({}, {"Resource": "arn:aws:s3:::data"}, False),
        ({}, {"Action": ["s3:GetObject", "s3:ListBucket"]}, False),
        ({}, {"Condition": {"StringEquals": {"AWS:SourceArn": "another"}}}, False),
        ({}, {"Condition": {"StringLike": READ["Condition"]["StringEquals"]}}, False),
    ],
)
def test_statements_compare_by_meaning(held, asked, same):
    assert same_meaning({**READ, **held}, {**READ, **asked}) is same


A, B, NEW = {"Sid": "A", "Effect": "Deny"}, {"Effect": "Allow"}, {"Effect": "Allow"}


@pytest.mark.parametrize(
    ("policy", "statement", "expected"),
    [
        ({}, NEW, {"Version": "2012-10-17", "Statement": [{"Sid": "S", **NEW}]}),
        ({"Statement": A}, NEW, {"Version": "2012-10-17", "Statement": [A, {"Sid": "S", **NEW}]}),
        (
            {"Version": "2008-10-17", "Id": "I", "Statement": [A, {"Sid": "S", "Effect": "Deny"}, B]},
            NEW,
            {"Version": "2008-10-17", "Id": "I", "Statement": [A, {"Sid": "S", **NEW}, B]},
        ),
        ({"Version": "v", "Statement": [{"Sid": "S"}, B]}, None, {"Version": "v", "Statement": [B]}),
        ({"Version": "v", "Statement": {"Sid": "S"}}, None, {"Version": "v", "Statement": []}),
    ],
)
def test_only_the_statement_of_the_sid_is_replaced(policy, statement, expected):
    assert with_statement(policy, "S", statement) == expected


def test_a_single_statement_may_stand_without_its_list():
    assert statements({"Statement": A}) == statements({"Statement": [A]}) == [A]
    assert statements({}) == []


@pytest.fixture
def s3(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="data")
    return s3


@pytest.fixture
def run(run_module, s3):
    return functools.partial(run_module, "s3_bucket_policy_statement", bucket="data", sid="Read")


def held(s3):
    return json.loads(s3.get_bucket_policy(Bucket="data")["Policy"])


def no_policy(s3):
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket="data")
    return True


def test_life_in_a_bucket_without_policy(run, s3):
    foreseen = run(check_mode=True, statement=READ)
    assert foreseen["changed"]
    assert no_policy(s3)

    made = run(statement=READ)
    assert made["changed"]
    assert made["diff"] == foreseen["diff"]
    assert made["diff"]["before"] == {}
    assert made["bucket_policy_statement"] == {"bucket": "data", "sid": "Read", "statement": READ}
    assert held(s3) == {"Version": "2012-10-17", "Statement": [{"Sid": "Read", **READ}]}

    reordered = {**READ, "Action": ["s3:GetObject"]}
    assert not run(statement=reordered)["changed"]
    assert held(s3)["Statement"][0]["Action"] == "s3:GetObject"

    wider = {key: value for key, value in READ.items() if key != "Condition"} | {"Action": "s3:ListBucket"}
    changed = run(statement=wider)
    assert changed["changed"]
    assert changed["diff"]["before"]["statement"] == READ
    assert changed["diff"]["after"]["statement"] == wider
    assert held(s3)["Statement"] == [{"Sid": "Read", **wider}], "what a statement no longer says must be gone"
    assert not run(statement=wider)["changed"]

    assert run(check_mode=True, state="absent")["changed"]
    assert held(s3)["Statement"]
    gone = run(state="absent")
    assert gone["changed"]
    assert gone["diff"]["after"] == {}
    assert no_policy(s3)
    assert not run(state="absent")["changed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"statement": {"Sid": "Read", **READ}}, "Give the Sid as the option sid, not inside statement."),
        ({"bucket": "nowhere", "statement": READ}, "Failed to find .* statement Read of nowhere: .*NoSuchBucket"),
        ({}, "state is present but any of the following are missing: statement, statements"),
    ],
)
def test_refusals(run, arguments, message):
    result = run(**arguments)
    assert result["failed"]
    assert re.search(message, result["msg"])


def test_absent_from_a_bucket_that_is_gone_is_no_change(run):
    assert run(bucket="nowhere", state="absent") | {"invocation": 0} == {
        "changed": False,
        "diff": {"before": {}, "after": {}},
        "invocation": 0,
    }


def test_the_expected_owner_goes_with_every_call(run, s3, monkeypatch):
    sent = []
    original = BaseClient._make_api_call

    def record(self, operation, request):
        sent.append((operation, request.get("ExpectedBucketOwner")))
        return original(self, operation, request)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", record)
    owner = "123456789012"
    assert run(statement=READ, expected_bucket_owner=owner)["changed"]
    assert run(state="absent", expected_bucket_owner=owner)["changed"]
    assert {operation for operation, _other in sent} == {"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"}
    assert {value for _other, value in sent} == {owner}
