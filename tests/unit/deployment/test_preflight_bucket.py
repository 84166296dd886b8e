"""The private bucket: ours, private, and readable by CloudFront."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import denials
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import preflight as bucket
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import preflight_bucket
from botocore.exceptions import EndpointConnectionError

from tests.unit.deployment.preflight_account import ACCOUNT, context_with, refusal, sentences

BLOCKED = dict.fromkeys(bucket.BLOCKS, True)
EVERYBODY = {"Sid": "S", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def kms(**rule):
    return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}}


# As S3 answers for a bucket as it should be.
FINE = {
    "head_bucket": {"BucketRegion": "us-east-1"},
    "get_public_access_block": {"PublicAccessBlockConfiguration": BLOCKED},
    "get_bucket_policy_status": refusal("NoSuchBucketPolicy"),
    "get_bucket_policy": refusal("NoSuchBucketPolicy"),
    "get_bucket_website": refusal("NoSuchWebsiteConfiguration"),
    "get_bucket_encryption": kms(SSEAlgorithm="AES256"),
    "get_bucket_request_payment": {"Payer": "BucketOwner"},
    "get_bucket_ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
}


def told(**answers):
    known = {"account": ACCOUNT, "data_bucket": "raw", "region": "us-east-1", "own_distribution": {}}
    context, _other = context_with(known, **{**FINE, **answers})
    faults, notes = sentences([*bucket.CHECKS, *preflight_bucket.CHECKS], context)
    return faults, notes, context.found.get("bucket")


def access_blocks(of_bucket, of_account):
    """What the bucket's own block says, and the account's."""

    def held(AccountId=None, **_bucket):  # noqa: N803  (as boto3 calls it)
        answer = of_account if AccountId else of_bucket
        return answer if isinstance(answer, Exception) else {"PublicAccessBlockConfiguration": answer}

    return held


NO_BLOCK = refusal("NoSuchPublicAccessBlockConfiguration")


@pytest.mark.parametrize(
    ("of_bucket", "of_account", "off"),
    [
        (NO_BLOCK, BLOCKED, ""),
        (dict.fromkeys(bucket.BLOCKS[:2], True), dict.fromkeys(bucket.BLOCKS[2:], True), ""),
        ({**BLOCKED, "BlockPublicPolicy": False}, {**BLOCKED, "BlockPublicAcls": False}, ""),
        (NO_BLOCK, NO_BLOCK, "(BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls and RestrictPublicBuckets off)"),
        ({**BLOCKED, "IgnorePublicAcls": False}, {**BLOCKED, "IgnorePublicAcls": False}, "(IgnorePublicAcls off)"),
        ({**BLOCKED, "IgnorePublicAcls": False}, refusal("AccessDenied"), "(IgnorePublicAcls off)"),
        ({**BLOCKED, "IgnorePublicAcls": False}, EndpointConnectionError(endpoint_url="x"), "(IgnorePublicAcls off)"),
    ],
)  # fmt: skip
def test_the_stricter_of_the_two_public_access_blocks_counts(of_bucket, of_account, off):
    faults, *_others = told(get_public_access_block=access_blocks(of_bucket, of_account))
    assert len(faults) == bool(off)
    assert off in "".join(faults)


def only_owner(**request):
    return refusal("403") if "ExpectedBucketOwner" in request else {}


def test_a_private_bucket_has_no_fault():
    assert told() == ([], [], {"region": "us-east-1", "kms_key_id": ""})


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"head_bucket": refusal("404")}, "there is no bucket of that name"),
        ({"head_bucket": refusal("403")}, "of another account, or the IAM permission s3:ListBucket is missing"),
        ({"head_bucket": only_owner}, f"it is of another account than {ACCOUNT}"),
        ({"get_public_access_block": refusal("NoSuchPublicAccessBlockConfiguration")}, "turn on all four"),
        ({"get_public_access_block": {"PublicAccessBlockConfiguration": {**BLOCKED, "BlockPublicPolicy": False}}},
         "(BlockPublicPolicy off)"),
        ({"get_public_access_block": refusal("AccessDenied")}, "permission s3:GetBucketPublicAccessBlock is missing"),
        ({"get_bucket_policy_status": {"PolicyStatus": {"IsPublic": True}}}, "its policy makes it public"),
        ({"get_bucket_policy_status": refusal("AccessDenied")}, "permission s3:GetBucketPolicyStatus is missing"),
        ({"get_bucket_policy": {"Policy": json.dumps({"Statement": EVERYBODY})}},
         "denies CloudFront to read it (statement S)"),
        ({"get_bucket_website": {"IndexDocument": {}}}, "turn website hosting off"),
        ({"get_bucket_encryption": refusal("AccessDenied")}, "permission s3:GetEncryptionConfiguration is missing"),
        ({"get_bucket_encryption": kms(SSEAlgorithm="aws:kms")}, "AWS's own key aws/s3"),
        ({"get_bucket_encryption": kms(SSEAlgorithm="aws:kms:dsse", KMSMasterKeyID="alias/aws/s3")},
         "AWS's own key aws/s3"),
        ({"get_bucket_encryption": kms(SSEAlgorithm="aws:kms", KMSMasterKeyID="arn:aws:kms:eu-west-1:1:key/k"),
          "describe_key": {"KeyMetadata": {"KeyManager": "AWS"}}}, "AWS's own key aws/s3"),
        ({"get_bucket_request_payment": {"Payer": "Requester"}}, "let the bucket's owner pay"),
    ],
)  # fmt: skip
def test_what_keeps_a_bucket_from_being_served(answers, fault):
    faults, *_others = told(**answers)
    assert len(faults) == 1
    assert faults[0].startswith("data_bucket is 'raw': ")
    assert fault in faults[0]


@pytest.mark.parametrize(
    ("answers", "note"),
    [
        ({"head_bucket": {"BucketRegion": "eu-west-1"}}, "The bucket is in eu-west-1"),
        ({"get_bucket_encryption": kms(SSEAlgorithm="aws:kms", KMSMasterKeyID="key-1"),
          "describe_key": {"KeyMetadata": {"KeyManager": "CUSTOMER"}}}, '"Action": "kms:Decrypt"'),
        ({"get_bucket_encryption": kms(SSEAlgorithm="aws:kms", KMSMasterKeyID="key-1"),
          "describe_key": refusal("AccessDeniedException")}, "encrypted with key-1"),
        ({"get_bucket_ownership_controls": refusal("OwnershipControlsNotFoundError")}, "(ObjectWriter)"),
        ({"get_bucket_ownership_controls": refusal("AccessDenied")}, "s3:GetBucketOwnershipControls is missing"),
        ({"get_bucket_request_payment": refusal("AccessDenied")}, "s3:GetBucketRequestPayment is missing"),
    ],
)  # fmt: skip
def test_what_is_only_good_to_know(answers, note):
    faults, notes, _other = told(**answers)
    assert (faults, len(notes)) == ([], 1)
    assert note in notes[0]


def test_a_right_that_is_missing_hides_nothing_else():
    answers = {"get_public_access_block": refusal("AccessDenied"), "get_bucket_website": {"IndexDocument": {}}}
    assert len(told(**answers)[0]) == 2


@pytest.mark.parametrize(
    ("changed", "denied"),
    [
        ({}, True),
        ({"Effect": "Allow"}, False),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
        ({"Principal": {"Service": ["cloudfront.amazonaws.com"]}}, True),
        ({"Principal": None, "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}, True),
        ({"Principal": None, "NotPrincipal": {"Service": "cloudfront.amazonaws.com"}}, False),
        ({"Action": ["s3:PutObject", "s3:DeleteObject"]}, False),
        ({"Action": "s3:Get*"}, True),
        ({"Action": None, "NotAction": ["s3:GetObject*", "s3:List*"]}, False),
        ({"Action": None, "NotAction": "s3:GetObject"}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ({"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, False),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
        ({"Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, False),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, True),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"},
                        "Bool": {"aws:PrincipalIsAWSService": "false"}}}, False),
        ({"Condition": {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}, False),
        ({"Condition": {"Bool": {"aws:PrincipalIsAWSService": True}}}, True),
        ({"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/x"}}}, True),
        ({"Condition": {"StringNotEquals": {"AWS:SourceArn": "arn:aws:cloudfront::1:distribution/E1"}}}, True),
        ({"Condition": {"Null": {"aws:PrincipalArn": "true"}}}, True),
        ({"Condition": {"Null": {"aws:PrincipalArn": "false"}}}, False),
        ({"Condition": {"StringNotLike": {"aws:PrincipalServiceName": "cloudfront.*"}}}, False),
    ],
)  # fmt: skip
def test_who_is_denied_by_a_statement(changed, denied):
    assert shares(changed, own_distribution={}) == (denials.ALL if denied else denials.NOTHING)


def shares(changed, **own):
    """What a statement of the bucket raw denies CloudFront, for the distribution `own` if that is there."""
    statement = {name: value for name, value in {**EVERYBODY, **changed}.items() if value is not None}
    context = context_with({"account": ACCOUNT, "bucket": {"region": "us-east-1"}, **own})[0]
    return denials.denied(statement, "raw", preflight_bucket.cloudfront(context))


RAW = "arn:aws:s3:::raw"
UNLESS_ROLE = {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/x"}}
OURS = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
TO_CLOUDFRONT = {"Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject"}


@pytest.mark.parametrize(
    ("changed", "share"),
    [
        ({"Resource": [RAW, f"{RAW}/*"]}, denials.ALL),
        ({"Resource": f"{RAW}*"}, denials.ALL),
        ({"Resource": RAW}, denials.ALL),  # the right to list
        ({"Resource": RAW, "Action": "s3:GetObject"}, denials.NOTHING),
        ({"Resource": "arn:aws:s3:::other/*"}, denials.NOTHING),
        ({"Resource": "arn:aws:s3:::raw2/*"}, denials.NOTHING),
        ({"Resource": f"{RAW}/phi/*", "Action": "s3:GetObject", "Condition": UNLESS_ROLE}, denials.SOME),
        ({"Resource": [RAW, f"{RAW}/phi/*"], "Condition": UNLESS_ROLE}, denials.SOME),
        ({"Resource": f"{RAW}/*.key"}, denials.SOME),
        ({"Resource": "arn:aws:s3:::*/secret/*"}, denials.SOME),
        ({"Resource": None, "NotResource": f"{RAW}/public/*", "Action": "s3:GetObject"}, denials.SOME),
        ({"Resource": None, "NotResource": f"{RAW}/*", "Action": "s3:GetObject"}, denials.NOTHING),
        # GuardDuty User Guide, "Using tag-based access control (TBAC) with Malware Protection for S3"
        ({"Action": "s3:GetObject", "Condition":
          {"StringNotEquals": {"s3:ExistingObjectTag/GuardDutyMalwareScanStatus": "NO_THREATS_FOUND"}}}, denials.SOME),
        # Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys"
        ({"Condition": {"StringNotEquals": {"s3:authType": "REST-HEADER"}}}, denials.NOTHING),
        ({"Condition": {"StringEquals": {"s3:authType": "REST-HEADER"}}}, denials.ALL),
        # https://github.com/aws-samples/data-perimeter-policy-examples
        ({"Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-1"},
                        "Bool": {"aws:PrincipalIsAWSService": "true"}}}, denials.NOTHING),
        ({"Condition": {"StringNotEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}}, denials.NOTHING),
        ({"Condition": {"StringNotEquals": {"aws:SourceAccount": "1"}}}, denials.ALL),
        ({**TO_CLOUDFRONT, "Condition": {"StringNotEquals": {"aws:SourceArn": f"{OURS[:-1]}E9"}}}, denials.ALL),
        ({**TO_CLOUDFRONT, "Condition": {"StringNotEquals": {"aws:SourceArn": OURS}}}, denials.NOTHING),
        ({**TO_CLOUDFRONT, "Condition": {"ArnNotLike": {"aws:SourceArn": f"{OURS[:-2]}*"}}}, denials.NOTHING),
        ({"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.3"}}}, denials.UNKNOWN),
        ({"Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}}, denials.NOTHING),
        ({"Condition": {"StringNotEquals": {"aws:Referer": "x"}}}, denials.UNKNOWN),
        ({"Condition": {"StringEquals": {"aws:New": "x"}}}, denials.UNKNOWN),
        ({"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}}, denials.UNKNOWN),
        ({"Condition": {"StringNotEquals": {"aws:New": "x"}, "Bool": {"aws:SecureTransport": "false"}}},
         denials.NOTHING),
        ({"Condition": {"StringNotEquals": {"aws:SourceArn": "${aws:PrincipalTag/arn}"}}}, denials.UNKNOWN),
        ({"Condition": {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-1/*"}}}, denials.ALL),
        ({"Condition": {"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}, denials.NOTHING),
        ({"Condition": {"Null": {"aws:New": "true"}}}, denials.UNKNOWN),
    ],
)  # fmt: skip
def test_how_much_a_statement_denies(changed, share):
    assert shares(changed, own_distribution={"Id": "E1"}) == share


@pytest.mark.parametrize(("own", "share"), [({}, denials.UNKNOWN), ({"own_distribution": {}}, denials.ALL)])
def test_a_distribution_that_is_not_there_has_another_arn_than_any(own, share):
    assert shares({**TO_CLOUDFRONT, "Condition": {"StringNotEquals": {"aws:SourceArn": OURS}}}, **own) == share


def policy_of(**changed):
    return {"get_bucket_policy": {"Policy": json.dumps({"Statement": {**EVERYBODY, **changed}})}}


@pytest.mark.parametrize(
    ("changed", "fault", "note"),
    [
        ({}, 'add "Bool": {"aws:PrincipalIsAWSService": "false"} to its condition', ""),
        ({**TO_CLOUDFRONT, "Condition": {"StringNotEquals": {"aws:SourceArn": OURS}}}, "except this deployment's", ""),
        ({"Resource": f"{RAW}/phi/*"}, "", "some of its objects (statement S); the viewer can't show those"),
        ({"Condition": {"StringNotEquals": {"aws:Referer": "x"}}}, "", "(statement S, which goes by aws:Referer)"),
    ],
)
def test_what_is_said_of_a_statement_that_denies(changed, fault, note):
    faults, notes, _bucket = told(**policy_of(**changed))
    assert (len(faults), len(notes)) == (bool(fault), bool(note))
    assert fault in "".join(faults)
    assert note in "".join(notes)
    assert not note or "add " not in notes[0], "what is not known is no reason to open anything"
