"""The role identity, run by ansible-playbook against ministack, with and without a client at Google."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.unit.roles.refused_settings import refusals

ROOT = pathlib.Path(__file__).parents[3]
SECRET = "GOCSPX-of-the-lab"
GOOGLE = {"identity_google_client_id": "1.apps.example", "identity_google_client_secret": SECRET}
PLAY = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "ansible_python_interpreter": sys.executable,
            "identity_name": "lab",
            "identity_domain_prefix": "lab",
            "identity_callback_urls": ["https://neuroglancer.lab.example.org/oauth2/idpresponse"],
        },
        "roles": ["bioviewers.aws.identity"],
    }
]


@pytest.fixture
def play(aws, tmp_path):
    """Run the role; the process that did."""
    (tmp_path / "play.yml").write_text(json.dumps(PLAY))
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}

    def run(variables, *options):
        given = tmp_path / "variables.json"
        given.write_text(json.dumps(variables))
        command = ["ansible-playbook", "-i", "localhost,", "-vvv", "--diff", *options]
        return subprocess.run(
            [*command, "-e", f"@{given}", tmp_path / "play.yml"],
            env={**environment, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def held(client):
    """The providers that the pool has, by name, and those that its app client names."""
    cognito = client("cognito-idp")
    pool = {"UserPoolId": cognito.list_user_pools(MaxResults=1)["UserPools"][0]["Id"]}
    listed = [provider["ProviderName"] for provider in cognito.list_identity_providers(**pool)["Providers"]]
    app = cognito.list_user_pool_clients(**pool)["UserPoolClients"][0]["ClientId"]
    named = cognito.describe_user_pool_client(**pool, ClientId=app)["UserPoolClient"]["SupportedIdentityProviders"]
    details = [cognito.describe_identity_provider(**pool, ProviderName=name)["IdentityProvider"] for name in listed]
    return {provider["ProviderName"]: provider for provider in details}, named


def test_google_takes_the_place_of_native_users_and_gives_it_back(play, client):
    first = play({})
    assert first.returncode == 0, first.stdout
    assert held(client) == ({}, ["COGNITO"])

    foreseen = play(GOOGLE, "--check")
    assert "changed=2" in foreseen.stdout, foreseen.stdout
    assert held(client) == ({}, ["COGNITO"])

    changed = play(GOOGLE)
    assert changed.returncode == 0, changed.stdout
    assert "changed=2" in changed.stdout
    providers, named = held(client)
    assert named == ["Google"]
    assert providers["Google"]["ProviderDetails"] == {
        "client_id": "1.apps.example",
        "client_secret": SECRET,
        "authorize_scopes": "openid email profile",
    }
    mapping = {"username": "sub", "email": "email", "email_verified": "email_verified", "name": "name"}
    assert providers["Google"]["AttributeMapping"] == mapping
    order = [changed.stdout.index(f"TASK [bioviewers.aws.identity : {name}") for name in ("google |", "client |")]
    assert order == sorted(order)

    again = play(GOOGLE)
    assert "changed=0" in again.stdout
    assert "changed=1" in play({}).stdout
    assert held(client)[1] == ["COGNITO"]
    assert all(SECRET not in run.stdout + run.stderr for run in (foreseen, changed, again))


@pytest.mark.parametrize(
    ("name", "half"), [("identity_google_client_id", "the id"), ("identity_google_client_secret", "the secret")]
)
def test_half_a_client_is_refused_before_anything_is_made(play, client, name, half):
    refused = play({name: GOOGLE[name]})
    assert refused.returncode != 0
    assert f"belong together, and only {half} is given; give both, or neither." in " ".join(refused.stdout.split())
    assert SECRET not in refused.stdout + refused.stderr
    assert client("cognito-idp").list_user_pools(MaxResults=1)["UserPools"] == []


LISTED = {"identity_allowed_email_domains": ["lab.example.org"], "identity_allowed_emails": ["eve@elsewhere.example"]}
NAME = "lab-sign-in"


def function(client):
    return client("lambda").get_function_configuration(FunctionName=NAME)


def triggers(client):
    cognito = client("cognito-idp")
    pool_id = cognito.list_user_pools(MaxResults=1)["UserPools"][0]["Id"]
    return cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]


def test_the_pool_asks_a_function_that_knows_the_list(play, client, tmp_path):
    given = {**LISTED, "identity_tags": {"Project": "lab"}}
    first = play(given)
    assert first.returncode == 0, first.stdout

    made, pool = function(client), triggers(client)
    # x86_64 is what every region has.
    assert (made["Runtime"], made["Handler"], made["Architectures"]) == ("python3.13", "sign_in.handler", ["x86_64"])
    assert (made["Timeout"], made["MemorySize"]) == (5, 128)
    allowed = {"domains": ["lab.example.org"], "emails": ["eve@elsewhere.example"]}
    assert json.loads(made["Environment"]["Variables"].pop("ALLOWED")) == allowed
    assert made["Environment"]["Variables"] == {}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:lab-sign-in"
    token_trigger = {"LambdaArn": arn, "LambdaVersion": "V1_0"}
    assert pool["LambdaConfig"] == {"PreSignUp": arn, "PreTokenGenerationConfig": token_trigger}
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True

    assert_cognito_may_call(client, pool["Arn"])
    assert_nothing_but_its_log(client)
    assert client("lambda").list_tags(Resource=arn)["Tags"] == {"Project": "lab"}
    assert [path.name for path in tmp_path.rglob("*.zip")] == []

    order = [
        "function | Create or update the Lambda function and",
        "triggers | Configure",
        "Create the user pool domain",
    ]
    places = [first.stdout.index(f"TASK [bioviewers.aws.identity : {name}") for name in order]
    assert places == sorted(places)

    # A change of the list changes the function alone, and not its code.
    shorter = {**given, "identity_allowed_emails": []}
    foreseen = play(shorter, "--check")
    assert "changed=1" in foreseen.stdout, foreseen.stdout
    changed = play(shorter)
    assert "changed=1" in changed.stdout, changed.stdout
    assert json.loads(function(client)["Environment"]["Variables"]["ALLOWED"]) == {**allowed, "emails": []}
    assert function(client)["CodeSha256"] == made["CodeSha256"]


def assert_cognito_may_call(client, pool_arn):
    (statement,) = json.loads(client("lambda").get_policy(FunctionName=NAME)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "cognito-idp.amazonaws.com"}
    assert statement["Action"] == "lambda:InvokeFunction"
    conditions = {"ArnLike": {"AWS:SourceArn": pool_arn}, "StringEquals": {"AWS:SourceAccount": "123456789012"}}
    assert statement["Condition"] == conditions


def assert_nothing_but_its_log(client):
    rights = client("iam").get_role_policy(RoleName=NAME, PolicyName="log")["PolicyDocument"]["Statement"]
    log = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/lab-sign-in:*"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert rights == [{"Effect": "Allow", "Action": actions, "Resource": log}]
    assert client("iam").list_attached_role_policies(RoleName=NAME)["AttachedPolicies"] == []
    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == (f"/aws/lambda/{NAME}", 90)


def test_a_pool_without_the_function_gets_it_and_keeps_its_other_triggers(play, client):
    cognito, other = client("cognito-idp"), "arn:aws:lambda:us-east-1:123456789012:function:welcome"
    made = cognito.create_user_pool(
        PoolName="lab",
        UsernameAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        LambdaConfig={"PostConfirmation": other},
    )
    cognito.create_user_pool_client(UserPoolId=made["UserPool"]["Id"], ClientName="lab", GenerateSecret=True)
    foreseen = play({}, "--check")
    assert foreseen.returncode == 0, foreseen.stdout
    assert client("lambda").list_functions()["Functions"] == []
    assert play({}).returncode == 0
    assert function(client)["Handler"] == "sign_in.handler"
    assert triggers(client)["LambdaConfig"].keys() == {"PostConfirmation", "PreSignUp", "PreTokenGenerationConfig"}


GOOD = {
    "identity_name": "lab",
    "identity_google_client_id": "",
    "identity_google_client_secret": "",
    "identity_allowed_email_domains": ["example.org", "lab.example.org"],
    "identity_allowed_emails": ["Ada+x@lab.example.org"],
    "identity_access_token_minutes": 60,
}
ADDRESSES = [f"a{number}@lab.example.org" for number in range(180)]
BAD = {
    "identity_allowed_email_domains": [
        ["ada@example.org"],
        ["*.example.org"],
        [""],
        ["org"],
        ["ex\u0430mple.org"],
        ADDRESSES,
    ],
    "identity_allowed_emails": [
        ["example.org"],
        ["ad\u0430@example.org"],
        ["a@b@example.org"],
        ["Ada <a@b.org>"],
        ADDRESSES,
    ],
    "identity_access_token_minutes": [4, 1441],
}


def test_settings_that_can_not_be_right_are_refused():
    for name, value, said in refusals("identity", GOOD, BAD):
        assert said.startswith(name), (name, value, said)
