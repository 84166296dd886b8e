# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of a deployment, by the names that the roles give, in the order of a teardown. PRIVATE.

It asks AWS itself and not the roles, so that it can prove that they have left nothing.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Sight
from ansible_collections.bioviewers.aws.plugins.module_utils._services import acm

# Parts of the ARNs of what is looked for by name. What Resource Groups tells of such can be old: it lists what was
# tagged once, too (Resource Groups Tagging API Reference, "GetResources").
KINDS_BY_NAME = (
    ":instance/",
    ":volume/",
    ":security-group/",
    ":loadbalancer/",
    ":targetgroup/",
    ":listener",
    ":distribution/",
    ":certificate/",
    ":parameter/",
    ":function:",
    ":log-group:",
    ":userpool/",
    ":identitypool/",
    ":role/",
    ":sns:",
    ":instance-profile/",
)
LIVE = ["pending", "running", "stopping", "stopped"]
USERS = "it goes with confirm_users"


@dataclass(frozen=True)
class Held:
    kind: str
    name: str
    costs: bool = False
    stays: str = ""


def statements(look: Sight) -> Iterator[Held]:
    bucket, project = look.known["data_bucket"], look.known["project"]
    held = look.unless(["NoSuchBucket", "NoSuchBucketPolicy"], "s3", "get_bucket_policy", Bucket=bucket)
    listed = json.loads(held["Policy"])["Statement"] if held else []
    for statement in listed if isinstance(listed, list) else [listed]:
        if statement.get("Sid") in (f"{project}-GetObject", f"{project}-ListBucket"):
            yield Held("statement in the policy of the bucket", f"{statement['Sid']} of {bucket}")


def zone_records(look: Sight) -> list[dict[str, Any]]:
    """All records of the public zone; none if records are made by hand."""
    name = f"{look.known.get('hosted_zone', '').lower().rstrip('.')}."
    if name == ".":
        return []
    zones = look.call("route53", "list_hosted_zones_by_name", DNSName=name)["HostedZones"]
    ids = [zone["Id"] for zone in zones if zone["Name"] == name and not zone["Config"].get("PrivateZone")]
    listed = [look.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=one) for one in ids]
    return [record for records in listed for record in records]


def distributions(look: Sight) -> list[dict[str, Any]]:
    return look.pages("cloudfront", "list_distributions", "DistributionList.Items")


def own_distributions(look: Sight) -> list[dict[str, Any]]:
    """Those whose caller reference is the project's, as the module cloudfront_distribution knows its own."""

    def is_ours(one: dict[str, Any]) -> bool:
        config = look.call("cloudfront", "get_distribution_config", Id=one["Id"])["DistributionConfig"]
        return f"{config['CallerReference']}/".startswith(f"{look.known['project']}/")

    return [one for one in distributions(look) if is_ours(one)]


def _address_records(look: Sight, name: str, pattern: str) -> Iterator[Held]:
    """The records of a name; one that leads elsewhere by now is its owner's."""
    for record in zone_records(look):
        if record["Name"].rstrip(".") == name.lower() and record["Type"] in ("A", "AAAA"):
            target = record.get("AliasTarget", {}).get("DNSName", "no alias").rstrip(".")
            ours = re.fullmatch(pattern, target)
            yield Held(f"{record['Type']} record", record["Name"], stays="" if ours else f"it points to {target}")


def site_records(look: Sight) -> Iterator[Held]:
    balancer = rf"(dualstack\.)?{re.escape(look.known['project'])}-\d+\..*"
    yield from _address_records(look, look.known["site_domain"], balancer)


def data_records(look: Sight) -> Iterator[Held]:
    own = "|".join(re.escape(one["DomainName"].lower()) for one in own_distributions(look))
    yield from _address_records(look, look.known["data_domain"], own or "(?!)")


def load_balancers(look: Sight) -> Iterator[Held]:
    held = look.unless(["LoadBalancerNotFound"], "elbv2", "describe_load_balancers", Names=[look.known["project"]])
    for one in held["LoadBalancers"] if held else []:
        yield Held("load balancer", one["LoadBalancerName"], costs=True)


def target_groups(look: Sight) -> Iterator[Held]:
    for one in look.pages("elbv2", "describe_target_groups", "TargetGroups"):
        if re.fullmatch(rf"{re.escape(look.known['project'])}-https-\d+", one["TargetGroupName"]):
            yield Held("target group", one["TargetGroupName"])


