"""playbooks/users.yml against ministack: what it says, what it does, what it refuses."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]
INVENTORY = {
    "project": "lab",
    "aws_account_id": "123456789012",
    "aws_region": "us-east-1",
    "domain": "lab.example.org",
    "data_bucket": "b",
}
GOOGLE = {"google_client_id": "1.apps.googleusercontent.com", "google_client_secret": "GOCSPX-of-the-lab"}
ADA, EVE = "ada@lab.example.org", "Eve@elsewhere.example"


@pytest.fixture
def pool(client):
    cognito = client("cognito-idp")
    made = cognito.create_user_pool(PoolName="lab", UsernameAttributes=["email"])["UserPool"]["Id"]

    def users():
        return {
            attribute["Value"]: user
            for user in cognito.list_users(UserPoolId=made)["Users"]
            for attribute in user["Attributes"]
            if attribute["Name"] == "email"
        }

    users.id, users.cognito = made, cognito
    return users


@pytest.fixture
def users(aws, tmp_path):
    """Run the playbook; what it said, white space made plain."""
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}

    def run(*given, fails=False, **variables):
        (tmp_path / "variables.json").write_text(json.dumps({**INVENTORY, **variables}))
        words = [word for each in given for word in ("-e", each)]
        command = ["ansible-playbook", "-i", "localhost,", "-e", f"@{tmp_path}/variables.json", *words]
        done = subprocess.run(
            [*command, ROOT / "playbooks" / "users.yml"],
            env={**environment, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        assert "[WARNING]: Found variable using reserved name" not in done.stderr
        return " ".join(done.stdout.split())

    return run


def invite(pool, email):
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    request = {"UserPoolId": pool.id, "Username": email, "MessageAction": "SUPPRESS", "UserAttributes": attributes}
    pool.cognito.admin_create_user(**request)


def test_the_life_of_a_guest(users, pool):
    said = users("do=invite", f"email={ADA}")
    assert f"Cognito mails {ADA} a first password, good for 7 days." in said
    assert "https://neuroglancer.lab.example.org/." in said
    attributes = {each["Name"]: each["Value"] for each in pool()[ADA]["Attributes"]}
    assert attributes["email_verified"] == "true"
    assert f"Cognito mails {ADA}" in users("do=invite", f"email={ADA}"), "again, until it was taken"
    pool.cognito.admin_set_user_password(UserPoolId=pool.id, Username=ADA, Password="Correct-horse-1", Permanent=True)
    assert "Nothing was sent" in users("do=invite", f"email={ADA}")

    minutes = {"identity_access_token_minutes": 5, "signed_cookies_lifetime": 601}
    said = users("do=disable", f"email={ADA.upper()}", **minutes)
    assert "is out within 16 minutes (5 for the tokens, 11 for the cookies)." in said
    assert pool()[ADA]["Enabled"] is False
    assert f"{ADA} is disabled. do=enable lets them in again." in users("do=invite", f"email={ADA}", fails=True)

    assert "has to sign in again within 120 minutes" in users("do=sign_out", f"email={ADA}")
    assert pool()[ADA]["Enabled"] is False
    users("do=enable", f"email={ADA}")
    assert pool()[ADA]["Enabled"] is True


def test_the_list(users, pool):
    invite(pool, ADA)
    invite(pool, EVE)
    pool.cognito.admin_disable_user(UserPoolId=pool.id, Username=EVE)
    said = users()
    assert f"{ADA} FORCE_CHANGE_PASSWORD Cognito yes " in said
    assert f"{EVE} FORCE_CHANGE_PASSWORD Cognito no " in said
    assert "no. Disabled" in said
    assert "2 in the user pool lab of us-east-1" in said
    said = users("do=list", allowed_email_domains=["elsewhere.example"])
    assert "no. This address is not on the list of people who may sign in" in said


REFUSED = {
    "a word that means nothing": (["do=delete", f"email={ADA}"], {}, "do is 'delete'. Write one of list, invite,"),
    "nobody": (["do=disable"], {}, "email is ''. Write a whole address"),
    "half an address": (["do=invite", "email=ada"], {}, "email is 'ada'. Write a whole address"),
    "somebody, but nothing to do": ([f"email={ADA}"], {}, "nothing is said to do about it. Add do=invite"),
    "a stranger": (
        ["do=disable", f"email={EVE}"],
        {},
        f"Nobody in the user pool lab of us-east-1 has the address {EVE}",
    ),
    "an invitation with Google": (["do=invite", f"email={ADA}"], GOOGLE, "so there is nobody to invite. Add"),
    "an invitation of somebody who is not on the list": (
        ["do=invite", f"email={EVE}"],
        {"allowed_email_domains": ["lab.example.org"]},
        f"{EVE} could not sign in: This address is not on the list of people who may sign in. Add the address",
    ),
    "a deployment that is not there": (
        ["do=list"],
        {"project": "other"},
        "No user pools are named other in us-east-1.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_changes_nothing(users, pool, case):
    invite(pool, ADA)
    before = pool()
    words, variables, sentence = REFUSED[case]
    assert sentence in users(*words, fails=True, **variables)
    assert pool() == before
