# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user pool's configuration needs besides merging: second factors, attributes, triggers.

PRIVATE to this collection.

Second factors have a call of their own, which resets what it leaves out, as the pool's has.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserPoolMfaConfig.html
"""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

FACTORS = ("SoftwareTokenMfaConfiguration", "EmailMfaConfiguration")
MFA = ("MfaConfiguration", *FACTORS, "WebAuthnConfiguration")
NO_FACTORS = {"SoftwareTokenMfaConfiguration": {"Enabled": False}}  # as AWS tells it, or not


def mfa_request(config: dict[str, Any]) -> dict[str, Any]:
    """The whole second factor, as SetUserPoolMfaConfig takes it."""
    if config.get("MfaConfiguration", "OFF") == "OFF":
        # "can't turn off MFA and configure an MFA together"; passkeys are none.
        return {key: config[key] for key in MFA if key in config and key not in FACTORS}
    messages = {key: config[key] for key in ("SmsConfiguration", "SmsAuthenticationMessage") if key in config}
    # "Can't turn off SMS_MFA when SMS configuration is set for the user pool"
    by_sms = {"SmsMfaConfiguration": messages} if "SmsConfiguration" in messages else {}
    return {**{key: config[key] for key in MFA if key in config}, **by_sms}


def held_attributes(pool: dict[str, Any], names: set[str]) -> list[dict[str, Any]]:
    """The attributes of these names, without the prefixes that AWS gives to those of one's own."""
    plain = [{**each, "Name": each["Name"].removeprefix("dev:").removeprefix("custom:")} for each in attributes(pool)]
    return [each for each in plain if each["Name"] in names]


def attributes(pool: dict[str, Any]) -> list[dict[str, Any]]:
    return pool.get("SchemaAttributes", [])


def new_attributes(held: dict[str, Any], wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """What is to be added; AWS neither changes nor removes an attribute."""
    before = {each["Name"]: each for each in held.get("Schema", [])}
    for each in wanted.get("Schema", []):
        if before.get(each["Name"], each) != each:
            message = f"Attribute {each['Name']} can't be changed once it is made. Add one of another name to schema."
            raise AnsibleAWSError(message=message)
    return [each for each in wanted.get("Schema", []) if each["Name"] not in before]


def without_triggers(config: dict[str, Any]) -> dict[str, Any]:
    """Without the triggers whose function was taken away."""
    triggers = config.get("LambdaConfig")
    if not triggers:
        return config
    gone = {key for key, value in triggers.items() if isinstance(value, dict) and "LambdaArn" not in value}
    if "PreTokenGenerationConfig" in gone:
        gone.add("PreTokenGeneration")  # the same function under its older name
    left = {key: value for key, value in triggers.items() if key not in gone}
    rest = {key: value for key, value in config.items() if key != "LambdaConfig"}
    return {**rest, "LambdaConfig": left} if left else rest
