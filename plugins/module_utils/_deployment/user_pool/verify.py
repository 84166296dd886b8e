# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user pool: who can get an account, and where a login leads, as Cognito describes it. PRIVATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find

# Who knows the client's secret, or nobody but its user, can get tokens with a password by these alone.
PASSWORD_FLOWS = {
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_CUSTOM_AUTH",
}


def sign_up(context: Context) -> Reasons:
    pool = find.user_pool_or_none(context)
    if pool is None:
        yield f"there is no user pool {find.name(context)}"
    elif not pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        yield "anybody can sign up"


def pool_faults(pool: Mapping[str, Any], login: str, protected: bool) -> Reasons:
    if pool.get("Domain") != login.partition(".")[0]:
        yield f"its login is at {pool.get('Domain') or 'no address'}, not at {login}"
    if protected and pool.get("DeletionProtection") != "ACTIVE":
        yield "it can be deleted by mistake"


def pool(context: Context) -> Reasons:
    yield from pool_faults(
        find.user_pool(context), context.inputs["login_domain"], context.inputs["require_user_pool_deletion_protection"]
    )


def functions(config: Mapping[str, Any]) -> dict[str, str]:
    """The function of each trigger; newer triggers say it in a mapping, and PreTokenGeneration in both ways."""
    held = {name.removesuffix("Config"): value for name, value in config.items() if name != "KMSKeyID"}
    return {name: value if isinstance(value, str) else value["LambdaArn"] for name, value in held.items()}


def trigger_faults(config: Mapping[str, Any], wanted: Mapping[str, str]) -> Reasons:
    """Functions that decide at a sign-in: those wanted, and no others."""
    held = functions(config)
    for name in sorted(held.keys() | wanted.keys()):
        if held.get(name) != wanted.get(name):
            yield f"{name} is {held.get(name) or 'no function'}, not {wanted.get(name) or 'no function'}"


def triggers(context: Context) -> Reasons:
    yield from trigger_faults(find.user_pool(context).get("LambdaConfig", {}), context.inputs.get("triggers", {}))


def client_faults(client: Mapping[str, Any], site: str) -> Reasons:
    wanted = {
        "CallbackURLs": [f"https://{site}/oauth2/idpresponse"],
        "LogoutURLs": [f"https://{site}/signed-out"],
        "AllowedOAuthFlows": ["code"],
    }
    for name, values in wanted.items():
        held = client.get(name) or []
        if sorted(held) != values:
            yield f"its {name} are {join(held)}, not {join(values)}"
    surplus = PASSWORD_FLOWS & set(client.get("ExplicitAuthFlows") or [])
    if surplus:
        yield f"it lets passwords be tried without the login's page ({join(sorted(surplus))})"


def client(context: Context) -> Reasons:
    held = find.app_client_or_none(context)
    if held is None:
        yield f"the user pool has no app client {context.names['app_client']}"
        return
    yield from client_faults(held, context.inputs["site_domain"])


def clients(context: Context) -> Reasons:
    known = {context.names["app_client"], *context.inputs.get("other_app_clients", [])}
    surplus = [
        one["ClientName"]
        for one in find.app_clients(context, find.user_pool(context)["Id"])
        if one["ClientName"] not in known
    ]
    if surplus:
        yield f"the user pool has the app clients {join(surplus)} too"


def providers(context: Context) -> Reasons:
    held, wanted = (
        find.app_client(context).get("SupportedIdentityProviders") or [],
        context.inputs["identity_providers"],
    )
    if sorted(held) != sorted(wanted):
        yield f"people sign in with {join(held)}, not {join(wanted)}"


PART = "The user pool"
CHECKS = (
    Check(
        "pool-sign-up",
        sign_up,
        claim="Nobody can sign up; administrators create the users.",
        how="Cognito's DescribeUserPool",
        todo="Run site.yml, and look at the users for some that nobody invited.",
    ),
    Check(
        "pool",
        pool,
        claim="The login is at {login_domain}, and the pool protected against deletion as the inventory says.",
        how="Cognito's DescribeUserPool",
        todo="Run site.yml.",
    ),
    Check(
        "pool-triggers",
        triggers,
        claim="No functions decide at a sign-in but those of the deployment.",
        how="Cognito's DescribeUserPool: its Lambda triggers",
        todo="Take functions off the pool that are not the deployment's; run site.yml for those that are missing.",
    ),
    Check(
        "pool-client",
        client,
        claim="A login ends at {site_domain} and nowhere else, by the code flow only.",
        how="Cognito's DescribeUserPoolClient: callback and sign-out addresses, flows",
        todo="Run site.yml: it writes the app client anew.",
    ),
    Check(
        "pool-clients",
        clients,
        claim="No other app client can log people in to this pool.",
        how="Cognito's ListUserPoolClients",
        todo="Delete app clients that nobody needs.",
    ),
    Check(
        "pool-providers",
        providers,
        claim="People sign in with {identity_providers} and in no other way.",
        how="Cognito's DescribeUserPoolClient",
        todo="Run site.yml.",
    ),
)
