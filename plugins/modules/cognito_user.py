# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_user
short_description: Manage a user of an Amazon Cognito user pool
version_added: 0.1.0
description:
  - Creates, changes, disables and deletes a user, as an administrator does.
  - Cognito makes the first password and sends it to the user. This module takes none and returns none.
  - Users who come from an identity provider make themselves at their first sign-in; here they can be changed, disabled
    and deleted.
options:
  user_pool_id:
    description: Id of the pool.
    type: str
    required: true
  username:
    description:
      - Name of the user. In a pool whose people sign in with their address, the address does as well; for users who
        come from an identity provider it is C(<provider>_<id>).
    type: str
    required: true
  attributes:
    description:
      - Attributes of the user, such as V(email). What is not given stays.
      - V(true) and V(false) may stand for the texts that Cognito keeps.
    type: dict
  enabled:
    description:
      - Whether the user can sign in. A new user can.
      - V(false) also ends the user's refresh tokens. Access tokens are good until they expire.
    type: bool
  message_action:
    description:
      - What is sent. Without this option, a new user gets an invitation.
      - V(SUPPRESS) sends a new user nothing.
      - V(RESEND) also sends a new invitation to a user who is there and has not yet chosen a password, each time.
    type: str
    choices: [RESEND, SUPPRESS]
  sign_out:
    description:
      - Whether to end the user's sessions now, each time that this is V(true), and so always a change.
      - Refresh tokens are no good any more, access tokens until they expire. The hosted login remembers a browser for
        up to an hour, and only O(enabled=false) keeps a user from coming back by that.
    type: bool
    default: false
seealso:
  - module: bioviewers.aws.cognito_user_info
  - module: bioviewers.aws.cognito_user_pool
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Invite somebody, or send the invitation again
  bioviewers.aws.cognito_user:
    user_pool_id: us-east-1_AbCdEfGhI
    username: ada@example.org
    attributes:
      email: ada@example.org
      email_verified: true
    message_action: RESEND

- name: Keep somebody out from now on
  bioviewers.aws.cognito_user:
    user_pool_id: us-east-1_AbCdEfGhI
    username: Google_110248495921238986420
    enabled: false
    sign_out: true

- name: Delete a user
  bioviewers.aws.cognito_user:
    user_pool_id: us-east-1_AbCdEfGhI
    username: ada@example.org
    state: absent
"""

RETURN = r"""
user:
  description: The user.
  returned: when O(state=present)
  type: dict
  contains:
    username:
      description: Name of the user. A stand-in when the user would be made in check mode, as is RV(user.status).
      type: str
      returned: always
      sample: 74482418-6041-70b0-5e75-9ce2d2ae3d45
    attributes:
      description: Attributes of the user, as text.
      type: dict
      returned: always
      sample: {email: ada@example.org, email_verified: "true"}
    enabled: {description: Whether the user can sign in., type: bool, returned: always}
    status:
      description: Where the user stands; V(FORCE_CHANGE_PASSWORD) is an invitation that was not yet taken.
      type: str
      returned: always
      sample: CONFIRMED
    invitation: {description: What was done about it., type: str, returned: when it was sent again, sample: sent again}
    sessions: {description: What was done about them., type: str, returned: when they were ended, sample: ended}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import CognitoResource, attributes_of

INVITED = "FORCE_CHANGE_PASSWORD"


class User(CognitoResource):
    noun = "user"
    given = ("Username", "Status")
    within = "user_pool_id"
    options = {
        "user_pool_id": {"required": True},
        "username": {"required": True},
        "attributes": {"type": "dict"},
        "enabled": {"type": "bool"},
        "message_action": {"choices": ["RESEND", "SUPPRESS"]},
        "sign_out": {"type": "bool", "default": False},
    }
    initial = {"Enabled": True}
    spelling = Spelling(verbatim=frozenset({"Attributes"}))

    @property
    def name(self) -> str:
        return self.params["username"]

    @property
    def identity(self) -> dict[str, str]:
        return {"UserPoolId": self.params["user_pool_id"], "Username": self.name}

    def desired(self) -> dict[str, Any]:
        asked = {key: value for key, value in super().desired().items() if key in ("Attributes", "Enabled")}
        return {**asked, "Attributes": texts(asked.get("Attributes", {}))}

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        again = self.params["message_action"] == "RESEND" and held["Status"] == INVITED
        done = {"Invitation": "sent again"} if again else {}
        if self.params["sign_out"]:
            done["Sessions"] = "ended"
        return super().merged(held, {**asked, **done})

    def find(self) -> Found | None:
        try:
            return self._found(self.call("admin_get_user", **self.identity))
        except is_boto3_error_code("UserNotFoundException"):
            return None

    def _found(self, user: dict[str, Any]) -> Found:
        status = {"Enabled": user["Enabled"], "Status": user["UserStatus"]}
        return Found({"Attributes": attributes_of(user), **status}, {"Username": user["Username"]})

    def create(self, config: dict[str, Any]) -> Found:
        silent = {"MessageAction": "SUPPRESS"} if self.params["message_action"] == "SUPPRESS" else {}
        request = {"UserAttributes": listed(config["Attributes"]), "DesiredDeliveryMediums": ["EMAIL"]}
        made = self._found(self.call("admin_create_user", **self.identity, **request, **silent)["User"])
        return made if config["Enabled"] else self.update(made, {**made.config, "Enabled": False})

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        held = found.config["Attributes"]
        changed = {name: value for name, value in config["Attributes"].items() if held.get(name) != value}
        if changed:
            self.call("admin_update_user_attributes", **self.identity, UserAttributes=listed(changed))
        if config["Enabled"] != found.config["Enabled"]:
            self.call("admin_enable_user" if config["Enabled"] else "admin_disable_user", **self.identity)
        if "Invitation" in config:
            self.call("admin_create_user", **self.identity, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
        if "Sessions" in config:
            self.call("admin_user_global_sign_out", **self.identity)
        return Found(config, found.facts)

    def delete(self, found: Found) -> None:
        self.call("admin_delete_user", **self.identity)


def texts(attributes: dict[str, Any]) -> dict[str, str]:
    """Attributes as Cognito keeps them."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in attributes.items()}


def listed(attributes: dict[str, str]) -> list[dict[str, str]]:
    """Attributes in the API's form."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


main = User.main

if __name__ == "__main__":
    main()
