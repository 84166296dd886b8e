# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the private bucket: ours, private, and readable by CloudFront. PRIVATE to this collection.

CloudFront Developer Guide, "Restrict access to an Amazon S3 origin", says what origin access control needs.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import (
    AccessDeniedError,
    BotoCoreError,
    ClientError,
    error_code,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note

BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
KEY_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}
NEEDS = ("data_bucket", "bucket")


def _bucket(context: Context) -> dict[str, Any]:
    return {"Bucket": context.inputs["data_bucket"]}


def exists(context: Context) -> Findings:
    try:
        head = context.aws.call("s3", "head_bucket", **_bucket(context), ExpectedBucketOwner=context.found["account"])
    except AccessDeniedError:
        yield from _foreign(context)
        return
    except ClientError as error:
        if error_code(error) not in ("404", "NoSuchBucket"):
            raise
        yield context.problem(
            "data_bucket", "there is no bucket of that name", "write the name of the bucket with your data"
        )
        return
    found = head.get("BucketRegion") or head["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "us-east-1")
    context.provide(bucket={"region": found, "kms_key_id": ""})
    if found != context.inputs.get("region", found):
        yield Note(
            f"The bucket is in {found}, the instance in {context.inputs['region']}: that works, CloudFront reads it"
            " there."
        )


def _foreign(context: Context) -> Findings:
    """Why S3 answers 403: another account's bucket, or a missing IAM permission."""
    account = context.found["account"]
    try:
        context.aws.call("s3", "head_bucket", **_bucket(context))
    except AccessDeniedError as denied:
        wrong = (
            "S3 lets these credentials see nothing of it: it is of another account, or the IAM permission"
            f" {denied} is missing"
        )
        yield context.problem(
            "data_bucket", wrong, f"write a bucket of account {account}, or give the deploying identity that permission"
        )
        return
    wrong = f"it is of another account than {account}, and its policy, which must get two statements, is that account's"
    yield context.problem(
        "data_bucket", wrong, "write a bucket of this account, or deploy with credentials of the bucket's account"
    )


def _blocked(context: Context, service: str, **whose: str) -> set[str]:
    none = ["NoSuchPublicAccessBlockConfiguration"]
    held = context.aws.call_or_none(none, service, "get_public_access_block", **whose) or {}
    return {name for name, on in held.get("PublicAccessBlockConfiguration", {}).items() if on}


def _blocked_in_account(context: Context) -> set[str]:
    """S3 takes the stricter of the bucket's setting and the account's (S3 User Guide, "Blocking public access")."""
    try:
        return _blocked(context, "s3control", AccountId=context.found["account"])
    except (AccessDeniedError, BotoCoreError, ClientError):
        return set()


def public_access(context: Context) -> Findings:
    blocked = _blocked(context, "s3", **_bucket(context))
    if not blocked.issuperset(BLOCKS):
        blocked |= _blocked_in_account(context)
    off = [name for name in BLOCKS if name not in blocked]
    if off:
        wrong = f"it does not block all public access ({join(off)} off)"
        yield context.problem("data_bucket", wrong, "turn on all four settings of its public access block")


def encryption(context: Context) -> Findings:
    none = "ServerSideEncryptionConfigurationNotFoundError"
    held = context.aws.call_or_none([none], "s3", "get_bucket_encryption", **_bucket(context))
    rules = held["ServerSideEncryptionConfiguration"]["Rules"] if held else []
    rule = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    if not rule.get("SSEAlgorithm", "AES256").startswith("aws:kms"):
        return
    key = rule.get("KMSMasterKeyID") or "alias/aws/s3"
    if key.endswith("alias/aws/s3") or _is_of_aws(context, key):
        # Nobody can add CloudFront to the policy of AWS's own key.
        wrong = "it encrypts with AWS's own key aws/s3, with which CloudFront can't read it"
        yield context.problem(
            "data_bucket", wrong, "encrypt it with AES256 or with a key of your own, and its objects anew"
        )
        return
    context.found["bucket"]["kms_key_id"] = key
    yield Note(
        f"The bucket is encrypted with {key}. CloudFront reads it only if the policy of that key holds"
        f" {json.dumps(KEY_STATEMENT)}, with a condition for the distribution that the run prints."
    )


def _is_of_aws(context: Context, key: str) -> bool:
    """Whether AWS made the key; unknown where the right to ask is missing, and then its owner must know."""
    region = key.split(":")[3] if key.startswith("arn:") else context.found["bucket"]["region"]
    try:
        held = context.aws.call("kms", "describe_key", region=region, KeyId=key)
    except (AccessDeniedError, ClientError):
        return False
    return held["KeyMetadata"].get("KeyManager") == "AWS"


def website(context: Context) -> Findings:
    if context.aws.call_or_none(["NoSuchWebsiteConfiguration"], "s3", "get_bucket_website", **_bucket(context)):
        yield context.problem(
            "data_bucket", "it hosts a website, which is public by its nature", "turn website hosting off"
        )


def policy(context: Context) -> Findings:
    status = (
        context.aws.call_or_none(["NoSuchBucketPolicy"], "s3", "get_bucket_policy_status", **_bucket(context)) or {}
    )
    if status.get("PolicyStatus", {}).get("IsPublic"):
        yield context.problem(
            "data_bucket", "its policy makes it public", "take out the statements that allow everybody"
        )


def requester_pays(context: Context) -> Findings:
    if context.aws.call("s3", "get_bucket_request_payment", **_bucket(context)).get("Payer") == "Requester":
        wrong = "its requesters pay, and CloudFront can't send the header that such a bucket wants"
        yield context.problem("data_bucket", wrong, "let the bucket's owner pay")


def ownership(context: Context) -> Findings:
    held = context.aws.call_or_none(
        ["OwnershipControlsNotFoundError"], "s3", "get_bucket_ownership_controls", **_bucket(context)
    )
    rule = held["OwnershipControls"]["Rules"][0]["ObjectOwnership"] if held else "ObjectWriter"
    if rule != "BucketOwnerEnforced":
        yield Note(
            f"Objects of the bucket may be of whoever uploaded them ({rule}); CloudFront reads the owner's only."
        )


CHECKS = (
    Check("The bucket", exists, needs=("account", "data_bucket"), provides=("bucket",), option="data_bucket"),
    Check("The public access block of the bucket", public_access, needs=NEEDS, option="data_bucket"),
    Check("The policy of the bucket", policy, needs=NEEDS, option="data_bucket"),
    Check("The website hosting of the bucket", website, needs=NEEDS, option="data_bucket"),
    Check("The encryption of the bucket", encryption, needs=NEEDS, option="data_bucket"),
    Check("Who pays for requests of the bucket", requester_pays, needs=NEEDS, option="data_bucket", strict=False),
    Check("The object ownership of the bucket", ownership, needs=NEEDS, option="data_bucket", strict=False),
)
