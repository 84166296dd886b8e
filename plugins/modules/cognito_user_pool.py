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
  - An empty text takes a setting away, such as the function of a trigger.
options:
  name:
    description: Name of the pool.
    type: str
    required: true
  user_pool_id:
    description:
      - Id of the pool, as an earlier task returned it.
      - Lists may lack for a while what was made a moment ago; with this a second task finds it nevertheless, and makes
        no other.
    type: str
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
  alias_attributes:
    description: What people may sign in with besides a user name. Can't be changed later.
    type: list
    elements: str
    choices: [email, phone_number, preferred_username]
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
      invite_message_template:
        description: What is sent to a new user. It must hold C({username}) and C({####}), the first password.
        type: dict
        suboptions:
          email_message: {description: Text of the mail., type: str}
          email_subject: {description: Subject of the mail., type: str}
          sms_message: {description: Text of the short message., type: str}
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
      password_history_size:
        description: How many former passwords are refused, 0 to 24. Another plan than V(LITE) is needed.
        type: int
  sign_in_policy:
    description: How the hosted login lets people in. Another plan than V(LITE) is needed.
    type: dict
    suboptions:
      allowed_first_auth_factors:
        description: What people may begin with. V(PASSWORD) is always among them.
        type: list
        elements: str
        choices: [PASSWORD, EMAIL_OTP, SMS_OTP, WEB_AUTHN, SOFTWARE_TOKEN]
        required: true
  mfa_configuration:
    description:
      - Whether a second factor is asked for. Federated users are never asked for one here.
      - With V(ON) and V(OPTIONAL), the pool needs a factor; O(software_token_mfa_configuration),
        O(email_mfa_configuration) or O(sms_configuration).
      - V(OFF) also takes the factors away.
    type: str
    choices: ["OFF", "ON", OPTIONAL]
  software_token_mfa_configuration:
    description: Codes of an authenticator app as a second factor. Needs O(mfa_configuration).
    type: dict
    suboptions:
      enabled: {description: Whether people may use them., type: bool, required: true}
  email_mfa_configuration:
    description:
      - Codes by mail as a second factor. Needs O(mfa_configuration), mail through SES (O(email_configuration)) and
        another plan than V(LITE).
    type: dict
    suboptions:
      text: {description: "The mail, with C({####}) for the code. AWS calls it message.", type: str, required: true}
      subject: {description: Subject of the mail., type: str, required: true}
  web_authn_configuration:
    description: Passkeys. They stand beside O(mfa_configuration), with any value of it.
    type: dict
    suboptions:
      relying_party_id:
        description: Host name that passkeys are bound to, the pool's domain or one that it is part of.
        type: str
      user_verification:
        description: Whether the device must recognize the person.
        type: str
        choices: [required, preferred]
  sms_configuration:
    description:
      - How the pool sends short messages.
      - A pool that has this and a second factor offers codes by SMS as one; AWS does not let that be turned off.
    type: dict
    suboptions:
      sns_caller_arn:
        description: ARN of the role with which Cognito sends messages through SNS.
        type: str
        required: true
      external_id: {description: What Cognito shows the role's trust policy as C(sts:ExternalId)., type: str}
      sns_region: {description: Region that messages are sent from., type: str}
  sms_authentication_message:
    description: Text of the short message with a code, with C({####}) for the code.
    type: str
  email_configuration:
    description: How the pool sends mail.
    type: dict
    suboptions:
      email_sending_account:
        description:
          - V(COGNITO_DEFAULT) is Cognito's own sender, with 50 mails a day. V(DEVELOPER) is your SES.
        type: str
        choices: [COGNITO_DEFAULT, DEVELOPER]
      source_arn:
        description: ARN of the verified identity in SES. V(DEVELOPER) needs it.
        type: str
      from:
        description: Sender, an address or C(Name <address>), of that identity.
        type: str
      reply_to_email_address:
        description: Where answers go.
        type: str
      configuration_set:
        description: Configuration set in SES.
        type: str
  verification_message_template:
    description: What is sent with a code or a link that verifies an address.
    type: dict
    suboptions:
      default_email_option:
        description: Whether mails hold a code or a link.
        type: str
        choices: [CONFIRM_WITH_CODE, CONFIRM_WITH_LINK]
      email_message: {description: "Text of a mail with a code, C({####}).", type: str}
      email_subject: {description: Its subject., type: str}
      email_message_by_link: {description: "Text of a mail with a link, C({##text of the link##}).", type: str}
      email_subject_by_link: {description: Its subject., type: str}
      sms_message: {description: "Text of a short message with a code, C({####}).", type: str}
  user_attribute_update_settings:
    description: What happens when people change their address.
    type: dict
    suboptions:
      attributes_require_verification_before_update:
        description: Attributes that keep their value until the new one is verified.
        type: list
        elements: str
        choices: [email, phone_number]
        required: true
  account_recovery_setting:
    description: How people who forgot their password get back in.
    type: dict
    suboptions:
      recovery_mechanisms:
        description: The ways, one or two. V(admin_only) stands alone.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The way.
            type: str
            choices: [verified_email, verified_phone_number, admin_only]
            required: true
          priority: {description: "V(1) is tried first, V(2) next.", type: int, required: true}
  device_configuration:
    description: Whether devices are remembered.
    type: dict
    suboptions:
      challenge_required_on_new_device:
        description: Whether a remembered device may take the place of a second factor.
        type: bool
      device_only_remembered_on_user_prompt:
        description: Whether a device is remembered only when the person agrees.
        type: bool
  user_pool_add_ons:
    description: Threat protection, of the plan V(PLUS).
    type: dict
    suboptions:
      advanced_security_mode:
        description: Whether suspicious sign-ins are let be, written down, or answered.
        type: str
        choices: ["OFF", AUDIT, ENFORCED]
        required: true
  schema:
    description:
      - Attributes of users. AWS adds the standard ones, such as C(email), by itself.
      - An attribute that the pool lacks is added, under the name C(custom:<name>). AWS can't change or remove one; one
        that is not given stays.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of a standard attribute, or of your own without C(custom:).
        type: str
        required: true
      attribute_data_type:
        description: What it holds.
        type: str
        choices: [String, Number, DateTime, Boolean]
        required: true
      mutable: {description: Whether it can change. What an identity provider fills must., type: bool}
      required:
        description: Whether every user must have it. Only for standard attributes of a new pool.
        type: bool
      developer_only_attribute: {description: Whether only administrators may write it. Outdated., type: bool}
      string_attribute_constraints:
        description: Limits of a text.
        type: dict
        suboptions:
          min_length: {description: Fewest characters., type: str}
          max_length: {description: Most characters., type: str}
      number_attribute_constraints:
        description: Limits of a number.
        type: dict
        suboptions:
          min_value: {description: The least., type: str}
          max_value: {description: The most., type: str}
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
      post_confirmation:
        description: ARN of the function that is called after a user is confirmed.
        type: str
      pre_authentication:
        description: ARN of the function that is called before a password is checked.
        type: str
      post_authentication:
        description: ARN of the function that is called after a sign-in.
        type: str
      custom_message:
        description: ARN of the function that is called before a message is sent, and writes it.
        type: str
      user_migration:
        description: ARN of the function that is called when a user is not there, to bring it from elsewhere.
        type: str
      define_auth_challenge:
        description: ARN of the function that is called to choose the next step of a sign-in of your own.
        type: str
      create_auth_challenge:
        description: ARN of the function that is called to make a question for it.
        type: str
      verify_auth_challenge_response:
        description: ARN of the function that is called to judge the answer.
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
      custom_email_sender:
        description: The function that sends mail in Cognito's place. It needs O(lambda_config.kms_key_id).
        type: dict
        suboptions:
          lambda_arn: {description: ARN of the function., type: str, required: true}
          lambda_version: {description: Version of the event., type: str, choices: [V1_0], default: V1_0}
      custom_sms_sender:
        description: The function that sends short messages in Cognito's place. It needs O(lambda_config.kms_key_id).
        type: dict
        suboptions:
          lambda_arn: {description: ARN of the function., type: str, required: true}
          lambda_version: {description: Version of the event., type: str, choices: [V1_0], default: V1_0}
      kms_key_id:
        description: ARN of the key in KMS that codes are encrypted with for the two senders.
        type: str
  issuer_configuration:
    description: The issuer of the pool's tokens.
    type: dict
    suboptions:
      type:
        description:
          - With V(ORIGINAL) it is C(https://cognito-idp.<region>.amazonaws.com/<user pool id>), with V(UPDATED) one of
            several regions.
        type: str
        required: true
        choices: [ORIGINAL, UPDATED]
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
  - bioviewers.aws._resource.tags
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

- name: Mail through SES, codes of an authenticator app as a second factor, an attribute of our own
  bioviewers.aws.cognito_user_pool:
    name: lab-viewer
    email_configuration:
      email_sending_account: DEVELOPER
      source_arn: arn:aws:ses:us-east-1:123456789012:identity/lab.example.org
      from: Lab viewer <no-reply@lab.example.org>
    mfa_configuration: OPTIONAL
    software_token_mfa_configuration:
      enabled: true
    account_recovery_setting:
      recovery_mechanisms:
        - name: verified_email
          priority: 1
    schema:
      - name: group
        attribute_data_type: String
        mutable: true

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

from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.iam import get_aws_account_info
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling, dig, merge
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import unknown
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import (
    PAGE,
    CognitoResource,
    own_tags,
    pool_request,
    without_blanks,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito_user_pool import (
    FACTORS,
    MFA,
    NO_FACTORS,
    held_attributes,
    mfa_request,
    new_attributes,
    without_triggers,
)

SWITCH = {"type": "bool"}
NUMBER = {"type": "int"}
KINDS = ("Lowercase", "Uppercase", "Numbers", "Symbols")
FIRST_FACTORS = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN"]
BY_PASSWORD = {"AllowedFirstAuthFactors": ["PASSWORD"]}
TRIGGERS = (
    "pre_sign_up",
    "post_confirmation",
    "pre_authentication",
    "post_authentication",
    "custom_message",
    "user_migration",
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge_response",
)
DOMAINS = ("Domain", "CustomDomain")
FOR_LIFE = "Make a pool of another name, or delete this one and lose its users."
# What SetUserPoolMfaConfig sets and UpdateUserPool does not.
FACTOR_OPTIONS = ("software_token_mfa_configuration", "email_mfa_configuration")
MFA_OPTIONS = ("mfa_configuration", *FACTOR_OPTIONS, "web_authn_configuration")


def required(**rest: Any) -> dict[str, Any]:
    return {**rest, "required": True}


def group(**options: Any) -> dict[str, Any]:
    return {"type": "dict", "options": options}


def some_of(*choices: str, **rest: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "str", "choices": [*choices], **rest}


def function(*versions: str, **rest: Any) -> dict[str, Any]:
    return group(lambda_arn=required(), lambda_version={"choices": [*versions], **rest})


SCHEMA = {
    "name": required(),
    "attribute_data_type": required(choices=["String", "Number", "DateTime", "Boolean"]),
    "mutable": SWITCH,
    "required": SWITCH,
    "developer_only_attribute": SWITCH,
    "string_attribute_constraints": group(min_length={}, max_length={}),
    "number_attribute_constraints": group(min_value={}, max_value={}),
}


class UserPool(CognitoResource):
    noun = "user pool"
    known = "user_pool_id"
    options = {
        "name": required(),
        "user_pool_id": {},
        "user_pool_tier": {"choices": ["LITE", "ESSENTIALS", "PLUS"]},
        "username_attributes": some_of("email", "phone_number"),
        "alias_attributes": some_of("email", "phone_number", "preferred_username"),
        "username_configuration": group(case_sensitive=required(type="bool")),
        "auto_verified_attributes": some_of("email", "phone_number"),
        "admin_create_user_config": group(
            allow_admin_create_user_only=SWITCH,
            invite_message_template=group(email_message={}, email_subject={}, sms_message={}),
        ),
        "password_policy": {
            "type": "dict",
            "no_log": False,  # a rule about passwords, none of them
            "options": {
                "minimum_length": NUMBER,
                **{f"require_{kind.lower()}": SWITCH for kind in KINDS},
                "temporary_password_validity_days": {"type": "int", "no_log": False},
                "password_history_size": {"type": "int", "no_log": False},
            },
        },
        "sign_in_policy": group(allowed_first_auth_factors=some_of(*FIRST_FACTORS, required=True)),
        "mfa_configuration": {"choices": ["OFF", "ON", "OPTIONAL"]},
        "software_token_mfa_configuration": {**group(enabled=required(type="bool")), "no_log": False},
        "email_mfa_configuration": group(text=required(), subject=required()),
        "web_authn_configuration": group(relying_party_id={}, user_verification={"choices": ["required", "preferred"]}),
        "sms_configuration": group(sns_caller_arn=required(), external_id={}, sns_region={}),
        "sms_authentication_message": {},
        "email_configuration": group(
            email_sending_account={"choices": ["COGNITO_DEFAULT", "DEVELOPER"]},
            **{option: {} for option in ("source_arn", "from", "reply_to_email_address", "configuration_set")},
        ),
        "verification_message_template": group(
            default_email_option={"choices": ["CONFIRM_WITH_CODE", "CONFIRM_WITH_LINK"]},
            **{f"email_{part}{by}": {} for part in ("message", "subject") for by in ("", "_by_link")},
            sms_message={},
        ),
        "user_attribute_update_settings": group(
            attributes_require_verification_before_update=some_of("email", "phone_number", required=True)
        ),
        "account_recovery_setting": group(
            recovery_mechanisms={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": required(choices=["verified_email", "verified_phone_number", "admin_only"]),
                    "priority": required(type="int"),
                },
            }
        ),
        "device_configuration": group(
            challenge_required_on_new_device=SWITCH, device_only_remembered_on_user_prompt=SWITCH
        ),
        "user_pool_add_ons": group(advanced_security_mode=required(choices=["OFF", "AUDIT", "ENFORCED"])),
        "schema": {"type": "list", "elements": "dict", "options": SCHEMA},
        "lambda_config": group(
            **{trigger: {} for trigger in TRIGGERS},
            pre_token_generation_config={**function("V1_0", "V2_0", "V3_0", required=True), "no_log": False},
            custom_email_sender=function("V1_0", default="V1_0"),
            custom_sms_sender=function("V1_0", default="V1_0"),
            kms_key_id={"no_log": False},
        ),
        "issuer_configuration": group(type=required(choices=["ORIGINAL", "UPDATED"])),
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
    immutable = dict.fromkeys(("UsernameAttributes", "AliasAttributes", "UsernameConfiguration"), FOR_LIFE)
    spelling = Spelling(
        {"custom_sms_sender": "CustomSMSSender", "kms_key_id": "KMSKeyID", "text": "Message"},
        verbatim=frozenset({"UserPoolTags"}),
    )

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        policies = {key: asked.pop(key) for key in ("PasswordPolicy", "SignInPolicy") if key in asked}
        invitation = asked.get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
        if "SmsMessage" in invitation:  # so spelled in one place only
            invitation["SMSMessage"] = invitation.pop("SmsMessage")
        if asked.get("MfaConfiguration") == "OFF":
            self._refuse_factors(asked)
        return {**asked, "Policies": policies} if policies else asked

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        wanted = without_triggers(without_blanks(super().merged(held, asked)))
        new_attributes(held, wanted)  # refuses what can't be changed
        if asked.get("MfaConfiguration") == "OFF" != held.get("MfaConfiguration"):
            return {**{key: value for key, value in wanted.items() if key not in FACTORS}, **NO_FACTORS}
        return wanted

    def placeholders(self) -> dict[str, Any]:
        account, partition = get_aws_account_info(self.module)
        pool_id = unknown(f"{self.noun} {self.name}")
        region = self.client.meta.region_name
        return {"Id": pool_id, "Arn": f"arn:{partition}:cognito-idp:{region}:{account}:userpool/{pool_id}"}

    def find(self) -> Found | None:
        return self.described(self._listed, self._described)

    def _listed(self) -> str | None:
        pools = self.pages("list_user_pools", "UserPools", **PAGE)
        pool = self.only([pool for pool in pools if pool["Name"] == self.name])
        return pool and pool["Id"]

    def _described(self, pool_id: str) -> Found:
        found = self._found(self.call("describe_user_pool", UserPoolId=pool_id)["UserPool"])
        return replace(found, config={**found.config, **self._mfa(pool_id)})

    def create(self, config: dict[str, Any]) -> Found:
        # A pool begins without a second factor: "SMS configuration ... required" is said of every other.
        plain = pool_request({key: value for key, value in config.items() if key != "MfaConfiguration"})
        request = self.accepted("CreateUserPool", plain)
        found = self._found(self.call("create_user_pool", **request, UserPoolTags=self._wanted_tags({}))["UserPool"])
        return self._with_mfa(found, merge(found.config, config))

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        pool = {"UserPoolId": found.facts["Id"]}
        if added := new_attributes(found.config, config):
            self.call("add_custom_attributes", **pool, CustomAttributes=added)
        # UpdateUserPool can't turn a second factor on: it says again what is so.
        rest = {**config, **{key: found.config[key] for key in ("MfaConfiguration",) if key in found.config}}
        changeable, before = (self._changeable(each) for each in (rest, found.config))
        if changeable != before:
            self.call("update_user_pool", **pool, **changeable, UserPoolTags=own_tags(found.tags))
        return self._with_mfa(found, config)

    def _changeable(self, config: dict[str, Any]) -> dict[str, Any]:
        """As UpdateUserPool takes it: without the sign-in policy that every pool has, which LITE may refuse."""
        request = self.accepted("UpdateUserPool", pool_request(config))
        if self.params["sign_in_policy"] is None and dig(request, "Policies.SignInPolicy") == BY_PASSWORD:
            request["Policies"] = {key: item for key, item in request["Policies"].items() if key != "SignInPolicy"}
        return request

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

    def _with_mfa(self, found: Found, config: dict[str, Any]) -> Found:
        if any(found.config.get(key) != config.get(key) for key in MFA if key in config):
            self.call("set_user_pool_mfa_config", UserPoolId=found.facts["Id"], **mfa_request(config))
        return replace(found, config=config)

    def _found(self, pool: dict[str, Any]) -> Found:
        # Once, under the name that counts: a change of what AWS says twice would show half of what happens.
        config = {"Name": pool["Name"], **pool_request(self.accepted("CreateUserPool", pool))}
        tags = config.pop("UserPoolTags", {})
        # Pools older than this setting have none and tell capitals apart.
        config.setdefault("UsernameConfiguration", {"CaseSensitive": True})
        if self.params["issuer_configuration"]:
            config.setdefault("IssuerConfiguration", {"Type": "ORIGINAL"})  # of pools older than this setting
        if self.params["schema"]:
            config["Schema"] = held_attributes(pool, {each["name"] for each in self.params["schema"]})
        return Found(config, {key: pool[key] for key in ("Id", "Arn", *DOMAINS) if pool.get(key)}, tags=tags)

    def _mfa(self, pool_id: str) -> dict[str, Any]:
        """Asked for only when needed: no other call loses it."""
        if all(self.params[option] is None for option in MFA_OPTIONS):
            return {}
        told = without_blanks(self.call("get_user_pool_mfa_config", UserPoolId=pool_id))
        return {**NO_FACTORS, **{key: told[key] for key in MFA if key in told}}

    def _refuse_factors(self, asked: dict[str, Any]) -> None:
        token = asked.pop("SoftwareTokenMfaConfiguration", {}).get("Enabled")
        if token or "EmailMfaConfiguration" in asked:
            raise AnsibleAWSError(message="A second factor needs mfa_configuration ON or OPTIONAL.")

    def _refuse_deletion(self, found: Found) -> None:
        if domain := next((found.facts[key] for key in DOMAINS if key in found.facts), None):
            raise AnsibleAWSError(message=f"Its domain {domain} must be deleted first (cognito_user_pool_domain).")
        if found.config.get("DeletionProtection") == "ACTIVE" and self.params["deletion_protection"] != "INACTIVE":
            raise AnsibleAWSError(
                message="It is protected. Set deletion_protection to INACTIVE to delete it all the same."
            )


def main() -> None:
    UserPool.main(required_by={option: ["mfa_configuration"] for option in FACTOR_OPTIONS})


if __name__ == "__main__":
    main()
