# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_user_pool_client
short_description: Manage an app client of an Amazon Cognito user pool
version_added: 0.1.0
description:
  - Creates, changes and deletes an app client.
  - The client is known by its name in the pool. Cognito lets several clients share a name; the module then stops and
    lists their ids.
  - An update sends the whole configuration that the client has, with the changes laid over it, because AWS resets
    whatever an update leaves out.
  - An empty text or list takes a setting away.
  - The client's secret is never returned, shown in a diff, or logged.
options:
  user_pool_id:
    description: Id of the pool.
    type: str
    required: true
  name:
    description: Name of the client.
    type: str
    required: true
  generate_secret:
    description: Whether the client has a secret, as a load balancer needs. Can't be changed later.
    type: bool
  allowed_oauth_flows_user_pool_client:
    description: Whether the client may use the OAuth settings below. Without it AWS ignores them.
    type: bool
  allowed_oauth_flows:
    description: OAuth grant types.
    type: list
    elements: str
    choices: [code, implicit, client_credentials]
  allowed_oauth_scopes:
    description: OAuth scopes, such as V(openid), V(email), V(profile).
    type: list
    elements: str
  callback_urls:
    description: Addresses that a sign-in may return to.
    type: list
    elements: str
  default_redirect_uri:
    description: The one of O(callback_urls) that is taken where a sign-in names none.
    type: str
  logout_urls:
    description: Addresses that a sign-out may return to.
    type: list
    elements: str
  supported_identity_providers:
    description: Where people may sign in. V(COGNITO) means the pool's native users. The providers must exist.
    type: list
    elements: str
  explicit_auth_flows:
    description:
      - Authentication flows of the Cognito API that the client may use, such as V(ALLOW_REFRESH_TOKEN_AUTH).
      - The hosted login needs none but V(ALLOW_REFRESH_TOKEN_AUTH), for sign-ins that are to be renewed.
    type: list
    elements: str
  read_attributes:
    description: Attributes of its user that the client may read, standard ones and V(custom:<name>).
    type: list
    elements: str
  write_attributes:
    description:
      - Attributes of its user that the client may write. Leave out C(email) where others rely on the address.
      - An attribute that an identity provider fills must be among them.
    type: list
    elements: str
  access_token_validity:
    description: Life of an access token, in the unit of O(token_validity_units.access_token).
    type: int
  id_token_validity:
    description: Life of an ID token, in the unit of O(token_validity_units.id_token).
    type: int
  refresh_token_validity:
    description: Life of a refresh token, in the unit of O(token_validity_units.refresh_token).
    type: int
  token_validity_units:
    description: Units of the lives above. AWS takes hours for access and ID tokens and days for refresh tokens.
    type: dict
    suboptions:
      access_token:
        description: Unit of O(access_token_validity).
        type: str
        choices: [seconds, minutes, hours, days]
      id_token:
        description: Unit of O(id_token_validity).
        type: str
        choices: [seconds, minutes, hours, days]
      refresh_token:
        description: Unit of O(refresh_token_validity).
        type: str
        choices: [seconds, minutes, hours, days]
  prevent_user_existence_errors:
    description: With V(ENABLED), errors do not tell whether a user exists.
    type: str
    choices: [ENABLED, LEGACY]
  enable_token_revocation:
    description: Whether refresh tokens can be revoked.
    type: bool
  refresh_token_rotation:
    description:
      - Whether a refresh token is good for one use, and brings the next one.
      - AWS takes V(ENABLED) only for a client without V(ALLOW_REFRESH_TOKEN_AUTH) in O(explicit_auth_flows).
    type: dict
    suboptions:
      feature: {description: Whether it is., type: str, choices: [ENABLED, DISABLED], required: true}
      retry_grace_period_seconds:
        description: "For how many seconds a used one is still good, 0 to 60."
        type: int
  auth_session_validity:
    description: How many minutes a person has for one step of a sign-in, 3 to 15.
    type: int
  enable_propagate_additional_user_context_data:
    description: Whether a client with a secret may tell the address of its user, for threat protection.
    type: bool
seealso:
  - module: bioviewers.aws.cognito_user_pool
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A client for a load balancer that signs people in
  bioviewers.aws.cognito_user_pool_client:
    user_pool_id: us-east-1_AbCdEfGhI
    name: lab-viewer
    generate_secret: true
    allowed_oauth_flows_user_pool_client: true
    allowed_oauth_flows: [code]
    allowed_oauth_scopes: [openid, email, profile]
    callback_urls: ["https://neuroglancer.lab.example.org/oauth2/idpresponse"]
    logout_urls: ["https://neuroglancer.lab.example.org/signed-out"]
    supported_identity_providers: [COGNITO]
    prevent_user_existence_errors: ENABLED

