"""iam_role: what somebody else has put on the role."""

from __future__ import annotations

import pytest

from tests import modules
from tests.unit.strict.tables.iam_role import AWS, TABLES, policy

OURS, THEIRS = f"{AWS}AmazonSSMManagedInstanceCore", f"{AWS}CloudWatchAgentServerPolicy"
READ, MORE = policy("s3:GetObject", Resource="*"), policy("*", Resource="*")


@pytest.mark.parametrize(("purge", "managed"), [(True, [OURS]), (False, [THEIRS, OURS])])
def test_managed_policies_of_others_stay_if_asked_to(account, purge, managed):
    asked = {**TABLES[0].asked, "managed_policies": [OURS], "inline_policies": {"read": READ}}
    config = {"ManagedPolicies": [THEIRS], "InlinePolicies": {"handy": MORE}}
    account.iam.put("lab-viewer", AssumeRolePolicyDocument=asked["assume_role_policy_document"], **config)
    assert modules.run("iam_role", **asked, purge_managed_policies=purge)["changed"]
    held = account.iam.roles["lab-viewer"]["config"]
    assert (held["ManagedPolicies"], held["InlinePolicies"]) == (managed, {"read": READ})
    again = modules.run("iam_role", **asked, purge_managed_policies=purge)
    assert (again["changed"], again["role"]["managed_policies"]) == (False, managed)
