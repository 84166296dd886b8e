"""cognito_user_pool, cognito_user_pool_domain and cognito_user_pool_client against ministack."""

from __future__ import annotations

import functools

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._engine import resource
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import (
    CognitoResource,
    pool_request,
    without_blanks,
)

POOL = {
    "name": "lab-viewer",
    "user_pool_tier": "ESSENTIALS",
    "username_attributes": ["email"],
    "auto_verified_attributes": ["email"],
    "username_configuration": {"case_sensitive": False},
    "admin_create_user_config": {"allow_admin_create_user_only": True},
    "deletion_protection": "INACTIVE",
}
CLIENT = {
    "name": "lab-viewer",
    "generate_secret": True,
    "allowed_oauth_flows_user_pool_client": True,
    "allowed_oauth_flows": ["code"],
    "allowed_oauth_scopes": ["openid", "email", "profile"],
    "callback_urls": ["https://neuroglancer.lab.example.org/oauth2/idpresponse"],
    "logout_urls": [],
    "supported_identity_providers": ["COGNITO"],
    "prevent_user_existence_errors": "ENABLED",
    "access_token_validity": 30,
    "token_validity_units": {"access_token": "minutes"},
}


@pytest.mark.parametrize(
    ("described", "cleaned"),
    [
        ({"a": None, "b": "", "c": {}, "d": {"e": None}}, {}),
        ({"a": [], "b": 0, "c": False, "d": {"e": "x", "f": ""}}, {"a": [], "b": 0, "c": False, "d": {"e": "x"}}),
    ],
)
def test_blanks_go_and_settings_stay(described, cleaned):
    assert without_blanks(described) == cleaned


DAYS, POLICY = {"UnusedAccountValidityDays": 7, "AllowAdminCreateUserOnly": True}, {"TemporaryPasswordValidityDays": 7}


@pytest.mark.parametrize(
    ("config", "request_"),
    [
        ({"MfaConfiguration": "OFF"}, {"MfaConfiguration": "OFF"}),
        ({"AdminCreateUserConfig": DAYS}, {"AdminCreateUserConfig": DAYS}),
        (
            {"AdminCreateUserConfig": DAYS, "Policies": {"PasswordPolicy": POLICY}},
            {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}, "Policies": {"PasswordPolicy": POLICY}},
        ),
        (
            {"SmsVerificationMessage": "s", "EmailVerificationSubject": "t", "VerificationMessageTemplate": {}},
            {"SmsVerificationMessage": "s", "EmailVerificationSubject": "t", "VerificationMessageTemplate": {}},
        ),
        (
            {"SmsVerificationMessage": "s", "EmailVerificationSubject": "t", "EmailVerificationMessage": "u"}
            | {"VerificationMessageTemplate": {"EmailSubject": "T", "EmailMessage": "U"}},
            {"SmsVerificationMessage": "s", "VerificationMessageTemplate": {"EmailSubject": "T", "EmailMessage": "U"}},
        ),
    ],
)
def test_what_aws_describes_twice_is_sent_once(config, request_):
    assert pool_request(config) == request_


@pytest.fixture
def cognito(client):
    return client("cognito-idp")


@pytest.fixture
def pool(run_module):
    return functools.partial(run_module, "cognito_user_pool", **POOL)


@pytest.fixture
def pool_id(pool):
    return pool()["user_pool"]["id"]


@pytest.fixture
def domain(run_module, pool_id):
    return functools.partial(run_module, "cognito_user_pool_domain", domain="lab", user_pool_id=pool_id)


@pytest.fixture
def app_client(run_module, pool_id):
    return functools.partial(run_module, "cognito_user_pool_client", user_pool_id=pool_id, **CLIENT)


def pools(cognito):
    return [pool["Id"] for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]]


def clients(cognito, pool_id):
    listed = cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
    return [client["ClientId"] for client in listed]


def test_two_pools_of_one_name_are_an_error(pool, cognito):
    # more than a page before and between them
    ids = [cognito.create_user_pool(PoolName=name)["UserPool"]["Id"] for name in ["lab-viewer", *["x"] * 61]]
    ids.append(cognito.create_user_pool(PoolName="lab-viewer")["UserPool"]["Id"])
    failed = pool()
    assert failed["failed"]
    assert f"2 have this name: {', '.join(sorted([ids[0], ids[-1]]))}." in failed["msg"]


def test_a_protected_pool_goes_only_when_told_so(pool, cognito, run_module):
    pool(deletion_protection="ACTIVE")
    refused = run_module("cognito_user_pool", name="lab-viewer", state="absent")
    assert "It is protected. Set deletion_protection to INACTIVE" in refused["msg"]
    assert len(pools(cognito)) == 1
    assert pool(state="absent")["changed"]
    assert pools(cognito) == []


def test_a_pool_with_a_domain_stays(pool, domain, cognito):
    domain()
    assert "Its domain lab must be deleted first" in pool(state="absent")["msg"]
    assert len(pools(cognito)) == 1
    assert domain(state="absent")["changed"]
    assert pool(state="absent")["changed"]


def test_a_domain_goes_by_its_name_alone(domain, run_module, cognito):
    domain()
    assert run_module("cognito_user_pool_domain", domain="lab", state="absent")["changed"]
    assert cognito.describe_user_pool_domain(Domain="lab")["DomainDescription"] == {}


def test_a_domain_of_another_pool_is_not_taken(domain, cognito, pool_id):
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="lab", UserPoolId=other)
    assert f"It belongs to user pool {other}. Choose another prefix" in domain(check_mode=True)["msg"]
    assert not domain(state="absent")["changed"]
    assert cognito.describe_user_pool_domain(Domain="lab")["DomainDescription"]["UserPoolId"] == other


