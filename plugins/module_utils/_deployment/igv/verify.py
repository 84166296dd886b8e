# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend of IGV as AWS describes it: who gets credentials, of which role, and what that may read. PRIVATE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import DeniedError, join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import (
    Check,
    Sight,
    Skipped,
    Wrong,
    from_preflight,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.igv.preflight import SESSION_NAME, bucket
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import verify as verify_user_pool
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import attributes_of

COGNITO = "cognito-identity.amazonaws.com"
Statement = dict[str, Any]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def reader(look: Sight) -> str:
    return f"{look.known['name']}-reader"


# --- What there is -----------------------------------------------------------------------------------------------


def find_client(look: Sight) -> dict[str, Any] | None:
    """IGV's app client, without its secret; only that it has one is told."""
    ids = [one["ClientId"] for one in facts.app_clients(look) if one["ClientName"] == look.known["name"]]
    if not ids:
        return None
    asked = {"UserPoolId": facts.user_pool(look)["Id"], "ClientId": ids[0]}
    held = look.call("cognito-idp", "describe_user_pool_client", **asked)["UserPoolClient"]
    return {**held, "ClientSecret": bool(held.get("ClientSecret"))}


def client(look: Sight) -> dict[str, Any]:
    held = find_client(look)
    if held is None:
        raise Skipped("there is no app client, see igv-client")
    return held


def find_pool(look: Sight) -> dict[str, Any] | None:
    pools = look.pages("cognito-identity", "list_identity_pools", "IdentityPools", MaxResults=60)
    ids = [one["IdentityPoolId"] for one in pools if one["IdentityPoolName"] == look.known["name"]]
    return look.call("cognito-identity", "describe_identity_pool", IdentityPoolId=ids[0]) if ids else None


def pool(look: Sight) -> dict[str, Any]:
    held = find_pool(look)
    if held is None:
        raise Skipped("there is no identity pool, see igv-pool")
    return held


def roles(look: Sight) -> dict[str, dict[str, Any]]:
    """All roles of the account, by name."""
    return {one["RoleName"]: one for one in look.pages("iam", "list_roles", "Roles")}


def role(look: Sight) -> dict[str, Any]:
    held = roles(look).get(reader(look))
    if held is None:
        raise Skipped("there is no such role, see igv-trust")
    return held


def provider(look: Sight) -> str:
    return f"cognito-idp.{look.known['region']}.amazonaws.com/{facts.user_pool(look)['Id']}"


def statements(document: Mapping[str, Any]) -> list[Statement]:
    return listed(document.get("Statement"))


# --- Who comes in ------------------------------------------------------------------------------------------------


def user_pool(look: Sight) -> Wrong:
    yield from verify_user_pool.sign_up(look)
    held = facts.find_user_pool(look) or {}
    yield from (
        verify_user_pool.pool_faults(held, look.known["login_domain"], look.known["protect_user_pool"]) if held else ()
    )


def client_faults(held: Mapping[str, Any], known: Mapping[str, Any]) -> Wrong:
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


def app_client(look: Sight) -> Wrong:
    held = find_client(look)
    if held is None:
        yield f"the user pool has no app client {look.known['name']}"
    else:
        yield from client_faults(held, look.known)


def people(look: Sight) -> Wrong:
    users = look.pages("cognito-idp", "list_users", "Users", UserPoolId=facts.user_pool(look)["Id"])
    addresses = [attributes_of(user).get("email", "") for user in users if user.get("Enabled")]
    odd = sorted(address or "(none)" for address in addresses if not SESSION_NAME.fullmatch(address))
    if odd:
        yield f"AWS STS refuses IGV's sign-in as {join(odd)}"


# --- What they get -----------------------------------------------------------------------------------------------


def pool_faults(held: Mapping[str, Any], name: str, client_id: str) -> Wrong:
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


def identity_pool(look: Sight) -> Wrong:
    held = find_pool(look)
    if held is None:
        yield f"there is no identity pool {look.known['name']}"
    else:
        yield from pool_faults(held, provider(look), client(look)["ClientId"])


def attached(look: Sight) -> Wrong:
    held = look.call("cognito-identity", "get_identity_pool_roles", IdentityPoolId=pool(look)["IdentityPoolId"])
    if held.get("RoleMappings"):
        yield "it has role mappings, with which AWS refuses the basic flow"
    if guest := (held.get("Roles") or {}).get("unauthenticated"):
        yield f"it has the role {guest} for guests"


