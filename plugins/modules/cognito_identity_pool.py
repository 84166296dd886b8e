# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_identity_pool
short_description: Manage an Amazon Cognito identity pool
version_added: 0.1.0
description:
  - Creates, changes and deletes an identity pool, which gives people who have signed in elsewhere credentials of AWS.
  - The pool is known by its name in the region. Cognito lets several pools share a name; the module then stops and
    lists their ids.
  - An update sends the whole configuration that the pool has, with the changes laid over it, because AWS resets
    whatever an update leaves out.
  - An empty text or list takes a setting away.
  - A pool without O(allow_unauthenticated_identities) is made without guests.
options:
  name:
    description: Name of the pool.
    type: str
    required: true
  identity_pool_id:
    description:
      - Id of the pool, as an earlier task returned it.
      - Lists may lack for a while what was made a moment ago; with this a second task finds it nevertheless, and makes
        no other.
    type: str
  allow_unauthenticated_identities:
    description: Whether guests, who have signed in nowhere, get an identity.
    type: bool
  allow_classic_flow:
    description:
      - Whether the basic (classic) flow is on, in which the client takes a token of the pool to AWS STS, and says
        which role it wants.
      - Every role whose trust policy accepts the pool is then open to everybody who can sign in to it.
      - AWS refuses the basic flow of a pool that has O(role_mappings).
    type: bool
  cognito_identity_providers:
    description: App clients of Amazon Cognito user pools whose users the pool takes.
    type: list
    elements: dict
    suboptions:
      client_id:
        description: Id of the app client.
        type: str
        required: true
      provider_name:
        description: The user pool, as V(cognito-idp.<region>.amazonaws.com/<user pool id>).
        type: str
        required: true
      server_side_token_check:
        description: Whether Cognito asks the user pool if the user was signed out or disabled after the token was made.
        type: bool
  supported_login_providers:
    description:
      - Other public providers and the pool's application id there, such as C(accounts.google.com).
      - Those that are not named stay; an empty text takes one away.
    type: dict
  developer_provider_name:
    description: Name by which a backend of one's own signs people in. Can't be changed later.
    type: str
  open_id_connect_provider_arns:
    description: ARNs of OpenID Connect providers of IAM.
    type: list
    elements: str
  saml_provider_arns:
    description: ARNs of SAML providers of IAM.
    type: list
    elements: str
  roles:
    description: Roles that the enhanced flow gives. In the basic flow they mean nothing. Needs iam:PassRole.
    type: dict
    suboptions:
      authenticated:
        description: ARN of the role of people who have signed in.
        type: str
      unauthenticated:
        description: ARN of the role of guests.
        type: str
  role_mappings:
    description:
      - Which role the enhanced flow gives whom, by provider, in the words of the operation C(SetIdentityPoolRoles).
      - What is given replaces what is there; an empty dictionary takes all away.
    type: dict
seealso:
  - module: bioviewers.aws.cognito_user_pool_client
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - bioviewers.aws._resource.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Credentials for the users of one app client, for a program that uses the basic flow
  bioviewers.aws.cognito_identity_pool:
    name: lab-igv
    allow_unauthenticated_identities: false
    allow_classic_flow: true
    cognito_identity_providers:
      - client_id: 1h57kf5cpq17m0eml12EXAMPLE
        provider_name: cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI
        server_side_token_check: true
    role_mappings: {}

- name: The role of those who have signed in
  bioviewers.aws.cognito_identity_pool:
    name: lab-igv
    roles:
      authenticated: arn:aws:iam::123456789012:role/lab-igv-reader
      unauthenticated: ""

- name: Delete the pool with its identities
  bioviewers.aws.cognito_identity_pool:
    name: lab-igv
    state: absent
"""

RETURN = r"""
identity_pool:
  description: The pool. Settings that no option names are there too, in snake_case.
  returned: when O(state=present)
  type: dict
  contains:
    identity_pool_id:
      description: Id of the pool. A stand-in when it would be made in check mode.
      type: str
      returned: always
      sample: us-east-1:12345678-1234-1234-1234-123456789012
    name: {description: Name of the pool., type: str, returned: always, sample: lab-igv}
    allow_unauthenticated_identities:
      description: Whether guests get an identity.
      type: bool
      returned: always
      sample: false
    roles:
      description: ARNs of the roles that the enhanced flow gives.
      type: dict
      returned: when there are some
      sample: {authenticated: "arn:aws:iam::123456789012:role/lab-igv-reader"}
    tags: {description: Its tags., type: dict, returned: always, sample: {Project: lab-igv}}
