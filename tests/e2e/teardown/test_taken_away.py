"""Both deployments are taken away, one after the other: their owner's things stay, the other one, and IGV's backend."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import settings
from sandbox.compute import hosts
from sandbox.demo import igv as igv_demo
from sandbox.demo import igv_client, reads, viewer
from tests.e2e import desktop, inside, interrupted
from tests.e2e.playbook import kill_at, recap, run
from tests.recorder import READS

PROJECT, BUCKET, DOMAIN = settings.PROJECT, settings.DATA_BUCKET, settings.DOMAIN
FAR = "eu-central-1"
TEARDOWN = ["playbooks/teardown.yml", "-e", f"confirm={PROJECT}"]
WITH_USERS = [*TEARDOWN, "-e", f"confirm_users={PROJECT}"]
OTHER = interrupted.PROJECT
OTHER_TEARDOWN = ["playbooks/teardown.yml", *interrupted.OPTIONS]
OTHER_TEARDOWN += ["-e", f"confirm={OTHER}", "-e", f"confirm_users={OTHER}"]
OWNERS = {
    "Sid": "Owner",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{settings.ACCOUNT}:root"},
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
EVERYWHERE = {
    "cloudfront": (
        "list_distributions",
        "list_key_groups",
        "list_public_keys",
        "list_origin_access_controls",
        "list_response_headers_policies",
    ),
    "ec2": ("describe_security_groups", "describe_network_interfaces", "describe_volumes"),
    "elbv2": ("describe_load_balancers", "describe_target_groups"),
    "iam": ("list_roles", "list_instance_profiles"),
    "lambda": ("list_functions",),
    "logs": ("describe_log_groups",),
    "s3": ("list_buckets",),
    "ssm": ("describe_parameters",),
}


def texts(node: Any) -> list[str]:
    """Every text in an answer."""
    if isinstance(node, dict):
        return [text for value in node.values() for text in texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in texts(value)]
    return [str(node)]


def certificates(domain: str) -> list[str]:
    listed = settings.client("acm").list_certificates()["CertificateSummaryList"]
    return [one["CertificateArn"] for one in listed if one["DomainName"] == domain]


def pools(project: str) -> list[str]:
    listed = settings.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return [pool["Id"] for pool in listed if pool["Name"] == project]


def left(project: str = PROJECT, domain: str = DOMAIN, other: str = OTHER) -> dict[str, list[str]]:
    """Whatever in the account carries the project's name, by operation; asked service by service. IGV's is another."""
    found = {
        f"{service} {operation}": [text for text in texts(ask()) if project in text.replace(settings.IGV_PROJECT, "")]
        for service, operations in EVERYWHERE.items()
        for operation in operations
        for ask in [getattr(settings.client(service), operation)]
    }
    named = {"certificates": certificates(domain), "pools": pools(project), "instances": inside.instances(project)}
    unnamed = {"hosts": hosts_but_of(other)}
    return {what: texts for what, texts in {**found, **named, **unnamed}.items() if texts}


def hosts_but_of(project: str) -> list[str]:
    theirs = set(inside.instances(project))
    return [name for name in hosts.names() if name not in theirs]


def records() -> set[tuple[str, str]]:
    """The zone's records, but those of the zone itself."""
    route53 = settings.client("route53")
    (zone,) = [one["Id"] for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == f"{DOMAIN}."]
    listed = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(one["Name"], one["Type"]) for one in listed if one["Type"] not in ("NS", "SOA")}


def bucket() -> tuple[list[tuple[str, str]], list[str]]:
    """The objects of the data bucket, and the Sids of its policy."""
    s3 = settings.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    objects = [(item["Key"], item["ETag"]) for page in pages for item in page["Contents"]]
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    return objects, [statement["Sid"] for statement in policy["Statement"]]


def rotated_key() -> None:
    """What a rotation leaves: a label that no run names any more, its key in CloudFront, and its parameters."""
    cloudfront, ssm = settings.client("cloudfront"), settings.client("ssm")
    listed = cloudfront.list_public_keys()["PublicKeyList"]["Items"]
    held = next(key["EncodedKey"] for key in listed if key["Name"].startswith(f"{PROJECT}-k1-"))
    config = {"CallerReference": "k0", "Name": f"{PROJECT}-k0-0123456789ab", "EncodedKey": held}
    comment = f"{settings.DATA_DOMAIN}: cookies signed by k0"
    cloudfront.create_public_key(PublicKeyConfig={**config, "Comment": comment})
    for name in ("k0", "k0.pub"):
        path = f"/{PROJECT}/cookie-signing-keys/{name}"
        ssm.put_parameter(Name=path, Value="x", Type="SecureString", Overwrite=True)


