"""Whether a role may do what a request asks for: its policies, read as IAM reads them.

Each action must be allowed for each resource, and none denied. What AWS asks for besides the call itself stands in
docs/permissions.yml and is asked for here too, of whatever resource. Conditions are read whose keys are known below;
others are passed over.
"""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
from botocore.exceptions import ClientError

from sandbox import asked, instances, permissions, settings

# How long a role may go on with what it was allowed.
CACHE_SECONDS = 1
PASSED_TO = {"RunInstances": ["ec2.amazonaws.com"], "CreateFunction": ["lambda.amazonaws.com"]}
# Nobody needs a right for it (IAM API Reference, "GetCallerIdentity").
FREE = {"sts:GetCallerIdentity"}


def matches(pattern: str, value: str) -> bool:
    """Whether a pattern of a policy (`*`, `?`) is for a value."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return bool(re.fullmatch(expression, value, re.DOTALL))


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _names(statement: dict[str, Any], action: str) -> bool:
    listed = _several(statement.get("Action", statement.get("NotAction")))
    found = any(matches(pattern.lower(), action.lower()) for pattern in listed)
    return found == ("Action" in statement)


def _covers(statement: dict[str, Any], resource: str | None) -> bool:
    if resource is None:
        return True
    listed = _several(statement.get("Resource", statement.get("NotResource")))
    return any(matches(pattern, resource) for pattern in listed) == ("Resource" in statement)


Context = Callable[[str], "list[str] | None"]


def _holds(operator: str, wanted: list[str], given: list[str] | None) -> bool:
    """One condition; `given` None means that nothing is known of its key here."""
    if given is None or not re.fullmatch(r"(ForAllValues:)?(StringEquals|StringLike|ArnEquals|ArnLike)", operator):
        return True
    fits = [any(matches(pattern, value) for pattern in wanted) for value in given]
    return all(fits) if operator.startswith("ForAll") else any(fits)


def _met(statement: dict[str, Any], context: Context) -> bool:
    conditions = statement.get("Condition", {})
    return all(
        _holds(operator, _several(wanted), context(key))
        for operator, tests in conditions.items()
        for key, wanted in tests.items()
    )


def allows(policies: list[dict[str, Any]], action: str, resource: str | None, context: Context) -> bool:
    """Whether the policies together allow an action; `resource` None is one of which nothing is known."""
    listed = [each for policy in policies for each in _listed(policy) if _names(each, action)]
    effects = {each["Effect"] for each in listed if _covers(each, resource) and _met(each, context)}
    return effects == {"Allow"}


def _listed(policy: dict[str, Any]) -> list[dict[str, Any]]:
    held = policy["Statement"]
    return [held] if isinstance(held, dict) else held


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


def _records(request: asked.Asked, element: str) -> list[str]:
    """Of the records that a request changes."""
    found = re.findall(rf"<ResourceRecordSet>.*?<{element}>(.*?)</{element}>", request.text, re.DOTALL)
    return [value.lower().rstrip(".") if element == "Name" else value for value in found]


def _tag(tags: dict[str, str] | None, name: str) -> list[str] | None:
    return None if tags is None else [tags[name]] if name in tags else []


# What is known of a condition's key: by its part before the slash, from the request, its resource, and the part after.
KEYS: dict[str, Callable[[asked.Asked, str, str], list[str] | None]] = {
    "aws:RequestTag": lambda request, _resource, tag: _tag(request.tags, tag),
    "aws:ResourceTag": lambda _request, resource, tag: _tag(tags_of(resource), tag),
    "ec2:CreateAction": lambda request, *_others: [request.operation],
    "iam:PassedToService": lambda request, *_others: PASSED_TO.get(request.operation),
    "iam:PolicyARN": lambda request, *_others: request.fields.get("PolicyArn"),
    "route53:ChangeResourceRecordSetsNormalizedRecordNames": lambda request, *_others: _records(request, "Name"),
    "route53:ChangeResourceRecordSetsRecordTypes": lambda request, *_others: _records(request, "Type"),
}


def context_of(request: asked.Asked, resource: str) -> Context:
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


def refusal(role: str, request: asked.Asked) -> str | None:
    """The action that the role lacks for a request, with the resource; None if it may."""
    action = permissions.named(request.service, request.operation)
    if action in FREE:
        return None
    held = policies_of(role)
    for resource in asked.resources(request):
        if not allows(held, action, resource, context_of(request, resource)):
            return f"{action} on {resource}"
    for needed in permissions.implied(action):
        if not allows(held, needed, None, context_of(request, "*")):
            return f"{needed}, which {action} asks for"
    return None
