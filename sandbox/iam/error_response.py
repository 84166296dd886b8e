"""Errors of the AWS API, in the format of each service."""

from __future__ import annotations

import functools
import html

import botocore.loaders
from starlette.responses import JSONResponse, Response

# The name under which botocore knows a service, where it is not the one in signatures.
MODELS = {"elasticloadbalancing": "elbv2", "servicequotas": "service-quotas", "tagging": "resourcegroupstaggingapi"}


@functools.cache
def _protocol(service: str) -> str:
    model = botocore.loaders.create_loader().load_service_model(MODELS.get(service, service), "service-2")
    return model["metadata"]["protocol"]


def error(service: str, code: str, message: str, status: int = 400) -> Response:
    """The error response of a service."""
    inner = f"<Error><Code>{code}</Code><Message>{html.escape(message)}</Message></Error>"
    match _protocol(service):
        case "json":
            told = {"__type": code, "message": message}
            return JSONResponse(told, 400, media_type="application/x-amz-json-1.1")
        case "rest-json":
            return JSONResponse({"Message": message}, status, {"x-amzn-errortype": code})
        case "ec2":
            whole = f"<Response><Errors>{inner}</Errors></Response>"
        case _:
            whole = inner if service == "s3" else f"<ErrorResponse>{inner}</ErrorResponse>"
    return Response(whole, status, media_type="text/xml")


# Code and status for a key that nobody has, where they are not InvalidClientTokenId and 403.
UNKNOWN_KEY = {
    "json": ("UnrecognizedClientException", 400),
    "rest-json": ("UnrecognizedClientException", 403),
    "ec2": ("AuthFailure", 401),
    "s3": ("InvalidAccessKeyId", 403),
}


def unknown_key(service: str) -> Response:
    kind = service if service == "s3" else _protocol(service)
    code, status = UNKNOWN_KEY.get(kind, ("InvalidClientTokenId", 403))
    return error(service, code, "The security token included in the request is invalid.", status)


# Where it is not AccessDenied.
DENIALS = {"json": "AccessDeniedException", "rest-json": "AccessDeniedException", "ec2": "UnauthorizedOperation"}


def access_denied(service: str, missing: str) -> Response:
    code = DENIALS.get(_protocol(service), "AccessDenied")
    return error(service, code, f"The caller is not authorized to perform: {missing}", 403)
