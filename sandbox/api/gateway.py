"""The AWS API of the sandbox: one address for all services.

Requests go to the emulator that plays their service, unchanged. What the emulators lack is done here: sessions of
Systems Manager are answered, after RunInstances and its kin the container of the instance follows, and the network
follows every change of who may reach whom. Every request is logged.

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
# The emulators' own switches are not for those who use AWS.
INTERNAL_PATHS = ("/moto-api", "/_ministack", "/_localstack")


def boot(instance_id: str) -> None:
    """Make a host, at the public address that the API tells, and boot it."""
    hosts.create(instance_id, instances.describe(instance_id).get("PublicIpAddress"))
    start(instance_id)


def start(instance_id: str) -> None:
    """Boot a host that was made, behind its packet filter from the first moment."""
    hosts.attach(instance_id)
    security_groups.follow()
    hosts.start(instance_id)


INSTANCE_ACTIONS: dict[str, Callable[[str], None]] = {
    "RunInstances": boot,
    "StartInstances": start,
    "StopInstances": hosts.stop,
    "TerminateInstances": hosts.remove,
}
# After these others may reach whom they could not before, or the other way round.
NETWORK_ACTIONS = {
    "ec2": {
        *("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "ModifySecurityGroupRules"),
        *("AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress", "ModifyInstanceAttribute"),
    },
    "elasticloadbalancing": {"CreateLoadBalancer", "DeleteLoadBalancer", "SetSecurityGroups"},
}
AGAIN_SECONDS = 1
_INSTANCE_ID = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")

_emulators = httpx.AsyncClient(
    timeout=httpx.Timeout(120, connect=5), limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
)
_log = logging.getLogger("sandbox")
# asyncio keeps only weak references to running tasks.
_following: set[asyncio.Task[None]] = set()
# A stop may not overtake the boot that it follows.
_order: dict[str, asyncio.Lock] = {}
_network_is_due = asyncio.Event()


def _raw_target(request: Request) -> bytes:
    path = request.scope["raw_path"]
    query = request.scope["query_string"]
    return path + b"?" + query if query else path


async def forward(request: Request, service: str, body: bytes | None) -> Response:
    """Hand a request to its emulator and its answer back, both as they are; `body` None streams it."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in HOP_HEADERS]
    upstream = httpx.Request(
        request.method,
        routing.emulator(service),
        headers=headers,
        content=request.stream() if body is None else body,
        # The target as it came: httpx would tidy up a path such as /bucket//key.
        extensions={"target": _raw_target(request)},
    )
    try:
        answer = await _emulators.send(upstream, stream=True)
    except httpx.HTTPError as error:
        return PlainTextResponse(f"The emulator of {service} does not answer: {error!r}", 503)
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    response.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in HOP_HEADERS
    ]
    return response


async def answer_ssm(action: str, body: bytes) -> Response:
    """Answer an action of Systems Manager that moto lacks."""
    media_type = "application/x-amz-json-1.1"
    try:
        answer = await asyncio.to_thread(ssm.ACTIONS[action], json.loads(body or b"{}"))
    except ssm.Refused as refusal:
        return JSONResponse({"__type": refusal.code, "message": str(refusal)}, 400, media_type=media_type)
    return JSONResponse(answer, media_type=media_type)


def _begin(work: Coroutine[Any, Any, None]) -> None:
    """Do something without making the caller wait."""
    task = asyncio.create_task(work)
    _following.add(task)
    task.add_done_callback(_following.discard)


async def _follow(act: Callable[[str], None], instance_id: str) -> None:
    async with _order.setdefault(instance_id, asyncio.Lock()):
        try:
            await asyncio.to_thread(act, instance_id)
        except RuntimeError:
            _log.exception("%s: %s failed", instance_id, act.__name__)


async def _follow_network() -> None:
    # Of changes that come while one is being followed, the last follows all.
    if _network_is_due.is_set():
        return
    _network_is_due.set()
    async with _order.setdefault("network", asyncio.Lock()):
        _network_is_due.clear()
        try:
            await asyncio.to_thread(security_groups.follow)
        except RuntimeError:
            _log.exception("the network could not follow")
            # Containers come and go; who changed a rule must not wait for the next change.
            await asyncio.sleep(AGAIN_SECONDS)
            _begin(_follow_network())


async def read_whole(response: StreamingResponse) -> bytes:
    """The body of an emulator's answer, which is then read to its end."""
    content = b"".join([part async for part in response.body_iterator])
    await response.background()
    return content


def _with_body(response: Response, content: bytes) -> Response:
    """The answer again, with `content` for its body."""
    headers = [(name, value) for name, value in response.raw_headers if name != b"content-length"]
    whole = Response(content, response.status_code)
    whole.raw_headers = [*headers, (b"content-length", str(len(content)).encode())]
    return whole


async def change_instances(request: Request, action: str, body: bytes) -> Response:
    """Let EC2 answer, then let the containers follow without making the caller wait."""
    response = await forward(request, "ec2", body)
    if response.status_code != 200:
        return response
    content = await read_whole(response)
    for instance_id in sorted({match.decode() for match in _INSTANCE_ID.findall(content)}):
        _begin(_follow(INSTANCE_ACTIONS[action], instance_id))
    return _with_body(response, content)


async def change_network(request: Request, service: str, body: bytes) -> Response:
    """Let EC2 or ELBv2 answer, then let the network follow without making the caller wait."""
    response = await forward(request, service, body)
    if response.status_code == 200:
        _begin(_follow_network())
    return response


async def describe_target_health(request: Request, body: bytes) -> Response:
    """Let ELBv2 answer, and tell the states that the edge found."""
    response = await forward(request, "elasticloadbalancing", body)
    if response.status_code != 200:
        return response
    content = await read_whole(response)
    return _with_body(response, target_health.correct(content, target_health.found(body)))


