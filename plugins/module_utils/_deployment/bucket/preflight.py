# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the private bucket: ours, private, and readable by CloudFront. PRIVATE to this collection.

CloudFront Developer Guide, "Restrict access to an Amazon S3 origin", says what origin access control needs.
"""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import (
    Check,
    ClientError,
    DeniedError,
    Findings,
    Look,
    Note,
    code,
    join,
)

BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
KEY_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}
# What a request of CloudFront carries. A condition on anything else finds nothing there.
CLOUDFRONT = {
    "aws:securetransport": "true",
    "aws:principalisawsservice": "true",
    "aws:viaawsservice": "false",
    "aws:principalservicename": "cloudfront.amazonaws.com",
}
# These are there too, with values that a policy was hardly written for by accident: the distribution, its account, TLS.
UNJUDGED = {"aws:sourcearn", "aws:sourceaccount", "s3:tlsversion", "aws:requestedregion", "s3:signatureversion"}


def _bucket(look: Look) -> dict[str, Any]:
    return {"Bucket": look.known["data_bucket"]}


def exists(look: Look) -> Findings:
    """The bucket"""
    try:
        head = look.call("s3", "head_bucket", **_bucket(look), ExpectedBucketOwner=look.known["account"])
    except DeniedError:
        yield from _foreign(look)
        return
    except ClientError as error:
        if code(error) not in ("404", "NoSuchBucket"):
            raise
        yield look.fault(
            "data_bucket", "there is no bucket of that name", "write the name of the bucket with your data"
        )
        return
    found = head.get("BucketRegion") or head["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "us-east-1")
    look.learn(bucket_region=found)
    look.facts["bucket"] = {"region": found, "kms_key_id": ""}
    if found != look.known.get("region", found):
        yield Note(
            f"The bucket is in {found}, the instance in {look.known['region']}: that works, CloudFront reads it there."
        )


def _foreign(look: Look) -> Findings:
    """Why S3 answers 403: another account's bucket, or a right that is missing."""
    account = look.known["account"]
    try:
        look.call("s3", "head_bucket", **_bucket(look))
    except DeniedError as denied:
        wrong = (
            f"S3 lets these credentials see nothing of it: it is of another account, or the right {denied} is missing"
        )
        yield look.fault(
            "data_bucket", wrong, f"write a bucket of account {account}, or give the deploying identity that right"
        )
        return
    wrong = f"it is of another account than {account}, and its policy, which must get two statements, is that account's"
    yield look.fault(
        "data_bucket", wrong, "write a bucket of this account, or deploy with credentials of the bucket's account"
    )


def public_access(look: Look) -> Findings:
    """The public access block of the bucket"""
    held = look.unless(["NoSuchPublicAccessBlockConfiguration"], "s3", "get_public_access_block", **_bucket(look)) or {}
    settings = held.get("PublicAccessBlockConfiguration", {})
    off = [name for name in BLOCKS if not settings.get(name)]
    if off:
        wrong = f"it does not block all public access ({join(off)} off)"
        yield look.fault("data_bucket", wrong, "turn on all four settings of its public access block")


def encryption(look: Look) -> Findings:
    """The encryption of the bucket"""
    none = "ServerSideEncryptionConfigurationNotFoundError"
    held = look.unless([none], "s3", "get_bucket_encryption", **_bucket(look))
    rules = held["ServerSideEncryptionConfiguration"]["Rules"] if held else []
    rule = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    if not rule.get("SSEAlgorithm", "AES256").startswith("aws:kms"):
        return
    key = rule.get("KMSMasterKeyID") or "alias/aws/s3"
    if key.endswith("alias/aws/s3") or _is_of_aws(look, key):
        # Nobody can add CloudFront to the policy of AWS's own key.
        wrong = "it encrypts with AWS's own key aws/s3, with which CloudFront can't read it"
        yield look.fault("data_bucket", wrong, "encrypt it with AES256 or with a key of your own, and its objects anew")
        return
    look.facts["bucket"]["kms_key_id"] = key
    yield Note(
        f"The bucket is encrypted with {key}. CloudFront reads it only if the policy of that key holds"
        f" {json.dumps(KEY_STATEMENT)}, with a condition for the distribution that the run prints."
    )


def _is_of_aws(look: Look, key: str) -> bool:
    """Whether AWS made the key; unknown where the right to ask is missing, and then its owner must know."""
    region = key.split(":")[3] if key.startswith("arn:") else look.known["bucket_region"]
    try:
        held = look.call("kms", "describe_key", region=region, KeyId=key)
    except (DeniedError, ClientError):
        return False
    return held["KeyMetadata"].get("KeyManager") == "AWS"


