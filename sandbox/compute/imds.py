"""The instance metadata service, version 2 only, for the hosts of the sandbox.

The source address identifies the instance (the real service knows it by the link). A token is valid for the instance
that requested it. Credentials are those of the role in the instance profile.

Run as `python -m sandbox.compute.imds`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox import settings
from sandbox.compute import hosts, instances
from sandbox.process import http_server

TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "x-aws-ec2-metadata-token"  # noqa: S105 (a header's name)
MAX_TTL = 21600
CREDENTIALS_LIFETIME = 3600

Tree = dict[str, Any]


class Tokens:
    """Session tokens, each valid for one instance until it expires."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, float]] = {}

    def issue(self, owner: str, ttl: str | None) -> str | None:
        """A new token; None without a TTL that AWS allows."""
        if not (ttl and ttl.isdecimal() and 1 <= int(ttl) <= MAX_TTL):
            return None
        token = secrets.token_urlsafe(42)
        self._tokens[token] = (owner, time.time() + int(ttl))
        return token

    def accepts(self, owner: str, token: str | None) -> bool:
        """Whether `token` was issued to `owner` and has not expired."""
        holder, end = self._tokens.get(token or "", ("", 0.0))
        return holder == owner and time.time() < end


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _credentials(role: str, instance_id: str) -> str:
    if not instances.trusts_ec2(role):
        message = "EC2 cannot assume the role. The trust relationship should allow ec2.amazonaws.com to assume it."
        return json.dumps(
            {"Code": "AssumeRoleUnauthorizedAccess", "Message": message, "LastUpdated": _utc(time.time())}
        )
    arn = instances.moto_client("iam").get_role(RoleName=role)["Role"]["Arn"]
    session = {"RoleArn": arn, "RoleSessionName": instance_id, "DurationSeconds": CREDENTIALS_LIFETIME}
    given = instances.moto_client("sts").assume_role(**session)["Credentials"]
    return json.dumps(
        {
            "Code": "Success",
            "LastUpdated": _utc(time.time()),
            "Type": "AWS-HMAC",
            "AccessKeyId": given["AccessKeyId"],
            "SecretAccessKey": given["SecretAccessKey"],
            "Token": given["SessionToken"],
            "Expiration": _utc(given["Expiration"].timestamp()),
        }
    )


def _iam(instance: Tree) -> Tree:
    """The category `iam`, which an instance without a role does not have."""
    role = instances.role_name(instance)
    if role is None:
        return {}
    profile = instance["IamInstanceProfile"]
    info = {
        "Code": "Success",
        "LastUpdated": _utc(time.time()),
        "InstanceProfileArn": profile["Arn"],
        "InstanceProfileId": profile["Id"],
    }
    keys = {role: lambda: _credentials(role, instance["InstanceId"])}
    return {"iam": {"info": json.dumps(info), "security-credentials": keys}}


def _document(instance: Tree) -> str:
    zone = instance["Placement"]["AvailabilityZone"]
    return json.dumps(
        {
            "accountId": settings.ACCOUNT,
            "architecture": instance["Architecture"],
            "availabilityZone": zone,
            "imageId": instance["ImageId"],
            "instanceId": instance["InstanceId"],
            "instanceType": instance["InstanceType"],
            "pendingTime": _utc(instance["LaunchTime"].timestamp()),
            "privateIp": instance["PrivateIpAddress"],
            "region": zone[:-1],
            "version": "2017-09-30",
        },
        indent=1,
    )


def tree(instance: Tree) -> Tree:
    """The metadata of an instance. A function is called when its value is requested."""
    zone = instance["Placement"]["AvailabilityZone"]
    metadata = {
        "ami-id": instance["ImageId"],
        "hostname": instance["PrivateDnsName"],
        "instance-id": instance["InstanceId"],
        "instance-type": instance["InstanceType"],
        "local-hostname": instance["PrivateDnsName"],
        "local-ipv4": instance["PrivateIpAddress"],
        "placement": {"availability-zone": zone, "region": zone[:-1]},
        "security-groups": "\n".join(group["GroupName"] for group in instance["SecurityGroups"]),
        **_iam(instance),
    }
    return {"meta-data": metadata, "dynamic": {"instance-identity": {"document": _document(instance)}}}


def look_up(branch: Any, path: list[str]) -> str | None:
    """The text at `path` of a tree: a value, or the names in a directory; None where there is nothing."""
    for name in filter(None, path):
        branch = branch.get(name) if isinstance(branch, dict) else None
    if isinstance(branch, dict):
        return "\n".join(f"{name}/" if isinstance(below, dict) else name for name, below in branch.items())
    return branch() if callable(branch) else branch


_tokens = Tokens()


def answer(method: str, path: str, headers: Any, instance_id: str) -> Response:
    """The answer to a request of the instance `instance_id`."""
    if path == "/latest/api/token" and method == "PUT":
        token = _tokens.issue(instance_id, headers.get(TTL_HEADER))
        refused = PlainTextResponse("Bad Request", 400)
        return PlainTextResponse(token, headers={TTL_HEADER: headers[TTL_HEADER]}) if token else refused
    if method != "GET":
        return PlainTextResponse("Method Not Allowed", 405)
    if not _tokens.accepts(instance_id, headers.get(TOKEN_HEADER)):
        return PlainTextResponse("Unauthorized", 401)
    instance = instances.describe(instance_id)
    parts = path.strip("/").split("/")
    found = look_up(tree(instance), parts[1:]) if instance and parts[0] == "latest" else None
    return PlainTextResponse("Not Found", 404) if found is None else PlainTextResponse(found)


async def handle(request: Request) -> Response:
    """Answer a host; any other client gets 403."""
    instance_id = await asyncio.to_thread(hosts.name_at, request.client.host)
    if instance_id is None:
        return PlainTextResponse("Forbidden", 403)
    return await asyncio.to_thread(answer, request.method, request.url.path, request.headers, instance_id)


if __name__ == "__main__":
    http_server.serve(handle, [(settings.GATEWAY_ADDRESS, settings.IMDS_PORT)])
