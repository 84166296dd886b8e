"""The private bucket: ours, private, and readable by CloudFront."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import preflight as bucket
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
    context, _other = context_with(
        {"account": ACCOUNT, "data_bucket": "raw", "region": "us-east-1"}, **{**FINE, **answers}
    )
    faults, notes = sentences(bucket.CHECKS, context)
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
        ({"Condition": {"StringNotEquals": {"AWS:SourceArn": "arn:aws:cloudfront::1:distribution/E1"}}}, False),
        ({"Condition": {"Null": {"aws:PrincipalArn": "true"}}}, True),
        ({"Condition": {"Null": {"aws:PrincipalArn": "false"}}}, False),
        ({"Condition": {"StringNotLike": {"aws:PrincipalServiceName": "cloudfront.*"}}}, False),
    ],
)  # fmt: skip
def test_who_is_denied_by_a_statement(changed, denied):
    statement = {name: value for name, value in {**EVERYBODY, **changed}.items() if value is not None}
    assert bucket.denies_cloudfront(statement) is denied
