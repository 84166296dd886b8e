"""An error response, as boto reads it."""

from __future__ import annotations

import boto3
import botocore.parsers
from starlette.responses import Response

from sandbox.iam import error_response


def boto_error(service: str, answer: Response) -> dict[str, str]:
    """Code and message of an error of a service, which has the name that signatures have."""
    name = error_response.MODELS.get(service, service)
    model = boto3.Session(region_name="us-east-1").client(name).meta.service_model
    told = {"headers": dict(answer.headers), "body": answer.body, "status_code": answer.status_code}
    any_operation = model.operation_model(model.operation_names[0])
    return botocore.parsers.create_parser(model.metadata["protocol"]).parse(told, any_operation.output_shape)["Error"]
