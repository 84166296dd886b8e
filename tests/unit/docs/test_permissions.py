"""meta/iam/permissions.yml: that AWS knows what it names, that nothing is in it for nothing, what policies it makes."""

from __future__ import annotations

import re

import boto3
import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._aws import iam_errors

from sandbox import settings
from tests import recorder
from tools import iam_policies

CLIENTS = {"elasticloadbalancing": "elbv2", "servicequotas": "service-quotas", "tag": "resourcegroupstaggingapi"}
# Rights that no operation is called like (Service Authorization Reference, of each service).
NO_OPERATION = {"iam:PassRole", "s3:DeleteObjectVersion", "ssmmessages:OpenDataChannel"}
NO_OPERATION |= {"s3:GetAccountPublicAccessBlock"}  # of the service s3control
# What may be done to resources of others, since AWS knows no single ones or gives the id only later.
TO_ANY = {
    *("acm:RequestCertificate", "cognito-idp:CreateUserPool"),
    *(f"cloudfront:Create{kind}" for kind in ("Distribution", "KeyGroup", "OriginAccessControl", "PublicKey")),
    *("cloudfront:CreateResponseHeadersPolicy", "sns:Unsubscribe"),
    *("cognito-identity:CreateIdentityPool", "cognito-identity:SetIdentityPoolRoles"),
    *(f"cloudfront:{verb}{kind}" for verb in ("Delete", "Update") for kind in ("KeyGroup", "PublicKey")),
}
GROUPS = iam_policies.written()["statements"]
EVERYTHING = {action for purpose in iam_policies.purposes() for action in iam_policies.allowed(purpose)}
TABLES = {
    "implied": [action for row in iam_policies.written()["implied"] for action in (*row["calls"], *row["needs"])],
    "seldom": [action for row in iam_policies.written()["seldom"] for action in row["actions"]],
}


def operations(service: str) -> set[str]:
    session = boto3.Session(region_name="us-east-1")
    if service == "ssmmessages":  # spoken by agents and the plugin alone
        return set()
    return set(session.client(CLIENTS.get(service, service)).meta.service_model.operation_names)


@pytest.mark.parametrize("service", sorted({action.partition(":")[0] for action in EVERYTHING}))
def test_aws_knows_every_action(service):
    names = iam_policies.written()["named"].get(service, {})
    known = {f"{service}:{name}" for name in {*operations(service), *names.values()} - set(names)} | NO_OPERATION
    assert {action for action in EVERYTHING if action.startswith(f"{service}:")} <= known


def test_aws_knows_every_operation_whose_right_is_called_otherwise():
    for service, names in iam_policies.written()["named"].items():
        assert set(names) <= operations(service)


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ec2", "RunInstances", "ec2:RunInstances"),
        ("s3", "HeadBucket", "s3:ListBucket"),
        ("s3", "GetObject", "s3:GetObject"),
        ("tagging", "GetResources", "tag:GetResources"),
    ],
)
def test_the_action_of_an_operation(service, operation, action):
    assert iam_policies.named(service, operation) == action


@pytest.mark.parametrize("operation", iam_errors.ACTIONS)
def test_preflight_calls_a_missing_right_by_the_same_name(operation):
    camel = "".join(word.title() for word in operation.split("_"))
    assert iam_policies.named("s3", camel) == iam_errors.permission("s3", operation)


@pytest.mark.parametrize("table", TABLES)
def test_the_other_tables_name_what_is_allowed(table):
    assert set(TABLES[table]) <= EVERYTHING


@pytest.mark.parametrize("purpose", iam_policies.purposes())
def test_who_may_call_may_do_what_is_behind_the_call(purpose):
    allowed = iam_policies.allowed(purpose)
    needed = {action for row in iam_policies.written()["implied"] for call in row["calls"] for action in row["needs"]}
    assert {each for action in allowed for each in iam_policies.implied(action)} <= allowed
    assert needed <= iam_policies.allowed("deploy")


@pytest.mark.parametrize("row", iam_policies.written()["implied"], ids=lambda row: row["calls"][0])
def test_a_page_of_aws_says_so(row):
    assert row["page"].startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["sid"])
def test_a_statement_is_one_that_iam_takes(group):
    assert re.fullmatch("[A-Za-z0-9]+", group["sid"])
    assert set(" ".join(group["actions"]).split()) <= set(iam_policies.purposes())
    named = re.findall(r"<(\w+)>", str(group))
    assert set(named) <= set(iam_policies.written()["placeholders"])


def test_no_two_statements_are_called_alike():
    assert len({group["sid"] for group in GROUPS}) == len(GROUPS)


@pytest.mark.parametrize(
    "group", [group for group in GROUPS if "*" in group["resources"]], ids=lambda group: group["sid"]
)
def test_what_is_for_all_resources_looks_or_is_known(group):
    actions = {action for listed in group["actions"].values() for action in listed}
    assert set(recorder.writing([action.partition(":")[2] for action in actions])) <= {
        name.partition(":")[2] for name in TO_ANY
    }
    assert actions - TO_ANY == {action for action in actions if recorder.READS.match(action.partition(":")[2])}


@pytest.mark.parametrize("purpose", iam_policies.purposes())
def test_no_policy_is_longer_than_iam_takes(purpose):
    assert all(iam_policies.length(policy) <= iam_policies.LONGEST for policy in iam_policies.policies(purpose))


def test_split_or_not_all_statements_are_there(monkeypatch):
    monkeypatch.setattr(iam_policies, "LONGEST", 2500)
    split = iam_policies.policies("deploy")
    assert len(split) > 3
    assert [each for policy in split for each in policy["Statement"]] == iam_policies.statements("deploy")


def test_every_playbook_is_run_for_something():
    """But those that ask AWS nothing."""
    folder = settings.CHECKOUT / "playbooks"
    playbooks = {path.stem for path in folder.glob("*.yml") if not path.stem.startswith("igv")}
    playbooks |= {f"igv.{path.stem}" for path in folder.glob("igv/*.yml")}
    assert {name for name in playbooks if not iam_policies.purpose_of(name)} == {"summary", "igv.summary", "renamed"}


@pytest.mark.parametrize(
    ("playbook", "purpose"),
    [
        ("site", "deploy"),
        ("identity", "operate"),
        ("verify", "operate"),
        ("teardown", "teardown"),
        ("igv.site", "igv"),
        ("other", None),
    ],
)
def test_what_a_playbook_is_run_for(playbook, purpose):
    assert iam_policies.purpose_of(playbook) == purpose
