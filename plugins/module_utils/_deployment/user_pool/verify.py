# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user pool: who can get an account, and where a login leads, as Cognito describes it. PRIVATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Wrong
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts

# Who knows the client's secret, or nobody but its user, can get tokens with a password by these alone.
PASSWORD_FLOWS = {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH"}


def sign_up(look: Sight) -> Wrong:
    pool = facts.find_user_pool(look)
    if pool is None:
        yield f"there is no user pool {look.known['project']}"
    elif not pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        yield "anybody can sign up"


def pool_faults(pool: Mapping[str, Any], login: str, protected: bool) -> Wrong:
    if pool.get("Domain") != login.partition(".")[0]:
        yield f"its login is at {pool.get('Domain') or 'no address'}, not at {login}"
    if protected and pool.get("DeletionProtection") != "ACTIVE":
        yield "it can be deleted by mistake"


def pool(look: Sight) -> Wrong:
    yield from pool_faults(facts.user_pool(look), look.known["login_domain"], look.known["protect_user_pool"])


def functions(config: Mapping[str, Any]) -> dict[str, str]:
    """The function of each trigger; newer triggers say it in a mapping, and PreTokenGeneration in both ways."""
    held = {name.removesuffix("Config"): value for name, value in config.items() if name != "KMSKeyID"}
    return {name: value if isinstance(value, str) else value["LambdaArn"] for name, value in held.items()}


def trigger_faults(config: Mapping[str, Any], wanted: Mapping[str, str]) -> Wrong:
    """Functions that decide at a sign-in: those wanted, and no others."""
    held = functions(config)
    for name in sorted(held.keys() | wanted.keys()):
        if held.get(name) != wanted.get(name):
            yield f"{name} is {held.get(name) or 'no function'}, not {wanted.get(name) or 'no function'}"


def triggers(look: Sight) -> Wrong:
    yield from trigger_faults(facts.user_pool(look).get("LambdaConfig", {}), look.known.get("triggers", {}))


def client_faults(client: Mapping[str, Any], site: str) -> Wrong:
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


def client(look: Sight) -> Wrong:
    held = facts.find_app_client(look)
    if held is None:
        yield f"the user pool has no app client {look.known['project']}"
        return
    yield from client_faults(held, look.known["site_domain"])


def clients(look: Sight) -> Wrong:
    known = {look.known["project"], *look.known.get("other_app_clients", [])}
    surplus = [one["ClientName"] for one in facts.app_clients(look) if one["ClientName"] not in known]
    if surplus:
        yield f"the user pool has the app clients {join(surplus)} too"


def providers(look: Sight) -> Wrong:
    held, wanted = facts.app_client(look).get("SupportedIdentityProviders") or [], look.known["identity_providers"]
    if sorted(held) != sorted(wanted):
        yield f"people sign in with {join(held)}, not {join(wanted)}"


CHECKS = (
    Check(
        "pool-sign-up",
        sign_up,
        "Nobody can sign up; administrators create the users.",
        "Cognito's DescribeUserPool",
        "Run site.yml, and look at the users for some that nobody invited.",
    ),
    Check(
        "pool",
        pool,
        "The login is at {login_domain}, and the pool protected against deletion as the inventory says.",
        "Cognito's DescribeUserPool",
        "Run site.yml.",
    ),
    Check(
        "pool-triggers",
        triggers,
        "No functions decide at a sign-in but those of the deployment.",
        "Cognito's DescribeUserPool: its Lambda triggers",
        "Take functions off the pool that are not the deployment's; run site.yml for those that are missing.",
    ),
    Check(
        "pool-client",
        client,
        "A login ends at {site_domain} and nowhere else, by the code flow only.",
        "Cognito's DescribeUserPoolClient: callback and sign-out addresses, flows",
        "Run site.yml: it writes the app client anew.",
    ),
    Check(
        "pool-clients",
        clients,
        "No other app client can log people in to this pool.",
        "Cognito's ListUserPoolClients",
        "Delete app clients that nobody needs.",
    ),
    Check(
        "pool-providers",
        providers,
        "People sign in with {identity_providers} and in no other way.",
        "Cognito's DescribeUserPoolClient",
        "Run site.yml.",
    ),
)