@pytest.fixture(scope="module")
def owner(deployment) -> str:
    """What is in the account besides: a statement of the owner's, a certificate elsewhere for the same domain."""
    s3 = settings.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    policy["Statement"] = [OWNERS, *policy["Statement"]]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    staging = f"{PROJECT}-ssm-{settings.ACCOUNT}-{settings.REGION}"
    s3.put_object(Bucket=staging, Key="left/over", Body=b"from a run that was killed")
    rotated_key()
    acm = settings.client("acm", region=FAR)
    names = {"DomainName": DOMAIN, "SubjectAlternativeNames": [f"*.{DOMAIN}"]}
    return acm.request_certificate(**names, ValidationMethod="DNS")["CertificateArn"]


@pytest.fixture(scope="module")
def igv(deployment) -> tuple[igv_client.Configuration, str]:
    """The backend for IGV with a user pool of its own: its configuration, and the password of a person."""
    reads.upload(settings.client("s3"), desktop.BUCKET)
    desktop.build()
    password = viewer.create_user(desktop.PERSON, settings.IGV_PROJECT)
    return igv_client.read(igv_demo.CONFIGURATION), password


@pytest.fixture(scope="module")
def before(owner, igv, second_lab) -> dict[str, Any]:
    return {"objects": bucket()[0], "the other deployment": interrupted.everything()}


def test_a_dry_run_lists_what_would_go_and_writes_nothing(before, owner):
    start = settings.REQUEST_LOG.stat().st_size
    said = run([*WITH_USERS, "--check"])
    with settings.REQUEST_LOG.open() as log:
        log.seek(start)
        calls = [json.loads(line) for line in log]
    asked = {call["action"] for call in calls if (call["role"] or "").startswith("teardown-")}
    assert len(asked) > 30
    assert {action for action in asked if not READS.match(action)} == set()
    (instance,) = hosts_but_of(OTHER)
    for line in (f"load balancer  {PROJECT}", f"instance  {instance}", f"public key  {PROJECT}-k0-0123456789ab"):
        assert f"'  {line}'" in said, said
    assert f"{owner} needs it" in " ".join(said.split())


def test_killed_in_the_middle_it_goes_on_and_leaves_nothing_but_the_users(before, owner):
    kill_at("Terminate the instance", TEARDOWN, after=0.5)
    kill_at("Delete the distribution once disabled", TEARDOWN, after=0.5)
    said = run(TEARDOWN)
    assert f"Nothing is left of {PROJECT} but what was said to stay." in said
    sign_in = f"{PROJECT}-sign-in"
    kept = left()
    assert kept.keys() == {"pools", "iam list_roles", "lambda list_functions", "logs describe_log_groups"}, kept
    ours = [text for what, texts in kept.items() if what != "pools" for text in texts]
    assert all(sign_in in text or text.startswith(f"{PROJECT}: ") for text in ours), kept
    assert bucket() == (before["objects"], ["Owner"])
    assert {kind for _name, kind in records()} == {"CNAME"}, "the one that the certificate in eu-central-1 needs"


def test_with_its_users_all_of_it_goes_and_the_record_that_nobody_needs_any_more(before, owner):
    settings.client("acm", region=FAR).delete_certificate(CertificateArn=owner)
    run(WITH_USERS)
    assert left() == {}
    assert records() == set()
    assert bucket() == (before["objects"], ["Owner"])


def test_again_it_changes_nothing(before):
    host = recap(run(WITH_USERS))["localhost"]
    assert (host["changed"], host["failed"]) == (0, 0)


def test_the_deployment_of_an_earlier_test_is_as_it_was(before):
    assert interrupted.everything() == before["the other deployment"]


def test_igv_reads_on(before, igv):
    configuration, password = igv
    tokens = desktop.sign_in(configuration, password)
    s3 = igv_client.storage(configuration, igv_client.credentials(configuration, tokens["id_token"]))
    assert igv_client.reads(s3, desktop.BUCKET, desktop.BAM, desktop.LOCUS)


def test_the_other_deployment_goes_too_and_says_which_records_to_remove_by_hand(before):
    there = left(OTHER, settings.MANUAL_DOMAIN, PROJECT)
    assert there.keys() >= {"pools", "instances", "hosts", "elbv2 describe_load_balancers"}
    said = run(OTHER_TEARDOWN)
    for name in (interrupted.SITE, interrupted.DATA):
        assert f"  {name}.  CNAME" in said
    assert left(OTHER, settings.MANUAL_DOMAIN, PROJECT) == {}
    assert settings.client("s3").head_bucket(Bucket=interrupted.BUCKET)
