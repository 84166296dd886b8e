"""What the checks make of the backend for IGV: nothing of a good one, the right sentence of each fault."""

from __future__ import annotations

import gzip
import json

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import FAILED, OK, run
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.igv_client import verify_login as met

from tests.unit.deployment.verify_fakes import aws_error, but, context_of, site, without

NAME, POOL_ID = "cognito-idp.us-east-1.amazonaws.com/us-east-1_1", "us-east-1:1"
LOGIN = "lab-igv.auth.us-east-1.amazoncognito.com"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1"
KNOWN = {
    "project": "lab-igv",
    "user_pool": "lab-igv",
    "aws_account_id": "111122223333",
    "login_domain": LOGIN,
    "identity_providers": ["COGNITO"],
    "callback_port": 60151,
    "client_secret": True,
    "buckets": [{"name": "bams", "prefixes": ["a/b/"], "browsable": True, "kms_key_arn": KEY}, {"name": "refs"}],
    "list_all_buckets": False,
    "require_user_pool_deletion_protection": True,
}
CLIENT = {
    "ClientId": "c1",
    "ClientSecret": "s",
    "CallbackURLs": ["http://localhost:60151/oauthCallback"],
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile"],
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "WriteAttributes": ["name"],
    "EnableTokenRevocation": True,
}
TAKEN = {"ProviderName": NAME, "ClientId": "c1", "ServerSideTokenCheck": True}
POOL = {
    "IdentityPoolId": POOL_ID,
    "AllowUnauthenticatedIdentities": False,
    "AllowClassicFlow": True,
    "CognitoIdentityProviders": [TAKEN],
}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Federated": "cognito-identity.amazonaws.com"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": POOL_ID},
        "ForAnyValue:StringEquals": {"cognito-identity.amazonaws.com:amr": NAME},
    },
}
GUESTS = but(TRUST, "Condition", "ForAnyValue:StringEquals", {"cognito-identity.amazonaws.com:amr": "unauthenticated"})
ANY_POOL = but(TRUST, "Condition", {})
S3 = "arn:aws:s3:::"
POLICY = [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{S3}bams/a/b/*", f"{S3}refs/*"]},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": [f"{S3}refs"]},
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"{S3}bams",
        "Condition": {"StringLike": {"s3:prefix": ["a/b/*", "", "a/"]}},
    },
    {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": [KEY]},
    {"Effect": "Deny", "Action": "s3:*", "Resource": ["*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
]


PARTS = {part.PART: part.CHECKS for part in BUILDS["igv"].verify}
OF_AWS = {name: checks for name, checks in PARTS.items() if name != met.PART}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": [*statements]}


def a_role(name, *statements):
    return {"RoleName": name, "Arn": f"arn:aws:iam::111122223333:role/{name}",
            "AssumeRolePolicyDocument": document(*statements)}  # fmt: skip


READER = a_role("lab-igv-reader", TRUST)
SERVICE = a_role("other", {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}})
PUBLIC = {"PolicyStatus": {"IsPublic": True}}
GOOD = {
    "list_user_pools": {"UserPools": [{"Id": "us-east-1_1", "Name": "lab-igv"}]},
    "describe_user_pool": {
        "UserPool": {
            "Id": "us-east-1_1",
            "Domain": "lab-igv",
            "DeletionProtection": "ACTIVE",
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        }
    },
    "list_user_pool_clients": {"UserPoolClients": [{"ClientId": "c1", "ClientName": "lab-igv"}]},
    "describe_user_pool_client": {"UserPoolClient": CLIENT},
    "list_users": {"Users": [{"Enabled": True, "Attributes": [{"Name": "email", "Value": "ada@uni.edu"}]}]},
    "list_identity_pools": {"IdentityPools": [{"IdentityPoolId": POOL_ID, "IdentityPoolName": "lab-igv"}]},
    "describe_identity_pool": POOL,
    "get_identity_pool_roles": {"Roles": {"authenticated": READER["Arn"]}},
    "list_roles": {"Roles": [READER, SERVICE]},
    "list_role_policies": {"PolicyNames": ["read"]},
    "list_attached_role_policies": {"AttachedPolicies": []},
    "get_role_policy": {"PolicyDocument": document(*POLICY)},
    "head_bucket": {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"x-amz-bucket-region": "us-east-1"}}},
    "get_bucket_policy_status": aws_error("NoSuchBucketPolicy"),
}


def faults(changed=None, **known):
    """{line: reasons} of what AWS tells alone."""
    outcomes = run(OF_AWS, context_of({**GOOD, **(changed or {})}, **{**KNOWN, **known}))
    return {one.name: "; ".join(one.reasons) for one in outcomes if one.outcome == FAILED}


def test_a_good_one_has_no_fault():
    assert faults() == {}
    assert faults(list_all_buckets=False, identity_providers=["COGNITO"]) == {}


def user(address):
    return {"list_users": {"Users": [{"Enabled": True, "Attributes": [{"Name": "email", "Value": address}]}]}}


def of_client(*path_and_new):
    return {"describe_user_pool_client": {"UserPoolClient": but(CLIENT, *path_and_new)}}


def of_pool(*path_and_new):
    return {"describe_identity_pool": but(POOL, *path_and_new)}


def with_roles(*roles):
    return {"list_roles": {"Roles": [*roles]}}


def with_policy(*statements):
    return {"get_role_policy": {"PolicyDocument": document(*statements)}}


ALL_OF_BAMS = without(POLICY[2], "Condition")
WRITE = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": f"{S3}bams/a/b/*"}
FAULTS = [
    (
        {"describe_user_pool": but(GOOD["describe_user_pool"], "UserPool", "AdminCreateUserConfig", {})},
        "igv-user-pool",
        "anybody can sign up",
    ),
    ({"list_user_pools": {"UserPools": []}}, "igv-user-pool", "there is no user pool lab-igv"),
    ({"list_user_pool_clients": {"UserPoolClients": []}}, "igv-client", "no app client lab-igv"),
    (
        of_client("CallbackURLs", ["http://localhost:60151/"]),
        "igv-client",
        "its CallbackURLs are http://localhost:60151/",
    ),
    (of_client("AllowedOAuthFlows", ["code", "implicit"]), "igv-client", "not code"),
    (
        of_client("ExplicitAuthFlows", ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]),
        "igv-client",
        "ALLOW_USER_SRP_AUTH",
    ),
    (of_client("AllowedOAuthScopes", ["openid"]), "igv-client", "openid and email"),
    (of_client("ClientSecret", ""), "igv-client", "it has no secret"),
    (of_client("WriteAttributes", ["email"]), "igv-client", "may change the address"),
    (of_client("EnableTokenRevocation", False), "igv-client", "can't be revoked"),
    (of_client("SupportedIdentityProviders", ["COGNITO", "Google"]), "igv-client", "not COGNITO"),
    (user("o'neill@uni.edu"), "igv-people", "as o'neill@uni.edu"),
    ({"list_identity_pools": {"IdentityPools": []}}, "igv-pool", "no identity pool lab-igv"),
    (of_pool("AllowUnauthenticatedIdentities", True), "igv-pool", "guests get credentials"),
    (of_pool("AllowClassicFlow", False), "igv-pool", "the basic (classic) flow is off"),
    (of_pool("CognitoIdentityProviders", 0, "ServerSideTokenCheck", False), "igv-pool", "whether a token still counts"),
    (of_pool("CognitoIdentityProviders", []), "igv-pool", "does not take IGV's app client"),
    (of_pool("CognitoIdentityProviders", [TAKEN, {**TAKEN, "ClientId": "c2"}]), "igv-pool", "it takes people of c2"),
    (of_pool("SupportedLoginProviders", {"accounts.google.com": "1"}), "igv-pool", "accounts.google.com too"),
    (of_pool("DeveloperProviderName", "login.lab"), "igv-pool", "people of login.lab too"),
    (
        {"get_identity_pool_roles": {"Roles": {"unauthenticated": "arn:aws:iam::1:role/g"}}},
        "igv-pool-roles",
        "the role arn:aws:iam::1:role/g for guests",
    ),
    ({"get_identity_pool_roles": {"RoleMappings": {NAME: {"Type": "Token"}}}}, "igv-pool-roles", "role mappings"),
    (with_roles(SERVICE), "igv-trust", "there is no role lab-igv-reader"),
    (with_roles(a_role("lab-igv-reader", ANY_POOL)), "igv-trust", "tokens of other identity pools"),
    (with_roles(a_role("lab-igv-reader", GUESTS)), "igv-trust", "did not sign in at the user pool"),
    (with_roles(a_role("lab-igv-reader", TRUST, SERVICE)), "igv-trust", "2 statements"),
    (
        with_roles(a_role("lab-igv-reader", but(TRUST, "Principal", {"AWS": "*"}))),
        "igv-trust",
        "it trusts {'AWS': '*'}",
    ),
    (
        with_roles(READER, a_role("admin", TRUST)),
        "igv-other-roles",
        "admin trusts this pool too, so its policy read are",
    ),
    (with_roles(READER, a_role("any", ANY_POOL)), "igv-other-roles", "open to guests"),
    (with_roles(READER, a_role("guest", GUESTS)), "igv-other-roles", "open to guests"),
    (with_policy(*POLICY, WRITE), "igv-policy", "it allows s3:PutObject on arn:aws:s3:::bams/a/b/*"),
    (with_policy(*POLICY[:4]), "igv-policy", "does not deny plain HTTP"),
    (with_policy(*POLICY[1:]), "igv-policy", "does not allow s3:GetObject on arn:aws:s3:::refs/*"),
    (with_policy(*but(POLICY, 2, ALL_OF_BAMS)), "igv-policy", "it lists all of bams"),
    (
        with_policy(*but(POLICY, 2, "Condition", {"StringLike": {"s3:prefix": ["a/*"]}})),
        "igv-policy",
        "it lists a/* of bams",
    ),
    (
        with_policy(*POLICY, {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}),
        "igv-policy",
        "it allows s3:ListAllMyBuckets on *",
    ),
    ({"get_role_policy": aws_error("NoSuchEntity")}, "igv-policy", "it may read nothing"),
    ({"list_role_policies": {"PolicyNames": ["read", "more"]}}, "igv-policy", "it has the policy more too"),
    (
        {"list_attached_role_policies": {"AttachedPolicies": [{"PolicyName": "AdministratorAccess"}]}},
        "igv-policy",
        "policy AdministratorAccess too",
    ),
    ({"head_bucket": aws_error("404")}, "igv-buckets", "bams: there is no bucket of that name"),
    ({"get_bucket_policy_status": PUBLIC}, "igv-buckets-private", "the policy of bams makes it public"),
]


@pytest.mark.parametrize(("changed", "line", "reason"), FAULTS)
def test_each_fault_is_told_by_its_line(changed, line, reason):
    found = faults(changed)
    assert set(found) == {line}, found
    assert reason in found[line]


def test_a_role_of_another_pool_is_no_fault():
    other = but(TRUST, "Condition", "StringEquals", {"cognito-identity.amazonaws.com:aud": "us-east-1:2"})
    assert faults(with_roles(READER, a_role("other-pool", other))) == {}


def test_of_a_bucket_of_another_account_the_policy_is_not_known():
    outcomes = run(OF_AWS, context_of({**GOOD, "get_bucket_policy_status": aws_error("AccessDenied")}, **KNOWN))
    assert [(one.name, one.outcome) for one in outcomes if one.outcome != OK] == [("igv-buckets-private", "skipped")]


LEFT = Answer(302, (("Location", f"https://{LOGIN}/login?client_id=c1"),))
REFUSED = Answer(400, (), '{"error": "invalid_grant"}')
NO_FILE = Answer(404, ())


def met_faults(monkeypatch, authorize=LEFT, token=REFUSED, config=NO_FILE, **known):
    answers = ((r".*/oauth2/authorize\?.*", authorize), (r".*/oauth2/token", token), (r".*/oauth-config.json", config))
    site(monkeypatch, met.web, *answers)
    outcomes = run(PARTS, context_of(GOOD, **{**KNOWN, **known}))
    seen = [one for one in outcomes if one.name != "igv-config-hosted" or "config_url" in known]
    return {one.name: "; ".join(one.reasons) for one in seen if one.outcome != OK}


@pytest.fixture
def folder(tmp_path):
    """The files as igv_client_config writes them."""
    config = {**met.expected(context_of(GOOD, **KNOWN)), "scope": "openid%20email", "client_secret": "s"}

    def write(mode=0o600, **changed):
        content = json.dumps({**config, **changed}).encode()
        for name, text in (("oauth-config.json", content), ("oauth-config.json.gz", gzip.compress(content))):
            (tmp_path / name).write_bytes(text)
            (tmp_path / name).chmod(mode)
        return str(tmp_path)

    return write


def test_the_login_and_the_files_of_a_good_one(monkeypatch, folder):
    assert met_faults(monkeypatch, config_dir=folder()) == {}


@pytest.mark.parametrize(
    ("authorize", "token", "line"),
    [
        (Answer(302, (("Location", f"https://{LOGIN}/error?error=redirect_mismatch"),)), REFUSED, "igv-login"),
        (Answer(404, ()), REFUSED, "igv-login"),
        (LEFT, Answer(404, (), "not found"), "igv-token"),
        (LEFT, Answer(200, (), '{"access_token": "x"}'), "igv-token"),
        (LEFT, Answer(400, (), '["invalid_grant"]'), "igv-token"),
    ],
)
def test_a_login_that_does_not_answer_as_it_should(monkeypatch, folder, authorize, token, line):
    assert set(met_faults(monkeypatch, authorize, token, config_dir=folder())) == {line}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mode": 0o644}, "others than its owner may read it"),
        ({"client_id": "c2"}, "its client_id is c2, not c1"),
        ({"token_endpoint": f"https://{LOGIN}/token"}, "its token_endpoint is"),
        ({"aws_cognito_role_arn": "arn:aws:iam::1:role/x"}, "its aws_cognito_role_arn is"),
        ({"scope": "openid email"}, "with %20 between them"),
        ({"client_secret": ""}, "it has no client_secret"),
        ({"apiKey": ""}, "IGV reads no apiKey"),
    ],
)
def test_files_that_say_something_else(monkeypatch, folder, changed, reason):
    found = met_faults(monkeypatch, config_dir=folder(**changed))
    assert set(found) == {"igv-config"}
    assert reason in found["igv-config"]


def test_without_the_files_the_claim_is_left_open(monkeypatch, tmp_path):
    assert "there is no" in met_faults(monkeypatch, config_dir=str(tmp_path))["igv-config"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({"status": 403}, "answers 403, and not with oauth-config.json"),
        ({"body": "<html>"}, "answers 200, and not with oauth-config.json"),
        ({"body": "[]"}, "answers 200, and not with oauth-config.json"),
        ({"client_id": "c2"}, "its client_id is c2, not c1"),
        ({"client_secret": "s"}, "it has a client_secret too many"),
    ],
)
def test_what_igv_fetches_from_a_web_server(monkeypatch, folder, changed, reason):
    answer = {name: changed[name] for name in changed if name in ("status", "body")}
    said = {name: changed[name] for name in changed if name not in answer}
    body = json.dumps({**met.expected(context_of(GOOD, **KNOWN)), "scope": "openid%20email", **said})
    served = Answer(**{"status": 200, "headers": (), "body": body, **answer})
    url = "https://www.example.org/igv/oauth-config.json"
    found = met_faults(monkeypatch, config=served, config_dir=folder(), config_url=url)
    assert list(found) == ["igv-config-hosted"] * bool(reason)
    assert reason in found.get("igv-config-hosted", "")
