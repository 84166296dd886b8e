"""Bucket policies."""

from __future__ import annotations

import json
from typing import Any

from botocore import xform_name

from tests.unit.strict.models import Refusal

ACCOUNT = "123456789012"
AT_WORK = 5  # calls


class S3:
    def __init__(self, account: Any) -> None:
        self.account = account

    def put(self, bucket: str, *statements: dict[str, Any]) -> None:
        self.account.held["Bucket"][bucket] = {"config": {}, "tags": {}}
        if statements:
            self.policies[bucket] = {"config": {"Version": "2012-10-17", "Statement": list(statements)}, "tags": {}}

    @property
    def policies(self) -> dict[str, dict[str, Any]]:
        return self.account.held["BucketPolicy"]

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        if request["Bucket"] not in self.account.held["Bucket"]:
            raise Refusal("NoSuchBucket", "The specified bucket does not exist")
        if request.get("ExpectedBucketOwner", ACCOUNT) != ACCOUNT:
            raise Refusal("AccessDenied", "Access Denied")
        return getattr(self, xform_name(model.name))(request)

    def get_bucket_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["Bucket"] not in self.policies:
            raise Refusal("NoSuchBucketPolicy", "The bucket policy does not exist")
        return {"Policy": json.dumps(self.policies[request["Bucket"]]["config"])}

    def take_turns(self) -> None:
        """Refuse a write as long as S3 is still at the one before."""
        written = self.account.held["_Written"].setdefault("BucketPolicy", {"clock": -AT_WORK})
        if self.account.clock - written["clock"] < AT_WORK:
            raise Refusal("OperationAborted", "A conflicting conditional operation is currently in progress.")
        written["clock"] = self.account.clock

    def put_bucket_policy(self, request: dict[str, Any]) -> None:
        self.take_turns()
        policy = json.loads(request["Policy"])
        sids = [statement.get("Sid") for statement in policy["Statement"]]
        if not sids or len({*filter(None, sids)}) < len([*filter(None, sids)]):
            raise Refusal("MalformedPolicy", "Policy has no statement, or one Sid twice")
        for statement in policy["Statement"]:
            if not {"Effect", "Principal", "Action", "Resource"} <= statement.keys():
                raise Refusal("MalformedPolicy", "Missing required field")
        self.policies[request["Bucket"]] = {"config": policy, "tags": {}}

    def delete_bucket_policy(self, request: dict[str, Any]) -> None:
        self.take_turns()
        self.policies.pop(request["Bucket"], None)
