"""igv/site.yml against the emulators: in check mode, built, repaired; with a user pool of its own, or the viewer's."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import re
import stat
import subprocess
import sys

import pytest

from tests import emulators
from tests.unit.roles.refused_settings import refusals

ROOT = pathlib.Path(__file__).parents[3]
LAB = {
    "project": "lab",
    "aws_account_id": emulators.ACCOUNT,
    "aws_region": emulators.REGION,
    "igv_buckets": [{"name": "lab-bams", "prefixes": ["project-a/"]}, {"name": "lab-references"}],
}
STAGES = tuple(f"igv/{stage}" for stage in ("preflight", "identity", "access", "config", "summary"))
POOL = "cognito-idp.us-east-1.amazonaws.com/{}"


@pytest.fixture
def igv(client, tmp_path):
    """Run a playbook of the collection; what it said."""
    for bucket in LAB["igv_buckets"]:
        client("s3").create_bucket(Bucket=bucket["name"])
    given, play = tmp_path / "variables.json", tmp_path / "play.yml"
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}
    environment |= {"PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", "PWD": str(tmp_path)}

    def run(*options, stages=STAGES, fails=False, **variables):
        given.write_text(json.dumps({**LAB, **variables}))
        play.write_text(json.dumps([{"import_playbook": str(ROOT / "playbooks" / f"{name}.yml")} for name in stages]))
        command = ["ansible-playbook", "-i", "localhost,", "--diff", *options, "-e", f"@{given}", play]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stdout[-6000:] + done.stderr[-3000:]
        return " ".join(done.stdout.split())

    return run


def changed(said):
    return int(re.search(r"localhost +: ok=\d+ +changed=(\d+)", said)[1])


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def identity_pool(client):
    cognito = client("cognito-identity")
    (pool,) = cognito.list_identity_pools(MaxResults=10)["IdentityPools"]
    return cognito.describe_identity_pool(IdentityPoolId=pool["IdentityPoolId"])


def pools(client):
    """All pools, of both kinds."""
    user_pools = client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    return user_pools + client("cognito-identity").list_identity_pools(MaxResults=10)["IdentityPools"]


def app_client(client, pool_name):
    """The user pool's id, and its app client for IGV."""
    cognito = client("cognito-idp")
    (pool_id,) = [
        pool["Id"] for pool in cognito.list_user_pools(MaxResults=9)["UserPools"] if pool["Name"] == pool_name
    ]
    clients = cognito.list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"]
    (client_id,) = [one["ClientId"] for one in clients if one["ClientName"] == "lab-igv"]
    return pool_id, cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]


def statements(client):
    held = client("iam").get_role_policy(RoleName="lab-igv-reader", PolicyName="read")["PolicyDocument"]
    return {statement.pop("Sid"): statement for statement in held["Statement"]}


def assert_pool_and_role(client, pool_id, client_id):
    pool, provider = identity_pool(client), POOL.format(pool_id)
    assert (pool["AllowUnauthenticatedIdentities"], pool["AllowClassicFlow"]) == (False, True)
    assert pool["CognitoIdentityProviders"] == [
        {"ProviderName": provider, "ClientId": client_id, "ServerSideTokenCheck": True}
    ]
    role = client("iam").get_role(RoleName="lab-igv-reader")["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": pool["IdentityPoolId"]},
        "ForAnyValue:StringEquals": {"cognito-identity.amazonaws.com:amr": provider},
    }
    roles = client("cognito-identity").get_identity_pool_roles(IdentityPoolId=pool["IdentityPoolId"])
    assert (roles["Roles"], roles.get("RoleMappings", {})) == ({"authenticated": role["Arn"]}, {})


def assert_files(folder, pool, app):
    config = json.loads((folder / "oauth-config.json").read_text())
    login = "https://lab-igv-123456789012.auth.us-east-1.amazoncognito.com/oauth2/"
    assert config == {
        "auth_provider": "Amazon",
        "client_id": app["ClientId"],
        "client_secret": app["ClientSecret"],
        "scope": "openid%20email%20profile",
        "authorization_endpoint": f"{login}authorize",
        "token_endpoint": f"{login}token",
        "redirect_uris": ["http://localhost:60151/oauthCallback"],
        "aws_region": "us-east-1",
        "aws_cognito_fed_pool_id": pool["IdentityPoolId"],
        "aws_cognito_role_arn": "arn:aws:iam::123456789012:role/lab-igv-reader",
    }
    assert json.loads(gzip.decompress((folder / "oauth-config.json.gz").read_bytes())) == config
    assert [mode(folder / name) for name in ("", "oauth-config.json", "oauth-config.json.gz")] == [0o700, 0o600, 0o600]
    assert "AWS_S3_BUCKETS=lab-bams,lab-references\n" in (folder / "prefs.properties").read_text()
    assert "PROVISIONING" not in (folder / "prefs.properties").read_text()
    page = (folder / "open-a-bam.md").read_text()
    assert "s3://lab-bams/project-a/" in page
    assert "save the" in page
    assert app["ClientSecret"] not in page


