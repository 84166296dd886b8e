# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS's errors mean, and which IAM permission a refused call lacks. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    BotoCoreError = ClientError = AnsibleAWSError  # AnsibleAWSModule says what is missing

__all__ = ("AccessDeniedError", "BotoCoreError", "ClientError", "error_code", "permission")

DENIED = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Forbidden",
    "NotAuthorized",
    "UnauthorizedOperation",
}
# Where the permission is not named as the operation (Service Authorization Reference, "Actions defined by Amazon S3").
ACTIONS = {
    "get_bucket_encryption": "GetEncryptionConfiguration",
    "get_public_access_block": "GetBucketPublicAccessBlock",
    "head_bucket": "ListBucket",
}
PREFIXES = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
# Of the service that is only spoken to otherwise: its permissions are those of S3.
OF_ACCOUNT = {("s3control", "get_public_access_block"): "s3:GetAccountPublicAccessBlock"}


class AccessDeniedError(Exception):
    """AWS refuses a call; the message is the permission that is missing."""


def error_code(error: Exception) -> str:
    return getattr(error, "response", {}).get("Error", {}).get("Code", "")


def permission(service: str, operation: str) -> str:
    """The IAM action that an operation of boto3 needs."""
    if (service, operation) in OF_ACCOUNT:
        return OF_ACCOUNT[service, operation]
    action = ACTIONS.get(operation) or "".join(word.title() for word in operation.split("_"))
    return f"{PREFIXES.get(service, service)}:{action}"
