# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment's resources, found by their names as the roles give them. PRIVATE.

What is not there raises Skipped with the line of the report that says so; only that line's own check looks for None.
"""

from __future__ import annotations

import urllib.parse
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import DeniedError
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Sight, Skipped

Resource = dict[str, Any]


def _first(found: list[Any]) -> Any:
    return found[0] if found else None


def _there(found: Any, what: str, line: str) -> Any:
    if found is None:
        raise Skipped(f"there is no {what}, see {line}")
    return found


def find_distribution(look: Sight) -> Resource | None:
    """The distribution that answers for the data's name, with its configuration and ARN."""
    alias = look.known["data_domain"]
    summaries = look.pages("cloudfront", "list_distributions", "DistributionList.Items")
    summary = _first([one for one in summaries if alias in (one["Aliases"].get("Items") or [])])
    return summary and look.call("cloudfront", "get_distribution", Id=summary["Id"])["Distribution"]


def distribution(look: Sight) -> Resource:
    return _there(find_distribution(look), "distribution", "distribution")


def behaviour(look: Sight) -> Resource:
    return distribution(look)["DistributionConfig"]["DefaultCacheBehavior"]


def find_key_group(look: Sight) -> Resource | None:
    groups = [item["KeyGroup"] for item in look.pages("cloudfront", "list_key_groups", "KeyGroupList.Items")]
    return _first([group for group in groups if group["KeyGroupConfig"]["Name"] == look.known["project"]])


def key_group(look: Sight) -> Resource:
    return _there(find_key_group(look), "key group", "distribution-keys")


def public_keys(look: Sight) -> dict[str, str]:
    """The PEM text of each public key that the key group holds, by its id."""
    items = look.pages("cloudfront", "list_public_keys", "PublicKeyList.Items")
    held = set(key_group(look)["KeyGroupConfig"]["Items"])
    return {item["Id"]: item["EncodedKey"].strip() for item in items if item["Id"] in held}


def public_half(look: Sight, label: str) -> str | None:
    """The public half of a signing key as Parameter Store holds it."""
    name = f"{look.known['signing_key_path']}/{label}.pub"
    held = look.unless(["ParameterNotFound"], "ssm", "get_parameter", Name=name)
    return held["Parameter"]["Value"].strip() if held else None


def find_load_balancer(look: Sight) -> Resource | None:
    name = look.known["project"]
    held = look.unless(["LoadBalancerNotFound"], "elbv2", "describe_load_balancers", Names=[name])
    return _first(held["LoadBalancers"]) if held else None


def load_balancer(look: Sight) -> Resource:
    return _there(find_load_balancer(look), "load balancer", "load-balancer")


def listeners(look: Sight) -> list[Resource]:
    arn = load_balancer(look)["LoadBalancerArn"]
    return look.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)


def listener(look: Sight, port: int) -> Resource:
    held = [listener for listener in listeners(look) if listener["Port"] == port]
    return _there(_first(held), f"listener on port {port}", "listeners")


def rules(look: Sight) -> list[Resource]:
    """The rules of the HTTPS listener but its default one, which is its last."""
    held = look.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener(look, 443)["ListenerArn"])
    return [rule for rule in held if not rule["IsDefault"]]


def find_target_group(look: Sight) -> Resource | None:
    name = f"{look.known['project']}-https-{look.known['port']}"
    held = look.unless(["TargetGroupNotFound"], "elbv2", "describe_target_groups", Names=[name])
    return _first(held["TargetGroups"]) if held else None


def target_group(look: Sight) -> Resource:
    return _there(find_target_group(look), "target group", "targets")


def find_instance(look: Sight) -> Resource | None:
    project = look.known["project"]
    filters = {"tag:Name": [project], "tag:Project": [project]}
    filters["instance-state-name"] = ["pending", "running", "stopping", "stopped"]
    asked = [{"Name": name, "Values": values} for name, values in filters.items()]
    found = look.pages("ec2", "describe_instances", "Reservations", Filters=asked)
    return _first([instance for reservation in found for instance in reservation["Instances"]])


def instance(look: Sight) -> Resource:
    return _there(find_instance(look), "instance", "instance")


def find_security_group(look: Sight, suffix: str) -> Resource | None:
    vpc = load_balancer(look)["VpcId"]
    filters = {"group-name": f"{look.known['project']}-{suffix}", "vpc-id": vpc}
    asked = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    return _first(look.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=asked))


def security_group(look: Sight, suffix: str, line: str) -> Resource:
    return _there(find_security_group(look, suffix), f"security group {look.known['project']}-{suffix}", line)


def find_user_pool(look: Sight) -> Resource | None:
    pools = look.pages("cognito-idp", "list_user_pools", "UserPools", MaxResults=60)
    pool = _first([pool for pool in pools if pool["Name"] == look.known["project"]])
    return pool and look.call("cognito-idp", "describe_user_pool", UserPoolId=pool["Id"])["UserPool"]


def user_pool(look: Sight) -> Resource:
    return _there(find_user_pool(look), "user pool", "pool-sign-up")


def app_clients(look: Sight) -> list[Resource]:
    """The app clients of the user pool: names and ids."""
    pool = user_pool(look)["Id"]
    return look.pages("cognito-idp", "list_user_pool_clients", "UserPoolClients", UserPoolId=pool, MaxResults=60)


def find_app_client(look: Sight) -> Resource | None:
    """The load balancer's app client, without its secret."""
    client = _first([client for client in app_clients(look) if client["ClientName"] == look.known["project"]])
    if client is None:
        return None
    ids = {"UserPoolId": user_pool(look)["Id"], "ClientId": client["ClientId"]}
    held = look.call("cognito-idp", "describe_user_pool_client", **ids)["UserPoolClient"]
    return {name: value for name, value in held.items() if name != "ClientSecret"}


def app_client(look: Sight) -> Resource:
    return _there(find_app_client(look), "app client", "pool-client")


def an_object(look: Sight) -> str:
    """The key of some object of the bucket, as a path; empty if it has none, or if it may not be listed."""
    try:
        held = look.call("s3", "list_objects_v2", Bucket=look.known["data_bucket"], MaxKeys=20)
    except DeniedError:
        return ""
    keys = [item["Key"] for item in held.get("Contents", [])]
    return urllib.parse.quote(next((key for key in keys if not key.endswith("/")), ""))
