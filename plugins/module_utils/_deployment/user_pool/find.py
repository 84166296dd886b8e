# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user pool and its app clients. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, required

Described = dict[str, Any]


def name(context: Context) -> str:
    """A backend for IGV may use the user pool of the viewer."""
    return context.inputs.get("user_pool") or context.names["user_pool"]


def ids(context: Context, pool_name: str) -> list[str]:
    pools = context.aws.pages("cognito-idp", "list_user_pools", "UserPools", MaxResults=60)
    return [pool["Id"] for pool in pools if pool["Name"] == pool_name]


def user_pool_or_none(context: Context) -> Described | None:
    found = ids(context, name(context))
    return context.aws.call("cognito-idp", "describe_user_pool", UserPoolId=found[0])["UserPool"] if found else None


def user_pool(context: Context) -> Described:
    return required(
        user_pool_or_none(context), "user pool", "igv-user-pool" if "user_pool" in context.inputs else "pool-sign-up"
    )


def app_clients(context: Context, pool_id: str) -> list[Described]:
    """Names and ids of the app clients of a user pool."""
    asked = {"UserPoolId": pool_id, "MaxResults": 60}
    return context.aws.pages("cognito-idp", "list_user_pool_clients", "UserPoolClients", **asked)


def app_client_or_none(context: Context) -> Described | None:
    """The deployment's app client. Of its secret only whether there is one is told."""
    pool_id, wanted = user_pool(context)["Id"], context.names["app_client"]
    found = [client["ClientId"] for client in app_clients(context, pool_id) if client["ClientName"] == wanted]
    if not found:
        return None
    asked = {"UserPoolId": pool_id, "ClientId": found[0]}
    described = context.aws.call("cognito-idp", "describe_user_pool_client", **asked)["UserPoolClient"]
    return {**described, "ClientSecret": bool(described.get("ClientSecret"))}


def app_client(context: Context) -> Described:
    return required(
        app_client_or_none(context), "app client", "igv-client" if "user_pool" in context.inputs else "pool-client"
    )
