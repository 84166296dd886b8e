"""Operations for which forwarding is not enough: what the emulators lack or ignore, before or after them.

Each is a line of OVERRIDES.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import settings
from sandbox.api import (
    admin_create_user,
    conflicting_aliases,
    forwarding,
    function_code,
    latencies,
    ssm,
    target_health,
)
from sandbox.compute import hosts, instances
from sandbox.network import security_groups

Override = Callable[[Request, bytes], Awaitable[Response]]


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

_log = logging.getLogger("sandbox")
# asyncio keeps only weak references to running tasks.
_background_tasks: set[asyncio.Task[None]] = set()
# Operations on one instance run in the order of the requests.
_locks: dict[str, asyncio.Lock] = {}
_network_sync_pending = asyncio.Event()


async def answer_ssm(action: str, _request: Request, body: bytes) -> Response:
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


async def change_instances(action: str, request: Request, body: bytes) -> Response:
    """Forward to EC2, then apply the action to the containers in the background."""
    response = await forwarding.forward(request, "ec2", body)
    if response.status_code != 200:
        return response
    content = await forwarding.read_body(response)
    for instance_id in sorted({match.decode() for match in _INSTANCE_ID.findall(content)}):
        _run_in_background(_sync_instance(INSTANCE_ACTIONS[action], instance_id))
    return forwarding.replace_body(response, content)


async def change_network(service: str, request: Request, body: bytes) -> Response:
    """Forward to EC2 or ELBv2, then bring the packet filters up to date in the background."""
    response = await forwarding.forward(request, service, body)
    if response.status_code == 200:
        _run_in_background(_sync_network())
    return response


async def describe_target_health(request: Request, body: bytes) -> Response:
    """Forward to ELBv2, and replace the states by the results of the edge's health checks."""
    response = await forwarding.forward(request, "elasticloadbalancing", body)
    if response.status_code != 200:
        return response
    content = await forwarding.read_body(response)
    return forwarding.replace_body(response, target_health.replace_states(content, target_health.states_of(body)))


async def store_function_code(request: Request, body: bytes) -> Response:
    """Forward to Lambda, and store the code."""
    response = await forwarding.forward(request, "lambda", body)
    if response.status_code not in (200, 201):
        return response
    content = await forwarding.read_body(response)
    await asyncio.to_thread(function_code.save, body, content)
    return forwarding.replace_body(response, content)


async def create_user(request: Request, body: bytes) -> Response:
    """Forward to Cognito, unless the pool's pre sign-up trigger refuses."""
    refusal = await admin_create_user.trigger_error(json.loads(body))
    if refusal:
        error = {"__type": "UserLambdaValidationException", "message": refusal}
        return JSONResponse(error, 400, media_type="application/x-amz-json-1.1")
    return await forwarding.forward(request, "cognito-idp", body)


async def list_conflicting_aliases(request: Request, _body: bytes) -> Response:
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
    response = await forwarding.forward(request, service, body)
    if response.status_code != 200:
        return response
    return forwarding.replace_body(
        response, latencies.CORRECTIONS[service, action](await forwarding.read_body(response))
    )


async def account_plan(_request: Request, _body: bytes) -> Response:
    """The plan of the account, which moto has no service for: one that is paid for."""
    state = {"accountId": settings.ACCOUNT, "accountPlanType": "PAID", "accountPlanStatus": "ACTIVE"}
    return JSONResponse(state, media_type="application/x-amz-json-1.0")


OVERRIDES: dict[tuple[str, str], Override] = {
    ("cloudfront", "ListConflictingAliases"): list_conflicting_aliases,
    ("cognito-idp", "AdminCreateUser"): create_user,
    ("elasticloadbalancing", "DescribeTargetHealth"): describe_target_health,
    ("freetier", "GetAccountPlanState"): account_plan,
    ("lambda", "CreateFunction"): store_function_code,
    ("lambda", "UpdateFunctionCode"): store_function_code,
    **{("ec2", action): functools.partial(change_instances, action) for action in INSTANCE_ACTIONS},
    **{("ssm", action): functools.partial(answer_ssm, action) for action in ssm.ACTIONS},
    **{
        (service, action): functools.partial(change_network, service)
        for service, actions in NETWORK_ACTIONS.items()
        for action in actions
    },
    **{
        operation: functools.partial(add_latency, *operation)
        for operation in latencies.CORRECTIONS
        if latencies.SECONDS
    },
}
