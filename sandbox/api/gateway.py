"""The AWS API of the sandbox: one endpoint for all services.

Each request is authorized, forwarded to the emulator of its service, and logged. What the emulators lack is added here:
sessions of Systems Manager, containers for instances, packet filters for security groups, and the overrides below.

Run as `python -m sandbox.api.gateway`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import logging
import re
import time
import urllib.parse
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from sandbox import settings
from sandbox.api import admin_create_user, conflicting_aliases, function_code, latencies, routing, ssm, target_health
from sandbox.compute import hosts, instances
from sandbox.iam import access_denied, authorization, request_context
from sandbox.network import security_groups
from sandbox.process import serving

# Hop by hop (RFC 9110, 7.6.1); `Expect` was answered by our own server already.
HOP_HEADERS = {b"connection", b"keep-alive", b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"}
# The emulators' own APIs.
INTERNAL_PATHS = ("/moto-api", "/_ministack", "/_localstack")


def boot_instance(instance_id: str) -> None:
    """Create the host of an instance, at its public address, and boot it."""
    hosts.create(instance_id, instances.describe(instance_id).get("PublicIpAddress"))
    start_instance(instance_id)


def start_instance(instance_id: str) -> None:
    """Boot a host; its packet filter is loaded before the first process runs."""
    hosts.attach(instance_id)
    security_groups.sync()
    hosts.start(instance_id)


INSTANCE_ACTIONS: dict[str, Callable[[str], None]] = {
    "RunInstances": boot_instance,
    "StartInstances": start_instance,
    "StopInstances": hosts.stop,
    "TerminateInstances": hosts.remove,
}
# After these the packet filters are brought up to date.
NETWORK_ACTIONS = {
    "ec2": {
        *("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "ModifySecurityGroupRules"),
        *("AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress", "ModifyInstanceAttribute"),
    },
    "elasticloadbalancing": {"CreateLoadBalancer", "DeleteLoadBalancer", "SetSecurityGroups"},
}
RETRY_SECONDS = 1
_INSTANCE_ID = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")

_http = httpx.AsyncClient(
    timeout=httpx.Timeout(120, connect=5), limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
)
_log = logging.getLogger("sandbox")
# asyncio keeps only weak references to running tasks.
_background_tasks: set[asyncio.Task[None]] = set()
# Operations on one instance run in the order of the requests.
_locks: dict[str, asyncio.Lock] = {}
_network_sync_pending = asyncio.Event()


def _raw_target(request: Request) -> bytes:
    path = request.scope["raw_path"]
    query = request.scope["query_string"]
    return path + b"?" + query if query else path


async def forward(request: Request, service: str, body: bytes | None) -> Response:
    """Forward a request unchanged to its emulator; without `body` the request's own is streamed."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in HOP_HEADERS]
    upstream = httpx.Request(
        request.method,
        routing.emulator_url(service),
        headers=headers,
        content=request.stream() if body is None else body,
        # The target as it came: httpx would tidy up a path such as /bucket//key.
        extensions={"target": _raw_target(request)},
    )
    try:
        answer = await _http.send(upstream, stream=True)
    except httpx.HTTPError as error:
        return PlainTextResponse(f"The emulator of {service} does not answer: {error!r}", 503)
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in HOP_HEADERS
    ]
    return response


async def answer_ssm(action: str, body: bytes) -> Response:
    """An operation of Systems Manager that moto lacks."""
    media_type = "application/x-amz-json-1.1"
    try:
        answer = await asyncio.to_thread(ssm.ACTIONS[action], json.loads(body or b"{}"))
    except ssm.ServiceError as refusal:
        return JSONResponse({"__type": refusal.code, "message": str(refusal)}, 400, media_type=media_type)
    return JSONResponse(answer, media_type=media_type)


