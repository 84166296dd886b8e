"""Role sessions in STS and S3, verified; moto accepts any.

Of a request to S3: the session, its signature, and the expiry of a presigned URL ("Authenticating Requests: Using Query
Parameters" in the S3 API Reference). authorization.py evaluates the policies.
"""

from __future__ import annotations

import datetime
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from moto.core.exceptions import _RESTError
from moto.core.utils import utcnow
from moto.iam.access_control import AssumedRoleAccessKey, CreateAccessKeyFailure
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.exceptions import (
    S3ClientError,
    S3InvalidAccessKeyIdError,
    S3InvalidTokenError,
    S3SignatureDoesNotMatchError,
)
from moto.s3.responses import S3Response
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from sandbox import settings
from sandbox.iam import web_identity

AUTHORIZATION = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
PARTITION = "aws"
WEEK = 7 * 24 * 3600


def enforce_trust_policies(identity_provider: str) -> None:
    """Verify token, trust policy and session name of AssumeRoleWithWebIdentity."""
    assume = TokenResponse.assume_role_with_web_identity

    def assume_role_with_web_identity(response: TokenResponse) -> Any:
        parameters = [response._get_param(name) or "" for name in ("WebIdentityToken", "RoleArn", "RoleSessionName")]
        try:
            web_identity.check(parameters[0], _key(identity_provider), _trust(parameters[1]), parameters[2])
        except web_identity.ServiceError as refusal:
            raise _sts_error(refusal) from refusal
        return assume(response)

    TokenResponse.assume_role_with_web_identity = assume_role_with_web_identity


def _key(identity_provider: str) -> Mapping[str, str]:
    return httpx.get(f"{identity_provider}/_sandbox/identity-keys", trust_env=False).json()["keys"][0]


def _trust(role_arn: str) -> str | None:
    try:
        return iam_backends[settings.ACCOUNT][PARTITION].get_role_by_arn(role_arn).assume_role_policy_document
    except NotFoundException:
        return None


def _sts_error(refusal: web_identity.ServiceError) -> Exception:
    # moto's errors are those in AWS's model of the operation; AccessDenied is not in it.
    error = _RESTError(refusal.code, str(refusal))
    error.code = refusal.status
    return error


@dataclass(frozen=True)
class RequestSignature:
    """The signature of a request to S3, with its scope."""

    key: str
    token: str
    signature: str
    signed_headers: tuple[str, ...] = ()
    region: str = settings.REGION
    date: str = ""
    # Of a presigned URL; a signature in the header has no expiry of its own.
    expires_at: float = float("inf")


def _request_signature(response: S3Response) -> RequestSignature | None:
    """The signature of a request with temporary credentials; None for all other requests."""
    query = dict(parse_qsl(urlsplit(response.uri).query, keep_blank_values=True))
    if token := response.headers.get("X-Amz-Security-Token"):
        named = dict(AUTHORIZATION.findall(response.headers["Authorization"]))
        return _version_4(token, named, response.headers["X-Amz-Date"])
    if token := query.get("X-Amz-Security-Token"):
        named = {name.removeprefix("X-Amz-"): value for name, value in query.items()}
        age = float(min(int(named["Expires"]), WEEK))
        return replace(_version_4(token, named, named["Date"]), expires_at=_time(named["Date"]) + age)
    if token := query.get("x-amz-security-token"):
        # Signature version 2 of presigned URLs, which S3 still accepts and boto3 still makes.
        expires_at = query["Expires"]
        return RequestSignature(
            query["AWSAccessKeyId"], token, query["Signature"], date=expires_at, expires_at=float(expires_at)
        )
    return None


def _version_4(token: str, named: Mapping[str, str], date: str) -> RequestSignature:
    key, _day, region, _service, _end = named["Credential"].split("/")
    return RequestSignature(key, token, named["Signature"], tuple(named["SignedHeaders"].split(";")), region, date)


def _time(stamp: str) -> float:
    return datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC).timestamp()


def _signature(response: S3Response, given: RequestSignature, credentials: Credentials) -> str:
    """The expected signature."""
    parts = urlsplit(response.uri)
    query = "&".join(part for part in parts.query.split("&") if not part.startswith("X-Amz-Signature="))
    address = urlunsplit(("https", response.headers["Host"], response.raw_path, query, ""))
    if not given.signed_headers:
        return _Version2(credentials, given.date).get_signature(response.method, urlsplit(address), HTTPHeaders())
    signed = {name: response.headers[name] for name in given.signed_headers}
    request = AWSRequest(response.method, address, signed)
    request.context["timestamp"] = given.date
    signer_class = S3SigV4Auth if "X-Amz-Security-Token" in response.headers else S3SigV4QueryAuth
    signer = signer_class(credentials, "s3", given.region)
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


class _Version2(HmacV1QueryAuth):
    """botocore's signer, for a given expiry."""

    def _get_date(self) -> str:
        return self._expires


def verify_s3_requests() -> None:
    """Verify session and signature of requests to S3 with temporary credentials."""

    def authorize(response: S3Response, **_names: str | None) -> None:
        if given := _request_signature(response):
            _check_signature(response, given, _role(given).create_credentials())

    S3Response._authenticate_and_authorize_s3_action = authorize


def _role(given: RequestSignature) -> AssumedRoleAccessKey:
    """The role of the session, unless it has expired."""
    try:
        role = AssumedRoleAccessKey(settings.ACCOUNT, PARTITION, given.key, {"X-Amz-Security-Token": given.token})
    except CreateAccessKeyFailure as failure:
        raise (S3InvalidTokenError() if failure.reason == "InvalidToken" else S3InvalidAccessKeyIdError()) from failure
    session = sts_backends[settings.ACCOUNT][PARTITION].get_assumed_role_from_access_key(given.key)
    if session.expiration <= utcnow():
        raise S3ClientError("ExpiredToken", "The provided token has expired.")
    return role


def _check_signature(response: S3Response, given: RequestSignature, credentials: Credentials) -> None:
    if given.expires_at <= time.time():
        raise S3ClientError("AccessDenied", "Request has expired")
    if not hmac.compare_digest(_signature(response, given, credentials), given.signature):
        raise S3SignatureDoesNotMatchError
