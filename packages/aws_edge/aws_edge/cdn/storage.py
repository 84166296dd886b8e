"""The S3 origin: origin access control, bucket policy, and S3's responses."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from aws_edge.account.api import Api
from aws_edge.account.iam_policies import CLOUDFRONT, Caller, allows
from aws_edge.http import pages
from aws_edge.http.messages import Headers, Reply, Request

ENDPOINT = re.compile(r"(?P<bucket>.+)\.s3(?:[.-](?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?")
CHUNK = 256 * 1024
# Header fields of S3 that CloudFront passes on.
PASSED_HEADERS = re.compile(
    r"content-.*|cache-control|expires|etag|last-modified|accept-ranges|x-amz-(meta-.*|version-id|server-side-encryption.*)"
)
RANGES = re.compile(r"bytes=\s*(\d*-\d*(?:\s*,\s*\d*-\d*)*)")
CONDITIONS = {"if-match": "IfMatch", "if-none-match": "IfNoneMatch"}
DATES = {"if-modified-since": "IfModifiedSince", "if-unmodified-since": "IfUnmodifiedSince"}


@dataclass(frozen=True)
class Origin:
    """A bucket behind a distribution."""

    bucket: str
    # What CloudFront puts before every path.
    path: str
    caller: Caller
    policy: Mapping[str, Any] | None
    default_root_object: str = ""

    def is_allowed(self, action: str, key: str | None = None) -> bool:
        """Whether the bucket policy allows CloudFront an action on an object, or on the bucket itself."""
        resource = f"arn:aws:s3:::{self.bucket}" + (f"/{key}" if key is not None else "")
        return allows(self.policy, self.caller, action, resource)


def caller(control: Mapping[str, Any] | None, distribution_arn: str) -> Caller:
    """CloudFront's principal at S3: the service when it signs its requests, else anonymous."""
    if not control or control["SigningBehavior"] == "never":
        return Caller(context={"aws:securetransport": "true"})
    account = distribution_arn.split(":")[4]
    context = {"aws:sourcearn": distribution_arn, "aws:sourceaccount": account, "aws:securetransport": "true"}
    return Caller(CLOUDFRONT, context)


async def fetch(api: Api, request: Request, origin: Origin) -> Reply:
    """S3's answer to CloudFront."""
    if request.method == "OPTIONS":
        return pages.storage_error(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
    if request.method not in ("GET", "HEAD"):
        return _access_denied("the sandbox's CDN only reads")
    path = origin.path + request.path
    if path == "/":
        if not origin.default_root_object:
            return await _listing(api, origin)
        path = f"/{origin.default_root_object}"
    return await _object(api, request, origin, unquote(path[1:]))


async def _object(api: Api, request: Request, origin: Origin, key: str) -> Reply:
    if not origin.is_allowed("s3:GetObject", key):
        return _access_denied(f"no right to {origin.bucket}/{key}")
    try:
        answer = await asyncio.to_thread(api.object, request.method, **_arguments(request, origin.bucket, key))
    except ClientError as error:
        return _error_reply(error, origin, key)
    sent = answer["ResponseMetadata"]["HTTPHeaders"]
    headers = tuple((name.title(), value) for name, value in sent.items() if PASSED_HEADERS.fullmatch(name.lower()))
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    if request.method == "HEAD":
        return Reply(status, _from_origin(headers))
    return Reply(status, _from_origin(headers), await _body(answer))


def _from_origin(headers: Headers) -> Headers:
    return (*headers, ("Server", "AmazonS3"), ("X-Cache", "Miss from cloudfront"))


async def _body(answer: dict[str, Any]) -> bytes | AsyncIterator[bytes]:
    if int(answer["ContentLength"]) <= CHUNK:
        return await asyncio.to_thread(answer["Body"].read)
    return _stream(answer["Body"])


async def _stream(body: Any) -> AsyncIterator[bytes]:
    try:
        while part := await asyncio.to_thread(body.read, CHUNK):
            yield part
    finally:
        body.close()


def _arguments(request: Request, bucket: str, key: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {"Bucket": bucket, "Key": key}
    arguments |= {name: request.header(field) for field, name in CONDITIONS.items() if request.header(field)}
    for field, name in DATES.items():
        try:
            arguments[name] = parsedate_to_datetime(request.header(field))
        except ValueError:
            # An HTTP date that is none is ignored.
            continue
    wanted = valid_range(request.header("range"))
    return {**arguments, "Range": wanted} if wanted else arguments


def valid_range(header: str) -> str:
    """The range to request from S3; empty for the whole object, as with several or invalid ranges."""
    found = RANGES.fullmatch(header)
    if not found or "," in found[1] or found[1] == "-":
        return ""
    first, _mark, last = found[1].partition("-")
    if first and last and int(first) > int(last):
        return ""
    return f"bytes={found[1]}"


def _error_reply(error: ClientError, origin: Origin, key: str) -> Reply:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if status == 304:
        headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        kept = tuple(
            (name.title(), headers[name]) for name in ("etag", "last-modified", "cache-control") if name in headers
        )
        return Reply(304, _from_origin(kept))
    if status != 404 or code == "NoSuchBucket":
        return pages.storage_error(status, code, message)
    if not origin.is_allowed("s3:ListBucket"):
        return _access_denied(f"{key} is missing, and CloudFront may not list the bucket")
    return pages.storage_error(404, "NoSuchKey", "The specified key does not exist.", Key=key)


async def _listing(api: Api, origin: Origin) -> Reply:
    if not origin.is_allowed("s3:ListBucket"):
        return _access_denied("no default root object, and CloudFront may not list the bucket")
    answer = await asyncio.to_thread(api.list_objects, origin.bucket)
    keys = [item["Key"] for item in answer.get("Contents", ())]
    entries = "".join(f"<Contents><Key>{html.escape(key, quote=False)}</Key></Contents>" for key in keys)
    start = '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    text = f"{start}<Name>{origin.bucket}</Name>{entries}</ListBucketResult>"
    reason = "a listing: the distribution has no default root object"
    return Reply(200, _from_origin((("Content-Type", "application/xml"),)), text.encode(), reason)


def _access_denied(reason: str) -> Reply:
    return pages.storage_error(403, "AccessDenied", "Access Denied", reason)