def drift(client):
    """What somebody might do by hand, each of it opening or breaking something."""
    pool, iam = identity_pool(client), client("iam")
    key = {"IdentityPoolId": pool["IdentityPoolId"]}
    guests = {"IdentityPoolName": "lab-igv", "AllowUnauthenticatedIdentities": True, "AllowClassicFlow": False}
    client("cognito-identity").update_identity_pool(**key, **guests)
    arn = "arn:aws:iam::123456789012:role/guest"
    mapped = {"login.lab": {"Type": "Token", "AmbiguousRoleResolution": "Deny"}}
    client("cognito-identity").set_identity_pool_roles(**key, Roles={"unauthenticated": arn}, RoleMappings=mapped)
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName="lab-igv-reader", PolicyName="more", PolicyDocument=policy)
    iam.put_role_policy(RoleName="lab-igv-reader", PolicyName="read", PolicyDocument=policy)
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.update_assume_role_policy(RoleName="lab-igv-reader", PolicyDocument=trust)


def test_known_after_apply_built_and_repaired(igv, client, tmp_path):
    said = igv("--check", stages=[*STAGES, "igv/verify"])
    assert "would look at igv-pool-roles" in said
    assert "s3:GetObject" in said, "the policy of the role"
    assert pools(client) == []
    assert not (tmp_path / "lab-igv").exists()

    built = igv("-vvv")
    pool_id, app = app_client(client, "lab-igv")
    assert app["ClientSecret"] not in built
    assert (app["AllowedOAuthFlows"], app["ExplicitAuthFlows"]) == (["code"], ["ALLOW_REFRESH_TOKEN_AUTH"])
    assert (app["WriteAttributes"], app["RefreshTokenValidity"]) == (["name"], 12)
    assert_files(tmp_path / "lab-igv", identity_pool(client), app)
    assert_pool_and_role(client, pool_id, app["ClientId"])
    held = statements(client)
    assert held.keys() == {"Read", "List", "List1", "NotWithoutTls"}
    assert held["Read"]["Resource"] == ["arn:aws:s3:::lab-bams/project-a/*", "arn:aws:s3:::lab-references/*"]

    refused = igv(igv_config_url="https://www.example.org/oauth-config.json", stages=STAGES[1:], fails=True)
    assert "the app client has a secret, which would stand in it" in refused

    drift(client)
    (tmp_path / "lab-igv" / "oauth-config.json.gz").chmod(0o644)
    assert changed(igv(identity_mfa="ON")) == 5, "and nothing else"
    factors = client("cognito-idp").get_user_pool_mfa_config(UserPoolId=pool_id)
    assert (factors["MfaConfiguration"], factors["SoftwareTokenMfaConfiguration"]) == ("ON", {"Enabled": True})
    assert_pool_and_role(client, pool_id, app["ClientId"])
    assert statements(client) == held
    assert client("iam").list_role_policies(RoleName="lab-igv-reader")["PolicyNames"] == ["read"]
    assert mode(tmp_path / "lab-igv" / "oauth-config.json.gz") == 0o600

    gone = igv(stages=["igv/teardown"], confirm="lab-igv", confirm_users="lab-igv", identity_deletion_protection=False)
    assert "Nothing is left of lab-igv." in gone
    assert pools(client) == []
    assert client("iam").list_roles()["Roles"] == []


VIEWER = {"domain": "lab.uni.edu", "data_bucket": "lab-data"}
NAMES = dict.fromkeys(("domain", "site_domain", "data_domain", "hosted_zone"), "x.example.org")
NAMES |= {"data_bucket": "lab-bams", "staging_bucket": "x", "signing_key_path": "/x"}


