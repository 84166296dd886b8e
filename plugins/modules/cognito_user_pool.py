# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_user_pool
short_description: Manage an Amazon Cognito user pool
version_added: 0.1.0
description:
  - Creates, changes and deletes a user pool.
  - The pool is known by its name. Cognito lets several pools share a name; the module then stops and lists their ids.
  - An update sends the whole configuration that the pool has, with the changes laid over it, because AWS resets
    whatever an update leaves out.
options:
  name:
    description: Name of the pool.
    type: str
    required: true
  user_pool_tier:
    description:
      - Feature plan. V(PLUS) and, above the free share of users, V(ESSENTIALS) cost more per active user than V(LITE).
    type: str
    choices: [LITE, ESSENTIALS, PLUS]
  username_attributes:
    description: What people sign in with instead of a user name. Can't be changed later.
    type: list
    elements: str
    choices: [email, phone_number]
  username_configuration:
    description: How user names are read. Can't be changed later.
    type: dict
    suboptions:
      case_sensitive: {description: Whether V(Ann) and V(ann) are two people., type: bool, required: true}
  auto_verified_attributes:
    description: What Cognito verifies by itself, with a code.
    type: list
    elements: str
    choices: [email, phone_number]
  admin_create_user_config:
    description: Who makes native users.
    type: dict
    suboptions:
      allow_admin_create_user_only:
        description:
          - Whether people can't sign themselves up.
          - It does not stop the first sign-in of a person who comes from a federated identity provider.
        type: bool
  password_policy:
    description:
      - What a password must be. Where a suboption is not given, a new pool takes 8 characters of all four kinds and
        7 days; an existing pool keeps what it has.
    type: dict
    suboptions:
      minimum_length: {description: "Fewest characters, 6 to 99.", type: int}
      require_lowercase: {description: Whether a lower-case letter is needed., type: bool}
      require_uppercase: {description: Whether an upper-case letter is needed., type: bool}
      require_numbers: {description: Whether a digit is needed., type: bool}
      require_symbols: {description: Whether a symbol is needed., type: bool}
      temporary_password_validity_days:
        description: How many days the first password of a user whom an administrator made is good for.
        type: int
  mfa_configuration:
    description:
      - Whether a second factor is asked for.
      - AWS takes V(ON) and V(OPTIONAL) only for a pool that has a second factor set up, by SMS or authenticator app.
    type: str
    choices: ["OFF", "ON", OPTIONAL]
  lambda_config:
    description:
      - Which functions in Lambda the pool calls. A trigger that is not given keeps its function.
      - Each function needs a policy of its own that lets C(cognito-idp.amazonaws.com) call it for this pool. Without,
        whatever calls the function fails.
    type: dict
    suboptions:
      pre_sign_up:
        description: ARN of the function that is called before a user is made.
        type: str
      pre_authentication:
        description: ARN of the function that is called before a password is checked.
        type: str
      pre_token_generation_config:
        description: The function that is called before tokens are made.
        type: dict
        suboptions:
          lambda_arn: {description: ARN of the function., type: str, required: true}
          lambda_version:
            description: Version of the event that it is given. V(V2_0) and V(V3_0) need another plan than V(LITE).
            type: str
            choices: [V1_0, V2_0, V3_0]
            required: true
  deletion_protection:
    description:
      - Whether AWS refuses to delete the pool.
      - With O(state=absent), a protected pool is deleted only if this is V(INACTIVE); else the module refuses.
    type: str
    choices: [ACTIVE, INACTIVE]
notes:
  - A pool with a domain can't be deleted. Remove the domain first, with M(bioviewers.aws.cognito_user_pool_domain).
seealso:
  - module: bioviewers.aws.cognito_user_pool_client
  - module: bioviewers.aws.cognito_user_pool_domain
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._attributes
  - amazon.aws.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: People sign in with their e-mail address, only administrators make users
  bioviewers.aws.cognito_user_pool:
    name: lab-viewer
    user_pool_tier: ESSENTIALS
    username_attributes: [email]
    auto_verified_attributes: [email]
    username_configuration:
      case_sensitive: false
    admin_create_user_config:
      allow_admin_create_user_only: true
    deletion_protection: ACTIVE

- name: A function decides at the first sign-in from elsewhere and each time that tokens are made
  bioviewers.aws.cognito_user_pool:
    name: lab-viewer
    lambda_config:
      pre_sign_up: arn:aws:lambda:us-east-1:123456789012:function:lab-viewer-sign-in
      pre_token_generation_config:
        lambda_arn: arn:aws:lambda:us-east-1:123456789012:function:lab-viewer-sign-in
        lambda_version: V1_0

- name: Delete the pool and all its users, although it is protected
  bioviewers.aws.cognito_user_pool:
    name: lab-viewer
    deletion_protection: INACTIVE
    state: absent
"""

RETURN = r"""
user_pool:
  description: The pool. Settings that no option names are there too, in snake_case.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Id of the pool. A stand-in when it would be made in check mode, also at the end of RV(user_pool.arn).
      type: str
      returned: always
      sample: us-east-1_AbCdEfGhI
    arn:
      description: ARN of the pool.
      type: str
      returned: always
      sample: arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI
    name: {description: Name of the pool., type: str, returned: always, sample: lab-viewer}
    domain: {description: Prefix of its domain., type: str, returned: when it has one, sample: lab-viewer}
    tags: {description: Tags of the pool., type: dict, returned: always}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.iam import get_aws_account_info
