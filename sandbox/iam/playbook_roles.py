"""A role for each playbook run in the sandbox, with the policies of docs/permissions.md."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

from sandbox import settings
from sandbox.compute import instances
from tools import iam_policies

# Overrides the purpose of meta/iam/permissions.yml that the playbook is listed for.
VARIABLE = "SANDBOX_PURPOSE"
TRUST = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{settings.ACCOUNT}:root"}, "Action": "sts:AssumeRole"}


def _zone_id(name: str) -> str:
    zones = instances.moto_client("route53").list_hosted_zones_by_name(DNSName=name)["HostedZones"]
    found = [zone["Id"].rpartition("/")[2] for zone in zones if zone["Name"] == f"{name}."]
    return found[0] if found else "none"


def placeholders(variables: dict[str, Any]) -> dict[str, str]:
    """The values of the policies' placeholders for a run with these variables."""
    domain, manual = variables.get("domain", settings.DOMAIN), variables.get("dns") == "manual"
    return {
        "account": settings.ACCOUNT,
        "region": settings.REGION,
        "project": variables.get("project", settings.PROJECT),
        "domain": domain,
        "site_domain": variables.get("site_domain", f"neuroglancer.{domain}"),
        "data_domain": variables.get("data_domain", f"data.{domain}"),
        "hosted_zone_id": "none" if manual else _zone_id(variables.get("hosted_zone", domain)),
        "data_bucket": variables.get("data_bucket", settings.DATA_BUCKET),
        "igv_bucket": settings.READS_BUCKET,
    }


def _put_role(purpose: str, filled: dict[str, str]) -> str:
    """Create or update the role of a purpose; its ARN. Its name is not the project's: a teardown leaves it."""
    iam = instances.moto_client("iam")
    name = f"{purpose}-{hashlib.sha256(filled['project'].encode()).hexdigest()[:8]}"
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(iam_policies.document([TRUST])))
    wanted = {str(number): json.dumps(policy) for number, policy in enumerate(iam_policies.policies(purpose), 1)}
    # In place: requests of an earlier run may still be authorized by it.
    for number, policy in wanted.items():
        document = iam_policies.filled(policy, filled)
        iam.put_role_policy(RoleName=name, PolicyName=number, PolicyDocument=document)
    for old in set(iam.list_role_policies(RoleName=name)["PolicyNames"]) - set(wanted):
        iam.delete_role_policy(RoleName=name, PolicyName=old)
    return iam.get_role(RoleName=name)["Role"]["Arn"]


def credentials(purpose: str, variables: dict[str, Any]) -> dict[str, str]:
    """The environment variables with credentials of a purpose's role."""
    session = {"RoleArn": _put_role(purpose, placeholders(variables)), "RoleSessionName": purpose}
    made = instances.moto_client("sts").assume_role(**session)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        "AWS_SESSION_TOKEN": made["SessionToken"],
    }
