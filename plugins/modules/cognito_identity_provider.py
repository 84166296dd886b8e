# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_identity_provider
short_description: Manage a sign-in provider of an Amazon Cognito user pool
version_added: 0.1.0
description:
  - Creates, changes and deletes an external provider, such as Google, where people of a user pool can sign in.
  - It must be there before an app client names it.
  - Everyone whom the provider lets in gets a user in the pool at the first sign-in, also when only administrators
    may create users there.
  - An update sends the whole configuration that the provider has, with the changes laid over it, because AWS replaces
    what is there. Details and mappings that AWS adds are no changes.
  - Secrets are never returned or shown in a diff. When only a secret differs, the task is changed and its diff is
    empty.
options:
  user_pool_id:
    description: Id of the pool.
    type: str
    required: true
  provider_name:
    description: Name of the provider in the pool. For every type but V(SAML) and V(OIDC), AWS wants the type's name.
    type: str
    required: true
  provider_type:
    description: Kind of the provider. Needed when O(state=present). Can't be changed later.
    type: str
    choices: [SAML, Facebook, Google, LoginWithAmazon, SignInWithApple, OIDC]
  provider_details:
    description:
      - How to reach the provider. Needed when O(state=present). Which of these a provider takes depends on its type.
      - When O(provider_details.oidc_issuer), O(provider_details.api_version), O(provider_details.metadata_url) or
        O(provider_details.metadata_file) changes, addresses that are not given are dropped, so that AWS looks them up
        anew.
    type: dict
    suboptions:
      client_id:
        description: Id that the provider knows the user pool by.
        type: str
      client_secret:
        description: Secret for O(provider_details.client_id). AWS tells it back, so a new one is noticed.
        type: str
      authorize_scopes:
        description: What to ask the provider for, separated by spaces, such as V(openid email profile).
        type: str
      attributes_request_method:
        description: How V(OIDC) attributes are fetched.
        type: str
        choices: [GET, POST]
      attributes_url:
        description: Where attributes are fetched.
        type: str
      authorize_url:
        description: Where people sign in.
        type: str
      token_url:
        description: Where a code is exchanged for tokens.
        type: str
      jwks_uri:
        description: Where the keys are that tokens are checked with.
        type: str
      oidc_issuer:
        description: Issuer, where AWS looks up the addresses that are not given.
        type: str
      api_version:
        description: Version of the API of V(Facebook).
        type: str
      private_key:
        description:
          - Private key of V(SignInWithApple), in one line, without its header and footer.
          - AWS does not tell it back, so another key is noticed by O(provider_details.key_id) only, which is different
            for every key. Give it with every task, since an update that lacks it may be refused.
        type: str
      key_id:
        description: Id of O(provider_details.private_key).
        type: str
      team_id:
        description: Id of the team at Apple.
        type: str
      metadata_url:
        description: Where the metadata of V(SAML) is. Either this or O(provider_details.metadata_file).
        type: str
      metadata_file:
        description: The metadata of V(SAML) itself, XML.
        type: str
      idp_init:
        description: Whether a V(SAML) sign-in may start at the provider.
        type: bool
      idp_signout:
        description: Whether a sign-out signs out of the V(SAML) provider as well.
        type: bool
      encrypted_responses:
        description: Whether V(SAML) responses are encrypted.
        type: bool
      request_signing_algorithm:
        description: How V(SAML) requests are signed, such as V(rsa-sha256).
        type: str
  attribute_mapping:
    description:
      - Which attribute of the provider fills which attribute of the pool, by the names that both use.
      - A mapping that is not given stays, one to an empty text goes.
      - Without one for C(email_verified), addresses count as unverified.
    type: dict
  idp_identifiers:
    description: Other names for the provider in sign-in requests, such as the domain of its e-mail addresses.
    type: list
    elements: str
notes:
  - The consent screen at Google decides who gets in. Of type External it lets any Google account in, of type
    Internal those of one organization.
