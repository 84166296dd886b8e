# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data bucket: its policy, its objects. PRIVATE to this collection."""

from __future__ import annotations

import json
import urllib.parse

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import AccessDeniedError
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import Statement, document_statements
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context

ACTIONS = ("GetObject", "ListBucket")  # that the deployment allows CloudFront, each by a statement


def statements(context: Context, bucket: str) -> list[Statement]:
    """The statements of a bucket's policy."""
    none = ["NoSuchBucket", "NoSuchBucketPolicy"]
    found = context.aws.call_or_none(none, "s3", "get_bucket_policy", Bucket=bucket)
    return document_statements(json.loads(found["Policy"])) if found else []


def statement_ids(context: Context) -> dict[str, str]:
    """The Sid of the deployment's statement for each action."""
    return {action: f"{context.names['bucket_statement_prefix']}{action}" for action in ACTIONS}


def region(context: Context) -> str:
    told = context.aws.call("s3", "get_bucket_location", Bucket=context.inputs["data_bucket"]).get("LocationConstraint")
    return {None: "us-east-1", "EU": "eu-west-1"}.get(told, told)


def an_object(context: Context) -> str:
    """The key of some object of the bucket, as a path; empty if it has none, or if it may not be listed."""
    try:
        held = context.aws.call("s3", "list_objects_v2", Bucket=context.inputs["data_bucket"], MaxKeys=20)
    except AccessDeniedError:
        return ""
    keys = [item["Key"] for item in held.get("Contents", [])]
    return urllib.parse.quote(next((key for key in keys if not key.endswith("/")), ""))
