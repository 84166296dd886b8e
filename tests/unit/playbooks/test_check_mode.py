"""The roles in check mode: the truth of an account that drifted."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from tests import emulators, recorder
from tests.unit.modules.public_keys import new_pem

ROOT = pathlib.Path(__file__).parents[3]
LAB = {
    "project": "lab",
    "aws_account_id": emulators.ACCOUNT,
    "aws_region": emulators.REGION,
    "domain": "lab.example.org",
    "data_bucket": "lab-data",
}


@pytest.fixture(autouse=True)
def policies_of_aws(monkeypatch):
    """moto knows them only if it is told to, before it is reset."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


@pytest.fixture
def account(client):
    """What a lab has before the first run: a default VPC with a way out, a private bucket."""
    ec2, s3 = client("ec2"), client("s3")
    vpc_id = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    gateway_id = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"][0]
    route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway_id}
    ec2.create_route(RouteTableId=table["RouteTableId"], **route)
    s3.create_bucket(Bucket=LAB["data_bucket"], ObjectOwnership="BucketOwnerEnforced")
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=LAB["data_bucket"], PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))


@pytest.fixture
def play(account, tmp_path, moto, ministack):
    """Run a playbook; what it said, white space made plain, and which operations that write it asked for."""
    actions = []
    playbook, given = tmp_path / "play.yml", tmp_path / "variables.json"
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}
    environment["PATH"] = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"

    def run(plays, *options, fails=False):
        actions.clear()
        playbook.write_text(json.dumps(plays))
        given.write_text(json.dumps(LAB))
        command = ["ansible-playbook", "-i", "localhost,", "--diff", *options, "-e", f"@{given}", playbook]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stdout[-6000:] + done.stderr[-3000:]
        assert actions
        return " ".join(done.stdout.split()), recorder.writing(actions)

    with contextlib.ExitStack() as doors:
        door_of_moto, door_of_ministack = (
            doors.enter_context(recorder.in_front_of(url, actions)) for url in (moto, ministack)
        )
        environment["AWS_ENDPOINT_URL"] = door_of_moto
        for service in emulators.MINISTACK_SERVICES:
            environment[f"AWS_ENDPOINT_URL_{service}"] = door_of_ministack
        yield run


def test_our_playbooks_run_the_modules_of_amazon_aws_directly(play):
    said, asked = play([{"import_playbook": "bioviewers.aws.network"}], "-e", "ansible_shell_executable=/bin/false")
    assert changed(said)
    assert "CreateSecurityGroup" in asked


def changed(said):
    return int(re.search(r"localhost +: ok=\d+ +changed=(\d+)", said)[1])


def role(role_name, tasks="main", /, **variables):
    named = {f"{role_name}_{variable}": value for variable, value in variables.items()}
    include = {"name": f"bioviewers.aws.{role_name}", "tasks_from": tasks}
    return {"ansible.builtin.include_role": include, "vars": named}


PARAMETER = "/lab/cookie-signing-keys/k1"
SOME = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [
            role("network", name="lab"),
            role(
                "web_instance",
                "role",
                name="lab",
                project="lab",
                region=emulators.REGION,
                account_id=emulators.ACCOUNT,
                readable_parameters=[PARAMETER],
            ),
            role(
                "private_cdn",
                name="lab",
                domain="data.lab.example.org",
                hosted_zone="",
                bucket=LAB["data_bucket"],
                certificate_arn=f"arn:aws:acm:us-east-1:{emulators.ACCOUNT}:certificate/x",
                allowed_origins=["https://neuroglancer.lab.example.org"],
                region=emulators.REGION,
                signing_keys=["k1"],
                signing_key_path=PARAMETER.rpartition("/")[0],
            ),
        ],
    }
]


def drift(client):
    """What somebody might do by hand: open SSH, let the instance do everything, put another public key in place."""
    (group,) = client("ec2").describe_security_groups(GroupNames=["lab-instance"])["SecurityGroups"]
    everywhere = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    client("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[everywhere])
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    client("iam").put_role_policy(RoleName="lab", PolicyName="handy", PolicyDocument=json.dumps(everything))
    client("ssm").put_parameter(Name=f"{PARAMETER}.pub", Value=new_pem(), Overwrite=True)


def held(client):
    """Which ports are open, which policies the role has, the private key, and the public ones."""
    (group,) = client("ec2").describe_security_groups(GroupNames=["lab-instance"])["SecurityGroups"]
    ports = {rule["FromPort"] for rule in group["IpPermissions"]}
    private = client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    public = [item["Id"] for item in client("cloudfront").list_public_keys()["PublicKeyList"]["Items"]]
    return ports, client("iam").list_role_policies(RoleName="lab")["PolicyNames"], private, public


def test_what_was_changed_by_hand_is_seen_and_repaired(play, client):
    play(SOME)
    made = held(client)
    assert made[:2] == ({8443}, ["parameters"])
    drift(client)
    # Nothing says which half of a key is right: no other is trusted, and no pair is made for it.
    overwritten = (
        f"The parameter {PARAMETER}.pub in Parameter Store was overwritten: CloudFront checks the cookies of k1 with"
    )
    for options, written in ((["--check"], []), ([], ["RevokeSecurityGroupIngress", "DeleteRolePolicy"])):
        said, writes = play(SOME, *options, fails=True)
        assert overwritten in said
        assert (changed(said), writes) == (2, written)
    assert held(client) == made


def with_labels(*labels):
    """The way to the data alone, with these signing keys."""
    (some,) = SOME
    cdn = some["tasks"][-1]
    given = {"private_cdn_signing_keys": list(labels), "private_cdn_key_group_seconds": 0}
    return [{**some, "tasks": [{**cdn, "vars": {**cdn["vars"], **given}}]}]


def public_keys(client):
    listed = client("cloudfront").list_public_keys()["PublicKeyList"]["Items"]
    return sorted(key["Name"].rpartition("-")[0] for key in listed)


def test_a_signing_key_is_changed_by_labels(play, client):
    others = {"CallerReference": "theirs", "Name": "lab-viewer-k9-0123456789ab", "EncodedKey": new_pem()}
    client("cloudfront").create_public_key(
        PublicKeyConfig={**others, "Comment": "data.lab.example.org: cookies signed by k9"}
    )
    play(with_labels("k2", "k1"))
    both = public_keys(client)
    assert both == ["lab-k1", "lab-k2", "lab-viewer-k9"], "as long as both are named, both are trusted"
    for options, writes, left in (
        (["--check"], [], both),
        ([], ["UpdateKeyGroup", "DeletePublicKey"], ["lab-k2", "lab-viewer-k9"]),
        ([], [], ["lab-k2", "lab-viewer-k9"]),
    ):
        said, written = play(with_labels("k2"), *options)
        assert written == writes
        assert public_keys(client) == left
        assert (changed(said) > 0) is (left == both or bool(writes))
