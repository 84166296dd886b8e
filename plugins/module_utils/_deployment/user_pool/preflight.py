# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the Cognito domain prefix, which only one user pool of a region can have. PRIVATE."""

from __future__ import annotations

import uuid
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns.public import UnansweredError


def login_prefix(context: Context) -> Findings:
    yield from taken_prefix(context, "user_pool_domain_prefix", context.names["user_pool"])


def taken_prefix(context: Context, option: str, pool_name: str) -> Findings:
    """Whether others than the pool of this name have the prefix that stands in an option."""
    prefix = context.inputs[option]
    held = context.aws.call("cognito-idp", "describe_user_pool_domain", Domain=prefix).get("DomainDescription") or {}
    owner = _owner(context, held, pool_name) if held else _stranger(context, prefix)
    if owner:
        yield context.problem(
            option, f"{owner} has that prefix already", "write another prefix; it is unique in a region"
        )


def _owner(context: Context, held: dict[str, Any], pool_name: str) -> str:
    """Who has it, if it is not the pool of this deployment."""
    if held.get("AWSAccountId", context.found["account"]) != context.found["account"] or not held.get("UserPoolId"):
        return "another AWS account"
    pool = context.aws.call_or_none(
        ["ResourceNotFoundException"], "cognito-idp", "describe_user_pool", UserPoolId=held["UserPoolId"]
    )
    name = pool["UserPool"]["Name"] if pool else ""
    return "" if name == pool_name else f"the user pool {name} ({held['UserPoolId']})"


def _stranger(context: Context, prefix: str) -> str:
    """Cognito may not tell of other accounts, but a prefix in use has an address in DNS, and one made up has none."""
    suffix = f"auth.{context.inputs['region']}.amazoncognito.com"
    public = context.found.get("public_dns")
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
    Check(
        "Who has the prefix of the login's address",
        login_prefix,
        needs=("usable_region", "project", "user_pool_domain_prefix"),
        option="user_pool_domain_prefix",
    ),
)