- name: A client for a desktop program, which can't keep a secret, and whose users can't change their address
  bioviewers.aws.cognito_user_pool_client:
    user_pool_id: us-east-1_AbCdEfGhI
    name: lab-desktop
    generate_secret: false
    allowed_oauth_flows_user_pool_client: true
    allowed_oauth_flows: [code]
    allowed_oauth_scopes: [openid, email, profile]
    callback_urls: ["http://localhost:60151/oauthCallback"]
    supported_identity_providers: [COGNITO]
    explicit_auth_flows: [ALLOW_REFRESH_TOKEN_AUTH]
    read_attributes: [email, email_verified, name]
    write_attributes: [name]
    access_token_validity: 60
    id_token_validity: 60
    refresh_token_validity: 12
    token_validity_units: {access_token: minutes, id_token: minutes, refresh_token: hours}
    enable_token_revocation: true
    prevent_user_existence_errors: ENABLED

- name: Delete the client
  bioviewers.aws.cognito_user_pool_client:
    user_pool_id: us-east-1_AbCdEfGhI
    name: lab-viewer
    state: absent
"""

RETURN = r"""
user_pool_client:
  description: The client without its secret. Settings that no option names are there too, in snake_case.
  returned: when O(state=present)
  type: dict
  contains:
    client_id:
      description: Id of the client. A stand-in when it would be made in check mode.
      type: str
      returned: always
      sample: 1h57kf5cpq17m0eml12EXAMPLE
    user_pool_id: {description: Id of the pool., type: str, returned: always, sample: us-east-1_AbCdEfGhI}
    name: {description: Name of the client., type: str, returned: always, sample: lab-viewer}
    generate_secret: {description: Whether the client has a secret., type: bool, returned: always, sample: true}
"""

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import (
    PAGE,
    CognitoResource,
    without_blanks,
)

STRINGS = {"type": "list", "elements": "str"}
TOKENS = ("access_token", "id_token", "refresh_token")
UNIT = {"choices": ["seconds", "minutes", "hours", "days"], "no_log": False}
ROTATION = {
    "feature": {"choices": ["ENABLED", "DISABLED"], "required": True},
    "retry_grace_period_seconds": {"type": "int"},
}


class UserPoolClient(CognitoResource):
    noun = "user pool client"
    given = ("ClientId",)
    within = "user_pool_id"
    options = {
        "user_pool_id": {"required": True},
        "name": {"required": True},
        "generate_secret": {"type": "bool", "no_log": False},
        "allowed_oauth_flows_user_pool_client": {"type": "bool"},
        "allowed_oauth_flows": {**STRINGS, "choices": ["code", "implicit", "client_credentials"]},
        "allowed_oauth_scopes": STRINGS,
        "callback_urls": STRINGS,
        "default_redirect_uri": {},
        "logout_urls": STRINGS,
        "supported_identity_providers": STRINGS,
        "explicit_auth_flows": STRINGS,
        "read_attributes": STRINGS,
        "write_attributes": STRINGS,
        **{f"{token}_validity": {"type": "int", "no_log": False} for token in TOKENS},
        "token_validity_units": {"type": "dict", "no_log": False, "options": dict.fromkeys(TOKENS, UNIT)},
        "prevent_user_existence_errors": {"choices": ["ENABLED", "LEGACY"]},
        "enable_token_revocation": {"type": "bool", "no_log": False},
        "refresh_token_rotation": {"type": "dict", "no_log": False, "options": ROTATION},
        "auth_session_validity": {"type": "int"},
        "enable_propagate_additional_user_context_data": {"type": "bool"},
    }
    immutable = {"GenerateSecret": "Make a client of another name, or delete this one first."}
    spelling = Spelling(
        {
            "name": "ClientName",
            "allowed_oauth_flows_user_pool_client": "AllowedOAuthFlowsUserPoolClient",
            "allowed_oauth_flows": "AllowedOAuthFlows",
            "allowed_oauth_scopes": "AllowedOAuthScopes",
            "callback_urls": "CallbackURLs",
            "default_redirect_uri": "DefaultRedirectURI",
            "logout_urls": "LogoutURLs",
        }
    )

    @property
    def pool(self) -> dict[str, str]:
        return {"UserPoolId": self.params["user_pool_id"]}

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        return without_blanks(super().merged(held, asked))

    def find(self) -> Found | None:
        clients = self.unless_gone(lambda: self.pages("list_user_pool_clients", "UserPoolClients", **PAGE, **self.pool))
        client = self.only([client for client in clients or [] if client["ClientName"] == self.name], "ClientId")
        return client and self._found(self.call("describe_user_pool_client", **self.pool, ClientId=client["ClientId"]))

    def create(self, config: dict[str, Any]) -> Found:
        return self._found(self.call("create_user_pool_client", **without_blanks(config)))

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        changeable = self.accepted("UpdateUserPoolClient", config)
        return self._found(self.call("update_user_pool_client", **changeable, ClientId=found.facts["ClientId"]))

    def delete(self, found: Found) -> None:
        self.call("delete_user_pool_client", **self.pool, ClientId=found.facts["ClientId"])

    def _found(self, answer: dict[str, Any]) -> Found:
        client = answer["UserPoolClient"]
        secret = client.pop("ClientSecret", None)
        if secret:
            self.module.no_log_values.add(secret)
        config = self.accepted("CreateUserPoolClient", {**client, "GenerateSecret": bool(secret)})
        return Found(config, {"ClientId": client["ClientId"]})


main = UserPoolClient.main

if __name__ == "__main__":
    main()
