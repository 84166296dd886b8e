# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_bucket_policy_statement
short_description: Manage statements of an S3 bucket policy
version_added: 0.1.0
description:
  - Adds, replaces and removes one statement or several, known by their Sids. The other statements stay as they are.
  - A bucket without a policy gets one; a policy whose last statement is removed is deleted.
  - S3 may tell of an earlier policy for a while, and lose what is written meanwhile. So the module ends when S3 tells
    of what it wrote, and writes once more if need be; several statements go in one write.
  - Statements are compared by meaning, so the order of a list or C("x") for C(["x"]) is no change.
options:
  bucket:
    description: Name of the bucket.
    type: str
    required: true
  sid:
    description: Sid of the statement. This or O(statements) is needed.
    type: str
  statement:
    description:
      - The statement in the shape of AWS's policy language, without its Sid. Needed with O(sid) when O(state=present).
      - It replaces the statement of this Sid as a whole. The module does not judge it, also not whether it makes the
        bucket public.
    type: dict
  statements:
    description: Several statements, each as O(statement), by their Sids. With O(state=absent) the Sids alone count.
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
- name: Allow a CloudFront distribution to read the objects of the bucket
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

- name: Allow the distribution to read and list the bucket
  bioviewers.aws.s3_bucket_policy_statement:
    bucket: lab-private-data
    statements:
      LabViewerRead:
        Effect: Allow
        Principal: {Service: cloudfront.amazonaws.com}
        Action: s3:GetObject
        Resource: arn:aws:s3:::lab-private-data/*
        Condition: {StringEquals: {AWS:SourceArn: "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"}}
      LabViewerList:
        Effect: Allow
        Principal: {Service: cloudfront.amazonaws.com}
        Condition: {StringEquals: {AWS:SourceArn: "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"}}
        Action: s3:ListBucket
        Resource: arn:aws:s3:::lab-private-data

- name: Remove a statement from the bucket policy
  bioviewers.aws.s3_bucket_policy_statement:
    bucket: lab-private-data
    sid: LabViewerRead
    state: absent
"""

RETURN = r"""
bucket_policy_statement:
  description: The statement, or the statements.
  returned: when O(state=present)
  type: dict
  contains:
    bucket: {description: Name of the bucket., type: str, returned: always, sample: lab-private-data}
    sid: {description: Sid of the statement., type: str, returned: if it was asked for, sample: LabViewerRead}
    statements:
      description: The statements by their Sids, without these.
      type: dict
      returned: if they were asked for
    statement:
      description: The statement without its Sid.
      type: dict
      returned: if O(sid) was asked for
      sample:
        Effect: Allow
        Principal: {Service: cloudfront.amazonaws.com}
        Action: s3:GetObject
        Resource: arn:aws:s3:::lab-private-data/*
"""

import json
import time
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


def same_meaning(one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    if not one or not other:
        return one == other
    return not compare_policies({"Statement": [one]}, {"Statement": [other]})


class BucketPolicyStatement(Resource):
    service = "s3"
    noun = "bucket policy statement"
    options = {
        "bucket": {"required": True},
        "sid": {},
        "statement": {"type": "dict"},
        "statements": {"type": "dict"},
        "expected_bucket_owner": {},
    }
    spelling = Spelling(verbatim=frozenset({"Statement", "Statements"}))

    @property
    def name(self) -> str:
        return f"{', '.join(self._asked)} of {self.params['bucket']}"

    @property
    def _asked(self) -> dict[str, dict[str, Any] | None]:
        """Statements by their Sids."""
        several = self.params["statements"]
        return {self.params["sid"]: self.params["statement"]} if several is None else several

    def desired(self) -> dict[str, Any]:
        if any("Sid" in statement for statement in self._asked.values()):
            raise AnsibleAWSError(message="Give the Sid as the option sid, not inside statement.")
        return self._config(self._asked)

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        # What a statement leaves out it does not say: laying it over another one would change its meaning.
        before, after = self._by_sid(held), self._by_sid(asked)
        same = {sid for sid in after if same_meaning(before.get(sid), after[sid])}
        return self._config({sid: before[sid] if sid in same else after[sid] for sid in after})

    def find(self) -> Found | None:
        held = self._held()
        return Found(self._config(held)) if held else None

    def create(self, config: dict[str, Any]) -> Found:
        self._write(self._by_sid(config))
        return Found(config)

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        return self.create(config)

    def delete(self, found: Found) -> None:
        self._write(dict.fromkeys(self._asked))

    def _config(self, by_sid: dict[str, Any]) -> dict[str, Any]:
        bucket = {"Bucket": self.params["bucket"]}
        if self.params["statements"] is not None:
            return {**bucket, "Statements": by_sid}
        ((sid, statement),) = by_sid.items()
        return {**bucket, "Sid": sid, "Statement": statement}

    def _by_sid(self, config: dict[str, Any]) -> dict[str, Any]:
        return config["Statements"] if "Statements" in config else {config["Sid"]: config["Statement"]}

    def _held(self) -> dict[str, dict[str, Any]]:
        """Those of the Sids asked for that S3 tells of."""
        ours = [item for item in statements(self._policy()) if item.get("Sid") in self._asked]
        return {item["Sid"]: {key: value for key, value in item.items() if key != "Sid"} for item in ours}

    def _bucket(self) -> dict[str, str]:
        owner = self.params["expected_bucket_owner"]
        return {"Bucket": self.params["bucket"], **({"ExpectedBucketOwner": owner} if owner else {})}

    def _policy(self) -> dict[str, Any]:
        gone = ["NoSuchBucketPolicy", *(["NoSuchBucket"] if self.params["state"] == "absent" else [])]
        try:
            return json.loads(self.call("get_bucket_policy", **self._bucket())["Policy"])
        except is_boto3_error_code(gone):
            return {}

    def _write(self, wanted: dict[str, Any]) -> None:
        # Reads of a bucket's policy are eventually consistent (Amazon S3 User Guide, "Amazon S3 data consistency
        # model"): who reads an earlier one and writes it back takes ours away.
        for _time in range(2):
            self._put(wanted)
            if self._settles(wanted):
                return
        unseen = "S3 took it twice, and tells of it after neither. Look who else writes the policy."
        raise AnsibleAWSError(message=unseen)

    def _settles(self, wanted: dict[str, Any]) -> bool:
        """Whether S3 tells of what was written, within a minute, as amazon.aws.s3_bucket waits."""
        for _look in range(12):
            held = self._held()
            if all(same_meaning(held.get(sid), statement) for sid, statement in wanted.items()):
                return True
            time.sleep(5)
        return False

    def _put(self, wanted: dict[str, Any]) -> None:
        # Read once more, right before the write: S3 can't make a write depend on what was read.
        policy = self._policy()
        for sid, statement in wanted.items():
            policy = with_statement(policy, sid, statement)
        if policy["Statement"]:
            self.call("put_bucket_policy", **self._bucket(), Policy=json.dumps(policy, separators=(",", ":")))
        else:
            self.call("delete_bucket_policy", **self._bucket())


def main() -> None:
    one = [("sid", "statements")]
    needed = [("state", "present", ["statement", "statements"], True)]
    BucketPolicyStatement.main(
        required_one_of=one, mutually_exclusive=[*one, ("statement", "statements")], required_if=needed
    )


if __name__ == "__main__":
    main()
