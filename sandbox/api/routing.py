"""Reading an AWS request: which service it is for, who signed it, and which action it asks for."""

from __future__ import annotations

import dataclasses
import functools
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping

import botocore.loaders
import botocore.model

from sandbox import settings

# What moto can't do; everything else is moto's (README.md says why).
MINISTACK = {"cloudfront", "cognito-idp", "cognito-identity"}
# Some Cognito calls are made by people who have no AWS credentials: they carry only the name of the API.
UNSIGNED_TARGETS = {
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
}
# So do those who have a token instead: STS alone takes unsigned forms.
UNSIGNED_FORM = "application/x-www-form-urlencoded"
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")


@dataclasses.dataclass(frozen=True)
class Signer:
    """The credential scope of a request."""

    key: str
    region: str
    service: str


def signer(headers: Mapping[str, str], query: Mapping[str, str]) -> Signer:
    """Who signed the request, for which region and service; an unsigned one of no other API goes to S3."""
    signed = headers.get("authorization") or f"Credential={query.get('X-Amz-Credential', '')}"
    if match := _CREDENTIAL.search(signed):
        return Signer(*match.groups())
    # The older form of signed addresses, which S3 still takes and boto3 still makes.
    if key := query.get("AWSAccessKeyId"):
        return Signer(key, settings.REGION, "s3")
    if headers.get("content-type", "").startswith(UNSIGNED_FORM):
        return Signer("", settings.REGION, "sts")
    api = headers.get("x-amz-target", "").partition(".")[0]
    return Signer("", settings.REGION, UNSIGNED_TARGETS.get(api, "s3"))


def emulator(service: str) -> str:
    """The address of the emulator that plays `service`."""
    return settings.MINISTACK_URL if service in MINISTACK else settings.MOTO_URL


@dataclasses.dataclass(frozen=True)
class Rest:
    """One operation of a REST service: how its request looks."""

    name: str
    method: str
    path: re.Pattern[str]
    names: frozenset[str]
    weight: tuple[int, int]

    def fits(self, method: str, path: str, names: set[str]) -> bool:
        """Whether a request with these names in its query and headers is of this operation."""
        return method == self.method and self.names <= names and bool(self.path.fullmatch(path))


def _path_pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/"))
    found = "".join(
        re.escape(part) if not part.startswith("{") else (".+" if part.endswith("+}") else "[^/]+") for part in parts
    )
    return re.compile(f"{found}/?")


def _required_names(operation: botocore.model.OperationModel) -> Iterator[str]:
    """What must be in the query string or the headers: it tells apart operations of one path."""
    yield from (part.partition("=")[0] for part in operation.http["requestUri"].partition("?")[2].split("&") if part)
    shape = operation.input_shape
    for member in shape.required_members if shape else ():
        place = shape.members[member].serialization
        if place.get("location") in ("querystring", "header"):
            yield place["name"]


def _rest(operation: botocore.model.OperationModel) -> Rest:
    path = operation.http["requestUri"].partition("?")[0]
    names = frozenset(_required_names(operation))
    literal = len(re.sub(r"\{[^}]+\}", "", path))
    return Rest(operation.name, operation.http["method"], _path_pattern(path), names, (len(names), literal))


@functools.cache
def _operations(service: str) -> tuple[Rest, ...]:
    """The operations of a REST service by botocore's model, the most particular first; none for other protocols."""
    # Models of its own: boto3's S3 client takes the bucket out of the paths of the models that it shares.
    loader = botocore.loaders.create_loader()
    if service not in loader.list_available_services("service-2"):
        return ()
    model = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)
    if not model.metadata["protocol"].startswith("rest"):
        return ()
    found = map(_rest, map(model.operation_model, model.operation_names))
    return tuple(sorted(found, key=lambda rest: rest.weight, reverse=True))


def rest_action(service: str, method: str, path: str, names: Iterable[str]) -> str:
    """The name of a REST request's operation; the method and path where the model doesn't know it."""
    present = set(names)
    operations = _operations(service)
    return next((rest.name for rest in operations if rest.fits(method, path, present)), f"{method} {path}")


def action(service: str, method: str, url: urllib.parse.SplitResult, headers: Mapping[str, str], body: bytes) -> str:
    """The operation that a request asks for."""
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    form = dict(urllib.parse.parse_qsl(body.decode(errors="replace"))) if body.startswith(b"Action=") else {}
    named = form.get("Action") or query.get("Action")
    return named or rest_action(service, method, url.path, [*query, *headers])