def trust_faults(document: Mapping[str, Any], pool_id: str, name: str) -> Wrong:
    held = [{key: value for key, value in one.items() if key != "Sid"} for one in statements(document)]
    if len(held) != 1:
        yield f"its trust policy has {len(held)} statements, not 1"
    for one in held:
        conditions = {key: {k: listed(v) for k, v in value.items()} for key, value in one.get("Condition", {}).items()}
        if listed(one.get("Principal", {}).get("Federated")) != [COGNITO] or len(one["Principal"]) != 1:
            yield f"it trusts {one.get('Principal')}"
        elif conditions.get("StringEquals", {}).get(f"{COGNITO}:aud") != [pool_id]:
            yield "it trusts tokens of other identity pools"
        elif conditions.get("ForAnyValue:StringEquals", {}).get(f"{COGNITO}:amr") != [name]:
            yield "it trusts people who did not sign in at the user pool"


def trust(look: Sight) -> Wrong:
    held = roles(look).get(reader(look))
    if held is None:
        yield f"there is no role {reader(look)}"
        return
    yield from trust_faults(held["AssumeRolePolicyDocument"], pool(look)["IdentityPoolId"], provider(look))


def trusts(document: Mapping[str, Any], pool_id: str) -> bool:
    """Whether who has a token of the pool may be let in. Without aud, all the world's pools are."""
    for one in statements(document):
        principals = one.get("Principal", {})
        federated = listed(principals.get("Federated")) if isinstance(principals, dict) else ["*"]
        audiences = [
            v for pairs in one.get("Condition", {}).values() for k, v in pairs.items() if k == f"{COGNITO}:aud"
        ]
        named = [each for value in audiences for each in listed(value)]
        if one.get("Effect") == "Allow" and COGNITO in federated and (not named or pool_id in named):
            return True
    return False


def takes_guests(document: Mapping[str, Any]) -> bool:
    texts = [str(pairs) for one in statements(document) for pairs in one.get("Condition", {}).values()]
    return not any(f"{COGNITO}:amr" in text and "unauthenticated" not in text for text in texts)


def others(look: Sight) -> Wrong:
    """Any user may ask for any role that trusts the pool: the client names it."""
    pool_id = pool(look)["IdentityPoolId"]
    for name, held in sorted(roles(look).items()):
        document = held["AssumeRolePolicyDocument"]
        if name != reader(look) and trusts(document, pool_id):
            whom = "guests" if takes_guests(document) else "everybody who can sign in"
            yield f"the role {name} trusts this pool too, so its {join(policies(look, name))} are open to {whom}"


def policies(look: Sight, name: str) -> list[str]:
    inline = look.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    managed = look.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    return [f"policy {each}" for each in (*inline, *(one["PolicyName"] for one in managed))] or ["rights"]


# --- What that may read ------------------------------------------------------------------------------------------


def allowed(held: list[Statement]) -> Iterator[tuple[str, str, Statement]]:
    for one in held:
        for action in listed(one.get("Action")) if one["Effect"] == "Allow" else []:
            for resource in listed(one.get("Resource")):
                yield action, resource, one


