"""The way from a user pool's token to a session, as Cognito and STS refuse it; the emulators let most of it pass."""

from __future__ import annotations

import copy
import json
import re
import time
from typing import Any

import boto3
import pytest
from ministack.services import cognito
from moto import mock_aws
from moto.sts.responses import TokenResponse

from sandbox import settings
from sandbox.api import identity_pools
from sandbox.iam import sts_sessions, web_identity

USER_POOL, CLIENT = "us-east-1_Readers01", "desktop"
ISSUER = f"cognito-idp.us-east-1.amazonaws.com/{USER_POOL}"
POOL, IDENTITY = "us-east-1:11111111-2222-3333-4444-555555555555", "us-east-1:ada"
SUB, ADDRESS = "f4c8d4e8-1001-7034-8d3c-2f6f0d1c5c55", "ada@lab.localhost"
NOW = int(time.time())


def provider(**changes) -> dict:
    return {"ProviderName": ISSUER, "ClientId": CLIENT, "ServerSideTokenCheck": True} | changes


@pytest.fixture
def pools(monkeypatch) -> dict[str, Any]:
    """A user pool with one user, an identity pool with that user's identity: `user`, `pool`."""
    user = {"Username": "ada", "Enabled": True, "Attributes": [{"Name": "sub", "Value": SUB}]}
    users = {"_users": {"ada": user}, "_clients": {CLIENT: {}}}
    pool = {
        "IdentityPoolId": POOL,
        "AllowUnauthenticatedIdentities": False,
        "AllowClassicFlow": True,
        "CognitoIdentityProviders": [provider()],
        "_identities": {IDENTITY: {"IdentityId": IDENTITY, "Logins": {}}},
    }
    monkeypatch.setattr(cognito, "_get_pool_unscoped", {USER_POOL: users}.get)
    monkeypatch.setattr(cognito, "_identity_pools", {POOL: pool})
    monkeypatch.setattr(cognito, "_revoked_tokens", set())
    return {"user": user, "pool": pool}


def id_token(**changes) -> str:
    claims = {"iss": f"https://{ISSUER}", "aud": CLIENT, "sub": SUB, "token_use": "id", "origin_jti": "j1"}
    return cognito._signed_jwt({**claims, "exp": NOW + 3600, **changes}, USER_POOL, cognito._POOL_KEY_USES[0])


def forged(token: str) -> str:
    return f"{token[:-8]}AAAAAAAA"


def ask(action: str, token: str | None, name: str = ISSUER) -> tuple[str, str]:
    """Code and message of the refusal; both empty where there is none."""
    whom = {"IdentityPoolId": POOL} if action == "GetId" else {"IdentityId": IDENTITY}
    refusal = identity_pools.error_for(action, whom | ({"Logins": {name: token}} if token else {}))
    if refusal is None:
        return "", ""
    told = json.loads(refusal[2])
    return told["__type"], told["message"]


@pytest.mark.parametrize("action", identity_pools.ACTIONS)
def test_a_user_of_the_pool_is_let_through(pools, action):
    assert ask(action, id_token()) == ("", "")


OTHER = "us-east-1_Others001"
TOKENS = {
    "a guest": (None, ISSUER),
    "of another pool": (id_token(iss=f"https://{ISSUER.replace(USER_POOL, OTHER)}"), ISSUER.replace(USER_POOL, OTHER)),
    "under this pool's name": (id_token(iss=f"https://{ISSUER.replace(USER_POOL, OTHER)}"), ISSUER),
    "of another client": (id_token(aud="viewer"), ISSUER),
    "expired": (id_token(exp=NOW - 3600), ISSUER),
    "forged": (forged(id_token()), ISSUER),
    "no token": ("ada", ISSUER),
    "of a user who is gone": (id_token(sub="somebody"), ISSUER),
}


@pytest.mark.parametrize("action", identity_pools.ACTIONS)
@pytest.mark.parametrize("case", TOKENS)
def test_others_are_not(pools, action, case):
    assert ask(action, *TOKENS[case])[0] == "NotAuthorizedException"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"AllowClassicFlow": False}, ("InvalidParameterException", identity_pools.CLASSIC_DISABLED)),
        ({"_role_mappings": {ISSUER: {"Type": "Token"}}}, ("InvalidParameterException", identity_pools.WITH_MAPPINGS)),
    ],
)
def test_the_classic_flow_wants_a_pool_for_it(pools, change, expected):
    pools["pool"].update(change)
    assert ask("GetOpenIdToken", id_token()) == expected
    assert ask("GetCredentialsForIdentity", id_token()) == ("", "")


def test_a_pool_has_one_set_of_tags(client):
    cognito = client("cognito-identity")
    given = {"IdentityPoolName": "lab", "AllowUnauthenticatedIdentities": False, "IdentityPoolTags": {"Project": "lab"}}
    pool_id = cognito.create_identity_pool(**given)["IdentityPoolId"]
    arn = f"arn:aws:cognito-identity:{settings.REGION}:{settings.ACCOUNT}:identitypool/{pool_id}"

    def tags() -> list[dict]:
        listed = cognito.list_tags_for_resource(ResourceArn=arn)["Tags"]
        return [listed, cognito.describe_identity_pool(IdentityPoolId=pool_id)["IdentityPoolTags"]]

    assert tags() == [{"Project": "lab"}] * 2
    cognito.tag_resource(ResourceArn=arn, Tags={"Owner": "ada"})
    cognito.untag_resource(ResourceArn=arn, TagKeys=["Project"])
    assert tags() == [{"Owner": "ada"}] * 2
    cognito.update_identity_pool(IdentityPoolId=pool_id, **given)
    assert tags() == [{"Project": "lab"}] * 2


