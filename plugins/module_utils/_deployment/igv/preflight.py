# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks before the backend for IGV is built: its buckets, its names, its people. PRIVATE to this collection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import (
    Check,
    ClientError,
    DeniedError,
    Fault,
    Findings,
    Look,
    Note,
    code,
    join,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution.preflight import taken_prefix

# AWS STS API Reference, "AssumeRoleWithWebIdentity": IGV gives the address as the name of the session.
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
# IGV asks for one page of a folder and, told that there is more, for the same page for ever.
MOST_KEYS = 1000
MOST_FOLDERS = 200  # that are looked at: a warning is not worth more requests


def people(look: Look) -> Findings:
    """The addresses"""
    odd = [address for address in look.known["allowed_emails"] if not SESSION_NAME.fullmatch(address)]
    if odd:
        wrong = f"AWS STS would refuse IGV's sign-in as {join(odd)}: letters, digits and + = , . @ _ - only, 64 at most"
        yield look.fault("allowed_emails", wrong, "write other addresses of these people")


def buckets(look: Look) -> Findings:
    """The buckets"""
    readable = []
    for entry in look.known["igv_buckets"]:
        found = yield from bucket(look, entry)
        readable += [entry] if found else []
    look.learn(readable_buckets=readable)


def bucket(look: Look, entry: dict[str, Any]) -> Iterator[Fault | Note]:
    """Whether more can be read of it."""
    name, account = entry["name"], look.known["account"]
    try:
        head = look.call("s3", "head_bucket", Bucket=name, ExpectedBucketOwner=account)["ResponseMetadata"]
    except DeniedError as denied:
        head = getattr(denied.__cause__, "response", {}).get("ResponseMetadata", {})
        yield Note(foreign(look, entry))
    except ClientError as error:
        if code(error) not in ("404", "NoSuchBucket"):
            raise
        yield of_bucket(name, "there is no bucket of that name", "write the name of a bucket with your data")
        return False
    place = head.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    if place not in (None, look.known["region"]):
        wrong = f"it is in {place}, and IGV knows one region, that of the login, {look.known['region']}"
        yield of_bucket(name, wrong, f"write a bucket in {look.known['region']}, or build a backend in {place} too")
    return head.get("HTTPStatusCode") == 200 and place in (None, look.known["region"])


def of_bucket(name: str, wrong: str, instead: str) -> Fault:
    return Fault("igv_buckets", f"'{name}'", wrong, instead)


def foreign(look: Look, entry: dict[str, Any]) -> str:
    """What the owner of a bucket in another account has to add (Amazon S3 User Guide, "Bucket owner granting
    cross-account bucket permissions"); S3 takes only a principal that exists."""
    role = f"arn:aws:iam::{look.known['account']}:role/{look.known['project']}-igv-reader"
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


def keys(look: Look) -> Findings:
    """The encryption of the buckets"""
    none = ["ServerSideEncryptionConfigurationNotFoundError"]
    for entry in look.known["readable_buckets"]:
        held = look.unless(none, "s3", "get_bucket_encryption", Bucket=entry["name"])
        rules = held["ServerSideEncryptionConfiguration"]["Rules"] if held else []
        for rule in rules:
            key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", "")
            # AWS's own key aws/s3 lets everybody in who may read the bucket.
            if key and not key.endswith("alias/aws/s3") and "kms_key_arn" not in entry:
                wrong = f"it encrypts with {key}, and the role could not decipher its objects"
                yield of_bucket(entry["name"], wrong, "add kms_key_arn with that key's ARN")


def payer(look: Look) -> Findings:
    """Who pays for requests of the buckets"""
    for entry in look.known["readable_buckets"]:
        if look.call("s3", "get_bucket_request_payment", Bucket=entry["name"]).get("Payer") == "Requester":
            wrong = "its requesters pay, and IGV can't say that it agrees to"
            yield of_bucket(entry["name"], wrong, "let the bucket's owner pay")


def folders(look: Look) -> Findings:
    """How many files the folders hold"""
    left = MOST_FOLDERS
    for entry in look.known["readable_buckets"]:
        queue = list(entry.get("prefixes", [""]))
        while queue and left:
            left, folder = left - 1, queue.pop(0)
            request = {"Bucket": entry["name"], "Prefix": folder, "Delimiter": "/", "MaxKeys": MOST_KEYS}
            page = look.call("s3", "list_objects_v2", **request)
            queue += [found["Prefix"] for found in page.get("CommonPrefixes", [])]
            if page["IsTruncated"]:
                yield Note(
                    f"s3://{entry['name']}/{folder} holds more than {MOST_KEYS} files and folders, and IGV's browser"
                    " hangs on that: spread them over more folders, or open them by their address."
                )


def prefix(look: Look) -> Findings:
    """Who has the prefix of IGV's login"""
    yield from taken_prefix(look, "igv_user_pool_domain_prefix", f"{look.known['project']}-igv")


def user_pool(look: Look) -> Findings:
    """The user pool of the viewer"""
    pools = look.pages("cognito-idp", "list_user_pools", "UserPools", MaxResults=60)
    if not any(pool["Name"] == look.known["project"] for pool in pools):
        wrong = f"there is no user pool {look.known['project']} in {look.known['region']}"
        yield look.fault(
            "igv_shares_user_pool", wrong, "build the viewer first, with the playbook site, or take this out"
        )


def identity_pools(look: Look) -> Findings:
    """The identity pools of that name"""
    name = f"{look.known['project']}-igv"
    pools = look.pages("cognito-identity", "list_identity_pools", "IdentityPools", MaxResults=60)
    ids = [pool["IdentityPoolId"] for pool in pools if pool["IdentityPoolName"] == name]
    if len(ids) > 1:
        wrong = f"{len(ids)} identity pools are named {name} ({join(sorted(ids))})"
        yield look.fault("project", wrong, "delete or rename all but one")


ASKED = ("usable_region", "project")
CHECKS = (
    Check(people, ("allowed_emails",), "allowed_emails"),
    Check(buckets, ("account", "igv_buckets", "region", "project"), "igv_buckets"),
    Check(keys, ("readable_buckets",), "igv_buckets", strict=False),
    Check(payer, ("readable_buckets",), "igv_buckets", strict=False),
    Check(folders, ("readable_buckets",), "igv_buckets", strict=False),
    Check(prefix, (*ASKED, "igv_user_pool_domain_prefix", "own_user_pool"), "igv_user_pool_domain_prefix"),
    Check(user_pool, (*ASKED, "shared_user_pool"), "igv_shares_user_pool"),
    Check(identity_pools, ASKED, "project"),
)
