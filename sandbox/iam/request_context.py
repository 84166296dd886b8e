"""The request context for policy evaluation: resource ARNs, request tags, fields for condition keys.

Only for operations whose permission meta/iam/permissions.yml limits to resources. The resource of any other operation
is `*`, which only a statement for all resources allows: so a statement with resources may need a line here.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox import settings

# The resource ARN by request field; the first field present counts.
FIELDS: dict[str, list[tuple[str, str]]] = {
    "acm": [("CertificateArn", "{}")],
    "cloudfront": [("Resource", "{}"), ("DistributionId", "arn:aws:cloudfront::{account}:distribution/{}")],
    "cognito-identity": [
        ("IdentityPoolId", "arn:aws:cognito-identity:{region}:{account}:identitypool/{}"),
        ("ResourceArn", "{}"),
    ],
    "cognito-idp": [("UserPoolId", "arn:aws:cognito-idp:{region}:{account}:userpool/{}"), ("ResourceArn", "{}")],
    "elasticloadbalancing": [
        *[(name, "{}") for name in ("RuleArn", "ListenerArn", "LoadBalancerArn", "TargetGroupArn", "ResourceArns")],
        ("RulePriorities.RuleArn", "{}"),
    ],
    "iam": [
        ("InstanceProfileName", "arn:aws:iam::{account}:instance-profile/{}"),
        ("RoleName", "arn:aws:iam::{account}:role/{}"),
        ("PolicyArn", "{}"),
    ],
    "logs": [("logGroupName", "arn:aws:logs:{region}:{account}:log-group:{}"), ("resourceArn", "{}")],
    "sns": [("TopicArn", "{}"), ("ResourceArn", "{}")],
    "ssm": [
        *[(name, "arn:aws:ssm:{region}:{account}:parameter/{}") for name in ("Names", "Name", "Path", "ResourceId")],
        ("SessionId", "arn:aws:ssm:{region}:{account}:session/{}"),
    ],
}
# The resource ARN by request path.
PATHS: dict[str, list[tuple[str, str]]] = {
    "cloudfront": [
        (
            r"/[\d-]+/(distribution|origin-access-control|response-headers-policy)/(\w+)",
            "arn:aws:cloudfront::{account}:{}/{}",
        )
    ],
    "lambda": [
        (r"/[\d-]+/functions/([^/]+)", "arn:aws:lambda:{region}:{account}:function:{}"),
        (r"/[\d-]+/tags/(.+)", "{}"),
    ],
    "route53": [(r"/[\d-]+/(hostedzone|change)/(\w+)", "arn:aws:route53:::{}/{}")],
    "s3": [(r"/(.+?)/?$", "arn:aws:s3:::{}")],  # a bucket, or one of its objects
}
# Resources that the operation creates: their id is not known yet.
CREATED: dict[str, list[str]] = {
    "ec2:CreateSecurityGroup": ["arn:aws:ec2:{region}:{account}:security-group/new"],
    "ec2:RunInstances": [
        f"arn:aws:ec2:{{region}}:{{account}}:{kind}/new" for kind in ("instance", "network-interface", "volume")
    ],
    "elasticloadbalancing:CreateLoadBalancer": [
        "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{Name}/new"
    ],
    "elasticloadbalancing:CreateTargetGroup": [
        "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{Name}/new"
    ],
    "lambda:CreateFunction": ["arn:aws:lambda:{region}:{account}:function:{FunctionName}"],
    "sns:CreateTopic": ["arn:aws:sns:{region}:{account}:{Name}"],
    "ssm:GetDocument": ["arn:aws:ssm:{region}:{account}:document/{Name}"],
    "ssm:StartSession": [
        "arn:aws:ec2:{region}:{account}:instance/{Target}",
        "arn:aws:ssm:{region}:{account}:document/{DocumentName}",
    ],
}
# The document of a session that names none (Systems Manager User Guide, "Start a default shell session").
DEFAULTS = {"DocumentName": "SSM-SessionManagerRunShell"}
# Operations without resource-level permissions.
WITHOUT_RESOURCES = re.compile(
    r"(ec2:Describe(?!InstanceAttribute)|elasticloadbalancing:Describe|acm:List(?!Tags)|cognito-identity:Set).*"
)
EC2_ARN = {
    "ami": "arn:aws:ec2:{region}::image/{}",
    **{
        prefix: f"arn:aws:ec2:{{region}}:{{account}}:{kind}/{{}}"
        for prefix, kind in {
            "eni": "network-interface",
            "i": "instance",
            "sg": "security-group",
            "subnet": "subnet",
            "vol": "volume",
            "vpc": "vpc",
        }.items()
    },
}


@dataclass(frozen=True)
class RequestContext:
    """One parsed request."""

    service: str
    operation: str
    region: str
    path: str
    fields: dict[str, list[str]]
    tags: dict[str, str]
    text: str
    # Whether it came by TLS.
    secure: bool = False

    def expand(self, arn: str, *values: str) -> str:
        """An ARN with its placeholders filled in."""
        single = {name: found[0] for name, found in self.fields.items()}
        return arn.format(*values, **{**DEFAULTS, **single, "region": self.region, "account": settings.ACCOUNT})


def _pairs(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a JSON document with its place, without positions in lists."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _pairs(value, f"{name}.{key}" if name else key)
    elif isinstance(node, list):
        for value in node:
            yield from _pairs(value, name)
    else:
        yield name, str(node)


def _form(text: str) -> Iterator[tuple[str, str]]:
    """The fields of a form; positions in lists are numbers in their names."""
    for name, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        yield re.sub(r"\.(member|\d+)(?=\.|$)", "", name), value


def _fields(query: str, text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    pairs = _pairs(json.loads(text)) if text.startswith("{") else _form(text) if text.startswith("Action=") else ()
    for name, value in (*_form(query), *pairs):
        found[name].append(value)
    return dict(found)


def _tags(fields: dict[str, list[str]], text: str) -> dict[str, str]:
    """Request tags: as XML, as a map, or as lists of keys and values."""
    found = dict(re.findall(r"<Tag><Key>(.*?)</Key><Value>(.*?)</Value></Tag>", text))
    found |= {
        name.split(".")[1]: values[0]
        for name, values in fields.items()
        if re.match(r"((UserPool|IdentityPool)?T|t)ags\.", name)
    }
    for place in ("TagSpecification.Tag", "TagSpecifications.Tag", "Tag", "Tags"):
        keys, values = fields.get(f"{place}.Key", []), fields.get(f"{place}.Value", [])
        found |= dict(zip(keys, values, strict=False))
    return found


def parse(service: str, operation: str, region: str, url: urllib.parse.SplitResult, body: bytes) -> RequestContext:
    """The context of a request."""
    text = body.decode(errors="replace")
    fields = _fields(url.query, text)
    return RequestContext(service, operation, region, urllib.parse.unquote(url.path), fields, _tags(fields, text), text)


def _arns_from_ids(request: RequestContext) -> list[str]:
    """EC2's resources by id; groups in a rule are not resources of the operation."""
    ids = {value for name, values in request.fields.items() if not name.startswith("IpPermissions") for value in values}
    return [
        request.expand(EC2_ARN[prefix], each)
        for each in sorted(ids)
        if (prefix := each.partition("-")[0]) in EC2_ARN and re.fullmatch(r"[a-z]+-[0-9a-z]+", each)
    ]