def test_guests_come_where_they_may(pools):
    pools["pool"]["AllowUnauthenticatedIdentities"] = True
    assert ask("GetId", None) == ("", "")


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("state", ["disabled", "signed out"])
def test_the_user_pool_is_asked_where_the_provider_says_so(pools, state, checked):
    pools["pool"]["CognitoIdentityProviders"] = [provider(ServerSideTokenCheck=checked)]
    if state == "disabled":
        pools["user"]["Enabled"] = False
    else:
        cognito._revoked_tokens.add("j1")
    assert ask("GetId", id_token()) == (
        ("NotAuthorizedException", identity_pools.LOGIN_REVOKED) if checked else ("", "")
    )


TRUST = {
    "Effect": "Allow",
    "Principal": {"Federated": "cognito-identity.amazonaws.com"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": POOL},
        "ForAnyValue:StringEquals": {"cognito-identity.amazonaws.com:amr": ISSUER},
    },
}
ANY_USER = {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}
AMR = ["authenticated", ISSUER, f"{ISSUER}:CognitoSignIn:{SUB}"]


def trust(**changes) -> dict:
    return copy.deepcopy(TRUST) | changes


def open_id_token(**changes) -> str:
    claims = {"iss": "https://cognito-identity.amazonaws.com", "aud": POOL, "sub": IDENTITY, "amr": AMR}
    return cognito._signed_jwt({**claims, "exp": NOW + 600, **changes})


def policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refusal(token: str, document: str | None = policy(TRUST), session: str = ADDRESS) -> str:
    """The code with which STS refuses; empty where it doesn't."""
    try:
        web_identity.check(token, cognito._JWKS_KEY, document, session)
    except web_identity.ServiceError as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("statement", [TRUST, trust(Condition=TRUST["Condition"] | ANY_USER)])
def test_a_token_opens_the_role_that_trusts_its_pool(statement):
    assert refusal(open_id_token(), policy(statement)) == ""


REFUSED_TOKENS = {
    "of another identity pool": (open_id_token(aud=POOL.replace("1111", "9999")), "AccessDenied"),
    "of a guest": (open_id_token(amr=["unauthenticated"]), "AccessDenied"),
    "of another user pool": (open_id_token(amr=["authenticated", ISSUER.replace(USER_POOL, OTHER)]), "AccessDenied"),
    "with no amr": (open_id_token(amr=[]), "AccessDenied"),
    "expired": (open_id_token(exp=NOW - 1), "ExpiredTokenException"),
    "forged": (forged(open_id_token()), "InvalidIdentityToken"),
    "a user pool's": (id_token(), "InvalidIdentityToken"),
    "a user pool's, under another name": (
        cognito._signed_jwt({"iss": "https://cognito-identity.amazonaws.com"}, USER_POOL, cognito._POOL_KEY_USES[0]),
        "InvalidIdentityToken",
    ),
    "with another issuer": (open_id_token(iss=f"https://{ISSUER}"), "InvalidIdentityToken"),
    "none": ("ada", "InvalidIdentityToken"),
}


@pytest.mark.parametrize("case", REFUSED_TOKENS)
def test_other_tokens_do_not(case):
    token, expected = REFUSED_TOKENS[case]
    assert refusal(token) == expected


@pytest.mark.parametrize(
    "statement",
    [
        None,
        trust(Effect="Deny"),
        trust(Principal={"Federated": "accounts.google.com"}),
        trust(Principal={"Service": "ec2.amazonaws.com"}),
        trust(Action="sts:AssumeRole"),
        # IAM wants a trust in identity pools to name one.
        trust(Condition={}),
        trust(Condition=ANY_USER),
        # A set operator is due where a claim has several values.
        trust(
            Condition={
                "StringEquals": {"cognito-identity.amazonaws.com:aud": POOL},
                "StringNotEquals": {"cognito-identity.amazonaws.com:amr": "unauthenticated"},
            }
        ),
        trust(Condition={**TRUST["Condition"], "StringEquals": {"cognito-identity.amazonaws.com:amr": ISSUER}}),
    ],
)
def test_other_roles_stay_closed(statement):
    assert refusal(open_id_token(), statement and policy(statement)) == "AccessDenied"


@pytest.mark.parametrize("name", ["", "a", "o'hara@lab.localhost", "a b", "a/b", "ä@lab.localhost", "a" * 65])
def test_a_session_has_a_name_that_sts_takes(name):
    assert refusal(open_id_token(), session=name) == "ValidationError"


def test_sts_judges_by_the_role_that_iam_has(monkeypatch):
    assume = "assume_role_with_web_identity"
    monkeypatch.setattr(TokenResponse, assume, getattr(TokenResponse, assume))
    monkeypatch.setattr(sts_sessions, "_key", lambda _provider: cognito._JWKS_KEY)
    sts_sessions.enforce_trust_policies("nowhere")
    with mock_aws():
        owner = boto3.Session("k", "s", region_name=settings.REGION)
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        arn = owner.client("iam").create_role(RoleName="readers", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        sts = owner.client("sts")
        told = {"RoleSessionName": ADDRESS, "WebIdentityToken": open_id_token()}
        answer = sts.assume_role_with_web_identity(RoleArn=arn, **told)
        assert answer["AssumedRoleUser"]["Arn"].endswith(f":assumed-role/readers/{ADDRESS}")
        cases = [
            ({"RoleArn": arn.replace("readers", "writers")}, "AccessDenied", 403),
            ({"RoleArn": arn, "WebIdentityToken": open_id_token(exp=NOW - 1)}, "ExpiredTokenException", 400),
        ]
        for change, code, status in cases:
            with pytest.raises(sts.exceptions.ClientError, match=re.escape(f"({code})")) as refused:
                sts.assume_role_with_web_identity(**told | change)
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
