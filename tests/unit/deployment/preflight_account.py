"""An AWS account for the checks before the first write: what each operation answers, in a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import Fault, Look, Note, findings
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


def refusal(code: str, operation: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code}."}}, operation)


class Client:
    """A client of one service; knows only operations that boto3 has."""

    def __init__(self, service: str, answers: dict[str, Any], asked: list[str]) -> None:
        self._service, self._answers, self._asked = service, answers, asked

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self._asked.append(f"{self._service}.{operation}")
            found = self._answers.get(operation, {})
            answer = found(**request) if callable(found) else found
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def look_with(known: dict[str, Any], **answers: Any) -> tuple[Look, list[str]]:
    """Eyes on an account that answers so, and the list of what is asked."""
    asked: list[str] = []
    return Look(known, lambda service, region: Client(service, answers, asked)), asked


def sentences(checks: Iterable[Any], look: Look) -> tuple[list[str], list[str]]:
    """The faults and the notes of some checks."""
    found = [*findings(look, checks)]
    faults = [finding.sentence() for finding in found if isinstance(finding, Fault)]
    return faults, [finding.text for finding in found if isinstance(finding, Note)]