async def upload_function(request: Request, body: bytes) -> Response:
    """Let Lambda answer, and keep the code of a function."""
    response = await forward(request, "lambda", body)
    if response.status_code not in (200, 201):
        return response
    content = await read_whole(response)
    await asyncio.to_thread(function_code.keep, body, content)
    return _with_body(response, content)


async def create_user(request: Request, body: bytes) -> Response:
    """Let Cognito make a user, unless the pool's trigger is against it."""
    refusal = await admin_create_user.refusal(json.loads(body))
    if refusal:
        error = {"__type": "UserLambdaValidationException", "message": refusal}
        return JSONResponse(error, 400, media_type="application/x-amz-json-1.1")
    return await forward(request, "cognito-idp", body)


async def answer_stranger(request: Request, action: str) -> Response:
    """Answer S3 to a request without credentials: with an object that is public. moto refuses too little."""
    if action in ("GetObject", "HeadObject"):
        response = await forward(request, "s3", None)
        # Without the right to list the bucket a missing object looks like a forbidden one.
        if response.status_code != 404:
            return response
        await response.background()
    refusal = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    return Response(refusal, 403, media_type="application/xml")


async def list_conflicting_aliases(request: Request) -> Response:
    """Answer for CloudFront, where ministack can't."""
    query = request.query_params
    try:
        found = await asyncio.to_thread(
            conflicting_aliases.answer, query.get("DistributionId", ""), query.get("Alias", "")
        )
    except conflicting_aliases.Refused as refusal:
        error = f"<ErrorResponse><Error><Code>{refusal}</Code><Message>{refusal}</Message></Error></ErrorResponse>"
        return Response(error, 404 if "NoSuch" in str(refusal) else 400, media_type="text/xml")
    return Response(found, media_type="text/xml")


async def take_time(service: str, action: str, request: Request, body: bytes) -> Response:
    """Let the emulator answer, and tell of what is new that it is in the making."""
    response = await forward(request, service, body)
    if response.status_code != 200:
        return response
    return _with_body(response, latencies.ANSWERS[service, action](await read_whole(response)))


# What an emulator answers, and we then or before.
CORRECTED: dict[tuple[str, str], Callable[[Request, bytes], Awaitable[Response]]] = {
    ("cognito-idp", "AdminCreateUser"): create_user,
    ("elasticloadbalancing", "DescribeTargetHealth"): describe_target_health,
    ("lambda", "CreateFunction"): upload_function,
    ("lambda", "UpdateFunctionCode"): upload_function,
    **{answer: functools.partial(take_time, *answer) for answer in latencies.ANSWERS if latencies.SECONDS},
}


async def respond(request: Request, signer: routing.Signer, action: str, body: bytes | None) -> Response:
    """Answer a request ourselves where the emulators can't or are lax; else let its emulator answer."""
    if request.url.path.startswith(INTERNAL_PATHS):
        return PlainTextResponse("This is not part of AWS.", 404)
    if corrected := CORRECTED.get((signer.service, action)):
        return await corrected(request, body or b"")
    match signer.service:
        case "ssm" if action in ssm.ACTIONS:
            answer = answer_ssm(action, body or b"")
        case "ec2" if action in INSTANCE_ACTIONS:
            answer = change_instances(request, action, body or b"")
        case "cloudfront" if action == "ListConflictingAliases":
            answer = list_conflicting_aliases(request)
        case "s3" if not signer.key:
            answer = answer_stranger(request, action)
        case service if action in NETWORK_ACTIONS.get(service, ()):
            answer = change_network(request, service, body or b"")
        case _:
            answer = forward(request, signer.service, body)
    return await answer


def _record(**entry: Any) -> None:
    with settings.REQUEST_LOG.open("a") as log:
        log.write(json.dumps(entry) + "\n")


async def _judge(
    request: Request, signer: routing.Signer, action: str, url: urllib.parse.SplitResult, body: bytes | None
) -> tuple[str | None, str | None]:
    """The role that asks, if one does, and why it may not."""
    # The older form of signed addresses spells it in small letters.
    if "x-amz-security-token" not in {*request.headers, *map(str.lower, request.query_params)}:
        return None, None
    role = await asyncio.to_thread(authorization.role_of, signer.key)
    if role is None:
        return None, None  # its emulator refuses credentials that nobody was given
    read = request_context.read(signer.service, action, signer.region, url, body or b"")
    # The edge, which has S3's own name, says so; the API itself has no TLS here.
    read = dataclasses.replace(read, secure=request.headers.get("x-forwarded-proto") == "https")
    return role, await asyncio.to_thread(authorization.refusal, role, read)


async def handle(request: Request) -> Response:
    """Answer one request and log it."""
    start = time.time()
    url = urllib.parse.urlsplit(_raw_target(request).decode("latin-1"))
    signer = routing.signer(request.headers, request.query_params)
    # Objects may be large and are not looked at; requests of other services are small and name their action inside.
    body = None if signer.service == "s3" else await request.body()
    action = routing.action(signer.service, request.method, url, request.headers, body or b"")
    role, refused = await _judge(request, signer, action, url, body)
    response = (
        access_denied.answer(signer.service, refused) if refused else await respond(request, signer, action, body)
    )
    _record(
        time=round(start, 3),
        service=signer.service,
        action=action,
        status=response.status_code,
        region=signer.region,
        caller=signer.key or "anonymous",
        role=role,
        refused=refused,
        seconds=round(time.time() - start, 3),
    )
    return response


if __name__ == "__main__":
    addresses = [(settings.LOOPBACK, settings.GATEWAY_PORT), (settings.GATEWAY_ADDRESS, settings.GATEWAY_PORT)]
    serving.serve(handle, addresses)
