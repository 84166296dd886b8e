"""What AWS is asked before the backend for IGV is built: buckets, folders, names, addresses."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.identity_pool import preflight as identity_pool
from botocore.exceptions import ClientError

from tests.unit.deployment.preflight_account import ACCOUNT, context_with, refusal, sentences

CHECKS = [check for part in BUILDS["igv"].preflight[1:] for check in part.CHECKS]
HERE = {"account": ACCOUNT, "region": "us-east-1", "usable_region": "us-east-1", "project": "lab"}
BAMS = {"name": "lab-bams", "prefixes": ["a/", "b/"]}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def head(region="us-east-1"):
    return {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"x-amz-bucket-region": region}}}


def forbidden(region="us-east-1"):
    answer = {"HTTPStatusCode": 403, "HTTPHeaders": {"x-amz-bucket-region": region}}
    return ClientError({"Error": {"Code": "403", "Message": "Forbidden"}, "ResponseMetadata": answer}, "HeadBucket")


def told(known, **answers):
    no_policy = refusal("NoSuchBucketPolicy")
    usual = {"head_bucket": head(), "list_objects_v2": {"IsTruncated": False}, "get_bucket_policy": no_policy}
    context, asked = context_with({**HERE, **known}, **{**usual, **answers})
    return *sentences(CHECKS, context), asked


@pytest.mark.parametrize(
    ("answer", "fault", "note"),
    [
        (head(), "", ""),
        (refusal("404"), "'lab-bams': there is no bucket of that name", ""),
        (head("eu-west-1"), "it is in eu-west-1, and IGV knows one region", ""),
        (forbidden(), "", "its owner adds this to its policy"),
        (forbidden("eu-west-1"), "it is in eu-west-1", "its owner adds this"),
    ],
)
def test_buckets(answer, fault, note):
    faults, notes, _asked = told({"igv_buckets": [BAMS]}, head_bucket=answer)
    assert (len(faults), len(notes)) == (bool(fault), bool(note))
    assert fault in " ".join(faults)
    assert note in " ".join(notes)


def test_the_policy_for_a_bucket_of_another_account_lets_in_this_role_alone():
    (note,) = told({"igv_buckets": [BAMS]}, head_bucket=forbidden())[1]
    read, listing = json.loads(note[note.index("[{") :])
    assert {read["Principal"]["AWS"], listing["Principal"]["AWS"]} == {f"arn:aws:iam::{ACCOUNT}:role/lab-igv-reader"}
    assert read["Resource"] == ["arn:aws:s3:::lab-bams/a/*", "arn:aws:s3:::lab-bams/b/*"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["a/*", "b/*"]}}


@pytest.mark.parametrize(
    ("key", "entry", "faults"),
    [
        (None, BAMS, 0),
        (KEY, BAMS, 1),
        (KEY, {**BAMS, "kms_key_arn": KEY}, 0),
        ("arn:aws:kms:us-east-1:123456789012:alias/aws/s3", BAMS, 0),
    ],
)
def test_keys(key, entry, faults):
    default = {"SSEAlgorithm": "aws:kms", **({"KMSMasterKeyID": key} if key else {})}
    rules = {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}}
    found = told({"igv_buckets": [entry]}, get_bucket_encryption=rules)[0]
    assert len(found) == faults
    assert all("add kms_key_arn" in fault for fault in found)


ROLE = f"arn:aws:iam::{ACCOUNT}:role/lab-igv-reader"
DENY = {"Sid": "S", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::lab-bams/*"}


@pytest.mark.parametrize(
    ("changed", "fault", "note"),
    [
        ({}, "its policy denies the role of IGV to read it (statement S)", ""),
        ({"Principal": {"AWS": ACCOUNT}}, "denies the role of IGV", ""),
        ({"Principal": {"Service": "cloudfront.amazonaws.com"}}, "", ""),
        ({"NotPrincipal": {"AWS": ROLE}, "Principal": None}, "", ""),
        ({"Condition": {"StringNotLike": {"aws:PrincipalArn": ROLE}}}, "", ""),
        ({"Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/x"}}}, "denies the role of IGV", ""),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, "", ""),
        ({"Condition": {"StringNotEquals": {"s3:authType": "REST-HEADER"}}}, "denies the role of IGV", ""),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, "denies the role of IGV", ""),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, "", "which goes by aws:SourceIp"),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}, "", "which goes by aws:PrincipalOrgID"),
        ({"Resource": "arn:aws:s3:::lab-bams/phi/*"}, "", ""),
        ({"Resource": "arn:aws:s3:::lab-bams/a/*"}, "", "denies IGV some of its objects (statement S)"),
    ],
)
def test_policies(changed, fault, note):
    statement = {name: value for name, value in {**DENY, **changed}.items() if value is not None}
    held = {"Policy": json.dumps({"Statement": [statement]})}
    faults, notes, _asked = told({"igv_buckets": [BAMS]}, get_bucket_policy=held)
    assert (len(faults), len(notes)) == (bool(fault), bool(note)), (faults, notes)
    assert fault in "".join(faults)
    assert note in "".join(notes)


def listing(sizes):
    """Folders below their parents, and whether there is more in one than a page holds."""

    def answer(Prefix, **_others):  # noqa: N803  (boto3's name)
        below = [name for name in sizes if name.startswith(Prefix) and name.count("/") == Prefix.count("/") + 1]
        return {"IsTruncated": sizes.get(Prefix, 0) > 1000, "CommonPrefixes": [{"Prefix": name} for name in below]}

    return answer


@pytest.mark.parametrize(
    ("sizes", "full"),
    [
        ({"a/": 1000, "b/": 0}, []),
        ({"a/": 1001, "b/": 3}, ["a/"]),
        ({"a/": 2, "a/x/": 5, "a/x/y/": 1001, "b/": 1001, "c/": 5000}, ["b/", "a/x/y/"]),
    ],
)
def test_folders_on_which_the_browser_hangs(sizes, full):
    faults, notes, _asked = told({"igv_buckets": [BAMS]}, list_objects_v2=listing(sizes))
    assert faults == []
    assert sorted(note.split()[0] for note in notes) == sorted(f"s3://lab-bams/{folder}" for folder in full)


def test_a_bucket_of_many_folders_is_not_looked_at_for_ever():
    def endless(Prefix, **_):  # noqa: N803  (as boto3 calls it)
        return {"IsTruncated": False, "CommonPrefixes": [{"Prefix": f"{Prefix}{name}/"} for name in "ab"]}

    asked = told({"igv_buckets": [BAMS]}, list_objects_v2=endless)[2]
    assert asked.count("s3.list_objects_v2") == identity_pool.MOST_FOLDERS


def test_requesters_that_pay():
    (fault,) = told({"igv_buckets": [BAMS]}, get_bucket_request_payment={"Payer": "Requester"})[0]
    assert "its requesters pay" in fault


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("ada@uni.edu", True),
        ("a.b+c=d@uni.edu", True),
        ("o'neill@uni.edu", False),
        ("a&b@uni.edu", False),
        (f"{'x' * 56}@uni.edu", True),
        (f"{'x' * 57}@uni.edu", False),
    ],
)
def test_addresses_that_sts_takes(address, right):
    faults, *_others = told({"allowed_emails": ["ok@uni.edu", address]})
    assert len(faults) == int(not right)
    assert all(f"as {address}:" in fault for fault in faults)


@pytest.mark.parametrize(
    ("owner", "fault"),
    [("lab-igv", False), ("lab", True), ("other", True)],
)
def test_the_prefix_of_the_login(owner, fault):
    held = {"DomainDescription": {"UserPoolId": "us-east-1_1", "AWSAccountId": ACCOUNT}}
    known = {"own_user_pool": True, "igv_user_pool_domain_prefix": "lab-igv-1"}
    pool = {"UserPool": {"Name": owner}}
    faults, *_others = told(known, describe_user_pool_domain=held, describe_user_pool=pool)
    assert len(faults) == int(fault)


@pytest.mark.parametrize(("pools", "fault"), [(["lab"], False), ([], True), (["lab-igv"], True)])
def test_a_user_pool_to_share(pools, fault):
    held = {"UserPools": [{"Id": f"us-east-1_{name}", "Name": name} for name in pools]}
    faults, *_others = told({"shared_user_pool": True, "igv_shares_user_pool": True}, list_user_pools=held)
    assert len(faults) == int(fault)
    assert all("build the viewer first" in one for one in faults)


def test_two_identity_pools_of_the_name():
    held = {"IdentityPools": [{"IdentityPoolId": f"us-east-1:{n}", "IdentityPoolName": "lab-igv"} for n in "ab"]}
    (fault,) = told({}, list_identity_pools=held)[0]
    assert "(us-east-1:a and us-east-1:b)" in fault
