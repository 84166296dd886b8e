# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks before the first write share: a fault, a note, and AWS as they see it. PRIVATE to this collection."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    BotoCoreError = ClientError = AnsibleAWSError  # AnsibleAWSModule says what is missing

DENIED = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Forbidden",
    "NotAuthorized",
    "UnauthorizedOperation",
}
# Where the right is not named as the operation (Service Authorization Reference, "Actions defined by Amazon S3").
RIGHTS = {
    "get_bucket_encryption": "GetEncryptionConfiguration",
    "get_public_access_block": "GetBucketPublicAccessBlock",
    "head_bucket": "ListBucket",
}
PREFIXES = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
SHOWN = 120


def shown(value: Any) -> str:
    """A value as a person would write it in an inventory."""
    if isinstance(value, str):
        return f"'{value[:SHOWN]}{'...' if len(value) > SHOWN else ''}'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(str, value))}]"
    return "empty" if value is None else str(value)


def join(names: Iterable[Any], last: str = "and") -> str:
    """`a, b and c`."""
    *front, end = [str(name) for name in names] or ["none"]
    return f"{', '.join(front)} {last} {end}" if front else end


@dataclass(frozen=True)
class Fault:
    """What is wrong with a variable (or, without one, with the account or this machine), and what to do instead.

    `value` is what to show of the variable's value: nothing of a secret.
    """

    variable: str
    value: str
    wrong: str
    instead: str

    def sentence(self) -> str:
        subject = f"{self.variable} is {self.value}: " if self.value else f"{self.variable}: "
        text = f"{subject if self.variable else ''}{self.wrong}; {self.instead}."
        return text[0].upper() + text[1:] if not self.variable else text

    def facts(self) -> dict[str, str]:
        return {**asdict(self), "message": self.sentence()}


@dataclass(frozen=True)
class Note:
    """Something that a person should know, and that stops nothing."""

    text: str


Findings = Iterator[Fault | Note]


class DeniedError(Exception):
    """AWS refuses to tell; the message is the right that is missing."""


def code(error: Exception) -> str:
    return getattr(error, "response", {}).get("Error", {}).get("Code", "")


def _right(service: str, operation: str) -> str:
    action = RIGHTS.get(operation) or "".join(word.title() for word in operation.split("_"))
    return f"{PREFIXES.get(service, service)}:{action}"


class Look:
    """What is known so far, and AWS to learn more from. Checks only read."""

    def __init__(self, known: dict[str, Any], client: Callable[..., Any], called: dict[str, str] | None = None) -> None:
        self.known = {name: value for name, value in known.items() if value not in (None, "")}
        self.facts: dict[str, Any] = {}
        self._client, self._called, self._clients = client, called or {}, {}

    def learn(self, **facts: Any) -> None:
        """Facts that later checks need."""
        self.known.update(facts)

    def fault(self, option: str, wrong: str, instead: str) -> Fault:
        """A fault of an option, under the name by which the caller knows it."""
        return Fault(self._called.get(option, option), shown(self.known.get(option)), wrong, instead)

    def call(self, service: str, operation: str, region: str = "", **request: Any) -> dict[str, Any]:
        place = region or self.known.get("region") or "us-east-1"
        if (service, place) not in self._clients:
            self._clients[service, place] = self._client(service, region=place)
        try:
            return getattr(self._clients[service, place], operation)(**request)
        except ClientError as error:
            if code(error) in DENIED:
                raise DeniedError(_right(service, operation)) from error
            raise

    def unless(self, codes: Iterable[str], service: str, operation: str, **request: Any) -> dict[str, Any] | None:
        """What AWS answers; None if it answers with one of these errors."""
        try:
            return self.call(service, operation, **request)
        except ClientError as error:
            if code(error) in codes:
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


@contextlib.contextmanager
def reading(module: AnsibleAWSModule, what: str) -> Iterator[None]:
    """End a module that only reads, in one sentence, where AWS tells nothing."""
    try:
        yield
    except DeniedError as right:
        module.fail_json(msg=f"Failed to {what}: the right {right} is missing.")
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Failed to {what}")


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


@dataclass(frozen=True)
class Check:
    """A look at one thing. It runs once all that it needs is known.

    What AWS refuses to tell is a fault of `about` where going on would be unsafe, else a note.
    """

    look: Callable[[Look], Findings]
    needs: tuple[str, ...]
    about: str
    strict: bool = True

    def findings(self, look: Look) -> Findings:
        if not all(name in look.known for name in self.needs):
            return
        try:
            yield from self.look(look)
        except DeniedError as denied:
            yield self._unread(look, f"the right {denied} is missing", "give the deploying identity that right")
        except (BotoCoreError, ClientError) as error:
            yield self._unread(look, str(error).rstrip("."), "run again, or see what AWS says of it")

    def _unread(self, look: Look, reason: str, instead: str) -> Fault | Note:
        what = str(self.look.__doc__)
        if not self.strict:
            return Note(f"{what} could not be checked: {reason}.")
        return look.fault(self.about, f"{what[0].lower()}{what[1:]} could not be checked, {reason}", instead)


def findings(look: Look, checks: Iterable[Check]) -> Findings:
    for check in checks:
        yield from check.findings(look)
