"""iam_role: what somebody else has put on the role."""

from __future__ import annotations

import pytest

from tests import modules
from tests.unit.strict.tables.iam_role import AWS, TABLES, policy

OURS, THEIRS = f"{AWS}AmazonSSMManagedInstanceCore", f"{AWS}CloudWatchAgentServerPolicy"
READ, LOGS = policy("s3:GetObject", Resource="*"), policy("logs:PutLogEvents", Resource="*")


@pytest.mark.parametrize(
    ("purge", "managed", "inline"),
    [(True, [OURS], {"read": READ}), (False, [THEIRS, OURS], {"organization": LOGS, "read": READ})],
)
def test_policies_of_others_stay_if_asked_to(account, purge, managed, inline):
    asked = {**TABLES[0].asked, "managed_policies": [OURS], "inline_policies": {"read": READ, "old": {}}}
    config = {"ManagedPolicies": [THEIRS], "InlinePolicies": {"organization": LOGS, "old": READ}}
    account.iam.put("lab-viewer", AssumeRolePolicyDocument=asked["assume_role_policy_document"], **config)
    assert modules.run("iam_role", **asked, purge_policies=purge)["changed"]
    held = account.iam.roles["lab-viewer"]["config"]
    assert (held["ManagedPolicies"], held["InlinePolicies"]) == (managed, inline)
    again = modules.run("iam_role", **asked, purge_policies=purge)
    assert (again["changed"], again["role"]["managed_policies"]) == (False, managed)


def test_an_empty_policy_is_not_made(account):
    asked = {**TABLES[0].asked, "inline_policies": {"read": READ, "topics": {}}}
    modules.run("iam_role", **asked)
    assert account.iam.roles["lab-viewer"]["config"]["InlinePolicies"] == {"read": READ}