def left_of(run_module, project, **more):
    found = run_module("deployment_info", project=project, keep_users=False, **more)["resources"]
    return {one["kind"]: one["stays"] for one in found}


def test_beside_a_viewer_at_its_user_pool(igv, client, run_module, tmp_path):
    client("route53").create_hosted_zone(Name="x.example.org", CallerReference="x")
    shared = {**VIEWER, "igv_shares_user_pool": True, "igv_client_secret": False, "igv_callback_port": 60152}
    shared["igv_config_url"] = url = "https://www.example.org/igv/oauth-config.json"
    # The stage of the viewer first, as site.yml does it; preflight wants its pool to be there.
    igv(stages=["identity", "igv/preflight", *STAGES[1:]], **shared)
    pool_id, app = app_client(client, "lab")
    assert "ClientSecret" not in app
    assert app["CallbackURLs"] == ["http://localhost:60152/oauthCallback"]
    assert_pool_and_role(client, pool_id, app["ClientId"])
    config = json.loads((tmp_path / "lab-igv" / "oauth-config.json").read_text())
    assert "client_secret" not in config
    assert config["authorization_endpoint"].startswith("https://lab-123456789012.auth.us-east-1.amazoncognito.com/")
    preferences = (tmp_path / "lab-igv" / "prefs.properties").read_text().splitlines()
    assert {"PORT_NUMBER=60152", f"PROVISIONING.URL={url}"} <= set(preferences)
    page = (tmp_path / "lab-igv" / "open-a-bam.md").read_text()
    assert f"PROVISIONING.URL={url}" in page
    assert "save the" not in page

    viewers = left_of(run_module, "lab", **NAMES)
    used = "the app client lab-igv signs people in there"
    assert viewers == dict.fromkeys(("user pool with all its users", "function", "role", "log"), used)
    assert left_of(run_module, "lab-igv", build="igv", user_pool="lab") == {
        "identity pool": "",
        "role": "",
        "app client": "",
    }


POOL_ARN = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_1"
GOOD_POOL = {
    "identity_pool_name": "lab-igv",
    "identity_pool_user_pool_arn": POOL_ARN,
    "identity_pool_user_pool_client_id": "c",
    "identity_pool_buckets": LAB["igv_buckets"],
}
BAD_POOL = {
    "identity_pool_user_pool_arn": ["us-east-1_1", "arn:aws:cognito-idp:us-east-1:1:userpool/us-east-1_1"],
    "identity_pool_buckets": [
        [],
        [{"name": "s3://lab"}],
        [{"name": "lab", "prefixes": []}],
        [{"name": "lab", "prefixes": ["a"]}],
        [{"name": "lab", "prefixes": ["/a/"]}],
        [{"name": "lab", "prefixes": ["a*/"]}],
        [{"name": "lab", "prefixes": ["${aws:username}/"]}],
        [{"name": "lab", "prefixes": [f"{'x' * 100}{n}/" for n in range(60)]}],
    ],
}
GOOD_CONFIG = {
    "igv_client_config_dir": "/nowhere",
    "igv_client_config_name": "lab",
    "igv_client_config_region": "us-east-1",
    "igv_client_config_login_url": "https://lab.auth.us-east-1.amazoncognito.com",
    "igv_client_config_user_pool_id": "us-east-1_1",
    "igv_client_config_user_pool_client_id": "c",
    "igv_client_config_identity_pool_id": "us-east-1:1",
    "igv_client_config_role_arn": "arn:aws:iam::123456789012:role/lab-igv-reader",
    "igv_client_config_buckets": LAB["igv_buckets"],
}
BAD_CONFIG = {
    "igv_client_config_callback_port": [80, 65536],
    "igv_client_config_login_url": ["http://lab", "https://lab/oauth2/authorize"],
    "igv_client_config_scopes": [["openid"], ["email", "profile"]],
    "igv_client_config_buckets": [[]],
    "igv_client_config_url": ["http://lab/oauth-config.json", "https://lab"],
    "igv_client_config_example": ["lab-bams/x.bam", "s3://lab-bams"],
}


@pytest.mark.parametrize(
    ("role", "good", "bad"),
    [("identity_pool", GOOD_POOL, BAD_POOL), ("igv_client_config", GOOD_CONFIG, BAD_CONFIG)],
)
def test_settings_that_can_not_be_right_are_refused(role, good, bad):
    for name, value, said in refusals(role, good, bad):
        assert name in said.split(", ")[0], (name, value, said)
