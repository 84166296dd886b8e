# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the identity pool of IGV, and of the buckets that its role is to read. PRIVATE to this collection."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import (
    AccessDeniedError,
    ClientError,
    error_code,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note, Problem
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import denials
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import find as bucket_find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.identity_pool import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.names import names

# What no request of a role's session carries that came by an identity pool over the internet.
ABSENT = (
    "aws:(source(vpc|vpce|vpcarn|arn|account|identity)|vpcsourceip|username|principalservicename.*|multifactorauth.*"
    "|principaltag/.*|ec2instancesource.*|calledvia.*)"
)
# IGV asks for one page of a folder and, told that there is more, for the same page for ever.
MOST_KEYS = 1000
MOST_FOLDERS = 200  # that are looked at: a warning is not worth more requests
ASKED = ("usable_region", "project")


def buckets(context: Context) -> Findings:
    readable = []
    for entry in context.inputs["igv_buckets"]:
        found = yield from bucket(context, entry)
        readable += [entry] if found else []
    context.provide(readable_buckets=readable)


def bucket(context: Context, entry: dict[str, Any]) -> Generator[Problem | Note, None, bool]:
    """Returns whether more can be read of it."""
    name, account = entry["name"], context.found["account"]
    try:
        head = context.aws.call("s3", "head_bucket", Bucket=name, ExpectedBucketOwner=account)["ResponseMetadata"]
    except AccessDeniedError as denied:
        head = getattr(denied.__cause__, "response", {}).get("ResponseMetadata", {})
        yield Note(foreign(context, entry))
    except ClientError as error:
        if error_code(error) not in ("404", "NoSuchBucket"):
            raise
        yield of_bucket(name, "there is no bucket of that name", "write the name of a bucket with your data")
        return False
    place = head.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    if place not in (None, context.inputs["region"]):
        wrong = f"it is in {place}, and IGV knows one region, that of the login, {context.inputs['region']}"
        yield of_bucket(name, wrong, f"write a bucket in {context.inputs['region']}, or build a backend in {place} too")
    return head.get("HTTPStatusCode") == 200 and place in (None, context.inputs["region"])


def of_bucket(name: str, wrong: str, instead: str) -> Problem:
    return Problem("igv_buckets", f"'{name}'", wrong, instead)


def foreign(context: Context, entry: dict[str, Any]) -> str:
    """What the owner of a bucket in another account has to add (Amazon S3 User Guide, "Bucket owner granting
    cross-account bucket permissions"); S3 takes only a principal that exists."""
    reader = names(context.names["igv"])["reader_role"]
    role = f"arn:aws:iam::{context.found['account']}:role/{reader}"
    arn, folders = f"arn:aws:s3:::{entry['name']}", entry.get("prefixes", [""])
    read = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:GetObject"}
    listing = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:ListBucket", "Resource": arn}
    if "prefixes" in entry:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{folder}*" for folder in folders]}}
    statements = [{**read, "Resource": [f"{arn}/{folder}*" for folder in folders]}, listing]
    return (
        f"The bucket {entry['name']} is of another account, or S3 tells these credentials nothing of it. If it is of"
        " another account: its owner adds this to its policy once the role is there, after this run:"
        f" {json.dumps(statements)}"
    )


def keys(context: Context) -> Findings:
    none = ["ServerSideEncryptionConfigurationNotFoundError"]
    for entry in context.found["readable_buckets"]:
        held = context.aws.call_or_none(none, "s3", "get_bucket_encryption", Bucket=entry["name"])
        rules = held["ServerSideEncryptionConfiguration"]["Rules"] if held else []
        for rule in rules:
            key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", "")
            # AWS's own key aws/s3 lets everybody in who may read the bucket.
            if key and not key.endswith("alias/aws/s3") and "kms_key_arn" not in entry:
                wrong = f"it encrypts with {key}, and the role could not decipher its objects"
                yield of_bucket(entry["name"], wrong, "add kms_key_arn with that key's ARN")


