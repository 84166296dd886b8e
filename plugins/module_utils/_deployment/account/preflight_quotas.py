# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the quotas that bite. PRIVATE to this collection."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import (
    Check,
    ClientError,
    DeniedError,
    Findings,
    Look,
    Note,
    code,
)

# Families of the quota "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances".
STANDARD = re.compile(r"(a|c|d|h|i|im|is|m|r|t|z)\d")
RAISE = "delete what is no longer used, or ask AWS for more (Service Quotas)"


def _limit(look: Look, service: str, quota: str, documented: int, region: str = "") -> tuple[int, str]:
    """The limit and, if it is only the documented one, a word on why."""
    try:
        answer = look.call("service-quotas", "get_service_quota", region=region, ServiceCode=service, QuotaCode=quota)
    except DeniedError as denied:
        return documented, f"the default; to read yours, the right {denied} is missing"
    except ClientError as error:
        return documented, f"the default; yours can't be read: {code(error)}"
    return int(answer["Quota"]["Value"]), ""


def _judge(look: Look, about: str, what: str, counts: tuple[int, int], limit: tuple[int, str]) -> Findings:
    """A fault only where the limit is known to be this account's."""
    (used, wanted), (most, doubt) = counts, limit
    told = f"{used} of {most} {what} are used"
    if used + wanted > most and not doubt:
        yield look.fault(about, f"{told}, and {wanted} more {'is' if wanted == 1 else 'are'} needed", RAISE)
    else:
        yield Note(f"Quota: {told}{f' ({doubt})' if doubt else ''}, {wanted} more needed.")


def public_keys(look: Look) -> Findings:
    """The quota of public keys"""
    names = [found["Name"] for found in look.pages("cloudfront", "list_public_keys", "PublicKeyList.Items")]
    labels = [f"{look.known['project']}-{label}-" for label in look.known["signing_keys"]]
    wanted = sum(not any(name.startswith(label) for name in names) for label in labels)
    # CloudFront API Reference, "CreatePublicKey"; the quota has no code in Service Quotas.
    limit = (10, "the default; CloudFront does not tell yours")
    yield from _judge(look, "signing_keys", "public keys of CloudFront", (len(names), wanted), limit)


def key_groups(look: Look) -> Findings:
    """The quota of key groups"""
    held = look.pages("cloudfront", "list_key_groups", "KeyGroupList.Items")
    names = [found["KeyGroup"]["KeyGroupConfig"]["Name"] for found in held]
    limit = _limit(look, "cloudfront", "L-D64DA6E2", 10, "us-east-1")
    counts = (len(names), int(look.known["project"] not in names))
    yield from _judge(look, "signing_keys", "key groups of CloudFront", counts, limit)


def distributions(look: Look) -> Findings:
    """The quota of distributions"""
    limit = _limit(look, "cloudfront", "L-24B04930", 200, "us-east-1")
    counts = (len(look.known["distributions"]), int(not look.known["own_distribution"]))
    yield from _judge(look, "data_domain", "distributions of CloudFront", counts, limit)


def load_balancers(look: Look) -> Findings:
    """The quota of load balancers"""
    held = look.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    names = [found["LoadBalancerName"] for found in held if found["Type"] == "application"]
    limits = look.call("elbv2", "describe_account_limits")["Limits"]
    most = {found["Name"]: int(found["Max"]) for found in limits}["application-load-balancers"]
    counts = (len(names), int(look.known["project"] not in names))
    yield from _judge(look, "project", f"application load balancers in {look.known['region']}", counts, (most, ""))


def processors(look: Look) -> Findings:
    """The quota of virtual processors"""
    name, facts = look.known["web_instance_type"], look.known["type_facts"]
    if not STANDARD.match(name):
        return
    states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    held = look.pages("ec2", "describe_instances", "Reservations", Filters=states)
    running = [instance for group in held for instance in group["Instances"] if "InstanceLifecycle" not in instance]
    used = sum(_processors(instance) for instance in running if STANDARD.match(instance["InstanceType"]))
    wanted = 0 if look.known["instance_exists"] else facts["VCpuInfo"]["DefaultVCpus"]
    limit = _limit(look, "ec2", "L-1216C47A", 5)
    yield from _judge(look, "web_instance_type", "virtual processors of standard instances", (used, wanted), limit)


def _processors(instance: dict[str, Any]) -> int:
    options = instance.get("CpuOptions", {})
    return options.get("CoreCount", 1) * options.get("ThreadsPerCore", 1)


CHECKS = (
    Check(public_keys, ("account", "project", "signing_keys"), "signing_keys", strict=False),
    Check(key_groups, ("account", "project", "signing_keys"), "signing_keys", strict=False),
    Check(distributions, ("own_distribution",), "data_domain", strict=False),
    Check(load_balancers, ("usable_region", "project", "network"), "project", strict=False),
    Check(processors, ("type_facts", "instance_exists"), "web_instance_type", strict=False),
)
