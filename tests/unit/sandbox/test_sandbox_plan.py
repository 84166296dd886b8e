"""The plan of the account, as boto3 reads it."""

from __future__ import annotations

import asyncio

import boto3
import botocore.parsers

from sandbox.api import overrides


def test_the_account_is_on_the_paid_plan():
    answer = asyncio.run(overrides.OVERRIDES["freetier", "GetAccountPlanState"](None, b""))
    operation = boto3.client("freetier", region_name="us-east-1").meta.service_model.operation_model(
        "GetAccountPlanState"
    )
    told = {"headers": dict(answer.headers), "body": answer.body, "status_code": answer.status_code}
    assert botocore.parsers.create_parser("json").parse(told, operation.output_shape)["accountPlanType"] == "PAID"
