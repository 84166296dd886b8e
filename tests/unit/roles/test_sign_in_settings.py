"""What the sign-in asks of AWS and of Google: no more than it needs, and what every region has."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = pathlib.Path(__file__).parents[3]
ROLE = ROOT / "roles" / "identity"
GIVEN = {"project": "lab", "aws_region": "eu-west-1", "aws_account_id": "123456789012"}
# https://publicsuffix.org/list: nobody has this; the domain that Google wants on its consent screen has one label more.
PUBLIC_SUFFIX = "auth.eu-west-1.amazoncognito.com"


def test_the_app_client_has_no_flow_that_the_hosted_login_does_not_use():
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    assert defaults["identity_client_auth_flows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]


def known(**of_deployment):
    deployment = {"identity_provider": "google", "user_pool_domain_prefix": "lab", "allowed_email_domains": []}
    return {**GIVEN, "deployment": {**deployment, **of_deployment}, "igv": {"user_pool_domain_prefix": "lab-igv"}}


@pytest.mark.parametrize(
    ("provider", "domains", "noted"),
    [("google", ["uni.edu"], True), ("google", [], False), ("cognito", ["uni.edu"], False)],
)
def test_private_accounts_of_an_address_of_a_listed_domain_are_spoken_of(provider, domains, noted):
    path = ROOT / "playbooks" / "tasks" / "google_accounts.yml"
    (task,) = DataLoader().load_from_file(str(path), trusted_as_template=True)
    templar = Templar(DataLoader(), known(identity_provider=provider, allowed_email_domains=domains))
    assert templar.template(trust_as_template("{{ " + task["when"] + " }}")) is noted
    assert noted is False or "address of uni.edu comes in" in templar.template(task["ansible.builtin.debug"]["msg"])


@pytest.mark.parametrize(("playbook", "prefix"), [("preflight.yml", "lab"), ("igv/preflight.yml", "lab-igv")])
def test_the_domain_for_googles_consent_screen_is_one_that_is_registered(playbook, prefix):
    (play,) = DataLoader().load_from_file(str(ROOT / "playbooks" / playbook), trusted_as_template=True)
    task = play["tasks"][-1]
    own = Templar(DataLoader(), known()).template(task["vars"])
    lines = Templar(DataLoader(), {**known(), **own}).template(task["ansible.builtin.debug"]["msg"])
    (line,) = [line for line in lines if "Authorised domains" in line]
    assert line.split()[2] == f"{prefix}.{PUBLIC_SUFFIX}"
