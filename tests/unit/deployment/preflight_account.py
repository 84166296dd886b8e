"""An AWS account for the checks before the first write: what each operation answers, in a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks import report
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, run
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.names import names
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
FOUND = {
    name for build in BUILDS.values() for part in build.preflight for check in part.CHECKS for name in check.provides
}


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


def context_with(known: dict[str, Any], **answers: Any) -> tuple[Context, list[str]]:
    """The context of checks in an account that answers so, and the list of what is asked.

    What is known is given, or found by checks that are not run.
    """
    asked: list[str] = []
    inputs = {name: known[name] for name in known if name not in FOUND}
    project = known.get("project", "")
    context = Context(
        inputs, lambda service, region: Client(service, answers, asked), names(project) if project else {}
    )
    context.provide(**{name: known[name] for name in known if name in FOUND})
    return context, asked


def sentences(checks: Iterable[Any], context: Context) -> tuple[list[str], list[str]]:
    """The faults and the notes of some checks."""
    outcomes = run({"": checks}, context)
    return [problem["message"] for problem in report.problems(outcomes)], report.notes(outcomes)
