"""Authorization of requests by the policies of the caller's role, as IAM evaluates them.

The action must be allowed for each resource, and not denied for any. Dependent actions are in meta/iam/permissions.yml
(`implied`) and are required too, on any resource. Conditions with keys other than those below are ignored, and a Deny
with such a condition is left out.
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

from aws_edge.account.iam_policies import permits
from sandbox import settings
from sandbox.compute import instances
from sandbox.iam import request_context
from tools import iam_policies
from tools.iam_policies import Statement

# How long a changed policy may take to have effect.
CACHE_SECONDS = 1
PASSED_TO_SERVICE = {
    "CreateFunction": ["lambda.amazonaws.com"],
    "RunInstances": ["ec2.amazonaws.com"],
    "SetIdentityPoolRoles": ["cognito-identity.amazonaws.com"],
}
# IAM API Reference, "GetCallerIdentity".
NO_PERMISSION_NEEDED = {"sts:GetCallerIdentity"}
# The values of a condition key in a request; None for an unsupported key.
Context = Callable[[str], "list[str] | None"]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _conditions(statement: Statement) -> list[tuple[str, str, Any]]:
    conditions = statement.get("Condition", {})
    return [(operator, key, wanted) for operator, tests in conditions.items() for key, wanted in tests.items()]


def _known_conditions_only(statement: Statement, known: set[str], resource: str | None) -> Statement | None:
    """The statement without conditions on unsupported keys; None for a Deny with one."""
    conditions: dict[str, dict[str, Any]] = defaultdict(dict)
    for operator, key, wanted in _conditions(statement):
        if key in known:
            conditions[operator][key] = wanted
        elif statement["Effect"] == "Deny":
            return None
    readable = {**statement, "Condition": dict(conditions)}
    if resource is None:
        readable.pop("NotResource", None)
        readable["Resource"] = "*"
    return readable


def allows(documents: list[dict[str, Any]], action: str, resource: str | None, context: Context) -> bool:
    """Whether the policies together allow an action; `resource` None matches any."""
    listed = [each for document in documents for each in _as_list(document["Statement"])]
    keys = {key for each in listed for _operator, key, _wanted in _conditions(each)}
    known = {key: value for key in keys if (value := context(key)) is not None}
    readable = [each for one in listed if (each := _known_conditions_only(one, set(known), resource))]
    values = {key.lower(): value[0] if len(value) == 1 else tuple(value) for key, value in known.items() if value}
    return permits([{"Statement": readable}], values, action, resource or "*")


# --- The request -------------------------------------------------------------------------------------------------


_lock = threading.Lock()


@functools.cache
def _cached_client(service: str, url: str, region: str) -> Any:
    return settings.client(service, url, region)


def _client(service: str, url: str, region: str = settings.REGION) -> Any:
    """A client of an emulator; creating clients is not thread-safe in boto3."""
    with _lock:
        return _cached_client(service, url, region)


def _lookup_tags(arn: str) -> dict[str, str] | None:
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
            tags = _client(service, settings.MINISTACK_URL).list_tags_for_resource(Resource=arn)
            return _pairs(tags["Tags"]["Items"])
    return None


def tags_of(arn: str) -> dict[str, str] | None:
    """The tags of a resource; None if unsupported, or if the resource does not exist."""
    try:
        return _lookup_tags(arn)
    except ClientError:
        return None


def _pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _records(request: request_context.RequestContext, element: str) -> list[str]:
    """An element of the record sets in ChangeResourceRecordSets."""
    found = re.findall(rf"<ResourceRecordSet>.*?<{element}>(.*?)</{element}>", request.text, re.DOTALL)
    return [value.lower().rstrip(".") if element == "Name" else value for value in found]


def _tag(tags: dict[str, str] | None, name: str) -> list[str] | None:
    return None if tags is None else [tags[name]] if name in tags else []


# Values of condition keys: by the part before the slash, from the request, its resource, and the part after.
KEYS: dict[str, Callable[[request_context.RequestContext, str, str], list[str] | None]] = {
    "aws:RequestTag": lambda request, _resource, tag: _tag(request.tags, tag),
    "aws:ResourceTag": lambda _request, resource, tag: _tag(tags_of(resource), tag),
    "ec2:CreateAction": lambda request, *_others: [request.operation],
    "iam:PassedToService": lambda request, *_others: PASSED_TO_SERVICE.get(request.operation),
    "iam:PolicyARN": lambda request, *_others: request.fields.get("PolicyArn"),
    "aws:SecureTransport": lambda request, *_others: [str(request.secure).lower()],
    "s3:delimiter": lambda request, *_others: request.fields.get("delimiter", []),
    "s3:prefix": lambda request, *_others: request.fields.get("prefix", []),
    "route53:ChangeResourceRecordSetsNormalizedRecordNames": lambda request, *_others: _records(request, "Name"),
    "route53:ChangeResourceRecordSetsRecordTypes": lambda request, *_others: _records(request, "Type"),
}


def condition_context(request: request_context.RequestContext, resource: str) -> Context:
    """The condition keys of a request and its resource."""

    def value(key: str) -> list[str] | None:
        kind, _slash, tag = key.partition("/")
        return KEYS[kind](request, resource, tag) if kind in KEYS else None

    return value


# --- The caller --------------------------------------------------------------------------------------------------


@functools.cache
def role_of_access_key(key: str) -> str | None:
    """The role of temporary credentials."""
    scope = f"{key}/20260101/{settings.REGION}/sts/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"}
    parameters = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    answer = httpx.get(settings.MOTO_URL, params=parameters, headers=signed, trust_env=False)
    found = re.search(r":assumed-role/([^/]+)/", answer.text)
    return found[1] if found else None


@functools.lru_cache(maxsize=8)
def _cached_policies(role: str, _moment: int) -> list[dict[str, Any]]:
    return list(instances.role_policies(role))


def role_policies(role: str) -> list[dict[str, Any]]:
    """The role's policies, at most a second old."""
    return _cached_policies(role, int(time.monotonic() / CACHE_SECONDS))


def allows_all(role: str, actions: tuple[str, ...]) -> bool:
    """Whether the role's policies allow all `actions` on every resource."""
    documents = list(instances.role_policies(role))
    return all(allows(documents, action, "*", lambda _key: None) for action in actions)


def missing_permission(role: str, request: request_context.RequestContext) -> str | None:
    """The permission that the role lacks for a request, with the resource; None if it is allowed."""
    action = iam_policies.named(request.service, request.operation)
    if action in NO_PERMISSION_NEEDED:
        return None
    documents = role_policies(role)
    for resource in request_context.resources(request):
        if not allows(documents, action, resource, condition_context(request, resource)):
            return f"{action} on {resource}"
    for needed in iam_policies.implied(action):
        if not allows(documents, needed, None, condition_context(request, "*")):
            return f"{needed}, which {action} depends on"
    return None