seealso:
  - module: bioviewers.aws.cognito_user_pool
  - module: bioviewers.aws.cognito_user_pool_client
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: People sign in with Google
  bioviewers.aws.cognito_identity_provider:
    user_pool_id: us-east-1_AbCdEfGhI
    provider_name: Google
    provider_type: Google
    provider_details:
      client_id: 1example23456789.apps.googleusercontent.com
      client_secret: "{{ google_client_secret }}"
      authorize_scopes: openid email profile
    attribute_mapping:
      username: sub
      email: email
      email_verified: email_verified
      name: name
  no_log: true

- name: People sign in at their university, by SAML, and are sent there by the domain of their address
  bioviewers.aws.cognito_identity_provider:
    user_pool_id: us-east-1_AbCdEfGhI
    provider_name: university
    provider_type: SAML
    provider_details:
      metadata_url: https://idp.example.edu/metadata.xml
      idp_signout: true
    attribute_mapping:
      email: urn:oid:0.9.2342.19200300.100.1.3
    idp_identifiers: [example.edu]

- name: People sign in at any OpenID Connect provider
  bioviewers.aws.cognito_identity_provider:
    user_pool_id: us-east-1_AbCdEfGhI
    provider_name: keycloak
    provider_type: OIDC
    provider_details:
      client_id: lab-viewer
      client_secret: "{{ keycloak_client_secret }}"
      authorize_scopes: openid email profile
      oidc_issuer: https://login.lab.example.org/realms/lab
      attributes_request_method: GET
    attribute_mapping:
      username: sub
      email: email
      email_verified: email_verified
  no_log: true

- name: Delete the provider
  bioviewers.aws.cognito_identity_provider:
    user_pool_id: us-east-1_AbCdEfGhI
    provider_name: Google
    state: absent
"""

RETURN = r"""
identity_provider:
  description: The provider without its secrets. Details that AWS adds are there too.
  returned: when O(state=present)
  type: dict
  contains:
    user_pool_id: {description: Id of the pool., type: str, returned: always, sample: us-east-1_AbCdEfGhI}
    provider_name: {description: Name of the provider., type: str, returned: always, sample: Google}
    provider_type: {description: Kind of the provider., type: str, returned: always, sample: Google}
    provider_details:
      description: How to reach the provider, in snake_case. Secrets are replaced by C((hidden)).
      type: dict
      returned: always
      sample: {client_id: 1example.apps.googleusercontent.com, client_secret: (hidden), token_request_method: POST}
    attribute_mapping:
      description: Which attribute of the provider fills which attribute of the pool.
      type: dict
      returned: when there is one
      sample: {email: email, username: sub}
    idp_identifiers:
      description: Other names for the provider.
      type: list
      elements: str
      returned: when AWS tells them
      sample: [example.org]
