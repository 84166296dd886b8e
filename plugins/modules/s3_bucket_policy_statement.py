# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_bucket_policy_statement
short_description: Manage one statement of an S3 bucket policy
version_added: 0.1.0
description:
  - Adds, replaces and removes one statement, known by its Sid. The other statements stay as they are.
  - A bucket without a policy gets one; a policy whose last statement is removed is deleted.
  - Statements are compared by meaning, so the order of a list or C("x") for C(["x"]) is no change.
options:
  bucket:
    description: Name of the bucket.
    type: str
    required: true
  sid:
    description: Sid of the statement.
    type: str
    required: true
  statement:
    description:
      - The statement in the shape of AWS's policy language, without its Sid. Needed when O(state=present).
      - It replaces the statement of this Sid as a whole. The module does not judge it, also not whether it makes the
        bucket public.
    type: dict
  expected_bucket_owner:
    description: Account that must own the bucket, otherwise AWS refuses every call.
    type: str
notes:
  - With O(state=absent), a bucket that does not exist is no error.
seealso:
  - module: amazon.aws.s3_bucket
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: One CloudFront distribution may read the bucket's objects
  bioviewers.aws.s3_bucket_policy_statement:
    bucket: lab-private-data
    sid: LabViewerRead
    statement:
      Effect: Allow
      Principal:
        Service: cloudfront.amazonaws.com
      Action: s3:GetObject
      Resource: arn:aws:s3:::lab-private-data/*
      Condition:
        StringEquals:
          AWS:SourceArn: arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE
    expected_bucket_owner: "123456789012"

- name: Take it back
  bioviewers.aws.s3_bucket_policy_statement:
    bucket: lab-private-data
    sid: LabViewerRead
    state: absent
"""

RETURN = r"""
bucket_policy_statement:
  description: The statement.
  returned: when O(state=present)
  type: dict
  contains:
    bucket: {description: Name of the bucket., type: str, returned: always, sample: lab-private-data}
    sid: {description: Sid of the statement., type: str, returned: always, sample: LabViewerRead}
    statement:
      description: The statement without its Sid.
      type: dict
      returned: always
      sample:
        Effect: Allow
        Principal: {Service: cloudfront.amazonaws.com}
        Action: s3:GetObject
        Resource: arn:aws:s3:::lab-private-data/*
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import Resource


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """A policy's statements; the policy language lets a single one stand without its list."""
    held = policy.get("Statement", [])
    return [held] if isinstance(held, dict) else held


def with_statement(policy: dict[str, Any], sid: str, statement: dict[str, Any] | None) -> dict[str, Any]:
    """The policy with this statement in place of the one of its Sid, or without it."""
    ours = [{"Sid": sid, **statement}] if statement else []
    held = statements(policy)
    at = next((i for i, item in enumerate(held) if item.get("Sid") == sid), len(held))
    return {"Version": "2012-10-17", **policy, "Statement": [*held[:at], *ours, *held[at + 1 :]]}


def same_meaning(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return not compare_policies({"Statement": [one]}, {"Statement": [other]})


class BucketPolicyStatement(Resource):
    service = "s3"
    noun = "bucket policy statement"
    options = {
        "bucket": {"required": True},
        "sid": {"required": True},
        "statement": {"type": "dict"},
        "expected_bucket_owner": {},
    }
    spelling = Spelling(verbatim=frozenset({"Statement"}))

    @property
    def name(self) -> str:
        return f"{self.params['sid']} of {self.params['bucket']}"

    def desired(self) -> dict[str, Any]:
        if "Sid" in self.params["statement"]:
            raise AnsibleAWSError(message="Give the Sid as the option sid, not inside statement.")
        return self._config(self.params["statement"])

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        # What a statement leaves out it does not say: laying it over another one would change its meaning.
        return held if same_meaning(held["Statement"], asked["Statement"]) else asked

    def find(self) -> Found | None:
        ours = [item for item in statements(self._policy()) if item.get("Sid") == self.params["sid"]]
        return Found(self._config({k: v for k, v in ours[0].items() if k != "Sid"})) if ours else None

    def create(self, config: dict[str, Any]) -> Found:
        self._write(config["Statement"])
        return Found(config)

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        return self.create(config)

    def delete(self, found: Found) -> None:
        self._write(None)

    def _config(self, statement: dict[str, Any]) -> dict[str, Any]:
        return {"Bucket": self.params["bucket"], "Sid": self.params["sid"], "Statement": statement}

    def _bucket(self) -> dict[str, str]:
        owner = self.params["expected_bucket_owner"]
        return {"Bucket": self.params["bucket"], **({"ExpectedBucketOwner": owner} if owner else {})}

    def _policy(self) -> dict[str, Any]:
        gone = ["NoSuchBucketPolicy", *(["NoSuchBucket"] if self.params["state"] == "absent" else [])]
        try:
            return json.loads(self.call("get_bucket_policy", **self._bucket())["Policy"])
        except is_boto3_error_code(gone):
            return {}

    def _write(self, statement: dict[str, Any] | None) -> None:
        # Read once more, right before the write: S3 can't make a write depend on what was read.
        policy = with_statement(self._policy(), self.params["sid"], statement)
        if policy["Statement"]:
            self.call("put_bucket_policy", **self._bucket(), Policy=json.dumps(policy, separators=(",", ":")))
        else:
            self.call("delete_bucket_policy", **self._bucket())


def main() -> None:
    BucketPolicyStatement.main(required_if=[("state", "present", ["statement"])])


if __name__ == "__main__":
    main()
