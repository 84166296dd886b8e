"""The rights of a run in the sandbox: a role with the policies that docs/permissions.md has for its playbook."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

from sandbox import settings
from sandbox.compute import instances
from sandbox.iam import playbook_policies

# Says for what a run is, where its playbook does not: a purpose of docs/permissions.yml.
VARIABLE = "SANDBOX_PURPOSE"
TRUST = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{settings.ACCOUNT}:root"}, "Action": "sts:AssumeRole"}


def _zone_id(name: str) -> str:
    zones = instances.moto("route53").list_hosted_zones_by_name(DNSName=name)["HostedZones"]
    found = [zone["Id"].rpartition("/")[2] for zone in zones if zone["Name"] == f"{name}."]
    return found[0] if found else "none"


def values(given: dict[str, Any]) -> dict[str, str]:
    """What stands for the placeholders in a run with these variables."""
    domain = given.get("domain", settings.DOMAIN)
    return {
        "account": settings.ACCOUNT,
        "region": settings.REGION,
        "project": given.get("project", settings.PROJECT),
        "domain": domain,
        "site_domain": given.get("site_domain", f"neuroglancer.{domain}"),
        "data_domain": given.get("data_domain", f"data.{domain}"),
        "hosted_zone_id": "none" if given.get("dns") == "manual" else _zone_id(given.get("hosted_zone", domain)),
        "data_bucket": given.get("data_bucket", settings.DATA_BUCKET),
        "igv_bucket": settings.READS_BUCKET,
    }


def _role(purpose: str, filled: dict[str, str]) -> str:
    """The role with the policies of a purpose; its ARN. Its name is not the project's: a teardown leaves it."""
    iam = instances.moto("iam")
    name = f"{purpose}-{hashlib.sha256(filled['project'].encode()).hexdigest()[:8]}"
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(playbook_policies.document([TRUST])))
    wanted = {str(number): json.dumps(policy) for number, policy in enumerate(playbook_policies.policies(purpose), 1)}
    # In place, never without: what an earlier run asked for in its last moment may not be judged yet.
    for number, policy in wanted.items():
        document = playbook_policies.filled(policy, filled)
        iam.put_role_policy(RoleName=name, PolicyName=number, PolicyDocument=document)
    for old in set(iam.list_role_policies(RoleName=name)["PolicyNames"]) - set(wanted):
        iam.delete_role_policy(RoleName=name, PolicyName=old)
    return iam.get_role(RoleName=name)["Role"]["Arn"]


def credentials(purpose: str, given: dict[str, Any]) -> dict[str, str]:
    """The variables of the environment by which a run with these variables has the rights of a purpose."""
    session = {"RoleArn": _role(purpose, values(given)), "RoleSessionName": purpose}
    made = instances.moto("sts").assume_role(**session)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        "AWS_SESSION_TOKEN": made["SessionToken"],
    }
