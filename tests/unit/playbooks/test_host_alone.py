"""What a playbook that starts at the host finds of a deployment, and what it says when something is missing."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

PLAYBOOKS = pathlib.Path(__file__).parents[3] / "playbooks"
INVENTORY = {
    "project": "lab",
    "aws_account_id": "123456789012",
    "aws_region": "us-east-1",
    "domain": "lab.example.org",
    "data_bucket": "b",
}


@pytest.fixture
def find(aws, tmp_path):
    """Run the tasks; the facts that they leave, and what Ansible printed."""
    said = tmp_path / "said"
    outputs = ("web_instance", "load_balancer", "identity", "private_cdn", "notifications")
    facts = "{{ [" + ", ".join(f"{name}_outputs" for name in outputs) + "] | to_json }}"
    tasks = [{"include_tasks": f"{PLAYBOOKS}/tasks/{name}.yml"} for name in ("find_host", "find_outputs")]
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": [f"{PLAYBOOKS}/vars/deployment.yml"]}
    play["tasks"] = [*tasks, {"copy": {"dest": str(said), "content": facts}}]
    (tmp_path / "play.yml").write_text(json.dumps([play]))

    def run(**more):
        settings = json.dumps({**INVENTORY, **more})
        command = [sys.executable, "-m", "ansible.cli.playbook", str(tmp_path / "play.yml"), "-e", settings]
        done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
        return json.loads(said.read_text()) if done.returncode == 0 else [], " ".join(done.stdout.split())

    return run


@pytest.fixture
def account(client, run_module):
    """A deployment as far as it matters here; the ids that it has."""
    ec2, cognito = client("ec2"), client("cognito-idp")
    tags = [{"Key": "Name", "Value": "lab"}, {"Key": "Project", "Value": "lab"}]
    specification = [{"ResourceType": "instance", "Tags": tags}]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    run = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=specification)
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    balancer = client("elbv2").create_load_balancer(Name="lab", Subnets=subnets)["LoadBalancers"][0]
    pool = cognito.create_user_pool(PoolName="lab")["UserPool"]["Id"]
    app = cognito.create_user_pool_client(UserPoolId=pool, ClientName="lab")["UserPoolClient"]["ClientId"]
    keys = {name: run_module("cloudfront_public_key", name=name, encoded_key=pem()) for name in KEYS}
    return [
        {"instance_id": run["Instances"][0]["InstanceId"]},
        {"arn": balancer["LoadBalancerArn"]},
        {"user_pool_id": pool, "user_pool_client_id": app},
        {"key_pair_id": keys[KEYS[0]]["public_key"]["id"]},
        {"topic_arn": ""},
    ]


KEYS = ["lab-k1-0123456789ab", "lab-k2-0123456789ab", "lab-k10-0123456789ab", "lab-x-k1-0123456789ab"]


def pem() -> str:
    command = "openssl genrsa 2048 2>/dev/null | openssl rsa -pubout 2>/dev/null"
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout


def test_it_finds_what_the_stages_before_it_made(find, account):
    assert find()[0] == account


def test_it_finds_the_topic_where_somebody_is_to_be_told(find, account, client):
    told = {"failure_emails": ["ada@lab.example.org"]}
    assert "The deployment lab is not complete" in find(**told)[1]
    arn = client("sns").create_topic(Name="lab-failures")["TopicArn"]
    assert find(**told)[0] == [*account[:-1], {"topic_arn": arn}]


def test_it_makes_nothing(find, account, client):
    find()
    cognito, pool = client("cognito-idp"), account[2]["user_pool_id"]
    assert len(cognito.list_user_pools(MaxResults=60)["UserPools"]) == 1
    assert len(cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]) == 1


def test_without_an_instance_it_says_so(find):
    assert "0 running instances in us-east-1 have the name lab" in find()[1]


def test_an_incomplete_deployment_is_told(find, account):
    assert "The deployment lab is not complete" in find(signing_keys=["k9"])[1]
