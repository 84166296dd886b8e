"""Instances, instance profiles and role policies, read from moto itself."""

from __future__ import annotations

import functools
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from sandbox import settings


@functools.cache
def moto_client(service: str) -> Any:
    """A client of moto itself, so that the request log has only the calls of playbooks and hosts."""
    return settings.client(service, settings.MOTO_URL)


def describe(instance_id: str) -> dict[str, Any] | None:
    """The instance as DescribeInstances returns it."""
    try:
        answer = moto_client("ec2").describe_instances(InstanceIds=[instance_id])
    except ClientError:
        return None
    return answer["Reservations"][0]["Instances"][0]


def role_name(instance: dict[str, Any]) -> str | None:
    """The role of the instance's own instance profile."""
    profile = instance.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2]
    if not profile:
        return None
    try:
        roles = moto_client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    except ClientError:
        return None
    return roles[0]["RoleName"] if roles else None


def trusts_ec2(role: str) -> bool:
    """Whether EC2 may assume the role for its instances."""
    document = moto_client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    return "ec2.amazonaws.com" in json.dumps(document)


def role_policies(role: str) -> Iterator[dict[str, Any]]:
    """The documents of the role's policies."""
    iam = moto_client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield _document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        yield _document(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _document(policy: dict[str, Any] | str) -> dict[str, Any]:
    return json.loads(urllib.parse.unquote(policy)) if isinstance(policy, str) else policy
