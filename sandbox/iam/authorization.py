"""Whether a role may do what a request asks for: its policies, read as IAM reads them.

Each action must be allowed for each resource, and none denied. What AWS asks for besides the call itself stands in
docs/permissions.yml and is asked for here too, of whatever resource. Conditions are read whose keys are known below;
others are passed over, and a denial with one of them is left out.
"""

from __future__ import annotations

import functools
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import httpx
from botocore.exceptions import ClientError

from sandbox import settings
from sandbox.compute import instances
from sandbox.edge import policies
from sandbox.iam import playbook_policies, request_context
from sandbox.iam.playbook_policies import Statement

# How long a role may go on with what it was allowed.
CACHE_SECONDS = 1
PASSED_TO = {
    "CreateFunction": ["lambda.amazonaws.com"],
    "RunInstances": ["ec2.amazonaws.com"],
    "SetIdentityPoolRoles": ["cognito-identity.amazonaws.com"],
}
# Nobody needs a right for it (IAM API Reference, "GetCallerIdentity").
FREE = {"sts:GetCallerIdentity"}
# What a condition's key has in a request, several values if need be; None where nothing is known of the key.
Context = Callable[[str], "list[str] | None"]


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _conditions(statement: Statement) -> list[tuple[str, str, Any]]:
    held = statement.get("Condition", {})
    return [(operator, key, wanted) for operator, tests in held.items() for key, wanted in tests.items()]


def _readable(statement: Statement, known: set[str], resource: str | None) -> Statement | None:
    """The statement without conditions of which nothing is known; a denial that has one is left out."""
    kept: dict[str, dict[str, Any]] = defaultdict(dict)
    for operator, key, wanted in _conditions(statement):
        if key in known:
            kept[operator][key] = wanted
        elif statement["Effect"] == "Deny":
            return None
    readable = {**statement, "Condition": dict(kept)}
    if resource is None:
        readable.pop("NotResource", None)
        readable["Resource"] = "*"
    return readable


def allows(documents: list[dict[str, Any]], action: str, resource: str | None, context: Context) -> bool:
    """Whether the policies together allow an action; `resource` None is one of which nothing is known."""
    listed = [each for document in documents for each in _several(document["Statement"])]
    keys = {key for each in listed for _operator, key, _wanted in _conditions(each)}
    known = {key: value for key in keys if (value := context(key)) is not None}
    readable = [each for one in listed if (each := _readable(one, set(known), resource))]
    given = {key.lower(): value[0] if len(value) == 1 else tuple(value) for key, value in known.items() if value}
    return policies.permits([{"Statement": readable}], given, action, resource or "*")


# --- What is asked for -------------------------------------------------------------------------------------------


_making = threading.Lock()


@functools.cache
def _made(service: str, url: str, region: str) -> Any:
    return settings.client(service, url, region)


def _client(service: str, url: str, region: str = settings.REGION) -> Any:
    """A client of an emulator; boto3 makes them one at a time."""
    with _making:
        return _made(service, url, region)


def _told_tags(arn: str) -> dict[str, str] | None:
    service, region = arn.split(":")[2:4] if arn != "*" else ("", "")
    match service:
        case "ec2":
            wanted = [{"Name": "resource-id", "Values": [arn.rpartition("/")[2]]}]
            return _pairs(_client("ec2", settings.MOTO_URL).describe_tags(Filters=wanted)["Tags"])
        case "acm":
            return _pairs(
                _client("acm", settings.MOTO_URL, region).list_tags_for_certificate(CertificateArn=arn)["Tags"]
            )
        case "cognito-identity":
            pool = _client(service, settings.MINISTACK_URL).describe_identity_pool(
                IdentityPoolId=arn.rpartition("/")[2]
            )
            return pool.get("IdentityPoolTags", {})
        case "cognito-idp":
            return _client(service, settings.MINISTACK_URL).list_tags_for_resource(ResourceArn=arn)["Tags"]
        case "cloudfront" if ":distribution/" in arn:
            told = _client(service, settings.MINISTACK_URL).list_tags_for_resource(Resource=arn)
            return _pairs(told["Tags"]["Items"])
    return None


