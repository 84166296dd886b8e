# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity pool of IGV: who gets credentials, of which role, and what that may read. PRIVATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import as_list, document_statements
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.identity_pool import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as user_pool

COGNITO = "cognito-identity.amazonaws.com"
RUN = "Run igv/site.yml."


def provider(context: Context) -> str:
    return f"cognito-idp.{context.inputs['region']}.amazonaws.com/{user_pool.user_pool(context)['Id']}"


def pool_faults(held: Mapping[str, Any], name: str, client_id: str) -> Reasons:
    if held["AllowUnauthenticatedIdentities"]:
        yield "guests get credentials"
    if not held.get("AllowClassicFlow"):
        yield "the basic (classic) flow is off, so IGV gets no token"
    clients = {(one["ProviderName"], one["ClientId"]): one for one in held.get("CognitoIdentityProviders") or []}
    ours = clients.pop((name, client_id), None)
    if ours is None:
        yield "it does not take IGV's app client"
    elif not ours.get("ServerSideTokenCheck"):
        yield "it does not ask the user pool whether a token still counts"
    others = [client_id for _provider, client_id in clients]
    for key in ("SupportedLoginProviders", "OpenIdConnectProviderARNs", "SamlProviderARNs"):
        others += list(held.get(key) or [])
    if others or held.get("DeveloperProviderName"):
        yield f"it takes people of {join(others or [held['DeveloperProviderName']])} too"


def identity_pool(context: Context) -> Reasons:
    held = find.identity_pool_or_none(context)
    if held is None:
        yield f"there is no identity pool {context.names['identity_pool']}"
    else:
        yield from pool_faults(held, provider(context), user_pool.app_client(context)["ClientId"])


def attached(context: Context) -> Reasons:
    held = context.aws.call(
        "cognito-identity", "get_identity_pool_roles", IdentityPoolId=find.identity_pool(context)["IdentityPoolId"]
    )
    if held.get("RoleMappings"):
        yield "it has role mappings, with which AWS refuses the basic flow"
    if guest := (held.get("Roles") or {}).get("unauthenticated"):
        yield f"it has the role {guest} for guests"


def trust_faults(document: Mapping[str, Any], pool_id: str, name: str) -> Reasons:
    held = [{key: value for key, value in one.items() if key != "Sid"} for one in document_statements(document)]
    if len(held) != 1:
        yield f"its trust policy has {len(held)} statements, not 1"
    for one in held:
        conditions = {key: {k: as_list(v) for k, v in value.items()} for key, value in one.get("Condition", {}).items()}
        if as_list(one.get("Principal", {}).get("Federated")) != [COGNITO] or len(one["Principal"]) != 1:
            yield f"it trusts {one.get('Principal')}"
        elif conditions.get("StringEquals", {}).get(f"{COGNITO}:aud") != [pool_id]:
            yield "it trusts tokens of other identity pools"
        elif conditions.get("ForAnyValue:StringEquals", {}).get(f"{COGNITO}:amr") != [name]:
            yield "it trusts people who did not sign in at the user pool"


def trust(context: Context) -> Reasons:
    held = find.reader_role_or_none(context)
    if held is None:
        yield f"there is no role {context.names['reader_role']}"
        return
    yield from trust_faults(
        held["AssumeRolePolicyDocument"], find.identity_pool(context)["IdentityPoolId"], provider(context)
    )


def trusts(document: Mapping[str, Any], pool_id: str) -> bool:
    """Whether who has a token of the pool may be let in. Without aud, all the world's pools are."""
    for one in document_statements(document):
        principals = one.get("Principal", {})
        federated = as_list(principals.get("Federated")) if isinstance(principals, dict) else ["*"]
        audiences = [
            v for pairs in one.get("Condition", {}).values() for k, v in pairs.items() if k == f"{COGNITO}:aud"
        ]
        named = [each for value in audiences for each in as_list(value)]
        if one.get("Effect") == "Allow" and COGNITO in federated and (not named or pool_id in named):
            return True
    return False


def takes_guests(document: Mapping[str, Any]) -> bool:
    texts = [str(pairs) for one in document_statements(document) for pairs in one.get("Condition", {}).values()]
    return not any(f"{COGNITO}:amr" in text and "unauthenticated" not in text for text in texts)


def others(context: Context) -> Reasons:
    """Any user may ask for any role that trusts the pool: the client names it."""
    pool_id = find.identity_pool(context)["IdentityPoolId"]
    for name, held in sorted(find.roles(context).items()):
        document = held["AssumeRolePolicyDocument"]
        if name != context.names["reader_role"] and trusts(document, pool_id):
            whom = "guests" if takes_guests(document) else "everybody who can sign in"
            yield f"the role {name} trusts this pool too, so its {join(policies(context, name))} are open to {whom}"


def policies(context: Context, name: str) -> list[str]:
    inline = context.aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    managed = context.aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    return [f"policy {each}" for each in (*inline, *(one["PolicyName"] for one in managed))] or ["rights"]


PART = "What they get"
CHECKS = (
    Check(
        "igv-pool",
        identity_pool,
        claim=(
            "The identity pool {names[identity_pool]} takes IGV's app client alone, no guests, and allows "
            "the basic flow."
        ),
        how="Cognito's DescribeIdentityPool",
        todo=RUN,
    ),
    Check(
        "igv-pool-roles",
        attached,
        claim="It has no role mappings, and no role for guests.",
        how="Cognito's GetIdentityPoolRoles",
        todo=RUN,
        needs=("igv-pool",),
    ),
    Check(
        "igv-trust",
        trust,
        claim=(
            "The role {names[reader_role]} trusts this identity pool (aud) and this user pool (amr), and nothing else."
        ),
        how="The role's trust policy",
        todo=RUN,
        needs=("igv-pool",),
    ),
    Check(
        "igv-other-roles",
        others,
        claim="No other role of the account trusts this identity pool.",
        how="The trust policies of all roles of the account",
        todo="Take the identity pool out of their trust policies; people with other rights need another identity pool.",
        needs=("igv-pool",),
    ),
)
