"""CloudFront: cache behavior, signature, origin and response headers policy."""

from __future__ import annotations

import asyncio
import posixpath
import secrets
from collections.abc import Mapping
from typing import Any

from aws_edge.account.api import Api
from aws_edge.cdn import compression, response_headers, signed, storage
from aws_edge.config import Config
from aws_edge.http import pages
from aws_edge.http.messages import Reply, Request, redirect
from aws_edge.http.patterns import matches

URL_LIMIT = 8192
SAFE = ("GET", "HEAD")
NO_SERVICE = "Bad request. We can't connect to the server for this app or website at this time."
NO_METHOD = (
    "This distribution is not configured to allow the HTTP request method that was used for this request. "
    "The distribution supports only cachable requests."
)
Resource = Mapping[str, Any]


class Cdn:
    """Answers for every distribution; which one the client reached comes with each request."""

    def __init__(self, api: Api, config: Config) -> None:
        self._api = api
        self._switches = config.switches

    async def handle(self, request: Request, summary: Resource) -> Reply:
        """One request that came to the distribution of this summary."""
        distribution = await asyncio.to_thread(self._api.distribution, summary["Id"])
        reply = host_error(request, distribution, summary["DomainName"])
        if reply is None:
            behavior = select(distribution, request.path)
            reply = await self._apply_behavior(request, summary["ARN"], distribution, behavior)
        identity = (("Via", "1.1 sandbox.cloudfront.net (CloudFront)"), ("X-Amz-Cf-Pop", "SBX50-P1"))
        return reply.adding(*identity, ("X-Amz-Cf-Id", secrets.token_urlsafe(42)))

    async def _apply_behavior(self, request: Request, arn: str, distribution: Resource, behavior: Resource) -> Reply:
        refusal = behavior_error(request, behavior) or await self._signature_error(request, behavior)
        if refusal:
            return await self._with_policy(refusal, request, behavior) if self._has_cors_on_refusals() else refusal
        reply = await self._fetch(request, arn, distribution, behavior)
        if behavior.get("Compress") and await self._compresses(behavior):
            reply = compression.compress(reply, request)
        return await self._with_policy(reply, request, behavior)

    def _has_cors_on_refusals(self) -> bool:
        return self._switches.cors_on_refusals == "yes"

    async def _signature_error(self, request: Request, behavior: Resource) -> Reply | None:
        groups = behavior.get("TrustedKeyGroups") or {}
        if not groups.get("Enabled"):
            return None
        keys = await asyncio.to_thread(self._api.trusted_keys, tuple(groups.get("Items") or ()))
        try:
            signed.check(request, keys, self._switches)
        except signed.SignatureError as refusal:
            return pages.cdn_refusal(refusal.code, refusal.message, refusal.reason)
        return None

    async def _fetch(self, request: Request, arn: str, distribution: Resource, behavior: Resource) -> Reply:
        wanted = behavior["TargetOriginId"]
        origin = next(each for each in distribution["Origins"]["Items"] if each["Id"] == wanted)
        bucket = storage.ENDPOINT.fullmatch(origin["DomainName"])
        if not bucket:
            return pages.cdn_error(
                502, NO_SERVICE, f"{origin['DomainName']} is no bucket; the sandbox has no other origins"
            )
        reader = await asyncio.to_thread(self._caller, origin, arn)
        policy = await asyncio.to_thread(self._api.bucket_policy, bucket["bucket"])
        root = distribution.get("DefaultRootObject") or ""
        source = storage.Origin(bucket["bucket"], origin.get("OriginPath") or "", reader, policy, root)
        return await storage.fetch(self._api, request, source)

    def _caller(self, origin: Resource, arn: str) -> Any:
        control_id = origin.get("OriginAccessControlId")
        return storage.caller(self._api.origin_access_control(control_id) if control_id else None, arn)

    async def _compresses(self, behavior: Resource) -> bool:
        policy_id = behavior.get("CachePolicyId")
        policy = await asyncio.to_thread(self._api.cache_policy, policy_id) if policy_id else {}
        return bool(policy.get("ParametersInCacheKeyAndForwardedToOrigin", {}).get("EnableAcceptEncodingGzip"))

    async def _with_policy(self, reply: Reply, request: Request, behavior: Resource) -> Reply:
        policy_id = behavior.get("ResponseHeadersPolicyId")
        if not policy_id:
            return reply
        policy = await asyncio.to_thread(self._api.response_headers_policy, policy_id)
        return response_headers.apply(reply, request, policy)


def host_error(request: Request, distribution: Resource, domain_name: str) -> Reply | None:
    """The error for a host that is no alias of the distribution, or for a URL that is too long."""
    names = {domain_name.lower(), *(alias.lower() for alias in (distribution.get("Aliases") or {}).get("Items") or ())}
    if not any(matches(name, request.domain()) for name in names):
        return pages.cdn_error(403, NO_SERVICE, f"{request.domain()} is no alternate name of the distribution")
    if len(request.url()) > URL_LIMIT:
        return pages.cdn_error(414, "The URL is longer than 8192 bytes.")
    return None


def select(distribution: Resource, path: str) -> Resource:
    """The behavior for a path: the first whose pattern fits, else the default one."""
    # Behaviors are chosen by the normalized path; the origin gets the path as it came.
    normal = posixpath.normpath(path) + ("/" if path.endswith("/") and path != "/" else "")
    behaviors = (distribution.get("CacheBehaviors") or {}).get("Items") or ()
    fitting = (each for each in behaviors if matches(f"/{each['PathPattern'].removeprefix('/')}", normal))
    return next(fitting, distribution["DefaultCacheBehavior"])


def behavior_error(request: Request, behavior: Resource) -> Reply | None:
    """The error for protocols, methods and bodies that the behavior does not allow."""
    policy = behavior["ViewerProtocolPolicy"]
    if request.scheme == "http" and policy == "https-only":
        return pages.cdn_error(403, "Bad request.", "HTTP, and the behavior wants HTTPS only")
    if request.scheme == "http" and policy == "redirect-to-https":
        status = 301 if request.method in SAFE else 307
        location = request.url().replace("http://", "https://", 1)
        return redirect(status, location, ("Server", pages.CLOUDFRONT), reason="HTTP")
    allowed = (behavior.get("AllowedMethods") or {}).get("Items") or SAFE
    if request.method not in allowed:
        return pages.cdn_error(403, NO_METHOD, f"the behavior does not allow {request.method}")
    if request.method in SAFE and request.has_body():
        return pages.cdn_error(403, "Bad request.", f"a {request.method} with a body")
    return None
