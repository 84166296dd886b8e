"""User pools, identity pools and certificates that lists lack yet, and what Cognito takes of its own descriptions."""

from __future__ import annotations

import pytest

from tests import modules

POOL = "us-east-1_mine"
GUESTS = {"allow_unauthenticated_identities": False}
# The module, what makes one, the option with its id, where the result has that, and the kind of record.
KNOWN = [
    ("cognito_user_pool", {"name": "lab"}, "user_pool_id", ("user_pool", "id"), "UserPool"),
    (
        "cognito_identity_pool",
        {"name": "lab"},
        "identity_pool_id",
        ("identity_pool", "identity_pool_id"),
        "IdentityPool",
    ),
    ("acm_certificate", {"domain_name": "lab.example.org"}, "certificate_arn", ("certificate", "arn"), "Certificate"),
]
each_known = pytest.mark.parametrize(
    ("module", "named", "option", "place", "kind"), KNOWN, ids=[module for module, *_others in KNOWN]
)


def run(module, **asked):
    result = modules.run(module, **asked)
    assert "msg" not in result, result["msg"]
    return result


@each_known
def test_a_second_task_finds_what_lists_lack_by_its_id(account, module, named, option, place, kind):
    account.lag = 6
    made = run(module, **named)[place[0]][place[1]]
    again = run(module, **named, **{option: made}, tags={"project": "lab"})
    assert again[place[0]][place[1]] == made
    assert list(account.held[kind]) == [made]


@each_known
def test_a_stand_in_is_the_id_of_nothing(account, module, named, option, place, kind):
    foreseen = modules.run(module, check_mode=True, **named, **{option: "(known after apply: it)"})
    assert foreseen["changed"]


@pytest.mark.parametrize("tier", ["LITE", "ESSENTIALS"])
def test_how_people_sign_in_stays_and_is_not_sent_where_it_is_the_only_way(account, tier):
    account.cognito.put_pool(POOL, PoolName="lab", UserPoolTier=tier)
    factors = ["PASSWORD"] if tier == "LITE" else ["PASSWORD", "EMAIL_OTP"]
    policies = account.held["UserPool"][POOL]["config"]["Policies"]
    policies["SignInPolicy"] = {"AllowedFirstAuthFactors": factors}
    assert run("cognito_user_pool", name="lab", password_policy={"minimum_length": 20})["changed"]
    held = account.held["UserPool"][POOL]["config"]["Policies"]
    assert held["SignInPolicy"] == {"AllowedFirstAuthFactors": factors}
    assert held["PasswordPolicy"]["MinimumLength"] == 20


@pytest.mark.parametrize(
    ("module", "kind", "change"),
    [
        ("cognito_user_pool", "UserPool", {"auto_verified_attributes": ["email"]}),
        ("cognito_identity_pool", "IdentityPool", {"allow_classic_flow": True}),
    ],
)
def test_tags_of_aws_are_not_written_back(account, module, kind, change):
    run(module, name="lab", tags={"project": "lab"})
    (record,) = account.held[kind].values()
    record["tags"]["aws:cloudformation:stack-name"] = "lab"
    assert run(module, name="lab", **change)["changed"]


def test_a_pool_that_tells_no_issuer_has_the_original_one(account):
    asked = {"name": "lab", "issuer_configuration": {"type": "ORIGINAL"}}
    account.cognito.put_pool(POOL, PoolName="lab")
    assert not run("cognito_user_pool", **asked)["changed"]
    account.held["UserPool"][POOL]["config"]["IssuerConfiguration"] = {"Type": "UPDATED"}
    assert run("cognito_user_pool", **asked)["changed"]
    assert account.held["UserPool"][POOL]["config"]["IssuerConfiguration"] == {"Type": "ORIGINAL"}


def test_a_use_that_acm_does_not_name_is_told_as_one_that_it_names(account):
    """Of what used a certificate a moment ago, DescribeCertificate and DeleteCertificate need not say the same."""
    run("acm_certificate", domain_name="lab.example.org")
    (held,) = account.held["Certificate"].values()
    held["in_use"] = True
    failed = modules.run("acm_certificate", domain_name="lab.example.org", state="absent")
    assert "It is in use by something that ACM does not name." in failed["msg"]
