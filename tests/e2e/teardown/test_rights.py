"""Least privilege, last of all: what the runs of all tests called, against the rights of docs/permissions.yml."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sandbox import settings
from sandbox.iam import playbook_policies


@pytest.fixture(scope="module")
def calls(deployment) -> dict[str, list[dict[str, Any]]]:
    """What was called with the rights of each purpose."""
    logged = [json.loads(line) for line in settings.REQUEST_LOG.read_text().splitlines()]
    return {
        purpose: [call for call in logged if re.fullmatch(f"{purpose}-[0-9a-f]+", call["role"] or "")]
        for purpose in playbook_policies.purposes()
    }


@pytest.mark.parametrize("purpose", playbook_policies.purposes())
def test_no_run_lacked_a_right(calls, purpose):
    assert len(calls[purpose]) > 20, "the log has what the runs asked"
    assert {call["refused"] for call in calls[purpose]} == {None}


@pytest.mark.parametrize("purpose", playbook_policies.purposes())
def test_each_right_was_used_or_stands_in_a_table_that_says_when(calls, purpose):
    used = {playbook_policies.named(call["service"], call["action"]) for call in calls[purpose]}
    behind = {needed for action in used for needed in playbook_policies.implied(action)}
    assert playbook_policies.allowed(purpose) - used - behind - playbook_policies.seldom(purpose) == set()
