# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of names that only one in the world can have: a distribution's alias, the prefix of the login's address.

PRIVATE to this collection.
"""

from __future__ import annotations

import uuid
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import (
    Check,
    ClientError,
    DeniedError,
    Findings,
    Look,
    Note,
    join,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns.preflight import UnansweredError

FREE_ALIAS = "take the alias off that distribution first, or write another name"


def distributions(look: Look) -> Findings:
    """The distributions of the account"""
    held = look.pages("cloudfront", "list_distributions", "DistributionList.Items")
    look.learn(distributions=held)
    # The distribution of an earlier run, known as the module knows it: by its caller reference, which no list tells.
    ours = next((found for found in held if _is_ours(look, found["Id"])), None)
    look.learn(own_distribution=ours or {})
    yield from ()


def _is_ours(look: Look, distribution_id: str) -> bool:
    config = look.call("cloudfront", "get_distribution_config", Id=distribution_id)["DistributionConfig"]
    return f"{config['CallerReference']}/".startswith(f"{look.known['project']}/")


def alias(look: Look) -> Findings:
    """Who has the alias"""
    name, ours = look.known["data_domain"], look.known["own_distribution"]
    if name in _aliases(ours):
        return
    holders = [found["Id"] for found in look.known["distributions"] if name in _aliases(found)]
    if holders:
        yield look.fault(
            "data_domain", f"distribution {join(holders)} of this account has that alias already", FREE_ALIAS
        )
    elif ours:
        yield from _elsewhere(look, name, ours["Id"])


def _aliases(distribution: dict[str, Any]) -> list[str]:
    return distribution.get("Aliases", {}).get("Items") or []


def _elsewhere(look: Look, name: str, own_id: str) -> Findings:
    """CloudFront tells of other accounts only who has a distribution with a certificate for the name."""
    try:
        held = look.pages(
            "cloudfront", "list_conflicting_aliases", "ConflictingAliasesList.Items", DistributionId=own_id, Alias=name
        )
    except (ClientError, DeniedError) as error:
        yield Note(f"Whether another account has the alias {name} can't be known yet: {str(error).rstrip('.')}.")
        return
    for found in held:
        if found["Alias"] == name:
            where = f"distribution {found['DistributionId']} of account {found['AccountId']}"
            yield look.fault(
                "data_domain", f"{where} has that alias already (CloudFront hides a part of both numbers)", FREE_ALIAS
            )


def login_prefix(look: Look) -> Findings:
    """Who has the prefix of the login's address"""
    yield from taken_prefix(look, "user_pool_domain_prefix", look.known["project"])


def taken_prefix(look: Look, option: str, pool_name: str) -> Findings:
    """Whether others than the pool of this name have the prefix that stands in an option."""
    prefix = look.known[option]
    held = look.call("cognito-idp", "describe_user_pool_domain", Domain=prefix).get("DomainDescription") or {}
    owner = _owner(look, held, pool_name) if held else _stranger(look, prefix)
    if owner:
        yield look.fault(option, f"{owner} has that prefix already", "write another prefix; it is unique in a region")


def _owner(look: Look, held: dict[str, Any], pool_name: str) -> str:
    """Who has it, if it is not the pool of this deployment."""
    if held.get("AWSAccountId", look.known["account"]) != look.known["account"] or not held.get("UserPoolId"):
        return "another AWS account"
    pool = look.unless(
        ["ResourceNotFoundException"], "cognito-idp", "describe_user_pool", UserPoolId=held["UserPoolId"]
    )
    name = pool["UserPool"]["Name"] if pool else ""
    return "" if name == pool_name else f"the user pool {name} ({held['UserPoolId']})"


def _stranger(look: Look, prefix: str) -> str:
    """Cognito may not tell of other accounts, but a prefix in use has an address in DNS, and one made up has none."""
    suffix = f"auth.{look.known['region']}.amazoncognito.com"
    public = look.known.get("public_dns")
    try:
        taken = (
            public
            and public.records(f"{prefix}.{suffix}", "A")
            and not public.records(f"{uuid.uuid4().hex}.{suffix}", "A")
        )
    except UnansweredError:
        return ""
    return "another AWS account" if taken else ""


CHECKS = (
    Check(distributions, ("account", "project", "data_domain"), "data_domain", strict=False),
    Check(alias, ("own_distribution", "data_domain"), "data_domain", strict=False),
    Check(login_prefix, ("usable_region", "project", "user_pool_domain_prefix"), "user_pool_domain_prefix"),
)
