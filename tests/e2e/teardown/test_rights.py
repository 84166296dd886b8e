"""Least privilege, last of all: what the runs of all tests called, against the rights of meta/iam/permissions.yml."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sandbox import settings
from tools import iam_policies


@pytest.fixture(scope="module")
def calls(deployment) -> dict[str, list[dict[str, Any]]]:
    """What was called with the rights of each purpose."""
    logged = [json.loads(line) for line in settings.REQUEST_LOG.read_text().splitlines()]
    return {
        purpose: [call for call in logged if re.fullmatch(f"{purpose}-[0-9a-f]+", call["role"] or "")]
        for purpose in iam_policies.purposes()
    }


@pytest.mark.parametrize("purpose", iam_policies.purposes())
def test_no_run_lacked_a_right(calls, purpose):
    assert len(calls[purpose]) > 20, "the log has what the runs asked"
    assert {call["refused"] for call in calls[purpose]} == {None}


@pytest.mark.parametrize("purpose", iam_policies.purposes())
def test_each_right_was_used_or_stands_in_a_table_that_says_when(calls, purpose):
    used = {iam_policies.named(call["service"], call["action"]) for call in calls[purpose]}
    behind = {needed for action in used for needed in iam_policies.implied(action)}
    assert iam_policies.allowed(purpose) - used - behind - iam_policies.seldom(purpose) == set()
