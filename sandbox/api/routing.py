"""Parsing of AWS requests: credential scope, service and action."""

from __future__ import annotations

import dataclasses
import functools
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping

import botocore.loaders
import botocore.model

from sandbox import settings

# Services of ministack; all others are moto's.
MINISTACK = {"cloudfront", "cognito-idp", "cognito-identity"}
# Some Cognito calls are unsigned: they have only the name of the API.
UNSIGNED_TARGETS = {
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
}
# So is AssumeRoleWithWebIdentity: STS alone accepts unsigned forms.
UNSIGNED_FORM = "application/x-www-form-urlencoded"
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")


@dataclasses.dataclass(frozen=True)
class CredentialScope:
    """The credential scope of a request."""

    key: str
    region: str
    service: str


def credential_scope(headers: Mapping[str, str], query: Mapping[str, str]) -> CredentialScope:
    """Access key, region and service of a request; an unsigned one of no other API is for S3."""
    signed = headers.get("authorization") or f"Credential={query.get('X-Amz-Credential', '')}"
    if match := _CREDENTIAL.search(signed):
        return CredentialScope(*match.groups())
    # Signature version 2 of presigned URLs, which S3 still accepts and boto3 still makes.
    if key := query.get("AWSAccessKeyId"):
        return CredentialScope(key, settings.REGION, "s3")
    if headers.get("content-type", "").startswith(UNSIGNED_FORM):
        return CredentialScope("", settings.REGION, "sts")
    api = headers.get("x-amz-target", "").partition(".")[0]
    return CredentialScope("", settings.REGION, UNSIGNED_TARGETS.get(api, "s3"))


def emulator_url(service: str) -> str:
    """The URL of the emulator for `service`."""
    return settings.MINISTACK_URL if service in MINISTACK else settings.MOTO_URL


@dataclasses.dataclass(frozen=True)
class RestOperation:
    """One operation of a REST service: how its request looks."""

    name: str
    method: str
    path: re.Pattern[str]
    names: frozenset[str]
    weight: tuple[int, int]

    def matches(self, method: str, path: str, names: set[str]) -> bool:
        """Whether a request with these names in its query and headers is of this operation."""
        return method == self.method and self.names <= names and bool(self.path.fullmatch(path))


def _path_pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/"))
    found = "".join(
        re.escape(part) if not part.startswith("{") else (".+" if part.endswith("+}") else "[^/]+") for part in parts
    )
    return re.compile(f"{found}/?")


def _required_names(operation: botocore.model.OperationModel) -> Iterator[str]:
    """Required parameters in query string and headers: they distinguish operations of one path."""
    yield from (part.partition("=")[0] for part in operation.http["requestUri"].partition("?")[2].split("&") if part)
    shape = operation.input_shape
    for member in shape.required_members if shape else ():
        place = shape.members[member].serialization
        if place.get("location") in ("querystring", "header"):
            yield place["name"]


def _rest_operation(operation: botocore.model.OperationModel) -> RestOperation:
    path = operation.http["requestUri"].partition("?")[0]
    names = frozenset(_required_names(operation))
    literal = len(re.sub(r"\{[^}]+\}", "", path))
    return RestOperation(operation.name, operation.http["method"], _path_pattern(path), names, (len(names), literal))


@functools.cache
def _operations(service: str) -> tuple[RestOperation, ...]:
    """The operations of a REST service by botocore's model, the most particular first; none for other protocols."""
    # Models of its own: boto3's S3 client takes the bucket out of the paths of the models that it shares.
    loader = botocore.loaders.create_loader()
    if service not in loader.list_available_services("service-2"):
        return ()
    model = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)
    if not model.metadata["protocol"].startswith("rest"):
        return ()
    found = map(_rest_operation, map(model.operation_model, model.operation_names))
    return tuple(sorted(found, key=lambda rest: rest.weight, reverse=True))


def rest_action(service: str, method: str, path: str, names: Iterable[str]) -> str:
    """The name of a REST request's operation; the method and path where the model doesn't know it."""
    present = set(names)
    operations = _operations(service)
    return next((rest.name for rest in operations if rest.matches(method, path, present)), f"{method} {path}")


def action(service: str, method: str, url: urllib.parse.SplitResult, headers: Mapping[str, str], body: bytes) -> str:
    """The operation of a request."""
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    form = dict(urllib.parse.parse_qsl(body.decode(errors="replace"))) if body.startswith(b"Action=") else {}
    named = form.get("Action") or query.get("Action")
    return named or rest_action(service, method, url.path, [*query, *headers])
