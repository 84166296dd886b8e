"""What AWS refuses for a moment while what a request names is young; off unless SANDBOX_YOUNG_ACCOUNT is set.

    SANDBOX_YOUNG_ACCOUNT=1 python -m sandbox up

Each refusal is given to the first requests of its operation that are alike, then the emulator answers. The texts are
those that others met on AWS (terraform-provider-aws, aws-cdk and their issues).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from sandbox.iam import error_response

VARIABLE = "SANDBOX_YOUNG_ACCOUNT"
IS_ON = bool(os.environ.get(VARIABLE))


@dataclass(frozen=True)
class Passing:
    """A refusal that passes by itself."""

    code: str
    message: str
    status: int = 400


IN_USE = "The {} is currently associated with one or more distributions."
STALE = Passing("PreconditionFailed", "The request failed because it didn't meet the preconditions.", 412)
BUSY = Passing("OperationAborted", "A conflicting conditional operation is currently in progress.", 409)
PENDING = Passing(
    "ResourceConflictException",
    "The operation cannot be performed at this time. An update is in progress for resource: function:sign-in",
    409,
)
PASSING: dict[tuple[str, str], Sequence[Passing]] = {
    ("lambda", "CreateFunction"): (
        Passing("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."),
        Passing(
            "InvalidParameterValueException",
            "Lambda was unable to configure access to your environment variables because the KMS key is invalid for"
            " CreateGrant. Please check your KMS key settings. KMS Exception: InvalidArnException KMS Message: ARN does"
            " not refer to a valid principal",
        ),
    ),
    ("lambda", "UpdateFunctionCode"): (PENDING,),
    ("lambda", "UpdateFunctionConfiguration"): (PENDING,),
    ("cognito-identity", "SetIdentityPoolRoles"): (
        Passing("NotAuthorizedException", "Access to Role 'lab' is forbidden."),
    ),
    ("cognito-idp", "UpdateUserPool"): (
        Passing("ConcurrentModificationException", "Operation aborted due to concurrent modification, please retry."),
    ),
    ("ec2", "RunInstances"): (
        Passing(
            "InvalidParameterValue",
            "Value (lab) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
    ),
    ("logs", "CreateLogGroup"): (
        Passing("OperationAbortedException", "A conflicting operation is currently in progress against this resource."),
    ),
    ("s3", "PutBucketPolicy"): (BUSY,),
    ("cloudfront", "CreateDistribution"): (
        Passing(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a"
            " valid certificate chain.",
        ),
    ),
    ("cloudfront", "UpdateDistribution"): (
        STALE,
        Passing("IllegalUpdate", "The update contains modifications that are not allowed at this time."),
    ),
    ("cloudfront", "DeleteDistribution"): (
        Passing("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.", 409),
        STALE,
    ),
    ("cloudfront", "DeleteKeyGroup"): (Passing("ResourceInUse", IN_USE.format("key group"), 409),),
    ("cloudfront", "DeletePublicKey"): (Passing("PublicKeyInUse", IN_USE.format("public key"), 409),),
    ("cloudfront", "DeleteResponseHeadersPolicy"): (
        Passing("ResponseHeadersPolicyInUse", IN_USE.format("response headers policy"), 409),
    ),
    ("cloudfront", "DeleteOriginAccessControl"): (
        Passing("OriginAccessControlInUse", IN_USE.format("origin access control"), 409),
    ),
    ("acm", "DeleteCertificate"): (Passing("ResourceInUseException", "Certificate in use by other resources."),),
    ("elasticloadbalancing", "DeleteTargetGroup"): (
        Passing("ResourceInUse", "Target group is currently in use by a listener or a rule"),
    ),
    ("ec2", "DeleteSecurityGroup"): (Passing("DependencyViolation", "resource sg-1 has a dependent object"),),
}
# What differs each time that the same is asked.
FRESH = re.compile(rb"(CallerReference|ClientToken|IdempotencyToken)([>\"=: ]+)[\w-]+")

_refused: dict[tuple[str, str, str, bytes], int] = {}


def refusal(service: str, action: str, path: str, body: bytes) -> Response | None:
    """The refusal that a request gets instead of the emulator's answer, if it is one of the first of its kind."""
    asked = (service, action, path, FRESH.sub(rb"\1", body))
    count = _refused.get(asked, 0)
    passing = PASSING.get((service, action), ())[count : count + 1] if IS_ON else ()
    for each in passing:
        _refused[asked] = count + 1
        return error_response.error(service, each.code, each.message, each.status)
    return None