def tags_of(arn: str) -> dict[str, str] | None:
    """The tags of a resource; None where they are not looked up, or where its emulator shall say that there is none."""
    try:
        return _told_tags(arn)
    except ClientError:
        return None


def _pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _records(request: request_context.Asked, element: str) -> list[str]:
    """Of the records that a request changes."""
    found = re.findall(rf"<ResourceRecordSet>.*?<{element}>(.*?)</{element}>", request.text, re.DOTALL)
    return [value.lower().rstrip(".") if element == "Name" else value for value in found]


def _tag(tags: dict[str, str] | None, name: str) -> list[str] | None:
    return None if tags is None else [tags[name]] if name in tags else []


# What is known of a condition's key: by its part before the slash, from the request, its resource, and the part after.
KEYS: dict[str, Callable[[request_context.Asked, str, str], list[str] | None]] = {
    "aws:RequestTag": lambda request, _resource, tag: _tag(request.tags, tag),
    "aws:ResourceTag": lambda _request, resource, tag: _tag(tags_of(resource), tag),
    "ec2:CreateAction": lambda request, *_others: [request.operation],
    "iam:PassedToService": lambda request, *_others: PASSED_TO.get(request.operation),
    "iam:PolicyARN": lambda request, *_others: request.fields.get("PolicyArn"),
    "aws:SecureTransport": lambda request, *_others: [str(request.secure).lower()],
    "s3:delimiter": lambda request, *_others: request.fields.get("delimiter", []),
    "s3:prefix": lambda request, *_others: request.fields.get("prefix", []),
    "route53:ChangeResourceRecordSetsNormalizedRecordNames": lambda request, *_others: _records(request, "Name"),
    "route53:ChangeResourceRecordSetsRecordTypes": lambda request, *_others: _records(request, "Type"),
}


def context_of(request: request_context.Asked, resource: str) -> Context:
    """What conditions may ask of a request and its resource."""

    def value(key: str) -> list[str] | None:
        kind, _slash, tag = key.partition("/")
        return KEYS[kind](request, resource, tag) if kind in KEYS else None

    return value


# --- Who asks ----------------------------------------------------------------------------------------------------


@functools.cache
def role_of(key: str) -> str | None:
    """The role whose temporary credentials a key is part of."""
    scope = f"{key}/20260101/{settings.REGION}/sts/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"}
    asked_for = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    answer = httpx.get(settings.MOTO_URL, params=asked_for, headers=signed, trust_env=False)
    found = re.search(r":assumed-role/([^/]+)/", answer.text)
    return found[1] if found else None


@functools.lru_cache(maxsize=8)
def _policies(role: str, _moment: int) -> list[dict[str, Any]]:
    return list(instances.policies(role))


def policies_of(role: str) -> list[dict[str, Any]]:
    """What the role's policies say, as of a moment ago."""
    return _policies(role, int(time.monotonic() / CACHE_SECONDS))


def may(role: str, actions: tuple[str, ...]) -> bool:
    """Whether the role's policies allow all `actions` on every resource, and none denies one."""
    held = list(instances.policies(role))
    return all(allows(held, action, "*", lambda _key: None) for action in actions)


def refusal(role: str, request: request_context.Asked) -> str | None:
    """The action that the role lacks for a request, with the resource; None if it may."""
    action = playbook_policies.named(request.service, request.operation)
    if action in FREE:
        return None
    held = policies_of(role)
    for resource in request_context.resources(request):
        if not allows(held, action, resource, context_of(request, resource)):
            return f"{action} on {resource}"
    for needed in playbook_policies.implied(action):
        if not allows(held, needed, None, context_of(request, "*")):
            return f"{needed}, which {action} asks for"
    return None
