# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS, to read from. PRIVATE to this collection."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import (
    DENIED,
    AccessDeniedError,
    BotoCoreError,
    ClientError,
    error_code,
    permission,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import BUSY

# There may be many to ask for, such as the distributions of an account, of which a list tells too little.
_patient = AWSRetry.jittered_backoff(catch_extra_error_codes=BUSY)


class AwsReader:
    """Calls that only read. AWS is asked each question once, until `forget`; by several threads, too."""

    def __init__(self, client: Callable[..., Any], region: str = "") -> None:
        self._make_client, self._region = client, region or "us-east-1"
        self._clients: dict[tuple[str, str], Any] = {}
        self._answers: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()

    def client(self, service: str, region: str = "") -> Any:
        key = service, region or self._region
        # boto3's clients can be shared by threads; the session that makes them can't.
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make_client(service, region=key[1])
            return self._clients[key]

    def call(self, service: str, operation: str, region: str = "", **request: Any) -> dict[str, Any]:
        question = json.dumps([service, operation, region, request], sort_keys=True)
        return self.once(question, lambda: self._call(service, operation, region, request))

    def _call(self, service: str, operation: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        ask = _patient(getattr(self.client(service, region), operation))
        try:
            return ask(**request)
        except ClientError as error:
            if error_code(error) in DENIED:
                raise AccessDeniedError(permission(service, operation)) from error
            raise

    def call_or_none(
        self, ignore: Iterable[str], service: str, operation: str, **request: Any
    ) -> dict[str, Any] | None:
        """What AWS answers; None if it answers with one of these error codes."""
        try:
            return self.call(service, operation, **request)
        except ClientError as error:
            if error_code(error) in ignore:
                return None
            raise

    def pages(self, service: str, operation: str, path: str, **request: Any) -> list[Any]:
        """The items of all pages, whatever the service calls its markers; `path` leads to them in an answer."""
        items: list[Any] = []
        marker: dict[str, Any] = {}
        while True:
            page = self.call(service, operation, **request, **marker)
            *envelope, key = path.split(".")
            for name in envelope:
                page = page[name]
            items += page.get(key) or []
            marker = _next(page)
            if not marker:
                return items

    def once(self, question: str, answer: Callable[[], Any]) -> Any:
        """What `answer` returned when this was asked first; what it raises is not kept."""
        with self._lock:
            asked = self._answers.get(question)
            mine = asked is None
            if mine:
                asked = self._answers[question] = Future()
        if mine:
            self._answer(question, asked, answer)
        return asked.result()

    def _answer(self, question: str, asked: Future[Any], answer: Callable[[], Any]) -> None:
        try:
            asked.set_result(answer())
        except BaseException as error:
            self._answers.pop(question, None)
            asked.set_exception(error)

    def forget(self) -> None:
        self._answers.clear()


def _next(page: dict[str, Any]) -> dict[str, Any]:
    for name in ("NextToken", "PaginationToken"):
        if page.get(name):
            return {name: page[name]}
    if page.get("NextMarker"):
        return {"Marker": page["NextMarker"]}
    if page.get("IsTruncated") and page.get("Marker"):  # of IAM
        return {"Marker": page["Marker"]}
    names = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
    return {f"Start{name[4:]}": page[name] for name in names if page.get("IsTruncated") and page.get(name)}


@contextlib.contextmanager
def errors_fail(module: AnsibleAWSModule, what: str) -> Iterator[None]:
    """End a module that only reads, in one sentence, where AWS does not answer."""
    try:
        yield
    except AccessDeniedError as denied:
        module.fail_json(msg=f"Failed to {what}: the IAM permission {denied} is missing.")
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Failed to {what}")