def website(look: Look) -> Findings:
    """The website hosting of the bucket"""
    if look.unless(["NoSuchWebsiteConfiguration"], "s3", "get_bucket_website", **_bucket(look)):
        yield look.fault("data_bucket", "it hosts a website, which is public by its nature", "turn website hosting off")


def policy(look: Look) -> Findings:
    """The policy of the bucket"""
    none = ["NoSuchBucketPolicy"]
    status = look.unless(none, "s3", "get_bucket_policy_status", **_bucket(look)) or {}
    if status.get("PolicyStatus", {}).get("IsPublic"):
        yield look.fault("data_bucket", "its policy makes it public", "take out the statements that allow everybody")
    held = look.unless(none, "s3", "get_bucket_policy", **_bucket(look))
    statements = json.loads(held["Policy"]).get("Statement", []) if held else []
    for statement in statements if isinstance(statements, list) else [statements]:
        if keeps_cloudfront_out(statement):
            name = statement.get("Sid") or "one without a Sid"
            wrong = f"its policy denies CloudFront to read it (statement {name})"
            yield look.fault(
                "data_bucket", wrong, 'add "Bool": {"aws:PrincipalIsAWSService": "false"} to its condition'
            )


def requester_pays(look: Look) -> Findings:
    """Who pays for requests of the bucket"""
    if look.call("s3", "get_bucket_request_payment", **_bucket(look)).get("Payer") == "Requester":
        wrong = "its requesters pay, and CloudFront can't send the header that such a bucket wants"
        yield look.fault("data_bucket", wrong, "let the bucket's owner pay")


def ownership(look: Look) -> Findings:
    """The object ownership of the bucket"""
    held = look.unless(["OwnershipControlsNotFoundError"], "s3", "get_bucket_ownership_controls", **_bucket(look))
    rule = held["OwnershipControls"]["Rules"][0]["ObjectOwnership"] if held else "ObjectWriter"
    if rule != "BucketOwnerEnforced":
        yield Note(
            f"Objects of the bucket may be of whoever uploaded them ({rule}); CloudFront reads the owner's only."
        )


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _covers(statement: dict[str, Any]) -> bool:
    """Whether the statement speaks of reading objects, or of listing."""
    reads = ("s3:getobject", "s3:listbucket")
    if "NotAction" in statement:
        left_out = [pattern.lower() for pattern in _listed(statement["NotAction"])]
        return not all(any(fnmatch.fnmatchcase(read, pattern) for pattern in left_out) for read in reads)
    patterns = [pattern.lower() for pattern in _listed(statement.get("Action", []))]
    return any(fnmatch.fnmatchcase(read, pattern) for read in reads for pattern in patterns)


def _names_cloudfront(statement: dict[str, Any]) -> bool:
    if "NotPrincipal" in statement:
        held = statement["NotPrincipal"]
        return "cloudfront.amazonaws.com" not in (_listed(held.get("Service", [])) if isinstance(held, dict) else [])
    held = statement.get("Principal", {})
    if held == "*":
        return True
    return "*" in _listed(held.get("AWS", [])) or "cloudfront.amazonaws.com" in _listed(held.get("Service", []))


def _holds(operator: str, key: str, wanted: Any) -> bool:
    """Whether a condition holds for CloudFront's request (IAM User Guide, "IAM JSON policy elements: Condition")."""
    operator, key = operator.lower().rpartition(":")[2], key.lower()
    if key in UNJUDGED:
        return False
    values = [str(value).lower() for value in _listed(wanted)]
    if operator == "null":
        return str(key not in CLOUDFRONT).lower() in values
    negated = "not" in operator
    if key not in CLOUDFRONT:
        return negated or operator.endswith("ifexists")
    return any(fnmatch.fnmatchcase(CLOUDFRONT[key], value) for value in values) != negated


def keeps_cloudfront_out(statement: dict[str, Any]) -> bool:
    """Whether a statement of a bucket policy denies what CloudFront does, as far as can be told beforehand."""
    if statement.get("Effect") != "Deny" or not _names_cloudfront(statement) or not _covers(statement):
        return False
    pairs = statement.get("Condition") or {}
    return all(_holds(operator, key, value) for operator, held in pairs.items() for key, value in held.items())


NEEDS = ("data_bucket", "bucket_region")
CHECKS = (
    Check(exists, ("account", "data_bucket"), "data_bucket"),
    Check(public_access, NEEDS, "data_bucket"),
    Check(policy, NEEDS, "data_bucket"),
    Check(website, NEEDS, "data_bucket"),
    Check(encryption, NEEDS, "data_bucket"),
    Check(requester_pays, NEEDS, "data_bucket", strict=False),
    Check(ownership, NEEDS, "data_bucket", strict=False),
)
