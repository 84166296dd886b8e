"""cognito_identity_pool and cognito_user_pool_client_info on ministack; the rest of the former is in strict/."""

from __future__ import annotations

import json

import pytest

PROVIDER = "cognito-idp.us-east-1.amazonaws.com/us-east-1_{}"


@pytest.fixture
def cognito(client):
    return client("cognito-identity")


def test_two_pools_of_one_name_are_an_error_with_both_ids(run_module, cognito):
    made = [
        cognito.create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=False)["IdentityPoolId"]
        for name in ("lab", "other", "lab")
    ]
    failed = run_module("cognito_identity_pool", name="lab")
    assert f"2 have this name: {', '.join(sorted([made[0], made[-1]]))}." in failed["msg"]


def test_what_others_set_survives_an_update_and_an_empty_text_takes_away(run_module, cognito):
    clients = [{"ProviderName": PROVIDER.format(n), "ClientId": f"c{n}", "ServerSideTokenCheck": True} for n in "ab"]
    made = cognito.create_identity_pool(
        IdentityPoolName="lab",
        AllowUnauthenticatedIdentities=True,
        CognitoIdentityProviders=clients,
        SupportedLoginProviders={"accounts.google.com": "1", "graph.facebook.com": "2"},
        IdentityPoolTags={"owner": "ann"},
    )["IdentityPoolId"]
    roles = {name: f"arn:aws:iam::123456789012:role/{name}" for name in ("authenticated", "unauthenticated")}
    cognito.set_identity_pool_roles(IdentityPoolId=made, Roles=roles)
    asked = {"supported_login_providers": {"graph.facebook.com": ""}, "roles": {"unauthenticated": ""}}
    assert run_module("cognito_identity_pool", name="lab", allow_classic_flow=True, **asked)["changed"]
    held = cognito.describe_identity_pool(IdentityPoolId=made)
    assert (held["AllowUnauthenticatedIdentities"], held["AllowClassicFlow"]) == (True, True)
    assert held["CognitoIdentityProviders"] == clients
    assert held["SupportedLoginProviders"] == {"accounts.google.com": "1"}
    assert held["IdentityPoolTags"] == {"owner": "ann"}
    left = cognito.get_identity_pool_roles(IdentityPoolId=made)["Roles"]
    assert left == {"authenticated": roles["authenticated"]}
    assert not run_module("cognito_identity_pool", name="lab", allow_classic_flow=True, **asked)["changed"]


def test_no_role_mappings_takes_all_away_and_leaves_the_roles(run_module, cognito):
    made = cognito.create_identity_pool(IdentityPoolName="lab", AllowUnauthenticatedIdentities=False)["IdentityPoolId"]
    roles = {"authenticated": "arn:aws:iam::123456789012:role/r"}
    mappings = {PROVIDER.format("a"): {"Type": "Token", "AmbiguousRoleResolution": "Deny"}}
    cognito.set_identity_pool_roles(IdentityPoolId=made, Roles=roles, RoleMappings=mappings)
    assert not run_module("cognito_identity_pool", name="lab", roles=roles)["changed"]
    assert run_module("cognito_identity_pool", name="lab", role_mappings={})["changed"]
    held = cognito.get_identity_pool_roles(IdentityPoolId=made)
    assert (held["Roles"], held.get("RoleMappings", {})) == (roles, {})


def test_the_order_of_clients_means_nothing_and_what_is_not_said_of_one_stays(run_module, cognito):
    clients = [{"provider_name": PROVIDER.format(n), "client_id": f"c{n}"} for n in "ab"]
    checked = [{**one, "server_side_token_check": True} for one in clients]
    assert run_module("cognito_identity_pool", name="lab", cognito_identity_providers=checked)["changed"]
    assert not run_module("cognito_identity_pool", name="lab", cognito_identity_providers=clients[::-1])["changed"]


@pytest.mark.parametrize("with_secret", [True, False])
def test_an_app_client_is_told_with_its_secret(run_module, client, with_secret):
    users = client("cognito-idp")
    pool_id = users.create_user_pool(PoolName="lab")["UserPool"]["Id"]
    made = users.create_user_pool_client(UserPoolId=pool_id, ClientName="igv", GenerateSecret=with_secret)
    told = run_module(
        "cognito_user_pool_client_info", user_pool_id=pool_id, client_id=made["UserPoolClient"]["ClientId"]
    )
    assert told["client_secret"] == made["UserPoolClient"].get("ClientSecret", "")
    assert bool(told["client_secret"]) == with_secret


def test_one_that_is_not_there_is_told_in_a_sentence(run_module, client):
    pool_id = client("cognito-idp").create_user_pool(PoolName="lab")["UserPool"]["Id"]
    failed = run_module("cognito_user_pool_client_info", user_pool_id=pool_id, client_id="nobody")
    assert failed["failed"]
    assert "Failed to read the app client nobody" in json.dumps(failed)
