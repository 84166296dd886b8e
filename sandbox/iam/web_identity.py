"""AssumeRoleWithWebIdentity with the token of an identity pool, verified as STS does.

"AssumeRoleWithWebIdentity" in the AWS Security Token Service API Reference; "Using the basic (classic) authentication
flow" and "IAM roles" in the Amazon Cognito Developer Guide.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from aws_edge.account import iam_policies
from aws_edge.tokens import claims_of, is_signed_by

PROVIDER = "cognito-identity.amazonaws.com"
ACTION = "sts:AssumeRoleWithWebIdentity"
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
# Claims as condition keys of a trust policy, each as `cognito-identity.amazonaws.com:<claim>`.
CLAIMS = ("aud", "amr", "sub")


class ServiceError(Exception):
    """An error of STS: code, message, HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def check(token: str, key: Mapping[str, str], role_trust: str | None, session_name: str) -> None:
    """Raise unless the trust policy allows the token; `key` is the identity pools' public key."""
    if not SESSION_NAME.fullmatch(session_name):
        message = f"Value '{session_name}' at 'roleSessionName' must satisfy the pattern: [\\w+=,.@-]* (2 to 64)"
        raise ServiceError("ValidationError", message)
    claims = claims_of(token)
    _check_token(token, claims, key)
    if role_trust is None or not is_trusted(json.loads(role_trust), claims):
        raise ServiceError("AccessDenied", f"Not authorized to perform {ACTION}", 403)


def _check_token(token: str, claims: dict[str, Any], key: Mapping[str, str]) -> None:
    if token.count(".") != 2 or not claims:
        raise ServiceError("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
    if claims.get("iss") != f"https://{PROVIDER}":
        raise ServiceError(
            "InvalidIdentityToken", "No OpenIDConnect provider found in your account for the token's issuer"
        )
    if not is_signed_by(token, key):
        raise ServiceError("InvalidIdentityToken", "Couldn't verify the signature of the token")
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= time.time():
        raise ServiceError(
            "ExpiredTokenException", f"Token expired: current date/time {int(time.time())} must be before it"
        )


def is_trusted(trust: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether a trust policy allows these claims. IAM requires a condition on the identity pool (`aud`)."""
    context = {f"{PROVIDER}:{name}": _values(claims[name]) for name in CLAIMS if name in claims}
    caller = iam_policies.Caller(provider=PROVIDER, context=context)
    return f"{PROVIDER}:aud" in json.dumps(trust) and iam_policies.trusts(trust, caller, ACTION)


def _values(claim: Any) -> str | tuple[str, ...]:
    return tuple(claim) if isinstance(claim, list) else str(claim)
