"""Requests and answers against botocore's models of the services."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

CLASSES = {  # of Java's patterns, near enough in Python's
    r"\p{L}": r"\w",
    r"\p{M}": "",
    r"\p{N}": r"\d",
    r"\p{S}": r"$+<=>^`|~",
    r"\p{P}": r"!-/:-@\[-`{-~",
    r"\p{Z}": " ",
}
COMMON = {
    *("Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown", "RequestLimitExceeded"),
    *("ServiceUnavailable", "InternalErrorException", "InternalFailure", "InternalError", "ValidationException"),
}
# Patterns that AWS publishes and can't mean: custom domains have dots.
WRONG = {"DomainType"}


class Refusal(Exception):  # noqa: N818  (AWS's word for it is exception too)
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message

    def as_botocore_raises(self, client: Any, model: Any) -> ClientError:
        told = {shape.error_code for shape in model.error_shapes} | COMMON
        # S3's model leaves most of its errors out.
        assert self.code in told or model.service_model.service_name == "s3", f"{model.name} knows no {self.code}"
        error = {"Error": {"Code": self.code, "Message": self.message}}
        return client.exceptions.from_code(self.code)(error, model.name)


def judge_request(request: dict[str, Any], model: Any) -> None:
    report = ParamValidator().validate(request, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    if faults := list(beyond(request, model.input_shape, "")):
        raise Refusal("ValidationException", f"{len(faults)} validation error detected: {'; '.join(faults)}")


def judge_answer(answer: dict[str, Any], model: Any) -> None:
    if model.output_shape is None:
        assert answer == {}, f"{model.name} answers nothing"
        return
    report = ParamValidator().validate(answer, model.output_shape)
    assert not report.has_errors(), f"{model.name} can't answer so: {report.generate_report()}"


def beyond(value: Any, shape: Any, path: str) -> Iterator[str]:
    """What a service judges itself, beyond what botocore judges before it sends."""
    if shape.type_name == "structure":
        for key, item in value.items():
            yield from beyond(item, shape.members[key], f"{path}.{key}")
    elif shape.type_name == "list":
        yield from (fault for item in value for fault in beyond(item, shape.member, f"{path}[]"))
    elif shape.type_name == "string" and value is not None:
        yield from misspelt(value, shape, path)
    if shape.type_name in ("string", "list") and len(value) > shape.metadata.get("max", len(value)):
        yield f"{path} is too long"
    if shape.type_name in ("integer", "long") and value > shape.metadata.get("max", value):
        yield f"{path} is too large"


def misspelt(value: str, shape: Any, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{path} is none of {shape.enum}"
    if shape.name in WRONG:
        return
    if "pattern" in shape.metadata and not compiled(shape.metadata["pattern"]).fullmatch(value):
        yield f"{path} is not like {shape.metadata['pattern']}"


@functools.cache
def compiled(pattern: str) -> re.Pattern:
    for java, python in CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)
