"""What AWS is asked before the first write: account, region, zone, network, names that are taken, quotas."""

from __future__ import annotations

import datetime
import json
import pathlib
import re

import pytest
import yaml
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.account import preflight as preflight_account
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import (
    preflight_records,
    preflight_zone,
    public,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import preflight as instance_preflight
from botocore import exceptions

from tests.unit.deployment.preflight_account import ACCOUNT, context_with, refusal, sentences

ROOT = pathlib.Path(__file__).parents[3]
SERVERS = ["ns-1.awsdns-01.org", "ns-2.awsdns-02.com"]
REGIONS = {"Regions": [{"RegionName": "us-east-1", "OptInStatus": "opt-in-not-required"},
                       {"RegionName": "ap-east-1", "OptInStatus": "not-opted-in"}]}  # fmt: skip

BY_NAME = {check.name: check for part in BUILDS["viewer"].preflight for check in part.CHECKS}
NETWORK_CHECKS = [
    BY_NAME[name]
    for name in (
        "The VPC",
        "The subnets",
        "The subnet of the instance",
        "The free addresses of the subnets",
        "The instance",
        "The instance type",
        "The address of the instance",
        "The memory of the instance type",
        "The plan of the account",
        "The agent in the image",
        "The image",
    )
]
NAMES_CHECKS = [
    BY_NAME[name]
    for name in ("The distributions of the account", "Who has the alias", "Who has the prefix of the login's address")
]
QUOTAS = [check for name, check in BY_NAME.items() if name.startswith("The quota of ")]


def told(checks, known, **answers):
    context = context_with(
        {"account": ACCOUNT, "region": "us-east-1", "usable_region": "us-east-1", **known}, **answers
    )[0]
    return *sentences(checks, context), context


def caller(partition="aws"):
    return {"Account": ACCOUNT, "Arn": f"arn:{partition}:sts::{ACCOUNT}:user/x"}


@pytest.mark.parametrize(
    ("answer", "known", "fault"),
    [
        (caller(), {}, None),
        (caller(), {"aws_account_id": ACCOUNT}, None),
        (caller(), {"aws_account_id": "2"}, f"aws_account_id is '2': these credentials are of account {ACCOUNT}"),
        (caller("aws-us-gov"), {}, "These credentials are of the partition aws-us-gov"),
        (refusal("ExpiredToken"), {}, "The AWS credentials have expired, so nothing in AWS was checked; log in again"),
        (refusal("InvalidClientTokenId"), {}, "AWS knows no such access key"),
        (exceptions.NoCredentialsError(), {}, "There are no AWS credentials, so nothing in AWS was checked"),
        (exceptions.UnauthorizedSSOTokenError(), {}, "The AWS login has expired"),
        (exceptions.EndpointConnectionError(endpoint_url="x"), {}, "AWS could not be asked who we are: Could not"),
        (exceptions.LoginRefreshRequired(), {}, "The login of `aws login` has expired"),
        (refusal("UnauthorizedException"), {}, "The AWS login has expired"),
        (exceptions.CredentialRetrievalError(provider="custom-process", error_msg=""), {},
         "AWS could not be asked who we are: Error when retrieving credentials from custom-process; check"),
        (EOFError(), {}, "aws_account_id is empty: the credentials could not be checked, EOFError; run again"),
    ],
)  # fmt: skip
def test_credentials(answer, known, fault):
    context, asked = context_with(known, get_caller_identity=answer)
    faults, _other = sentences(preflight_account.CHECKS, context)
    assert [found[: len(fault)] for found in faults] == ([fault] if fault else []), faults
    assert ("account" in context.found) is (fault is None)
    assert asked == ["sts.get_caller_identity"]


PROFILES = """
[default]
region = us-east-1
[profile plain]
source_profile = plain
[profile code]
mfa_serial = arn:aws:iam::123456789012:mfa/ada
[profile role]
source_profile = code
"""


@pytest.mark.parametrize(
    ("profile", "asks"), [("default", False), ("plain", False), ("gone", False), ("code", True), ("role", True)]
)
def test_a_profile_that_asks_for_a_code_is_told_before_aws_is_asked(monkeypatch, tmp_path, profile, asks):
    (tmp_path / "config").write_text(PROFILES)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    context, asked = context_with({"profile": profile}, get_caller_identity=caller())
    faults, _other = sentences(preflight_account.CHECKS, context)
    assert [*faults, *asked] == (
        [f"The profile {profile} asks for an MFA code (mfa_serial), which each task of a run would need anew; give the"
         f' code once, with `eval "$(aws configure export-credentials --profile {profile} --format env)"`, and then'
         " `unset AWS_PROFILE`."] if asks else ["sts.get_caller_identity"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "minutes", "notes"), [({}, 20, 1), ({}, -1, 1), ({}, 90, 0), ({"profile": "default"}, 20, 0)]
)
def test_credentials_that_end_within_a_run_are_told(monkeypatch, known, minutes, notes):
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", end.isoformat())
    _faults, told_of, _context = told(preflight_account.CHECKS[:1], known, get_caller_identity=caller())
    assert told_of == [f"The AWS credentials end in {max(minutes, 0)} minutes; a first run takes up to 45."][:notes]


@pytest.mark.parametrize(
    ("region", "answer", "faults", "notes"),
    [
        ("us-east-1", REGIONS, 0, 0),
        ("ap-east-1", REGIONS, 1, 0),
        ("ap-west-9", REGIONS, 1, 0),
        ("us-east-1", refusal("UnauthorizedOperation"), 0, 1),
    ],
)
def test_region(region, answer, faults, notes):
    context = context_with(
        {"region": region, "aws_region": region}, get_caller_identity=caller(), describe_regions=answer
    )[0]
    assert [*map(len, sentences(preflight_account.CHECKS, context))] == [faults, notes]
    assert ("usable_region" in context.found) is (faults == 0)


@pytest.mark.parametrize(
    ("answer", "faults", "notes"),
    [
        ({"Policy": {}}, [], []),
        (refusal("NoSuchEntity"), ["iam_permissions_boundary is 'arn:x': there is no such policy; write the ARN of one,"
                                   " or leave it out."], []),
        (refusal("AccessDenied"), [], ["The permissions boundary could not be checked: the IAM permission iam:GetPolicy"
                                       " is missing."]),
    ],
)  # fmt: skip
def test_the_permissions_boundary_is_there(answer, faults, notes):
    (check,) = [each for each in preflight_account.CHECKS if each.name == "The permissions boundary"]
    assert told([check], {"iam_permissions_boundary": "arn:x"}, get_policy=answer)[:2] == (faults, notes)


def zones(*names, private=()):
    held = [(name, False) for name in names] + [(name, True) for name in private]
    return {"HostedZones": [{"Id": f"/hostedzone/Z{n}", "Name": f"{name}.", "Config": {"PrivateZone": hidden}}
                            for n, (name, hidden) in enumerate(held)]}  # fmt: skip


def record(name, kind, *values, alias=""):
    target = {"AliasTarget": {"DNSName": alias}} if alias else {}
    return {"Name": f"{name}.", "Type": kind, "ResourceRecords": [{"Value": value} for value in values], **target}


def zone_told(held, *records, **known):
    names = {"domain": "lab.uni.edu", "hosted_zone": "uni.edu"}
    hosts = {"site_domain": "viewer.lab.uni.edu", "data_domain": "data.lab.uni.edu"}
    answers = {
        "list_hosted_zones": held,
        "get_hosted_zone": {"DelegationSet": {"NameServers": [f"{name.upper()}." for name in SERVERS]}},
        "list_resource_record_sets": {"ResourceRecordSets": [*records]},
    }
    return told(RECORDS, {**names, **hosts, **known}, **answers)


def test_the_one_public_zone_is_found():
    faults, notes, context = zone_told(
        zones("uni.edu", "edu", private=["uni.edu"]), record("uni.edu", "NS", "NS1.uni.edu.")
    )
    assert (faults, notes) == ([], [])
    assert context.found["zone_name_servers"] == SERVERS
    assert context.found["zone_answers"] == [set(SERVERS), {"ns1.uni.edu"}]


@pytest.mark.parametrize(
    ("held", "fault"),
    [
        (zones(), "Route 53 has no public zone of that name in this account; make one"),
        (zones(private=["uni.edu"]), "no public zone of that name"),
        (zones("lab.uni.edu"), "write lab.uni.edu, which is there"),
        (zones("uni.edu", "uni.edu"), "has 2 public zones of that name in this account (Z0 and Z1)"),
    ],
)
def test_a_zone_that_will_not_do(held, fault):
    faults, _other, context = zone_told(held)
    assert len(faults) == 1
    assert fault in faults[0]
    assert "zone_records" not in context.found


ELB = "us-east-1.elb.amazonaws.com"
RECORDS = [*preflight_zone.CHECKS, *preflight_records.CHECKS]


@pytest.mark.parametrize(
    ("held", "own", "fault"),
    [
        (record("data.lab.uni.edu", "A", alias="D1.cloudfront.net."), "d1.cloudfront.net", ""),
        (record("data.lab.uni.edu", "AAAA", alias="d2.cloudfront.net."), "d1.cloudfront.net", "to take the name over"),
        (record("data.lab.uni.edu", "A", alias="d2.cloudfront.net."), "", "to take the name over"),
        (record("viewer.lab.uni.edu", "A", alias=f"dualstack.lab-123.{ELB}."), "", ""),
        (record("viewer.lab.uni.edu", "A", alias=f"LAB-123.{ELB}."), "", ""),
        (record("viewer.lab.uni.edu", "A", alias=f"old-viewer-123456.{ELB}."), "", "(A to old-viewer-123456."),
        (record("viewer.lab.uni.edu", "A", alias=f"lab-old-123.{ELB}."), "", "to take the name over"),
        (record("viewer.lab.uni.edu", "A", alias="lab-1.eu-west-1.elb.amazonaws.com."), "", "to take the name over"),
        (record("viewer.lab.uni.edu", "A", alias="d1.cloudfront.net."), "d1.cloudfront.net", "to take the name over"),
        (record("data.lab.uni.edu", "A", alias="s3-website-us-east-1.amazonaws.com."), "", "take the record out if"),
        (record("viewer.lab.uni.edu", "A", "192.0.2.1"), "", "(A to 192.0.2.1); take the record out if"),
        (record("viewer.lab.uni.edu", "AAAA", "2001:db8::1"), "", "take the record out if"),
        (record("data.lab.uni.edu", "CNAME", "d1.cloudfront.net"), "d1.cloudfront.net", "take the record out if"),
        (record("data.lab.uni.edu", "TXT", '"x"'), "", ""),
        (record("other.lab.uni.edu", "A", "192.0.2.1"), "", ""),
    ],
)
def test_records_in_the_way(held, own, fault):
    known = {"project": "lab", "own_distribution": {"Id": "E1", "DomainName": own} if own else {}}
    faults, *_others = zone_told(zones("uni.edu"), held, **known)
    assert len(faults) == bool(fault)
    assert fault in "".join(faults)
    assert all("the zone holds a record of that name already, and it is not ours (" in told for told in faults)


def test_a_zone_that_may_not_be_read_is_a_fault():
    faults, *_others = zone_told(refusal("AccessDenied"))
    assert (
        "the IAM permission route53:ListHostedZones is missing; give the deploying identity that permission"
        in faults[0]
    )


def subnet(name, zone="a", free=100, gives=True, **more):
    return {
        **more,
        "SubnetId": name,
        "AvailabilityZone": f"us-east-1{zone}",
        "AvailableIpAddressCount": free,
        "MapPublicIpOnLaunch": gives,
    }


def table(*subnets, main=False, gateway="igw-1", **route):
    links = [{"SubnetId": name} for name in subnets] + ([{"Main": True}] if main else [])
    return {"Associations": links, "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, **route}]}


TYPE = {
    "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
    "VCpuInfo": {"DefaultVCpus": 2},
    "MemoryInfo": {"SizeInMiB": 4096},
}
IMAGE = {"Images": [{"Architecture": "x86_64"}]}
NETWORK = {
    "describe_vpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]},
    "describe_subnets": {"Subnets": [subnet("s-b", "b"), subnet("s-a"), subnet("s-a0"), subnet("s-c", "c")]},
    "describe_availability_zones": {"AvailabilityZones": [{"ZoneName": f"us-east-1{zone}"} for zone in "abc"]},
    "describe_route_tables": {"RouteTables": [table(main=True)]},
    "describe_load_balancers": refusal("LoadBalancerNotFound"),
    "describe_instances": {"Reservations": []},
    "describe_instance_types": {"InstanceTypes": [TYPE]},
    "describe_instance_type_offerings": {"InstanceTypeOfferings": [{"Location": "us-east-1a"}]},
    "describe_images": IMAGE,
}
BUILT = {"LoadBalancers": [{}]}
RUNNING = {"Reservations": [{"Instances": [{"InstanceId": "i-1", "Placement": {"AvailabilityZone": "us-east-1a"}}]}]}
ASKED = {
    "network": True,
    "network_subnet_ids": [],
    "project": "lab",
    "web_instance_type": "c6a.large",
    "web_instance_image_name": "ubuntu-*",
    "web_instance_image_owner": "099720109477",
}


def network_told(known=None, **answers):
    return told(NETWORK_CHECKS, {**ASKED, **(known or {})}, **{**NETWORK, **answers})


def test_one_subnet_of_each_of_two_zones_is_taken():
    faults, notes, context = network_told()
    assert (faults, notes) == ([], [])
    vpc = {"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/16", "subnet_ids": ["s-a", "s-b"], "instance_subnet_id": "s-a"}
    assert context.found["vpc"] == vpc


# With one in a Local Zone, whose name sorts before those of availability zones, and one on an Outpost.
ODD = [subnet("s-l", "-bos-1a"), subnet("s-o", "a", OutpostArn="arn:aws:outposts:x"), subnet("s-x", "a")]


@pytest.mark.parametrize(
    ("held", "offered", "own", "chosen", "of_instance"),
    [
        ([*ODD, subnet("s-y", "b")], "ab", "", ["s-x", "s-y"], "s-x"),
        ([*ODD, subnet("s-y", "b")], "b", "", ["s-y", "s-x"], "s-y"),
        ([*ODD, subnet("s-y", "b"), subnet("s-z", "c")], "c", "", ["s-z", "s-x"], "s-z"),
        ([*ODD, subnet("s-y", "b"), subnet("s-z", "c"), subnet("s-p", "c", gives=False)], "abc", "s-p", ["s-z", "s-x"],
         "s-p"),
    ],
)  # fmt: skip
def test_the_first_subnet_is_in_a_zone_for_the_instance(held, offered, own, chosen, of_instance):
    offers = {"InstanceTypeOfferings": [{"Location": f"us-east-1{zone}"} for zone in offered]}
    faults, _notes, context = network_told(
        {"network_instance_subnet_id": own}, describe_subnets={"Subnets": held}, describe_instance_type_offerings=offers
    )
    assert faults == []
    found = context.found["vpc"]
    assert (found["subnet_ids"], found["instance_subnet_id"]) == (chosen, of_instance)


def private(**route):
    """s-p is behind what the route says; all others lead to an internet gateway."""
    tables = [table(main=True), {"Associations": [{"SubnetId": "s-p"}], "Routes": [route] if route else []}]
    held = [subnet("s-a"), subnet("s-b", "b"), subnet("s-p", gives=False)]
    return {"describe_subnets": {"Subnets": held}, "describe_route_tables": {"RouteTables": tables}}


ALL = {"DestinationCidrBlock": "0.0.0.0/0", "State": "active"}
BEHIND_NAT = private(**ALL, NatGatewayId="nat-1")
NO_ADDRESS = {"web_instance_public_address": False}
OWN_SUBNET = {"network_instance_subnet_id": "s-p"}


@pytest.mark.parametrize(
    "route", [{"NatGatewayId": "nat-1"}, {"TransitGatewayId": "tgw-1"}, {"NetworkInterfaceId": "eni-1"},
              {"GatewayId": "vgw-1"}]
)  # fmt: skip
def test_an_instance_in_a_private_subnet_needs_no_address(route):
    assert network_told({**OWN_SUBNET, **NO_ADDRESS}, **private(**ALL, **route))[:2] == ([], [])


@pytest.mark.parametrize(
    ("known", "answers", "fault"),
    [
        (NO_ADDRESS, {}, "web_instance_public_address is false: s-a leads out by an internet gateway"),
        ({"network_instance_subnet_id": "s-a0", **NO_ADDRESS}, {}, "s-a0 leads out by an internet gateway"),
        ({"network_instance_subnet_id": "s-q"}, {}, "network_instance_subnet_id is 's-q': vpc-1 has no such subnet"),
        (OWN_SUBNET, private(), "network_instance_subnet_id is 's-p': it has no way out"),
        (OWN_SUBNET, private(**{**ALL, "State": "blackhole"}, NatGatewayId="nat-1"), "it has no way out"),
        ({**OWN_SUBNET, "network_subnet_ids": ["s-b", "s-c"]},
         {**BEHIND_NAT, "describe_subnets": {"Subnets": [subnet("s-b", "b"), subnet("s-c", "c"), subnet("s-p")]}},
         "it is in us-east-1a, and the load balancer's subnets are in us-east-1b and us-east-1c"),
    ],
)  # fmt: skip
def test_an_instance_without_a_way_out_is_a_fault(known, answers, fault):
    faults, *_others = network_told(known, **answers)
    assert len(faults) == 1, faults
    assert fault in faults[0]


def test_an_address_that_nothing_leads_to_is_noted():
    faults, notes, _other = network_told({**OWN_SUBNET, "web_instance_public_address": True}, **BEHIND_NAT)
    assert faults == []
    assert "set web_instance_public_address to false" in notes[0]


def test_an_instance_that_is_there_keeps_its_way_out_and_its_zone():
    assert network_told(NO_ADDRESS, describe_instances=RUNNING)[0] == []
    offers = {"InstanceTypeOfferings": [{"Location": "us-east-1b"}]}
    faults, *_others = network_told(describe_instances=RUNNING, describe_instance_type_offerings=offers)
    assert "EC2 does not offer it in us-east-1a, where the instance is, but in us-east-1b" in faults[0]


def test_named_subnets_are_taken_in_their_order_whether_they_give_addresses_or_not():
    held = {"Subnets": [subnet("s-a", gives=False), subnet("s-b", "b", gives=False)]}
    offered = {"InstanceTypeOfferings": [{"Location": "us-east-1b"}]}
    known = {"network_subnet_ids": ["s-b", "s-a"]}
    faults, _other, context = network_told(known, describe_subnets=held, describe_instance_type_offerings=offered)
    assert faults == []
    assert context.found["vpc"]["subnet_ids"] == ["s-b", "s-a"]


@pytest.mark.parametrize(
    ("known", "answers", "fault"),
    [
        ({}, {"describe_vpcs": {"Vpcs": []}}, "network_vpc_id is empty: us-east-1 has no default VPC"),
        ({"network_vpc_id": "v"}, {"describe_vpcs": {"Vpcs": []}}, "network_vpc_id is 'v': there is no such VPC"),
        ({}, {"describe_vpcs": refusal("UnauthorizedOperation")}, "the IAM permission ec2:DescribeVpcs is missing"),
        ({"network_subnet_ids": ["s-a", "s-x"]}, {}, "vpc-1 has no subnet s-x"),
        ({"network_subnet_ids": ["s-a", "s-a0"]}, {}, "those given are only s-a and s-a0 in us-east-1a"),
        ({}, {"describe_subnets": {"Subnets": [subnet("s-a"), subnet("s-b", "b", gives=False)]}},
         "vpc-1 has only s-a in us-east-1a"),
        ({}, {"describe_route_tables": {"RouteTables": [table(main=True, gateway="nat-1")]}}, "and vpc-1 has none"),
        ({}, {"describe_route_tables": {"RouteTables": [table(main=True, State="blackhole")]}}, "and vpc-1 has none"),
        ({}, {"describe_route_tables": {"RouteTables": [table(main=True, DestinationCidrBlock="192.0.2.0/24")]}},
         "and vpc-1 has none"),
        ({"network_subnet_ids": ["s-a", "s-b"]},
         {"describe_route_tables": {"RouteTables": [table(main=True), table("s-b", gateway="vgw-1")]}},
         "s-b has no route to an internet gateway"),
        ({}, {"describe_subnets": {"Subnets": [subnet("s-a", free=3), subnet("s-b", "b")]}}, "there are 3 in s-a"),
        ({}, {"describe_instance_types": refusal("InvalidInstanceType")},
         "web_instance_type is 'c6a.large': EC2 has no such instance type"),
        ({}, {"describe_instance_type_offerings": {"InstanceTypeOfferings": [{"Location": "us-east-1f"}]}},
         "EC2 does not offer it in us-east-1a, where the instance's subnet is, but in us-east-1f"),
        ({}, {"describe_images": {"Images": []}},
         "web_instance_image_name is 'ubuntu-*': account 099720109477 has no image of that name"),
        ({}, {"describe_images": {"Images": [{"Architecture": "arm64"}]}},
         "its processors are x86_64, and the image ubuntu-* is for arm64"),
    ],
)  # fmt: skip
def test_a_network_that_will_not_do(known, answers, fault):
    faults, *_others = network_told(known, **answers)
    assert len(faults) == 1, faults
    assert fault in faults[0]


@pytest.mark.parametrize(
    "answers",
    [
        {
            "describe_subnets": {"Subnets": [subnet("s-a", free=3), subnet("s-b", "b")]},
            "describe_load_balancers": BUILT,
        },
        {
            "describe_images": {"Images": []},
            "describe_instances": RUNNING,
        },
    ],
)
def test_what_is_built_needs_no_more_room(answers):
    assert network_told(**answers)[0] == []


@pytest.mark.parametrize(
    ("size", "fault", "note"),
    [(512, "it has 0.5 GiB of memory, and the build of the viewer needs 2; write a type with 4 GiB", ""),
     (1024, "it has 1 GiB", ""), (2048, "", "c6a.large has 2 GiB of memory."), (4096, "", ""), (8192, "", "")],
)  # fmt: skip
def test_memory(size, fault, note):
    held = {"InstanceTypes": [{**TYPE, "MemoryInfo": {"SizeInMiB": size}}]}
    faults, notes, _context = network_told(describe_instance_types=held)
    assert (len(faults), len(notes)) == (bool(fault), bool(note))
    assert fault in "".join(faults)
    assert note in "".join(notes)


def types(**asked):
    """The type that is asked for, or those of the free plan."""
    if "InstanceTypes" in asked:
        return {"InstanceTypes": [TYPE]}
    sizes = {"t3.micro": 1024, "t3.small": 2048, "m7i-flex.large": 8192}
    return {
        "InstanceTypes": [{"InstanceType": name, "MemoryInfo": {"SizeInMiB": size}} for name, size in sizes.items()]
    }


OF_THE_FREE_PLAN = {"InstanceTypes": [{**TYPE, "FreeTierEligible": True}]}


@pytest.mark.parametrize(
    ("answer", "answers", "faults", "notes"),
    [
        ({"accountPlanType": "FREE"}, {}, ["web_instance_type is 'c6a.large': the account is on AWS's free plan, which"
         " does not have that type; upgrade the account to the paid plan, or write m7i-flex.large or t3.small."], []),
        ({"accountPlanType": "FREE"}, {"describe_instances": RUNNING}, [], []),
        ({"accountPlanType": "FREE"}, {"describe_instance_types": OF_THE_FREE_PLAN}, [], []),
        ({"accountPlanType": "PAID"}, {}, [], []),
        (refusal("ResourceNotFoundException"), {}, [], []),
        (refusal("AccessDeniedException"), {}, [], ["The plan of the account could not be checked: the IAM permission"
                                                    " freetier:GetAccountPlanState is missing."]),
    ],
)  # fmt: skip
def test_the_plan_of_the_account(answer, answers, faults, notes):
    told_of = network_told(**{"describe_instance_types": types, **answers, "get_account_plan_state": answer})
    assert told_of[:2] == (faults, notes)


@pytest.mark.parametrize(
    ("owner", "fault", "note"),
    [("amazon", "", ""), ("136693071363", "the images of Debian carry no agent of Systems Manager", ""),
     ("123456789012", "", "The image is of account 123456789012.")],
)  # fmt: skip
def test_the_agent_in_an_image(owner, fault, note):
    faults, notes, _context = network_told({"web_instance_image_owner": owner})
    assert (len(faults), len(notes)) == (bool(fault), bool(note))
    assert fault in "".join(faults)
    assert note in "".join(notes)
    assert network_told({"web_instance_image_owner": owner}, describe_instances=RUNNING)[:2] == ([], [])


def test_the_images_that_are_taken_by_default_carry_the_agent():
    defaults = yaml.safe_load((ROOT / "roles/web_instance/defaults/main.yml").read_text())
    assert defaults["web_instance_image_owner"] in instance_preflight.WITH_AGENT


@pytest.mark.parametrize(
    "path", ["inventories/example/group_vars/all.yml", "docs/cost.md", "playbooks/vars/failures.yml", "README.md"]
)
def test_the_memory_is_the_same_everywhere(path):
    """Of sentences that speak of the memory that the build needs."""
    text = " ".join((ROOT / path).read_text().replace("#", " ").split())
    said = re.findall(r"(\d+) Gi?B[^.]*\bmemory|memory[^.;]*?(\d+) Gi?B", text)
    known = {str(instance_preflight.LEAST_MEMORY), str(instance_preflight.ENOUGH_MEMORY)}
    assert {number for pair in said for number in pair if number} <= known
    assert path == "README.md" or said


def preferences(kind="Session", **inputs):
    return {"DocumentType": kind, "Content": json.dumps({"schemaVersion": "1.0", "inputs": inputs})}


OWN_DOCUMENT = {"session_document": "lab-session"}
NONE = refusal("InvalidDocument")


@pytest.mark.parametrize(
    ("known", "answer", "fault", "note"),
    [
        ({}, NONE, "", ""),
        ({}, preferences(kmsKeyId="", runAsEnabled=False, idleSessionTimeout="20", shellProfile={"linux": ""}), "", ""),
        ({}, preferences(kmsKeyId="alias/sessions"), "encrypt them with a key of KMS (kmsKeyId)", ""),
        ({}, preferences(runAsEnabled=True, runAsDefaultUser="ada"), "run them as ada (runAsEnabled)", ""),
        ({}, preferences(shellProfile={"linux": "exec bash"}), "run commands at their start (shellProfile)", ""),
        ({}, preferences(shellProfile={"windows": "date"}), "", ""),
        ({}, preferences(s3BucketName="logs", cloudWatchLogGroupName="l"), "", "logged in S3 and CloudWatch"),
        ({}, preferences(maxSessionDuration="20"), "", "end sessions after 20 minutes"),
        ({}, preferences(maxSessionDuration="60"), "", ""),
        (OWN_DOCUMENT, preferences(kmsKeyId="k"), "", ""),
        (OWN_DOCUMENT, NONE, "session_document is 'lab-session': Systems Manager has no session document", ""),
        (OWN_DOCUMENT, preferences("Command"), "Systems Manager has no session document of that name", ""),
        ({}, refusal("AccessDeniedException"), "", "the IAM permission ssm:GetDocument is missing"),
    ],
)  # fmt: skip
def test_how_sessions_begin(known, answer, fault, note):
    built = {"project": "lab", "network": True, **known}
    faults, notes, _context = told([BY_NAME["The settings of sessions"]], built, get_document=answer)
    assert (len(faults), len(notes)) == (bool(fault), bool(note)), (faults, notes)
    assert fault in "".join(faults)
    assert note in "".join(notes)
    assert not fault or "aws ssm create-document --name lab-session --document-type Session" in faults[0]


def distribution(name, *aliases):
    return {"Id": name, "Aliases": {"Items": [*aliases]}}


def taken_told(known=None, held=(), conflicting=(), pool="lab", **answers):
    names = {"project": "lab", "data_domain": "data.uni.edu", "user_pool_domain_prefix": "lab-login"}

    def config(Id):  # noqa: N803  (as boto3 calls it)
        return {
            "Distribution": {
                "Id": Id,
                "DistributionConfig": {"CallerReference": "lab/1" if Id == "OURS" else "lab-two"},
            }
        }

    canned = {
        "list_distributions": {"DistributionList": {"Items": [*held]}},
        "get_distribution": config,
        "list_conflicting_aliases": {"ConflictingAliasesList": {"Items": [*conflicting]}},
        "describe_user_pool": {"UserPool": {"Name": pool}},
    }
    return told(NAMES_CHECKS, {**names, **(known or {})}, **{**canned, **answers})


ELSEWHERE = {"Alias": "data.uni.edu", "DistributionId": "***1", "AccountId": "***2"}


@pytest.mark.parametrize(
    ("held", "conflicting", "fault"),
    [
        ([], [], None),
        ([distribution("OURS", "data.uni.edu")], [ELSEWHERE], None),
        ([distribution("OURS", "old.uni.edu")], [], None),
        ([distribution("E1", "data.uni.edu")], [], "distribution E1 of this account has that alias already"),
        ([distribution("OURS"), distribution("E1", "data.uni.edu")], [], "distribution E1 of this account"),
        ([distribution("OURS")], [ELSEWHERE], "distribution ***1 of account ***2 has that alias already"),
        ([distribution("OURS")], [{**ELSEWHERE, "Alias": "*.uni.edu"}], None),
        ([distribution("E1", "*.uni.edu")], [], None),
    ],
)
def test_who_has_the_alias(held, conflicting, fault):
    faults, notes, _other = taken_told(held=held, conflicting=conflicting)
    assert notes == []
    assert len(faults) == (1 if fault else 0)
    assert all(fault in found for found in faults)


def test_a_distribution_that_goes_meanwhile_is_nobody_s():
    told_of = taken_told(held=[distribution("E1", "other.uni.edu")], get_distribution=refusal("NoSuchDistribution"))
    assert told_of[:2] == ([], [])


def test_cloudfront_that_does_not_tell_stops_nothing():
    faults, notes, _other = taken_told(held=[distribution("OURS")], list_conflicting_aliases=refusal("InvalidArgument"))
    assert faults == []
    assert "Whether another account has the alias data.uni.edu can't be known yet" in notes[0]
    faults, notes, _other = taken_told(list_distributions=refusal("AccessDenied"))
    assert (faults, notes) == ([], ["The distributions of the account could not be checked: the IAM permission "
                                    "cloudfront:ListDistributions is missing."])  # fmt: skip


def described(**more):
    return {"describe_user_pool_domain": {"DomainDescription": {"Domain": "lab-login", "UserPoolId": "p", **more}}}


@pytest.mark.parametrize(
    ("answers", "owner"),
    [
        ({}, None),
        ({"describe_user_pool_domain": {"DomainDescription": {}}}, None),
        (described(AWSAccountId=ACCOUNT), None),
        ({**described(AWSAccountId=ACCOUNT), "pool": "two"}, "the user pool two (p)"),
        (described(AWSAccountId="210987654321"), "another AWS account"),
        (described(UserPoolId=None), "another AWS account"),
    ],
)
def test_who_has_the_prefix(answers, owner):
    faults, *_others = taken_told(**answers)
    assert len(faults) == (1 if owner else 0)
    assert all(f"'lab-login': {owner} has that prefix already" in found for found in faults)


class Addresses:
    """Public DNS that has an address for these names, and for all names if one of them is a star."""

    def __init__(self, *names):
        self.names = names

    def records(self, name, _kind):
        if "silent" in self.names:
            raise public.UnansweredError
        return ["192.0.2.1"] if "*" in self.names or name.partition(".")[0] in self.names else []


@pytest.mark.parametrize(
    ("names", "taken"), [((), False), (("lab-login",), True), (("lab-login", "*"), False), (("silent",), False)]
)
def test_an_address_in_dns_shows_a_prefix_of_another_account(names, taken):
    faults, *_others = taken_told({"public_dns": Addresses(*names)})
    assert bool(faults) is taken


KNOWN = {
    "network": True,
    "project": "lab",
    "signing_keys": ["k1", "k2"],
    "distributions": [{}] * 3,
    "own_distribution": {},
    "web_instance_type": "c6a.large",
    "type_facts": TYPE,
    "instance_exists": False,
}


def instance(kind="m5.large", cores=4, **more):
    return {
        "Reservations": [
            {"Instances": [{"InstanceType": kind, "CpuOptions": {"CoreCount": cores, "ThreadsPerCore": 2}, **more}]}
        ]
    }


def quotas_told(known=None, limit=10, **answers):
    canned = {
        "get_service_quota": {"Quota": {"Value": float(limit)}},
        "list_public_keys": {"PublicKeyList": {"Items": [{"Name": "lab-k1-0123456789ab"}, {"Name": "other"}]}},
        "list_key_groups": {"KeyGroupList": {"Items": [{"KeyGroup": {"KeyGroupConfig": {"Name": "other"}}}]}},
        "describe_load_balancers": {"LoadBalancers": [{"LoadBalancerName": "other", "Type": "application"},
                                                      {"LoadBalancerName": "net", "Type": "network"}]},
        "describe_account_limits": {"Limits": [{"Name": "application-load-balancers", "Max": str(limit)}]},
        "describe_instances": {"Reservations": []},
    }  # fmt: skip
    return told(QUOTAS, {**KNOWN, **(known or {})}, **{**canned, **answers})


def test_what_is_used_is_told():
    faults, notes, _other = quotas_told()
    assert faults == []
    assert [note.partition(": ")[2] for note in notes] == [
        "0 of 10 virtual processors of standard instances are used, 2 more needed.",
        "1 of 10 application load balancers in us-east-1 are used, 1 more needed.",
        "3 of 10 distributions of CloudFront are used, 1 more needed.",
        "2 of 10 public keys of CloudFront are used (the default; CloudFront does not tell yours), 1 more needed.",
        "1 of 10 key groups of CloudFront are used, 1 more needed.",
    ]


def test_where_nothing_is_left_it_is_a_fault():
    faults, notes, _other = quotas_told(limit=1)
    assert [fault.partition(";")[0] for fault in faults] == [
        "web_instance_type is 'c6a.large': 0 of 1 virtual processors of standard instances are used, and 2 more are"
        " needed",
        "project is 'lab': 1 of 1 application load balancers in us-east-1 are used, and 1 more is needed",
        "data_domain is empty: 3 of 1 distributions of CloudFront are used, and 1 more is needed",
        "signing_keys is [k1, k2]: 1 of 1 key groups of CloudFront are used, and 1 more is needed",
    ]
    assert len(notes) == 1


def test_what_is_built_counts_already():
    ours = {"KeyGroupList": {"Items": [{"KeyGroup": {"KeyGroupConfig": {"Name": "lab"}}}]}}
    balancers = {"LoadBalancers": [{"LoadBalancerName": "lab", "Type": "application"}]}
    known = {"own_distribution": {"Id": "E1"}, "distributions": [{}], "instance_exists": True}
    assert quotas_told(known, 1, list_key_groups=ours, describe_load_balancers=balancers)[0] == []


@pytest.mark.parametrize(
    ("held", "used"),
    [
        (instance(), 8),
        (instance(InstanceLifecycle="spot"), 0),
        (instance("g5.xlarge"), 0),
        (instance("im4gn.large", 1), 2),
        (instance("inf2.xlarge"), 0),
    ],
)
def test_only_standard_instances_on_demand_count(held, used):
    assert f"{used} of 10 virtual processors" in quotas_told(describe_instances=held)[1][0]


@pytest.mark.parametrize(
    ("refused", "told_of"),
    [
        (refusal("AccessDeniedException"), "the IAM permission servicequotas:GetServiceQuota is missing"),
        (refusal("NoSuchResourceException"), "NoSuchResourceException"),
    ],
)
def test_a_quota_that_can_not_be_read_is_the_documented_one_and_stops_nothing(refused, told_of):
    faults, notes, _other = quotas_told({"distributions": [{}] * 200}, get_service_quota=refused)
    assert faults == []
    assert "200 of 200 distributions of CloudFront are used (the default; " in notes[2]
    assert told_of in notes[2]


def test_the_module_on_an_account(run_module, client):
    """The whole module, on moto: what it finds of an account as a new one is."""
    client("s3").create_bucket(Bucket="raw")
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    client("s3").put_public_access_block(Bucket="raw", PublicAccessBlockConfiguration=blocked)
    result = run_module("preflight", check_mode=True, data_bucket="raw", aws_account_id=ACCOUNT)
    assert (result["changed"], result["faults"], result["bucket"]["region"]) == (False, [], "us-east-1")
    result = run_module("preflight", data_bucket="rawest", network_subnet_ids=[], variable_names={"data_bucket": "b"})
    assert result["failed"]
    bucket, network = result["faults"]
    assert (
        bucket["message"]
        == "b is 'rawest': there is no bucket of that name; write the name of the bucket with your data."
    )
    assert network["variable"] == "network_subnet_ids", "moto's default VPC has no way out"
    assert result["msg"].splitlines() == [bucket["message"], network["message"]]


def test_what_is_not_asked_for_is_not_looked_at(run_module):
    result = run_module("preflight")
    assert (result["changed"], result["faults"], result["notes"]) == (False, [], [])
    assert not result.keys() & {"bucket", "network", "failed"}
