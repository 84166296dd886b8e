"""cognito_user and cognito_user_info against ministack."""

from __future__ import annotations

import functools
import json
import urllib.request

import pytest

ACCOUNT, ADA = "123456789012", "ada@lab.example.org"
ATTRIBUTES = {"email": ADA, "email_verified": True}


@pytest.fixture
def cognito(client):
    return client("cognito-idp")


@pytest.fixture
def pool_id(cognito):
    emails = {"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]}
    policy = {"PasswordPolicy": {"MinimumLength": 14, "RequireSymbols": True, "RequireNumbers": True}}
    return cognito.create_user_pool(PoolName="lab", Policies=policy, **emails)["UserPool"]["Id"]


@pytest.fixture
def user(run_module, pool_id):
    return functools.partial(run_module, "cognito_user", user_pool_id=pool_id, username=ADA)


@pytest.fixture
def people(run_module, pool_id):
    return functools.partial(run_module, "cognito_user_info", user_pool_name="lab")


@pytest.fixture
def calls(monkeypatch):
    """The writing operations that are asked for from now on, with what they carry."""
    from botocore.client import BaseClient  # noqa: PLC0415

    made, send = [], BaseClient._make_api_call

    def note(client, operation, request):
        if operation.startswith("Admin") and operation != "AdminGetUser":
            made.append((operation, request))
        return send(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", note)
    return made


def held(cognito, pool_id):
    return cognito.list_users(UserPoolId=pool_id)["Users"]


def test_disabling_and_enabling(user, cognito, pool_id, calls):
    user(attributes=ATTRIBUTES)
    for enabled, operation in ((False, "AdminDisableUser"), (True, "AdminEnableUser")):
        foreseen = user(enabled=enabled, check_mode=True)
        assert foreseen["changed"]
        assert held(cognito, pool_id)[0]["Enabled"] is not enabled
        calls.clear()
        changed = user(enabled=enabled)
        assert changed["diff"] == foreseen["diff"]
        assert [name for name, _other in calls] == [operation]
        assert held(cognito, pool_id)[0]["Enabled"] is enabled
        assert not user(enabled=enabled)["changed"]
        assert not user(attributes=ATTRIBUTES)["changed"], "to invite again enables nobody"


def test_a_user_may_be_made_disabled_and_silently(user, calls):
    made = user(attributes=ATTRIBUTES, enabled=False, message_action="SUPPRESS")
    assert made["user"]["enabled"] is False
    assert calls[0][1]["MessageAction"] == "SUPPRESS"
    assert not user(attributes=ATTRIBUTES, enabled=False, message_action="SUPPRESS")["changed"]


def test_an_invitation_is_sent_again_until_it_was_taken(user, cognito, pool_id, calls):
    user(attributes=ATTRIBUTES, message_action="RESEND")
    assert "MessageAction" not in calls[0][1], "there is nobody yet to send it to again"
    calls.clear()
    foreseen = user(attributes=ATTRIBUTES, message_action="RESEND", check_mode=True)
    assert foreseen["changed"]
    assert calls == []
    again = user(attributes=ATTRIBUTES, message_action="RESEND")
    assert (again["diff"], again["changed"]) == (foreseen["diff"], True)
    assert [(name, request["MessageAction"]) for name, request in calls] == [("AdminCreateUser", "RESEND")]
    cognito.admin_set_user_password(UserPoolId=pool_id, Username=ADA, Password="Correct-horse-1", Permanent=True)
    assert not user(attributes=ATTRIBUTES, message_action="RESEND")["changed"]


def test_sessions_end_each_time_that_it_is_asked_for(user, calls):
    user(attributes=ATTRIBUTES)
    calls.clear()
    assert user(sign_out=True, check_mode=True)["changed"]
    assert calls == []
    for _turn in range(2):
        ended = user(sign_out=True)
        assert ended["changed"]
        assert ended["diff"]["after"]["sessions"] == "ended"
    assert [name for name, _other in calls] == ["AdminUserGlobalSignOut"] * 2
    calls.clear()
    user(enabled=False, sign_out=True)
    assert [name for name, _other in calls] == ["AdminDisableUser", "AdminUserGlobalSignOut"]


def test_the_first_password_is_in_the_mail_alone(user, ministack):
    results = [user(attributes=ATTRIBUTES), user(attributes=ATTRIBUTES, message_action="RESEND")]
    with urllib.request.urlopen(f"{ministack}/_ministack/ses/messages", timeout=10) as answer:  # noqa: S310
        mails = json.load(answer)["messages"][ACCOUNT]
    (password,) = {mail["BodyText"].rpartition(" ")[2].removesuffix(".") for mail in mails}
    assert password not in json.dumps(results)


def federated(cognito, pool_id):
    """As Cognito describes somebody from Google; ministack takes the attribute from an administrator."""
    identities = json.dumps([{"userId": "110", "providerName": "Google", "providerType": "Google"}])
    attributes = {"email": "Grace@lab.example.org", "identities": identities}
    return cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="Grace@lab.example.org",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )


def test_who_is_in_the_pool(user, people, cognito, pool_id):
    assert (people()["user_pool_id"], people()["users"]) == (pool_id, [])
    user(attributes=ATTRIBUTES)
    federated(cognito, pool_id)
    grace, ada = people()["users"]
    assert (ada["email"], ada["providers"], ada["status"], ada["enabled"]) == (
        ADA,
        ["Cognito"],
        "FORCE_CHANGE_PASSWORD",
        True,
    )
    assert ada["changed_at"].endswith("+00:00")
    assert (grace["email"], grace["providers"]) == ("Grace@lab.example.org", ["Google"])
    assert [each["email"] for each in people(email="ADA@lab.example.org")["users"]] == [ADA]
    assert [each["email"] for each in people(email="grace@LAB.example.org")["users"]] == ["Grace@lab.example.org"]
    assert people(email="eve@lab.example.org")["users"] == []


def test_more_than_a_page_of_people(people, cognito, pool_id):
    for number in range(61):
        cognito.admin_create_user(UserPoolId=pool_id, Username=f"a{number}@lab.example.org", MessageAction="SUPPRESS")
    assert len(people()["users"]) == 61


def test_no_pool_or_two_of_one_name(run_module, people, cognito):
    missing = run_module("cognito_user_info", user_pool_name="nobody")
    assert missing["msg"] == "No user pools are named nobody in us-east-1."
    cognito.create_user_pool(PoolName="lab")
    assert people()["msg"] == "2 user pools are named lab in us-east-1."


def test_a_user_of_no_pool(run_module):
    refused = run_module("cognito_user", user_pool_id="us-east-1_AbCdEfGhI", username=ADA)
    assert "Failed to find user ada@lab.example.org" in refused["msg"]
