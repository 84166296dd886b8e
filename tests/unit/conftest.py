"""Modules run in this process, against the emulators that the sandbox uses too.

    def test_x(run_module, client):
        result = run_module("cloudfront_key_group", check_mode=True, name="k", items=["K1"])
        assert result["changed"]
        client("cloudfront").list_key_groups()

boto3 is the real one, so each request is also checked against AWS's own model of the service.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import modules


@pytest.fixture(scope="session", autouse=True)
def models_of_all_clients(shared_models: None) -> None:
    """Those that a test makes by itself, too."""


@pytest.fixture
def run_module(aws: None) -> Callable[..., dict[str, Any]]:
    """Run a module of this collection; its result, with `failed` and `msg` if it failed."""
    return modules.run
