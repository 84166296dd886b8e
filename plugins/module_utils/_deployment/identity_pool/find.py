# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity pool and the role of its users. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, required

Described = dict[str, Any]


def ids(context: Context, name: str) -> list[str]:
    pools = context.aws.pages("cognito-identity", "list_identity_pools", "IdentityPools", MaxResults=60)
    return [pool["IdentityPoolId"] for pool in pools if pool["IdentityPoolName"] == name]


def identity_pool_or_none(context: Context) -> Described | None:
    found = ids(context, context.names["identity_pool"])
    return context.aws.call("cognito-identity", "describe_identity_pool", IdentityPoolId=found[0]) if found else None


def identity_pool(context: Context) -> Described:
    return required(identity_pool_or_none(context), "identity pool", "igv-pool")


def roles(context: Context) -> dict[str, Described]:
    """All roles of the account, by name."""
    return {role["RoleName"]: role for role in context.aws.pages("iam", "list_roles", "Roles")}


def reader_role_or_none(context: Context) -> Described | None:
    return roles(context).get(context.names["reader_role"])


def reader_role(context: Context) -> Described:
    return required(reader_role_or_none(context), f"role {context.names['reader_role']}", "igv-trust")