def test_a_domain_needs_its_pool(run_module):
    assert "missing: user_pool_id" in run_module("cognito_user_pool_domain", domain="lab")["msg"]


def test_a_host_name_of_ones_own(run_module, cognito, pool_id):
    certificates = [f"arn:aws:acm:us-east-1:123456789012:certificate/{i}" for i in (1, 2)]

    def domain(certificate, **more):
        asked = {"domain": "login.example.org", "user_pool_id": pool_id, **more}
        return run_module(
            "cognito_user_pool_domain", **asked, custom_domain_config={"certificate_arn": certificates[certificate]}
        )

    assert domain(0)["changed"]
    assert not domain(0)["changed"]
    foreseen, changed = domain(1, check_mode=True), domain(1)
    assert changed["changed"]
    assert foreseen["diff"] == changed["diff"]
    held = cognito.describe_user_pool_domain(Domain="login.example.org")["DomainDescription"]
    assert held["CustomDomainConfig"]["CertificateArn"] == certificates[1]
    if "CloudFrontDistribution" in held:
        assert changed["user_pool_domain"]["cloud_front_distribution"] == held["CloudFrontDistribution"]
    assert domain(1, state="absent")["changed"]


@pytest.fixture
def slow_domain(monkeypatch):
    """A domain takes some looks to become what the last of these is; how often the module slept."""
    real, slept, statuses = CognitoResource.call, [], ["CREATING", "CREATING", "ACTIVE"]

    def call(self, operation, **request):
        answer = real(self, operation, **request)
        if operation == "describe_user_pool_domain" and answer["DomainDescription"]:
            answer["DomainDescription"]["Status"] = statuses[min(len(slept), 2)]
        return answer

    monkeypatch.setattr(CognitoResource, "call", call)
    monkeypatch.setattr(resource.time, "sleep", slept.append)
    return slept, statuses


def test_a_domain_is_waited_for_when_asked(domain, slow_domain):
    slept, _statuses = slow_domain
    assert domain()["user_pool_domain"]["status"] == "CREATING"
    assert slept == []
    result = domain(wait=True)
    assert (result["changed"], result["user_pool_domain"]["status"], len(slept)) == (False, "ACTIVE", 2)


def test_a_domain_that_failed_is_not_waited_for(domain, slow_domain):
    slow_domain[1][:] = ["FAILED"] * 3
    refused = domain(wait=True)
    assert refused["msg"] == (
        "Failed to wait for user pool domain lab: It is FAILED. Delete it, correct the cause, then run again."
    )


CLIENT_SETTINGS = (
    ("default_redirect_uri", CLIENT["callback_urls"][0], "DefaultRedirectURI"),
    ("read_attributes", ["email", "name"], "ReadAttributes"),
    ("write_attributes", ["name"], "WriteAttributes"),
    ("explicit_auth_flows", ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], "ExplicitAuthFlows"),
    ("id_token_validity", 5, "IdTokenValidity"),
    ("refresh_token_validity", 3, "RefreshTokenValidity"),
    ("enable_token_revocation", True, "EnableTokenRevocation"),
    ("prevent_user_existence_errors", "LEGACY", "PreventUserExistenceErrors"),
    ("auth_session_validity", 5, "AuthSessionValidity"),
    ("enable_propagate_additional_user_context_data", True, "EnablePropagateAdditionalUserContextData"),
)


def test_each_setting_of_a_client(app_client, cognito, pool_id):
    client_id = app_client()["user_pool_client"]["client_id"]

    def held():
        return cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]

    before = held()
    names = {name for *_others, name in CLIENT_SETTINGS}
    for option, asked, name in CLIENT_SETTINGS:
        foreseen, done, again = (
            app_client(check_mode=True, **{option: asked}),
            *(app_client(**{option: asked}) for _turn in range(2)),
        )
        assert (foreseen["diff"], held()[name]) == (done["diff"], asked)
        assert again["changed"] is False
    after = held()
    kept = before.keys() - names - {"LastModifiedDate"}
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}


def test_the_secret_of_a_client_is_never_shown(app_client, cognito, pool_id):
    results = [app_client(), app_client(), app_client(refresh_token_validity=5), app_client(generate_secret=False)]
    client_id = clients(cognito, pool_id)[0]
    secret = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]["ClientSecret"]
    results.append(app_client(state="absent"))
    assert [result.get("changed") for result in results] == [True, False, True, None, True]
    assert secret not in str(results)
    assert "client_secret" not in str(results)


@pytest.mark.parametrize("held", [True, False])
def test_a_client_keeps_or_lacks_its_secret_for_life(app_client, held):
    app_client(generate_secret=held)
    refused = app_client(generate_secret=not held)
    assert "generate_secret can't be changed once it is made. Make a client of another name" in refused["msg"]
    assert not app_client(generate_secret=None)["changed"]


def test_two_clients_of_one_name_are_an_error(app_client, cognito, pool_id):
    for _turn in range(2):
        cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="lab-viewer")
    failed = app_client()
    assert f"2 have this name: {', '.join(sorted(clients(cognito, pool_id)))}." in failed["msg"]


def test_a_client_is_gone_with_its_pool(app_client, pool):
    app_client()
    assert pool(state="absent")["changed"]
    assert not app_client(state="absent")["changed"]
    assert "Failed to create user pool client lab-viewer" in app_client()["msg"]
