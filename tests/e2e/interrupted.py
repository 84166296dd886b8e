"""A run that is killed at any long wait, again and again, is finished by the next; here with records made by hand.

A deployment of its own beside the first one: a lab that has no Route 53. Its DNS is played by a zone of the sandbox in
which only this file writes, what the runs print.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from sandbox import seed, settings
from tests.e2e import inside
from tests.e2e.playbook import kill_at, read_up_to, recap, run, started

PROJECT, BUCKET = "manual-lab", "manual-private-data"
SITE, DATA = f"neuroglancer.{settings.MANUAL_DOMAIN}", f"data.{settings.MANUAL_DOMAIN}"
LAB = {"project": PROJECT, "domain": settings.MANUAL_DOMAIN, "data_bucket": BUCKET, "dns": "manual"}
RECORD = re.compile(r"name: (\S+)\s+type: CNAME\s+value: (\S+)")
OPTIONS = ("-e", json.dumps(LAB))
SITE_PLAYBOOK = [*OPTIONS, "playbooks/site.yml"]


def make_records(said: str) -> set[str]:
    """Do by hand what the run asks for; returns the names."""
    route53, records = settings.client("route53"), RECORD.findall(said)
    zones = route53.list_hosted_zones_by_name(DNSName=settings.MANUAL_DOMAIN)["HostedZones"]
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {"Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": value}]},
        }
        for name, value in records
    ]
    route53.change_resource_record_sets(HostedZoneId=zones[0]["Id"], ChangeBatch={"Changes": changes})
    return {name for name, _other in records}


def certificate_status() -> str:
    acm = settings.client("acm")
    listed = acm.list_certificates()["CertificateSummaryList"]
    (arn,) = [each["CertificateArn"] for each in listed if each["DomainName"] == settings.MANUAL_DOMAIN]
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]


def named(items: list[dict[str, Any]], *keys: str) -> list[str]:
    """The names, of those that carry the project's."""
    names = [next(item[key] for key in keys if key in item) for item in items]
    return [name for name in names if PROJECT in name or settings.MANUAL_DOMAIN in name]


def everything() -> dict[str, list[str]]:
    """What there is of the project, of each kind."""
    acm, balancing = settings.client("acm"), settings.client("elbv2")
    cognito, cloudfront = settings.client("cognito-idp"), settings.client("cloudfront")
    distributions = cloudfront.list_distributions()["DistributionList"].get("Items", [])
    return {
        "certificates": named(acm.list_certificates()["CertificateSummaryList"], "DomainName"),
        "user pools": named(cognito.list_user_pools(MaxResults=60)["UserPools"], "Name"),
        "instances": inside.instances(PROJECT),
        "load balancers": named(balancing.describe_load_balancers()["LoadBalancers"], "LoadBalancerName"),
        "target groups": named(balancing.describe_target_groups()["TargetGroups"], "TargetGroupName"),
        "distributions": named(distributions, "Comment"),
        "keys": named(cloudfront.list_public_keys()["PublicKeyList"].get("Items", []), "Name"),
    }


def prepare() -> None:
    """What the second lab has: a private bucket, and somebody who answers for its domain."""
    with contextlib.suppress(settings.client("s3").exceptions.BucketAlreadyOwnedByYou):
        seed.create_private_bucket(BUCKET)
    settings.client("route53").create_hosted_zone(Name=settings.MANUAL_DOMAIN, CallerReference="by hand")


def build(often: bool) -> None:
    """Build it, killed on the way, twice or `often`; not again what is there."""
    if inside.instances(PROJECT):
        return
    prepare()
    begin(often)
    finish_after_kills() if often else finish()


def begin(often: bool) -> None:
    """Killed at the wait for the certificate and in the middle of the host's packages; `often`, between them too."""
    told = kill_at("Wait for ACM to issue the certificate", SITE_PLAYBOOK, after=5)
    assert certificate_status() == "PENDING_VALIDATION", "without the record there is none"
    assert len(make_records(told)) == 1
    if often:
        kill_at("launch | Launch the instance", SITE_PLAYBOOK, after=0.5)
        kill_at("Wait for a Systems Manager session", SITE_PLAYBOOK)
    kill_at("nginx : install | Install the packages", SITE_PLAYBOOK, after=3)


def finish() -> None:
    """A run to the end, which waits while somebody makes the records that it asks for."""
    (instance,) = inside.instances(PROJECT)
    with started(SITE_PLAYBOOK) as process:
        said = read_up_to("Wait for CloudFront to deploy the distribution", process)
        assert make_records(said) == {f"{SITE}.", f"{DATA}."}, said[-4000:]
        said += process.stdout.read()
    assert process.returncode == 0, said[-6000:]
    assert inside.instances(PROJECT) == [instance]


def finish_after_kills() -> None:
    """Killed at each long wait that is left, until a run has nothing to do any more."""
    (instance,) = inside.instances(PROJECT)
    told = kill_at("Wait for CloudFront to deploy the distribution", SITE_PLAYBOOK, after=0.2)
    assert make_records(told) == {f"{SITE}.", f"{DATA}."}
    kill_at("Verify every claim", [*OPTIONS, "playbooks/verify.yml"], after=0.2)
    said = run(SITE_PLAYBOOK)
    assert "compile | " not in said, "this machine has built the viewer before"
    assert {(host["changed"], host["failed"]) for host in recap(said).values()} == {(0, 0)}, recap(said)
    assert inside.instances(PROJECT) == [instance]