"""

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import CognitoResource, without_blanks

TYPES = ["SAML", "Facebook", "Google", "LoginWithAmazon", "SignInWithApple", "OIDC"]
UNTOLD = "private_key"  # the one secret that DescribeIdentityProvider leaves out
SECRETS = frozenset({"client_secret", UNTOLD})
# AWS derives the addresses from these, and an update that sends old addresses along would pin them.
SOURCES = frozenset({"oidc_issuer", "api_version", "MetadataURL", "MetadataFile"})
# What AWS reads out of a SAML provider's metadata; it is no setting.
READ_ONLY = frozenset({"ActiveEncryptionCertificate", "SLORedirectBindingURI", "SSORedirectBindingURI"})
ADDRESSES = frozenset({"attributes_url", "authorize_url", "token_url", "jwks_uri"})
SAML_NAMES = {
    "metadata_url": "MetadataURL",
    "metadata_file": "MetadataFile",
    "idp_init": "IDPInit",
    "idp_signout": "IDPSignout",
    "encrypted_responses": "EncryptedResponses",
    "request_signing_algorithm": "RequestSigningAlgorithm",
}
DETAILS = {
    "client_id": {},
    "client_secret": {"no_log": True},
    "authorize_scopes": {},
    "attributes_request_method": {"choices": ["GET", "POST"]},
    "attributes_url": {},
    "authorize_url": {},
    "token_url": {"no_log": False},
    "jwks_uri": {},
    "oidc_issuer": {},
    "api_version": {},
    "private_key": {"no_log": True},
    "key_id": {"no_log": False},
    "team_id": {},
    "metadata_url": {},
    "metadata_file": {},
    "idp_init": {"type": "bool"},
    "idp_signout": {"type": "bool"},
    "encrypted_responses": {"type": "bool"},
    "request_signing_algorithm": {},
}


class IdentityProvider(CognitoResource):
    noun = "identity provider"
    within = "user_pool_id"
    options = {
        "user_pool_id": {"required": True},
        "provider_name": {"required": True},
        "provider_type": {"choices": TYPES},
        "provider_details": {"type": "dict", "options": DETAILS},
        "attribute_mapping": {"type": "dict"},
        "idp_identifiers": {"type": "list", "elements": "str"},
    }
    immutable = {"ProviderType": "Delete this provider first."}
    secret = SECRETS
    spelling = Spelling(
        {option: SAML_NAMES.get(option, option) for option in DETAILS}, verbatim=frozenset({"AttributeMapping"})
    )

    @property
    def name(self) -> str:
        return self.params["provider_name"]

    @property
    def identity(self) -> dict[str, str]:
        return {"UserPoolId": self.params["user_pool_id"], "ProviderName": self.name}

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        return {**asked, "ProviderDetails": texts(asked["ProviderDetails"])}

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        # Nobody can tell whether the untold secret is another one.
        details = {key: value for key, value in asked["ProviderDetails"].items() if key != UNTOLD}
        kept = still_true(held["ProviderDetails"], details)
        return without_blanks(super().merged({**held, "ProviderDetails": kept}, {**asked, "ProviderDetails": details}))

    def find(self) -> Found | None:
        answer = self.unless_gone(lambda: self.call("describe_identity_provider", **self.identity))
        return answer and self._found(answer)

    def create(self, config: dict[str, Any]) -> Found:
        return self._found(self.call("create_identity_provider", **without_blanks(config)))

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        asked = self.desired()["ProviderDetails"]
        untold = {key: asked[key] for key in {UNTOLD} & asked.keys()}
        details = {"ProviderDetails": {**config["ProviderDetails"], **untold}}
        request = {**self.accepted("UpdateIdentityProvider", config), **details}
        return self._found(self.call("update_identity_provider", **request))

    def delete(self, found: Found) -> None:
        self.call("delete_identity_provider", **self.identity)

    def _found(self, answer: dict[str, Any]) -> Found:
        config = self.accepted("CreateIdentityProvider", answer["IdentityProvider"])
        told = config.get("ProviderDetails", {})
        self.module.no_log_values.update(told[key] for key in SECRETS & told.keys())
        facts = {key: told[key] for key in READ_ONLY & told.keys()}
        settings = {key: value for key, value in told.items() if key not in {*READ_ONLY, UNTOLD}}
        return Found({**config, "ProviderDetails": settings}, facts)


def texts(details: dict[str, Any]) -> dict[str, str]:
    """Details as AWS takes them: text only."""
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in details.items()}


def still_true(held: dict[str, str], asked: dict[str, str]) -> dict[str, str]:
    """What is held, without what came from a source that is to be another one."""
    if all(held.get(key) == asked[key] for key in SOURCES & asked.keys()):
        return held
    return {key: value for key, value in held.items() if key not in SOURCES | ADDRESSES}


def main() -> None:
    IdentityProvider.main(required_if=[("state", "present", ["provider_type", "provider_details"])])


if __name__ == "__main__":
    main()