def _arns_from_fields(request: RequestContext) -> list[str]:
    for name, arn in FIELDS.get(request.service, []):
        if values := request.fields.get(name):
            # In the ARN of a parameter its path follows right away (Service Authorization Reference, Systems Manager).
            return [request.expand(arn, value.removeprefix("/") if "parameter" in arn else value) for value in values]
    return []


def _arns_from_path(request: RequestContext) -> list[str]:
    # A version of a function is a resource of its own, which the function's ARN does not cover (Lambda Developer Guide,
    # "Fine-tuning the Resources and Conditions sections of policies").
    version = "".join(f":{name}" for name in request.fields.get("Qualifier", []))
    for pattern, arn in PATHS.get(request.service, []):
        if found := re.match(pattern, request.path):
            return [request.expand(arn, *found.groups()) + version]
    return []


def resources(request: RequestContext) -> list[str]:
    """The resource ARNs of a request; `*` if it has none."""
    name = f"{request.service}:{request.operation}"
    if WITHOUT_RESOURCES.fullmatch(name):
        return ["*"]
    created = [request.expand(arn) for arn in CREATED.get(name, [])]
    if request.service == "ec2":
        return [*created, *_arns_from_ids(request)] or ["*"]
    if name == "s3:DeleteObjects":  # their keys are in the body
        return [request.expand("arn:aws:s3:::{}/*", request.path.strip("/"))]
    return created or _arns_from_fields(request) or _arns_from_path(request) or ["*"]
