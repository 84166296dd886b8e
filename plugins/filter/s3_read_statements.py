# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: s3_read_statements
short_description: Statements of an IAM policy that let somebody read buckets, or folders of buckets
version_added: 0.1.0
description:
  - Returns the statements that allow to read objects and to list buckets, without those that would be for nothing.
positional: _input, partition
options:
  _input:
    description: Buckets, as O(bioviewers.aws.identity_pool#role:main:identity_pool_buckets) describes them.
    type: list
    elements: dict
    required: true
  partition:
    description: Partition of AWS.
    type: str
    default: aws
"""

EXAMPLES = r"""
- name: Print what allows to read a folder
  ansible.builtin.debug:
    msg: "{{ [{'name': 'lab-bams', 'prefixes': ['demo/']}] | bioviewers.aws.s3_read_statements }}"
"""

RETURN = r"""
_value:
  description: The statements.
  type: list
  elements: dict
"""

from collections.abc import Callable, Iterator
from typing import Any

Bucket = dict[str, Any]
Statement = dict[str, Any]


def objects(buckets: list[Bucket]) -> list[str]:
    return [f"{bucket['name']}/{prefix}*" for bucket in buckets for prefix in bucket.get("prefixes", [""])]


def above(prefix: str) -> Iterator[str]:
    """The folders that a folder lies in, the bucket itself first."""
    parts = prefix.split("/")[:-2]
    for depth in range(len(parts) + 1):
        yield "/".join([*parts[:depth], ""])


def listed(bucket: Bucket) -> list[str]:
    """What may be listed. IGV asks for a folder by its whole name; of the folders above only by exactly that."""
    inner = [f"{prefix}*" for prefix in bucket["prefixes"]]
    outer = [folder for prefix in bucket["prefixes"] for folder in above(prefix)] if bucket.get("browsable") else []
    return list(dict.fromkeys([*inner, *outer]))


def allow(sid: str, action: str, resource: Any, **more: Any) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource, **more}


def s3_read_statements(buckets: list[Bucket], partition: str = "aws") -> list[Statement]:
    s3 = f"arn:{partition}:s3:::"
    whole = [f"{s3}{bucket['name']}" for bucket in buckets if "prefixes" not in bucket]
    statements = [
        allow("Read", "s3:GetObject", [f"{s3}{each}" for each in objects(buckets)]),
        allow("List", "s3:ListBucket", whole),
    ]
    narrowed = [bucket for bucket in buckets if "prefixes" in bucket]
    for number, bucket in enumerate(narrowed, 1):
        condition = {"StringLike": {"s3:prefix": listed(bucket)}}
        statements.append(allow(f"List{number}", "s3:ListBucket", f"{s3}{bucket['name']}", Condition=condition))
    return [statement for statement in statements if statement["Resource"]]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[Statement]]]:
        return {"s3_read_statements": s3_read_statements}
