# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IGV's app client and the user pool in which it is, as Cognito describes them. PRIVATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.sts import SESSION_NAME
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as user_pools
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import verify as user_pool_verify
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import attributes_of

RUN = "Run igv/site.yml."


def user_pool(context: Context) -> Reasons:
    yield from user_pool_verify.sign_up(context)
    held = user_pools.user_pool_or_none(context) or {}
    yield from (
        user_pool_verify.pool_faults(
            held, context.inputs["login_domain"], context.inputs["require_user_pool_deletion_protection"]
        )
        if held
        else ()
    )


def client_faults(held: Mapping[str, Any], known: Mapping[str, Any]) -> Reasons:
    wanted = {
        "CallbackURLs": [f"http://localhost:{known['callback_port']}/oauthCallback"],
        "LogoutURLs": [],
        "AllowedOAuthFlows": ["code"],
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        "SupportedIdentityProviders": sorted(known["identity_providers"]),
    }
    for name, values in wanted.items():
        if sorted(held.get(name) or []) != values:
            yield f"its {name} are {join(held.get(name) or [])}, not {join(values)}"
    if not {"openid", "email"} <= set(held.get("AllowedOAuthScopes") or []):
        yield "it may not ask for openid and email, without which IGV gets no address"
    if held["ClientSecret"] != known["client_secret"]:
        yield f"it has {'a' if held['ClientSecret'] else 'no'} secret"
    if known["identity_providers"] == ["COGNITO"] and "email" in (held.get("WriteAttributes") or ["email"]):
        yield "its users may change the address by which CloudTrail knows them"
    if held.get("EnableTokenRevocation") is False:
        yield "its tokens can't be revoked"


def app_client(context: Context) -> Reasons:
    held = user_pools.app_client_or_none(context)
    if held is None:
        yield f"the user pool has no app client {context.names['app_client']}"
    else:
        yield from client_faults(held, context.inputs)


def people(context: Context) -> Reasons:
    users = context.aws.pages("cognito-idp", "list_users", "Users", UserPoolId=user_pools.user_pool(context)["Id"])
    addresses = [attributes_of(user).get("email", "") for user in users if user.get("Enabled")]
    odd = sorted(address or "(none)" for address in addresses if not SESSION_NAME.fullmatch(address))
    if odd:
        yield f"AWS STS refuses IGV's sign-in as {join(odd)}"


PART = "Who signs in"
CHECKS = (
    Check(
        "igv-user-pool",
        user_pool,
        claim=(
            "Nobody can sign up at {user_pool}; its login is at {login_domain}; it is protected as the inventory says."
        ),
        how="Cognito's DescribeUserPool",
        todo="Run igv/site.yml, or site.yml if that is the viewer's pool.",
    ),
    Check(
        "igv-client",
        app_client,
        claim="A login ends at port {callback_port} of one's own machine and nowhere else, by the code flow only.",
        how="Cognito's DescribeUserPoolClient: addresses, flows, scopes, attributes",
        todo=RUN,
    ),
    Check(
        "igv-people",
        people,
        claim="AWS STS takes the address of every user as the name of a session.",
        how="Cognito's ListUsers",
        todo="Give these people other addresses: letters, digits and + = , . @ _ - only, 64 at most.",
    ),
)