"""

from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.iam import get_aws_account_info
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling, merge
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import (
    PAGE,
    CognitoResource,
    own_tags,
    without_blanks,
)

STRINGS = {"type": "list", "elements": "str"}
PROVIDERS = "CognitoIdentityProviders"
PROVIDER = {
    "client_id": {"required": True},
    "provider_name": {"required": True},
    "server_side_token_check": {"type": "bool", "no_log": False},
}
ROLES = ("Roles", "RoleMappings")  # what SetIdentityPoolRoles sets and UpdateIdentityPool does not


class IdentityPool(CognitoResource):
    service = "cognito-identity"
    noun = "identity pool"
    given = ("IdentityPoolId",)
    known = "identity_pool_id"
    options = {
        "name": {"required": True},
        "identity_pool_id": {},
        "allow_unauthenticated_identities": {"type": "bool"},
        "allow_classic_flow": {"type": "bool"},
        "cognito_identity_providers": {"type": "list", "elements": "dict", "options": PROVIDER},
        "supported_login_providers": {"type": "dict"},
        "developer_provider_name": {},
        "open_id_connect_provider_arns": STRINGS,
        "saml_provider_arns": STRINGS,
        "roles": {"type": "dict", "options": {"authenticated": {}, "unauthenticated": {}}},
        "role_mappings": {"type": "dict"},
        **TAGS,
    }
    initial = {"AllowUnauthenticatedIdentities": False}
    spelling = Spelling(
        {
            "name": "IdentityPoolName",
            "open_id_connect_provider_arns": "OpenIdConnectProviderARNs",
            "saml_provider_arns": "SamlProviderARNs",
            "authenticated": "authenticated",
            "unauthenticated": "unauthenticated",
        },
        verbatim=frozenset({"SupportedLoginProviders", "RoleMappings"}),
    )

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in held.items() if key != "RoleMappings" or key not in asked}
        providers = {PROVIDERS: laid_over(held.get(PROVIDERS, []), asked[PROVIDERS])} if PROVIDERS in asked else {}
        wanted = settings(super().merged(kept, {**asked, **providers}))
        refuse_another_developer(held, wanted)
        return wanted

    def find(self) -> Found | None:
        return self.described(self._listed, lambda pool_id: self._described({"IdentityPoolId": pool_id}))

    def _listed(self) -> str | None:
        pools = self.pages("list_identity_pools", "IdentityPools", **PAGE)
        named = [pool for pool in pools if pool["IdentityPoolName"] == self.name]
        pool = self.only(named, "IdentityPoolId")
        return pool and pool["IdentityPoolId"]

    def create(self, config: dict[str, Any]) -> Found:
        tags = self._wanted_tags({})
        request = {**self.accepted("CreateIdentityPool", settings(config)), "IdentityPoolTags": tags}
        made = self.call("create_identity_pool", **request)["IdentityPoolId"]
        without_roles = {key: value for key, value in config.items() if key not in ROLES}
        return self._with_roles(Found(without_roles, {"IdentityPoolId": made}, tags=tags), config)

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        request, before = (self.accepted("UpdateIdentityPool", each) for each in (config, found.config))
        if request != before:
            self.call("update_identity_pool", **found.facts, IdentityPoolTags=own_tags(found.tags), **request)
        return self._with_roles(found, config)

    def delete(self, found: Found) -> None:
        self.call("delete_identity_pool", **found.facts)

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        if surplus:
            self.call("untag_resource", ResourceArn=self._arn(found), TagKeys=surplus)
        if missing:
            self.call("tag_resource", ResourceArn=self._arn(found), Tags=missing)

    def _with_roles(self, found: Found, config: dict[str, Any]) -> Found:
        """Both kinds at once: the call resets the one that it leaves out."""
        held, wanted = (without_blanks({key: each.get(key) for key in ROLES}) for each in (found.config, config))
        if wanted != held:
            self.call("set_identity_pool_roles", **found.facts, **{"Roles": {}, **wanted})
        return replace(found, config=config)

    def _described(self, pool: dict[str, str]) -> Found:
        told = {**self.call("describe_identity_pool", **pool), **self.call("get_identity_pool_roles", **pool)}
        tags = told.pop("IdentityPoolTags", None) or {}
        config = settings({**self.accepted("CreateIdentityPool", told), **{key: told.get(key) for key in ROLES}})
        return Found({"AllowClassicFlow": False, **config}, pool, tags=tags)

    def _arn(self, found: Found) -> str:
        """AWS does not tell it (Service Authorization Reference, "Amazon Cognito Identity")."""
        account, partition = get_aws_account_info(self.module)
        place = f"arn:{partition}:cognito-identity:{self.client.meta.region_name}:{account}"
        return f"{place}:identitypool/{found.facts['IdentityPoolId']}"


def settings(config: dict[str, Any]) -> dict[str, Any]:
    """What is set: an empty setting is as good as none."""
    return {key: value for key, value in without_blanks(config).items() if value != []}


def refuse_another_developer(held: dict[str, Any], wanted: dict[str, Any]) -> None:
    """API Reference, CreateIdentityPool: "Once you have set a developer provider name, you cannot change it."."""
    name = held.get("DeveloperProviderName")
    if name not in (None, wanted.get("DeveloperProviderName")):
        message = "developer_provider_name can't be changed once it is set. Make a pool of another name."
        raise AnsibleAWSError(message=message)


def laid_over(held: list[dict[str, Any]], asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Clients by pool and id: what is not said of one keeps its value, and their order means nothing."""
    before, after = ({(each["ProviderName"], each["ClientId"]): each for each in clients} for clients in (held, asked))
    return [merge(before.get(key, {}), after[key]) for key in (before if before.keys() == after.keys() else after)]


main = IdentityPool.main

if __name__ == "__main__":
    main()