def _run_in_background(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine without blocking the request."""
    task = asyncio.create_task(work)
    _background_tasks.add(task)
    task.add_done_callback(_background_tasks.discard)


async def _sync_instance(act: Callable[[str], None], instance_id: str) -> None:
    async with _locks.setdefault(instance_id, asyncio.Lock()):
        try:
            await asyncio.to_thread(act, instance_id)
        except RuntimeError:
            _log.exception("%s: %s failed", instance_id, act.__name__)


async def _sync_network() -> None:
    # One pending run covers all changes made before it starts.
    if _network_sync_pending.is_set():
        return
    _network_sync_pending.set()
    async with _locks.setdefault("network", asyncio.Lock()):
        _network_sync_pending.clear()
        try:
            await asyncio.to_thread(security_groups.sync)
        except RuntimeError:
            _log.exception("updating the packet filters failed")
            # A container may have been removed meanwhile; try again without waiting for the next change.
            await asyncio.sleep(RETRY_SECONDS)
            _run_in_background(_sync_network())


async def read_body(response: StreamingResponse) -> bytes:
    """The whole body of an emulator's response."""
    content = b"".join([part async for part in response.body_iterator])
    await response.background()
    return content


def _replace_body(response: Response, content: bytes) -> Response:
    """The response with another body."""
    headers = [(name, value) for name, value in response.raw_headers if name != b"content-length"]
    whole = Response(content, response.status_code)
    whole.raw_headers = [*headers, (b"content-length", str(len(content)).encode())]
    return whole


async def change_instances(request: Request, action: str, body: bytes) -> Response:
    """Forward to EC2, then apply the action to the containers in the background."""
    response = await forward(request, "ec2", body)
    if response.status_code != 200:
        return response
    content = await read_body(response)
    for instance_id in sorted({match.decode() for match in _INSTANCE_ID.findall(content)}):
        _run_in_background(_sync_instance(INSTANCE_ACTIONS[action], instance_id))
    return _replace_body(response, content)


async def change_network(request: Request, service: str, body: bytes) -> Response:
    """Forward to EC2 or ELBv2, then bring the packet filters up to date in the background."""
    response = await forward(request, service, body)
    if response.status_code == 200:
        _run_in_background(_sync_network())
    return response


async def describe_target_health(request: Request, body: bytes) -> Response:
    """Forward to ELBv2, and replace the states by the results of the edge's health checks."""
    response = await forward(request, "elasticloadbalancing", body)
    if response.status_code != 200:
        return response
    content = await read_body(response)
    return _replace_body(response, target_health.replace_states(content, target_health.states_of(body)))


async def store_function_code(request: Request, body: bytes) -> Response:
    """Forward to Lambda, and store the code."""
    response = await forward(request, "lambda", body)
    if response.status_code not in (200, 201):
        return response
    content = await read_body(response)
    await asyncio.to_thread(function_code.save, body, content)
    return _replace_body(response, content)


async def create_user(request: Request, body: bytes) -> Response:
    """Forward to Cognito, unless the pool's pre sign-up trigger refuses."""
    refusal = await admin_create_user.trigger_error(json.loads(body))
    if refusal:
        error = {"__type": "UserLambdaValidationException", "message": refusal}
        return JSONResponse(error, 400, media_type="application/x-amz-json-1.1")
    return await forward(request, "cognito-idp", body)


async def answer_anonymous(request: Request, action: str) -> Response:
    """S3 without credentials: public objects only. moto allows more."""
    if action in ("GetObject", "HeadObject"):
        response = await forward(request, "s3", None)
        # Without s3:ListBucket a missing object is a 403.
        if response.status_code != 404:
            return response
        await response.background()
    refusal = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    return Response(refusal, 403, media_type="application/xml")


async def list_conflicting_aliases(request: Request) -> Response:
    """CloudFront's operation that ministack lacks."""
    query = request.query_params
    try:
        found = await asyncio.to_thread(
            conflicting_aliases.response, query.get("DistributionId", ""), query.get("Alias", "")
        )
    except conflicting_aliases.ServiceError as refusal:
        error = f"<ErrorResponse><Error><Code>{refusal}</Code><Message>{refusal}</Message></Error></ErrorResponse>"
        return Response(error, 404 if "NoSuch" in str(refusal) else 400, media_type="text/xml")
    return Response(found, media_type="text/xml")


async def add_latency(service: str, action: str, request: Request, body: bytes) -> Response:
    """Forward, and change the state of new resources (latencies.py)."""
    response = await forward(request, service, body)
    if response.status_code != 200:
        return response
    return _replace_body(response, latencies.CORRECTIONS[service, action](await read_body(response)))


# Operations of the emulators with something before or after.
OVERRIDES: dict[tuple[str, str], Callable[[Request, bytes], Awaitable[Response]]] = {
    ("cognito-idp", "AdminCreateUser"): create_user,
    ("elasticloadbalancing", "DescribeTargetHealth"): describe_target_health,
    ("lambda", "CreateFunction"): store_function_code,
    ("lambda", "UpdateFunctionCode"): store_function_code,
    **{answer: functools.partial(add_latency, *answer) for answer in latencies.CORRECTIONS if latencies.SECONDS},
}


async def respond(request: Request, scope: routing.CredentialScope, action: str, body: bytes | None) -> Response:
    """Handle a request here where the emulators lack or ignore something, else forward it."""
    if request.url.path.startswith(INTERNAL_PATHS):
        return PlainTextResponse("This is not part of AWS.", 404)
    if override := OVERRIDES.get((scope.service, action)):
        return await override(request, body or b"")
    match scope.service:
        case "ssm" if action in ssm.ACTIONS:
            answer = answer_ssm(action, body or b"")
        case "ec2" if action in INSTANCE_ACTIONS:
            answer = change_instances(request, action, body or b"")
        case "cloudfront" if action == "ListConflictingAliases":
            answer = list_conflicting_aliases(request)
        case "s3" if not scope.key:
            answer = answer_anonymous(request, action)
        case service if action in NETWORK_ACTIONS.get(service, ()):
            answer = change_network(request, service, body or b"")
        case _:
            answer = forward(request, scope.service, body)
    return await answer


def _log_request(**entry: Any) -> None:
    with settings.REQUEST_LOG.open("a") as log:
        log.write(json.dumps(entry) + "\n")


async def _authorize(
    request: Request, scope: routing.CredentialScope, action: str, url: urllib.parse.SplitResult, body: bytes | None
) -> tuple[str | None, str | None]:
    """The role of the caller, if any, and the permission that it lacks."""
    # The older form of signed addresses spells it in small letters.
    if "x-amz-security-token" not in {*request.headers, *map(str.lower, request.query_params)}:
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
    url = urllib.parse.urlsplit(_raw_target(request).decode("latin-1"))
    scope = routing.credential_scope(request.headers, request.query_params)
    # Objects may be large and are streamed; other services' requests are small, and some name their action in the body.
    body = None if scope.service == "s3" else await request.body()
    action = routing.action(scope.service, request.method, url, request.headers, body or b"")
    role, missing = await _authorize(request, scope, action, url, body)
    response = (
        access_denied.response(scope.service, missing) if missing else await respond(request, scope, action, body)
    )
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
    serving.serve(handle, addresses)