def wanted(known: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What may be done, by action and resource."""
    found = {("s3:ListAllMyBuckets", "*")} if known["list_all_buckets"] else set()
    for entry in known["buckets"]:
        arn = f"arn:aws:s3:::{entry['name']}"
        found |= {("s3:ListBucket", arn)}
        found |= {("s3:GetObject", f"{arn}/{folder}*") for folder in entry.get("prefixes") or [""]}
        found |= {("kms:Decrypt", entry["kms_key_arn"])} if entry.get("kms_key_arn") else set()
    return found


def listings(entry: Mapping[str, Any]) -> set[str]:
    """What may be listed of a bucket of which only folders are to be read: these, and the way to them if wanted."""
    found = {f"{folder}*" for folder in entry["prefixes"]}
    for folder in entry["prefixes"] if entry.get("browsable") else []:
        parts = folder.split("/")[:-2]
        found |= {"".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts) + 1)}
    return found


def open_listings(held: list[Statement], buckets: list[dict[str, Any]]) -> Wrong:
    for entry in [one for one in buckets if one.get("prefixes")]:
        for action, resource, one in allowed(held):
            if action == "s3:ListBucket" and resource.endswith(f":{entry['name']}"):
                asked = listed(one.get("Condition", {}).get("StringLike", {}).get("s3:prefix"))
                if not asked or set(asked) - listings(entry):
                    yield f"it lists {join(asked) if asked else 'all'} of {entry['name']}"


def policy_faults(held: list[Statement], known: Mapping[str, Any]) -> Wrong:
    may = {(action, resource) for action, resource, _one in allowed(held)}
    for action, resource in sorted(may - wanted(known)):
        yield f"it allows {action} on {resource}"
    for action, resource in sorted(wanted(known) - may):
        yield f"it does not allow {action} on {resource}"
    yield from open_listings(held, known["buckets"])
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    if not any(one["Effect"] == "Deny" and one.get("Condition") == plain for one in held):
        yield "it does not deny plain HTTP"


def policy(look: Sight) -> Wrong:
    name = role(look)["RoleName"]
    surplus = sorted(set(policies(look, name)) - {"policy read", "rights"})
    if surplus:
        yield f"it has the {join(surplus)} too"
    held = look.unless(["NoSuchEntity"], "iam", "get_role_policy", RoleName=name, PolicyName="read")
    if held is None:
        yield "it may read nothing"
    else:
        yield from policy_faults(statements(held["PolicyDocument"]), look.known)


def buckets(look: Sight) -> Wrong:
    for entry in look.known["buckets"]:
        for reason in from_preflight(bucket(look, entry)):
            yield f"{entry['name']}: {reason}"


def private(look: Sight) -> Wrong:
    silent = []
    for entry in look.known["buckets"]:
        try:
            held = look.unless(["NoSuchBucketPolicy"], "s3", "get_bucket_policy_status", Bucket=entry["name"]) or {}
        except DeniedError:
            silent.append(entry["name"])
            continue
        if held.get("PolicyStatus", {}).get("IsPublic"):
            yield f"the policy of {entry['name']} makes it public"
    if silent:
        raise Skipped(f"S3 tells these credentials nothing of {join(silent)}, which may be of another account")


RUN = "Run igv/site.yml."
CHECKS = {
    "Who signs in": (
        Check(
            "igv-user-pool",
            user_pool,
            "Nobody can sign up at {user_pool}; its login is at {login_domain}; it is protected as the inventory says.",
            "Cognito's DescribeUserPool",
            "Run igv/site.yml, or site.yml if that is the viewer's pool.",
        ),
        Check(
            "igv-client",
            app_client,
            "A login ends at port {callback_port} of one's own machine and nowhere else, by the code flow only.",
            "Cognito's DescribeUserPoolClient: addresses, flows, scopes, attributes",
            RUN,
        ),
        Check(
            "igv-people",
            people,
            "AWS STS takes the address of every user as the name of a session.",
            "Cognito's ListUsers",
            "Give these people other addresses: letters, digits and + = , . @ _ - only, 64 at most.",
        ),
    ),
    "What they get": (
        Check(
            "igv-pool",
            identity_pool,
            "The identity pool {name} takes IGV's app client alone, no guests, and allows the basic flow.",
            "Cognito's DescribeIdentityPool",
            RUN,
        ),
        Check(
            "igv-pool-roles",
            attached,
            "It has no role mappings, and no role for guests.",
            "Cognito's GetIdentityPoolRoles",
            RUN,
            needs=("igv-pool",),
        ),
        Check(
            "igv-trust",
            trust,
            "The role {name}-reader trusts this identity pool (aud) and this user pool (amr), and nothing else.",
            "The role's trust policy",
            RUN,
            needs=("igv-pool",),
        ),
        Check(
            "igv-other-roles",
            others,
            "No other role of the account trusts this identity pool.",
            "The trust policies of all roles of the account",
            "Take the identity pool out of their trust policies; people with other rights need another identity pool.",
            needs=("igv-pool",),
        ),
    ),
    "What that may read": (
        Check(
            "igv-policy",
            policy,
            "The role {name}-reader reads what the inventory says, never without TLS, and can do nothing else.",
            "The role's policies",
            RUN,
            needs=("igv-trust",),
        ),
        Check(
            "igv-buckets",
            buckets,
            "The buckets are there, in {region}.",
            "S3's HeadBucket",
            "Correct igv_buckets, and run igv/site.yml.",
        ),
        Check(
            "igv-buckets-private",
            private,
            "No bucket is made public by its policy.",
            "S3's GetBucketPolicyStatus",
            "Take out the statements that allow everybody.",
            needs=("igv-buckets",),
        ),
    ),
}
