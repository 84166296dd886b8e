"""Sessions of roles, as STS gives them for a token and S3 takes them; moto gives and takes any.

What is judged of a request to S3: the session, its signature, and the age of a signed address ("Authenticating
Requests: Using Query Parameters" in the S3 API Reference). What the role may do, authorization.py judges.
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


def give_to_those_whom_the_trust_policy_names(identity_provider: str) -> None:
    """Check token, trust policy and session name of AssumeRoleWithWebIdentity."""
    assume = TokenResponse.assume_role_with_web_identity

    def assume_role_with_web_identity(response: TokenResponse) -> Any:
        told = [response._get_param(name) or "" for name in ("WebIdentityToken", "RoleArn", "RoleSessionName")]
        try:
            web_identity.check(told[0], _key(identity_provider), _trust(told[1]), told[2])
        except web_identity.Refused as refusal:
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


def _sts_error(refusal: web_identity.Refused) -> Exception:
    # moto can tell only errors that AWS's model of the operation names; AccessDenied is none.
    error = _RESTError(refusal.code, str(refusal))
    error.code = refusal.status
    return error


@dataclass(frozen=True)
class Claim:
    """What a request to S3 says of who signed it, how and when."""

    key: str
    token: str
    signature: str
    signed_headers: tuple[str, ...] = ()
    region: str = settings.REGION
    date: str = ""
    # When a signed address is over; header fields are for now.
    over: float = float("inf")


def _claim(response: S3Response) -> Claim | None:
    """The claim of a request with temporary credentials; None for the sandbox's own key and for strangers."""
    query = dict(parse_qsl(urlsplit(response.uri).query, keep_blank_values=True))
    if token := response.headers.get("X-Amz-Security-Token"):
        named = dict(AUTHORIZATION.findall(response.headers["Authorization"]))
        return _version_4(token, named, response.headers["X-Amz-Date"])
    if token := query.get("X-Amz-Security-Token"):
        named = {name.removeprefix("X-Amz-"): value for name, value in query.items()}
        age = float(min(int(named["Expires"]), WEEK))
        return replace(_version_4(token, named, named["Date"]), over=_time(named["Date"]) + age)
    if token := query.get("x-amz-security-token"):
        # The older form of signed addresses, which S3 still takes and boto3 still makes.
        over = query["Expires"]
        return Claim(query["AWSAccessKeyId"], token, query["Signature"], date=over, over=float(over))
    return None


def _version_4(token: str, named: Mapping[str, str], date: str) -> Claim:
    key, _day, region, _service, _end = named["Credential"].split("/")
    return Claim(key, token, named["Signature"], tuple(named["SignedHeaders"].split(";")), region, date)


def _time(stamp: str) -> float:
    return datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC).timestamp()


def _signature(response: S3Response, claim: Claim, credentials: Credentials) -> str:
    """The signature that the request should have."""
    parts = urlsplit(response.uri)
    query = "&".join(part for part in parts.query.split("&") if not part.startswith("X-Amz-Signature="))
    address = urlunsplit(("https", response.headers["Host"], response.raw_path, query, ""))
    if not claim.signed_headers:
        return _Version2(credentials, claim.date).get_signature(response.method, urlsplit(address), HTTPHeaders())
    signed = {name: response.headers[name] for name in claim.signed_headers}
    request = AWSRequest(response.method, address, signed)
    request.context["timestamp"] = claim.date
    way = S3SigV4Auth if "X-Amz-Security-Token" in response.headers else S3SigV4QueryAuth
    judge = way(credentials, "s3", claim.region)
    return judge.signature(judge.string_to_sign(request, judge.canonical_request(request)), request)


class _Version2(HmacV1QueryAuth):
    """botocore's signer, for an address that is over at a time that is known."""

    def _get_date(self) -> str:
        return self._expires


def keep_to_sessions_that_are_not_over() -> None:
    """Check session and signature of requests to S3 with temporary credentials."""

    def authorize(response: S3Response, **_names: str | None) -> None:
        if claim := _claim(response):
            _check_signature(response, claim, _role(claim).create_credentials())

    S3Response._authenticate_and_authorize_s3_action = authorize


def _role(claim: Claim) -> AssumedRoleAccessKey:
    """The role whose session it is, as long as the session lasts."""
    try:
        role = AssumedRoleAccessKey(settings.ACCOUNT, PARTITION, claim.key, {"X-Amz-Security-Token": claim.token})
    except CreateAccessKeyFailure as failure:
        raise (S3InvalidTokenError() if failure.reason == "InvalidToken" else S3InvalidAccessKeyIdError()) from failure
    session = sts_backends[settings.ACCOUNT][PARTITION].get_assumed_role_from_access_key(claim.key)
    if session.expiration <= utcnow():
        raise S3ClientError("ExpiredToken", "The provided token has expired.")
    return role


def _check_signature(response: S3Response, claim: Claim, credentials: Credentials) -> None:
    if claim.over <= time.time():
        raise S3ClientError("AccessDenied", "Request has expired")
    if not hmac.compare_digest(_signature(response, claim, credentials), claim.signature):
        raise S3SignatureDoesNotMatchError