from ansible_collections.bioviewers.aws.plugins.module_utils._cognito import PAGE, CognitoResource, pool_request
from ansible_collections.bioviewers.aws.plugins.module_utils._foretold import foretold
from ansible_collections.bioviewers.aws.plugins.module_utils._resource import TAGS
from ansible_collections.bioviewers.aws.plugins.module_utils._shapes import Found, Spelling

ATTRIBUTES = {"type": "list", "elements": "str", "choices": ["email", "phone_number"]}
KINDS = ("Lowercase", "Uppercase", "Numbers", "Symbols")
TOKEN_TRIGGER = {
    "lambda_arn": {"required": True},
    "lambda_version": {"choices": ["V1_0", "V2_0", "V3_0"], "required": True},
}
DOMAINS = ("Domain", "CustomDomain")


class UserPool(CognitoResource):
    noun = "user pool"
    options = {
        "name": {"required": True},
        "user_pool_tier": {"choices": ["LITE", "ESSENTIALS", "PLUS"]},
        "username_attributes": ATTRIBUTES,
        "username_configuration": {
            "type": "dict",
            "options": {"case_sensitive": {"type": "bool", "required": True}},
        },
        "auto_verified_attributes": ATTRIBUTES,
        "admin_create_user_config": {"type": "dict", "options": {"allow_admin_create_user_only": {"type": "bool"}}},
        "password_policy": {
            "type": "dict",
            "no_log": False,  # a rule about passwords, none of them
            "options": {
                "minimum_length": {"type": "int"},
                **{f"require_{kind.lower()}": {"type": "bool"} for kind in KINDS},
                "temporary_password_validity_days": {"type": "int", "no_log": False},
            },
        },
        "mfa_configuration": {"choices": ["OFF", "ON", "OPTIONAL"]},
        "lambda_config": {
            "type": "dict",
            "options": {
                "pre_sign_up": {},
                "pre_authentication": {},
                "pre_token_generation_config": {"type": "dict", "no_log": False, "options": TOKEN_TRIGGER},
            },
        },
        "deletion_protection": {"choices": ["ACTIVE", "INACTIVE"]},
        **TAGS,
    }
    # AWS's own default policy. To a policy with gaps it would give weaker values.
    initial = {
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 8,
                **{f"Require{kind}": True for kind in KINDS},
                "TemporaryPasswordValidityDays": 7,
            }
        }
    }
    immutable = {
        "UsernameAttributes": "Make a pool of another name, or delete this one and lose its users.",
        "UsernameConfiguration": "Make a pool of another name, or delete this one and lose its users.",
    }
    spelling = Spelling({"name": "PoolName"}, verbatim=frozenset({"UserPoolTags"}))

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        policy = asked.pop("PasswordPolicy", None)
        return {**asked, "Policies": {"PasswordPolicy": policy}} if policy else asked

    def foretell(self) -> dict[str, Any]:
        account, partition = get_aws_account_info(self.module)
        pool_id = foretold(f"{self.noun} {self.name}")
        region = self.client.meta.region_name
        return {"Id": pool_id, "Arn": f"arn:{partition}:cognito-idp:{region}:{account}:userpool/{pool_id}"}

    def find(self) -> Found | None:
        pools = self.pages("list_user_pools", "UserPools", **PAGE)
        pool = self.only([pool for pool in pools if pool["Name"] == self.name])
        return pool and self._found(self.call("describe_user_pool", UserPoolId=pool["Id"])["UserPool"])

    def create(self, config: dict[str, Any]) -> Found:
        made = self.call("create_user_pool", **pool_request(config), UserPoolTags=self._wanted_tags({}))
        return self._found(made["UserPool"])

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        changeable = self.accepted("UpdateUserPool", pool_request(config))
        self.call("update_user_pool", UserPoolId=found.facts["Id"], **changeable, UserPoolTags=found.tags)
        return Found(config, found.facts, tags=found.tags)

    def delete(self, found: Found) -> None:
        self._refuse_deletion(found)
        if found.config.get("DeletionProtection") == "ACTIVE":
            self.update(found, {**found.config, "DeletionProtection": "INACTIVE"})
        self.call("delete_user_pool", UserPoolId=found.facts["Id"])

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        if surplus:
            self.call("untag_resource", ResourceArn=found.facts["Arn"], TagKeys=surplus)
        if missing:
            self.call("tag_resource", ResourceArn=found.facts["Arn"], Tags=missing)

    def _found(self, pool: dict[str, Any]) -> Found:
        # Once, under the name that counts: a change of what AWS says twice would foretell half of what happens.
        config = pool_request(self.accepted("CreateUserPool", {**pool, "PoolName": pool["Name"]}))
        tags = config.pop("UserPoolTags", {})
        # Pools older than this setting have none and tell capitals apart.
        config.setdefault("UsernameConfiguration", {"CaseSensitive": True})
        return Found(config, {key: pool[key] for key in ("Id", "Arn", *DOMAINS) if pool.get(key)}, tags=tags)

    def _refuse_deletion(self, found: Found) -> None:
        if domain := next((found.facts[key] for key in DOMAINS if key in found.facts), None):
            raise AnsibleAWSError(message=f"Its domain {domain} must be deleted first (cognito_user_pool_domain).")
        if found.config.get("DeletionProtection") == "ACTIVE" and self.params["deletion_protection"] != "INACTIVE":
            raise AnsibleAWSError(
                message="It is protected. Set deletion_protection to INACTIVE to delete it all the same."
            )


main = UserPool.main

if __name__ == "__main__":
    main()
