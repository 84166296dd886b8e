"""The strict account, a clock that only sleeping moves, and modules that run in it."""

from __future__ import annotations

import functools
import os
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from ansible_collections.amazon.aws.plugins.module_utils import modules as amazon_aws
from ansible_collections.bioviewers.aws.plugins.module_utils._engine import resource

from tests.unit.strict.aws import Aws

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@functools.cache
def one_client(service: str) -> Any:
    """To make a client takes longer than a module's whole run in memory."""
    return boto3.Session().client(service, region_name="us-east-1")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws, slept = Aws(), []
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    for variable, value in KEYS.items():
        monkeypatch.setenv(variable, value)

    def send(client: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return aws.answer(client, operation, request)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", send)
    monkeypatch.setattr(amazon_aws, "boto3_conn", lambda module, resource, **_: one_client(resource))
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr(resource, "time", SimpleNamespace(sleep=slept.append, monotonic=lambda: sum(slept)))
    return aws