def _tagged(look: Sight, **more: Any) -> list[dict[str, Any]]:
    filters = {
        "tag:Project": [look.known["project"]],
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return [{"Name": name, "Values": values} for name, values in filters.items()]


def instances(look: Sight) -> Iterator[Held]:
    filters = _tagged(look, instance_state_name=LIVE)
    for reservation in look.pages("ec2", "describe_instances", "Reservations", Filters=filters):
        for one in reservation["Instances"]:
            yield Held("instance", one["InstanceId"], costs=True)


def volumes(look: Sight) -> Iterator[Held]:
    """Disks that no instance takes along."""
    for one in look.pages("ec2", "describe_volumes", "Volumes", Filters=_tagged(look, status=["available", "error"])):
        yield Held("disk", one["VolumeId"], costs=True)


def _role(look: Sight, name: str, stays: str = "") -> Iterator[Held]:
    if look.unless(["NoSuchEntity"], "iam", "get_role", RoleName=name):
        yield Held("role", name, stays=stays)


def instance_rights(look: Sight) -> Iterator[Held]:
    name = look.known["project"]
    if look.unless(["NoSuchEntity"], "iam", "get_instance_profile", InstanceProfileName=name):
        yield Held("instance profile", name)
    yield from _role(look, name)


def staging_bucket(look: Sight) -> Iterator[Held]:
    name = look.known["staging_bucket"]
    if look.unless(["404", "NoSuchBucket"], "s3", "head_bucket", Bucket=name):
        yield Held("bucket", name, costs=True)


def topics(look: Sight) -> Iterator[Held]:
    for one in look.pages("sns", "list_topics", "Topics"):
        if one["TopicArn"].rpartition(":")[2] == f"{look.known['project']}-failures":
            yield Held("topic", one["TopicArn"])


def security_groups(look: Sight) -> Iterator[Held]:
    names = [f"{look.known['project']}-{suffix}" for suffix in ("load-balancer", "instance")]
    for one in look.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=_tagged(look, group_name=names)):
        yield Held("security group", f"{one['GroupName']} of {one['VpcId']}")


def _user_pools(look: Sight, name: str) -> list[str]:
    pools = look.pages("cognito-idp", "list_user_pools", "UserPools", MaxResults=60)
    return [pool["Id"] for pool in pools if pool["Name"] == name]


def _app_clients(look: Sight, pool: str) -> list[str]:
    held = look.pages("cognito-idp", "list_user_pool_clients", "UserPoolClients", UserPoolId=pool, MaxResults=60)
    return [client["ClientName"] for client in held]


def users(look: Sight) -> Iterator[Held]:
    """The user pool and what its sign-ins need; all of it stays while others sign people in there."""
    project = look.known["project"]
    pools = _user_pools(look, project)
    others = sorted({name for pool in pools for name in _app_clients(look, pool)} - {project})
    stays = f"the app client {join(others)} signs people in there" if others else ""
    stays = stays or (USERS if look.known["keep_users"] else "")
    for pool in pools:
        yield Held("user pool with all its users", f"{project} ({pool})", stays=stays)
    name, missing = f"{project}-sign-in", ["ResourceNotFoundException"]
    if look.unless(missing, "lambda", "get_function_configuration", FunctionName=name):
        yield Held("function", name, stays=stays)
    yield from _role(look, name, stays)
    log = f"/aws/lambda/{name}"
    for group in look.call("logs", "describe_log_groups", logGroupNamePrefix=log)["logGroups"]:
        if group["logGroupName"] == log:
            yield Held("log", log, stays=stays)


def shared_app_clients(look: Sight) -> Iterator[Held]:
    """IGV's app client in the user pool of the viewer."""
    name, of_pool = look.known["project"], look.known["user_pool"]
    for pool in _user_pools(look, of_pool) if of_pool != name else []:
        if name in _app_clients(look, pool):
            yield Held("app client", f"{name} of the user pool {of_pool}")


def identity_pools(look: Sight) -> Iterator[Held]:
    name = look.known["project"]
    for pool in look.pages("cognito-identity", "list_identity_pools", "IdentityPools", MaxResults=60):
        if pool["IdentityPoolName"] == name:
            yield Held("identity pool", f"{name} ({pool['IdentityPoolId']})")
    yield from _role(look, f"{name}-reader")


def distribution(look: Sight) -> Iterator[Held]:
    for one in own_distributions(look):
        yield Held("distribution", f"{one['Id']} ({join(one['Aliases'].get('Items') or ['no alias'])})")


def _named(look: Sight, operation: str, path: str, *inner: str) -> Iterator[dict[str, Any]]:
    """Items of a list of CloudFront, each taken out of what is wrapped around it."""
    for item in look.pages("cloudfront", operation, path):
        yield functools.reduce(operator.getitem, inner, item)


def cloudfront_parts(look: Sight) -> Iterator[Held]:
    lists = {
        "key group": ("list_key_groups", "KeyGroupList.Items", "KeyGroup", "KeyGroupConfig"),
        "response headers policy": (
            "list_response_headers_policies",
            "ResponseHeadersPolicyList.Items",
            "ResponseHeadersPolicy",
            "ResponseHeadersPolicyConfig",
        ),
        "origin access control": ("list_origin_access_controls", "OriginAccessControlList.Items"),
    }
    for kind, where in lists.items():
        for item in _named(look, *where):
            if item["Name"] == look.known["project"]:
                yield Held(kind, item["Name"])