def policies(context: Context) -> Findings:
    for entry in context.found["readable_buckets"]:
        name, reader = entry["name"], _people(context, entry)
        for statement in bucket_find.statements(context, name):
            sid = statement.get("Sid") or "one without a Sid"
            match denials.denied(statement, name, reader):
                case denials.ALL:
                    wrong = f"its policy denies the role of IGV to read it (statement {sid})"
                    yield of_bucket(name, wrong, "have who wrote it except that role, or write another bucket")
                case denials.SOME:
                    yield Note(f"The policy of the bucket {name} denies IGV some of its objects (statement {sid}).")
                case denials.UNKNOWN:
                    by = join(denials.keys(statement))
                    yield Note(
                        f"Whether the policy of the bucket {name} denies IGV something can't be told beforehand"
                        f" (statement {sid}, which goes by {by}). If IGV gets 403, look there."
                    )


def _people(context: Context, entry: dict[str, Any]) -> denials.Reader:
    """Who has signed in to IGV, with the role's credentials, by presigned addresses from anywhere."""
    account, role = context.found["account"], names(context.names["igv"])["reader_role"]
    arn = f"arn:aws:iam::{account}:role/{role}"
    values = {
        "aws:securetransport": "true",
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:principalarn": arn,
        "aws:principalaccount": account,
        "aws:principaltype": "assumedrole",
        "aws:resourceaccount": account,
        "s3:resourceaccount": account,
        "aws:requestedregion": context.inputs["region"],
        "s3:authtype": "rest-query-string",
        "s3:signatureversion": "aws4-hmac-sha256",
        "s3:tlsversion": "1.2",
    }
    meant = frozenset({arn, account, f"arn:aws:iam::{account}:root"})
    return denials.Reader(meant, values, ABSENT, tuple(entry.get("prefixes", [""])))


def payer(context: Context) -> Findings:
    for entry in context.found["readable_buckets"]:
        if context.aws.call("s3", "get_bucket_request_payment", Bucket=entry["name"]).get("Payer") == "Requester":
            wrong = "its requesters pay, and IGV can't say that it agrees to"
            yield of_bucket(entry["name"], wrong, "let the bucket's owner pay")


def folders(context: Context) -> Findings:
    left = MOST_FOLDERS
    for entry in context.found["readable_buckets"]:
        queue = list(entry.get("prefixes", [""]))
        while queue and left:
            left, folder = left - 1, queue.pop(0)
            request = {"Bucket": entry["name"], "Prefix": folder, "Delimiter": "/", "MaxKeys": MOST_KEYS}
            page = context.aws.call("s3", "list_objects_v2", **request)
            queue += [found["Prefix"] for found in page.get("CommonPrefixes", [])]
            if page["IsTruncated"]:
                yield Note(
                    f"s3://{entry['name']}/{folder} holds more than {MOST_KEYS} files and folders, and IGV's browser"
                    " hangs on that: spread them over more folders, or open them by their address."
                )


def identity_pools(context: Context) -> Findings:
    name = names(context.names["igv"])["identity_pool"]
    ids = find.ids(context, name)
    if len(ids) > 1:
        wrong = f"{len(ids)} identity pools are named {name} ({join(sorted(ids))})"
        yield context.problem("project", wrong, "delete or rename all but one")


CHECKS = (
    Check(
        "The buckets",
        buckets,
        needs=("account", "igv_buckets", "region", "project"),
        provides=("readable_buckets",),
        option="igv_buckets",
    ),
    Check("The encryption of the buckets", keys, needs=("readable_buckets",), option="igv_buckets", strict=False),
    Check("The policies of the buckets", policies, needs=("readable_buckets",), option="igv_buckets", strict=False),
    Check(
        "Who pays for requests of the buckets", payer, needs=("readable_buckets",), option="igv_buckets", strict=False
    ),
    Check("How many files the folders hold", folders, needs=("readable_buckets",), option="igv_buckets", strict=False),
    Check("The identity pools of that name", identity_pools, needs=ASKED, option="project"),
)
