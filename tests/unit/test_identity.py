"""The role identity, run by ansible-playbook against ministack, with and without a client at Google."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
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
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(tmp_path)}

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