def public_keys(look: Sight) -> Iterator[Held]:
    """Label and fingerprint follow the name; the comment ends with the label, so that no other project's key fits."""
    ours = rf"{re.escape(look.known['project'])}-(.+)-[0-9a-f]{{12}} .*: cookies signed by \1"
    for key in _named(look, "list_public_keys", "PublicKeyList.Items"):
        if re.fullmatch(ours, f"{key['Name']} {key.get('Comment', '')}"):
            yield Held("public key", key["Name"])


def parameters(look: Sight) -> Iterator[Held]:
    path = look.known["signing_key_path"]
    for one in look.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=True):
        yield Held("parameter", one["Name"])


def proven(look: Sight) -> list[dict[str, Any]]:
    """The certificates of the account that need the domain's validation record."""
    regions = acm.usable_regions(look.client("ec2"))
    return look.once("certificates", lambda: acm.certificates(_acm_clients(look, regions), look.known["domain"]))


def _acm_clients(look: Sight, regions: list[str]) -> list[Any]:
    return [look.client("acm", region=region) for region in regions]


def other_users(look: Sight, certificate: dict[str, Any]) -> list[str]:
    """What uses a certificate, is there, and is not this deployment's. ACM goes on for a while about what is gone."""
    balancers = look.pages("elbv2", "describe_load_balancers", "LoadBalancers", region=certificate["region"])
    there = {one["LoadBalancerArn"] for one in balancers if one["LoadBalancerName"] != look.known["project"]}
    own = {one["ARN"] for one in own_distributions(look)}
    there |= {one["ARN"] for one in distributions(look)} - own
    known_kinds = (":loadbalancer/", ":distribution/")
    return [arn for arn in certificate["in_use_by"] if arn in there or not any(kind in arn for kind in known_kinds)]


def certificates(look: Sight) -> Iterator[Held]:
    names = sorted([look.known["domain"].lower(), f"*.{look.known['domain'].lower()}"])
    for one in proven(look):
        if one["region"] in ("us-east-1", look.known["region"]) and one["subject_alternative_names"] == names:
            others = other_users(look, one)
            yield Held("certificate", one["arn"], stays=f"{join(others)} uses it" if others else "")


def validation_records(look: Sight) -> Iterator[Held]:
    going = {held.name for held in certificates(look) if not held.stays}
    keepers = [one["arn"] for one in proven(look) if one["arn"] not in going]
    pattern = rf"_[^.]+\.{re.escape(look.known['domain'].lower())}\."
    for record in zone_records(look):
        values = [one["Value"].rstrip(".") for one in record.get("ResourceRecords", [])]
        if re.fullmatch(pattern, record["Name"]) and any(value.endswith(".acm-validations.aws") for value in values):
            yield Held("CNAME record", record["Name"], stays=f"{join(keepers)} needs it" if keepers else "")


Looks = tuple[tuple[str, Callable[[Sight], Iterator[Held]]], ...]
# With the role that takes it away.
VIEWER: Looks = (
    ("private_cdn", statements),
    ("private_cdn", data_records),
    ("load_balancer", site_records),
    ("load_balancer", load_balancers),
    ("load_balancer", target_groups),
    ("web_instance", instances),
    ("web_instance", volumes),
    ("web_instance", instance_rights),
    ("web_instance", staging_bucket),
    ("notifications", topics),
    ("network", security_groups),
    ("identity", users),
    ("private_cdn", distribution),
    ("private_cdn", cloudfront_parts),
    ("private_cdn", public_keys),
    ("private_cdn", parameters),
    ("certificate", certificates),
    ("certificate", validation_records),
)
IGV: Looks = (("identity_pool", identity_pools), ("identity_client", shared_app_clients), ("identity", users))
LOOKS = {"viewer": VIEWER, "igv": IGV}


def resources(look: Sight) -> list[dict[str, Any]]:
    return [{"role": role, **asdict(held)} for role, find in LOOKS[look.known["build"]] for held in find(look)]


def tagged(look: Sight) -> list[str]:
    """What else has the project's tag: disks' snapshots, alarms, whatever its owner put beside it."""
    wanted = [{"Key": "Project", "Values": [look.known["project"]]}]
    arns = {
        found["ResourceARN"]
        for region in ("us-east-1", look.known["region"])
        for found in look.pages(
            "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", region=region, TagFilters=wanted
        )
    }
    own = {f"arn:aws:s3:::{look.known.get('staging_bucket')}"}
    return sorted(arn for arn in arns - own if not any(kind in arn for kind in KINDS_BY_NAME))
