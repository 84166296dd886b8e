"""AWS as strict as it is documented, in memory: it takes the place of botocore's sending of requests.

    def test_x(account):                    # the fixture of conftest.py
        account.cloudfront.put("KeyGroup", "theirs", {"Name": "theirs", "Items": ["K1"]})
        modules.run("cloudfront_key_group", name="ours", items=["K1"])
        account.held["KeyGroup"]            # {id: {"config": ..., "tags": ...}}

Requests and answers are checked against botocore's model of the service. Switches make the account a worse place:
`lag` reads after a write do not see it, every `throttled`th call is throttled, every `failing`th is a server's error,
and after the `killed`th writing call the controller dies.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

from botocore.handlers import json_decode_policies

from tests.unit.strict.acm import Acm
from tests.unit.strict.cloudfront import CloudFront
from tests.unit.strict.cognito import Cognito
from tests.unit.strict.cognito_identity import CognitoIdentity
from tests.unit.strict.functions import Functions
from tests.unit.strict.iam import Iam
from tests.unit.strict.models import Refusal, judge_answer, judge_request
from tests.unit.strict.s3 import ACCOUNT, S3
from tests.unit.strict.sns import Sns
from tests.unit.strict.ssm import Ssm

READS = ("Get", "List", "Describe", "AdminGet")
PAGE = 1  # items in a page, whatever is asked for: AWS promises no number either
# What AWS says when it is asked too often, and when something broke on its side.
BUSY = {
    "cloudfront": ("Throttling", "ThrottlingException"),
    "cognito-idp": ("TooManyRequestsException", "ThrottlingException"),
    "cognito-identity": ("TooManyRequestsException", "ThrottlingException"),
    "acm": ("ThrottlingException", "Throttling"),
    "sts": ("Throttling", "RequestLimitExceeded"),
    "s3": ("SlowDown", "RequestLimitExceeded"),
    "sns": ("Throttling", "ThrottlingException"),
    "ssm": ("ThrottlingException", "Throttling"),
    "iam": ("Throttling", "ThrottlingException"),
    "lambda": ("TooManyRequestsException", "ThrottlingException"),
}
BROKEN = {
    "cloudfront": "ServiceUnavailable",
    "cognito-idp": "InternalErrorException",
    "cognito-identity": "InternalErrorException",
    "acm": "InternalFailure",
    "sts": "InternalFailure",
    "s3": "InternalError",
    "sns": "InternalFailure",
    "ssm": "InternalServerError",
    "iam": "ServiceFailure",
    "lambda": "ServiceException",
}


class Killed(BaseException):
    """The controller died; nothing catches this."""


class Sts:
    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, str]:
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ada", "UserId": "AIDA"}


class Aws:
    def __init__(self) -> None:
        self.held: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.lag = self.throttled = self.failing = self.killed = 0
        self.calls: list[str] = []  # all that was answered
        self.clock = 0  # counts the calls, also those that were not answered
        self._before, self._unseen, self._number = self.held, 0, 0
        self.cloudfront, self.cognito, self.acm, self.s3 = CloudFront(self), Cognito(self), Acm(self), S3(self)
        self._services = {"cloudfront": self.cloudfront, "cognito-idp": self.cognito, "acm": self.acm, "s3": self.s3}
        self.identity, self.sns, self.ssm = CognitoIdentity(self), Sns(self), Ssm(self)
        self._services |= {"cognito-identity": self.identity, "sns": self.sns, "ssm": self.ssm, "sts": Sts()}
        self.iam, self.functions = Iam(self), Functions(self)
        self._services |= {"iam": self.iam, "lambda": self.functions}

    def answer(self, client: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        model = client.meta.service_model.operation_model(operation)
        try:
            judge_request(request, model)
            self._hinder(model)
            answer = self._read(model, request) if operation.startswith(READS) else self._write(model, request)
        except Refusal as refusal:
            raise refusal.as_botocore_raises(client, model) from None
        self.calls.append(operation)
        if not operation.startswith(READS):
            self._die_at_last()
        judge_answer(answer, model)
        json_decode_policies(answer, model)  # IAM's documents, as botocore does when an answer comes
        return {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def keep(self) -> tuple[Any, int]:
        """This moment, for `back_to`."""
        return copy.deepcopy(self.held), self._number

    def back_to(self, kept: tuple[Any, int]) -> None:
        self.held, self._number = copy.deepcopy(kept[0]), kept[1]
        self.calls.clear()

    @property
    def writes(self) -> int:
        return sum(not call.startswith(READS) for call in self.calls)

    def settle(self) -> None:
        """Let time pass, until what was written is seen everywhere."""
        self._unseen = 0

    def state(self) -> dict[str, Any]:
        """What is held, as far as somebody asked for it."""
        kinds = {kind: records for kind, records in self.held.items() if records and kind[0] != "_"}
        return copy.deepcopy(
            {
                kind: {key: {"config": record["config"], "tags": record["tags"]} for key, record in records.items()}
                for kind, records in kinds.items()
            }
        )

    def number(self) -> int:
        self._number += 1
        return self._number

    def page(self, items: list[Any], token: str | None) -> tuple[list[Any], str | None]:
        """A page of the items, and the token of the next one."""
        start = int(token or 0)
        return items[start : start + PAGE], str(start + PAGE) if start + PAGE < len(items) else None

    def _hinder(self, model: Any) -> None:
        self.clock += 1
        service = model.service_model.service_name
        if self.failing and self.clock % self.failing == 0:
            raise Refusal(BROKEN[service], "something broke on our side")
        if self.throttled and self.clock % self.throttled == 0:
            raise Refusal(BUSY[service][self.clock // self.throttled % 2], "Rate exceeded")

    def _read(self, model: Any, request: dict[str, Any]) -> dict[str, Any]:
        now = self.held
        if self._unseen:
            self._unseen -= 1
            self.held = self._before
        try:
            return self._served(model, request)
        finally:
            self.held = now

    def _write(self, model: Any, request: dict[str, Any]) -> dict[str, Any]:
        before = copy.deepcopy(self.held) if self.lag else self.held
        answer = self._served(model, request)
        self._before, self._unseen = before, self.lag
        return answer

    def _served(self, model: Any, request: dict[str, Any]) -> dict[str, Any]:
        service = self._services[model.service_model.service_name]
        return copy.deepcopy(service.answer(model, copy.deepcopy(request)) or {})

    def _die_at_last(self) -> None:
        if self.killed:
            self.killed -= 1
            if not self.killed:
                raise Killed
