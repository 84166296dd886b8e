# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Cognito modules share. PRIVATE to this collection.

UpdateUserPool and UpdateUserPoolClient reset every setting that a call leaves out. So what is held is the whole
description as far as the update takes it, also settings that no option of ours names, and an update sends all of it.
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-updating.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import Passing, Resource

PAGE = {"MaxResults": 60}
# Descriptions give both, the newer one counts, and an update that sends both may contradict itself.
TEMPLATE_TWINS = {
    "SmsMessage": "SmsVerificationMessage",
    "EmailMessage": "EmailVerificationMessage",
    "EmailSubject": "EmailVerificationSubject",
}


class CognitoResource(Resource):
    service = "cognito-idp"
    retry_on = (Passing("ConcurrentModificationException"),)  # one update of a pool at a time

    def accepted(self, operation: str, described: dict[str, Any]) -> dict[str, Any]:
        """What `operation` takes of a description; the rest is read-only or settled at creation."""
        members = self.client.meta.service_model.operation_model(operation).input_shape.members
        return {key: value for key, value in without_blanks(described).items() if key in members}

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        # Descriptions leave empty lists out: to ask for one where there is none is no change.
        return super().merged(held, {key: value for key, value in asked.items() if value != [] or held.get(key)})

    def unless_gone(self, read: Callable[[], Any]) -> Any:
        """What `read` returns, or None when AWS says that there is no such thing."""
        try:
            return read()
        except is_boto3_error_code("ResourceNotFoundException"):
            return None

    def described(self, listed: Callable[[], str | None], describe: Callable[[str], Any]) -> Any:
        """What `describe` returns of the one that an earlier task knows, or else a list names."""
        resource_id = self.known_id or listed()
        if resource_id is None:
            return None

        def read() -> Any:
            return self.unless_gone(lambda: describe(resource_id))

        if self.known_id and self.params["state"] == "present":
            return self.until(read, "known to AWS", delay=2, timeout=60)
        return read()


def own_tags(tags: dict[str, str]) -> dict[str, str]:
    """Without AWS's own, which nobody else may write."""
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def without_blanks(value: Any) -> Any:
    """Without null, "" and {}, which descriptions hold but requests refuse. An empty list is a setting: it stays."""
    if not isinstance(value, dict):
        return value
    cleaned = {key: without_blanks(item) for key, item in value.items()}
    return {key: item for key, item in cleaned.items() if item is not None and item not in ("", {})}


def attributes_of(user: dict[str, Any]) -> dict[str, str]:
    """A user's attributes, which two operations name differently."""
    listed = user.get("UserAttributes") or user.get("Attributes") or []
    return {each["Name"]: each.get("Value", "") for each in listed}


def pool_request(config: dict[str, Any]) -> dict[str, Any]:
    """A pool's complete configuration in the form that AWS takes back."""
    template = config.get("VerificationMessageTemplate", {})
    doubled = {old for new, old in TEMPLATE_TWINS.items() if new in template}
    request = {key: value for key, value in config.items() if key not in {*doubled, "Name"}}
    if "Name" in config:
        request["PoolName"] = config["Name"]
    triggers = config.get("LambdaConfig", {})
    if "PreTokenGenerationConfig" in triggers:
        # AWS describes its function under the older name too, and refuses an update that names two.
        request["LambdaConfig"] = {key: value for key, value in triggers.items() if key != "PreTokenGeneration"}
    policy, invitation = (config.get("Policies") or {}).get("PasswordPolicy", {}), config.get("AdminCreateUserConfig")
    if invitation and "TemporaryPasswordValidityDays" in policy:
        # AWS describes both and refuses both: "use TemporaryPasswordValidityDays instead of UnusedAccountValidityDays"
        kept = {key: value for key, value in invitation.items() if key != "UnusedAccountValidityDays"}
        request["AdminCreateUserConfig"] = kept
    return request
