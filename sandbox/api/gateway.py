"""The AWS API of the sandbox: one endpoint for all services.

Each request is authorized, forwarded to the emulator of its service, and logged. What the emulators lack is added here:
sessions of Systems Manager, containers for instances, packet filters for security groups and more (overrides.py).

Run as `python -m sandbox.api.gateway`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
import urllib.parse
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox import settings
from sandbox.api import forwarding, overrides, routing, young_account
from sandbox.iam import authorization, error_response, request_context
from sandbox.process import http_server

# The emulators' own APIs.
INTERNAL_PATHS = ("/moto-api", "/_ministack", "/_localstack")


async def answer_anonymous(request: Request, action: str) -> Response:
    """S3 without credentials: public objects only. moto allows more."""
    if action in ("GetObject", "HeadObject"):
        response = await forwarding.forward(request, "s3", None)
        # Without s3:ListBucket a missing object is a 403.
        if response.status_code != 404:
            return response
        await response.background()
    refusal = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    return Response(refusal, 403, media_type="application/xml")


async def respond(request: Request, scope: routing.CredentialScope, action: str, body: bytes | None) -> Response:
    """Handle a request here where the emulators lack or ignore something, else forward it."""
    if request.url.path.startswith(INTERNAL_PATHS):
        return PlainTextResponse("This is not part of AWS.", 404)
    if refusal := young_account.refusal(scope.service, action, request.url.path, body or b""):
        return refusal
    if override := overrides.OVERRIDES.get((scope.service, action)):
        return await override(request, body or b"")
    if scope.service == "s3" and not scope.key:
        return await answer_anonymous(request, action)
    return await forwarding.forward(request, scope.service, body)


def _log_request(**entry: Any) -> None:
    with settings.REQUEST_LOG.open("a") as log:
        log.write(json.dumps(entry) + "\n")


def _has_token(request: Request) -> bool:
    # The older form of signed addresses spells it in small letters.
    return "x-amz-security-token" in {*request.headers, *map(str.lower, request.query_params)}


def _is_foreign(request: Request, scope: routing.CredentialScope) -> bool:
    """Whether a request has permanent credentials, and not of this account."""
    return bool(scope.key) and scope.key not in settings.ACCESS_KEYS and not _has_token(request)


async def _authorize(
    request: Request, scope: routing.CredentialScope, action: str, url: urllib.parse.SplitResult, body: bytes | None
) -> tuple[str | None, str | None]:
    """The role of the caller, if any, and the permission that it lacks."""
    if not _has_token(request):
        return None, None
    role = await asyncio.to_thread(authorization.role_of_access_key, scope.key)
    if role is None:
        return None, None  # its emulator rejects unknown credentials
    context = request_context.parse(scope.service, action, scope.region, url, body or b"")
    # Set by the edge, which serves S3 by TLS; this endpoint has no TLS.
    context = dataclasses.replace(context, secure=request.headers.get("x-forwarded-proto") == "https")
    return role, await asyncio.to_thread(authorization.missing_permission, role, context)


async def handle(request: Request) -> Response:
    """Answer one request and log it."""
    began = time.time()
    url = urllib.parse.urlsplit(forwarding.raw_target(request).decode("latin-1"))
    scope = routing.credential_scope(request.headers, request.query_params)
    # Objects may be large and are streamed; other services' requests are small, and some name their action in the body.
    body = None if scope.service == "s3" else await request.body()
    action = routing.action(scope.service, request.method, url, request.headers, body or b"")
    role, missing = await _authorize(request, scope, action, url, body)
    if _is_foreign(request, scope):
        response = error_response.unknown_key(scope.service)
    elif missing:
        response = error_response.access_denied(scope.service, missing)
    else:
        response = await respond(request, scope, action, body)
    _log_request(
        time=round(began, 3),
        service=scope.service,
        action=action,
        status=response.status_code,
        region=scope.region,
        caller=scope.key or "anonymous",
        role=role,
        refused=missing,
        seconds=round(time.time() - began, 3),
    )
    return response


if __name__ == "__main__":
    addresses = [(settings.LOOPBACK, settings.GATEWAY_PORT), (settings.GATEWAY_ADDRESS, settings.GATEWAY_PORT)]
    http_server.serve(handle, addresses)
