"""Access denied, in the error format of each AWS service."""

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


def response(service: str, missing: str) -> Response:
    """The error response of a service."""
    message = f"The caller is not authorized to perform: {missing}"
    plain = html.escape(message)
    match _protocol(service):
        case "json":
            error = {"__type": "AccessDeniedException", "message": message}
            return JSONResponse(error, 400, media_type="application/x-amz-json-1.1")
        case "rest-json":
            return JSONResponse({"Message": message}, 403, {"x-amzn-errortype": "AccessDeniedException"})
        case "ec2":
            error = f"<Error><Code>UnauthorizedOperation</Code><Message>{plain}</Message></Error>"
            return Response(f"<Response><Errors>{error}</Errors></Response>", 403, media_type="text/xml")
    error = f"<Error><Code>AccessDenied</Code><Message>{plain}</Message></Error>"
    whole = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    return Response(whole, 403, media_type="text/xml")
