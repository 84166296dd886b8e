# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks of a finished deployment share: a check, what came of it, and what it looks at. PRIVATE.

A check yields a sentence for each thing that is wrong, and nothing if its claim holds. What keeps it from telling is an
exception: Skipped for what it does without (a key that nobody gave it), anything else is a failure too, because a claim
that can't be tested is not proven.
"""

from __future__ import annotations

import copy
import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import (
    BotoCoreError,
    ClientError,
    DeniedError,
    Fault,
    Findings,
    Look,
    join,
)

OK, FAILED, SKIPPED = "ok", "failed", "skipped"
Wrong = Iterator[str]
PAUSE = 10  # seconds between two looks at what takes time to be known everywhere


class Skipped(Exception):  # noqa: N818  (no error: the check says why it leaves its claim open)
    """Why a claim is left open."""


class Sight(Look):
    """AWS as the checks see it: each question is asked once."""

    def __init__(self, known: dict[str, Any], client: Callable[..., Any]) -> None:
        super().__init__(known, client)
        self._answers: dict[str, Any] = {}
        self.client = client

    def call(self, service: str, operation: str, region: str = "", **request: Any) -> dict[str, Any]:
        question = json.dumps([service, operation, region, request], sort_keys=True)
        return self.once(question, lambda: super(Sight, self).call(service, operation, region, **request))

    def once(self, question: str, find: Callable[[], Any]) -> Any:
        """What `find` returned when this was asked first."""
        if question not in self._answers:
            self._answers[question] = find()
        return self._answers[question]

    def forget(self) -> None:
        self._answers.clear()

    def knowing(self, **more: Any) -> Sight:
        """The same, with more that is known."""
        other = copy.copy(self)
        other.known, other.facts = {**self.known, **more}, {}
        return other


@dataclass(frozen=True)
class Check:
    """One claim. `settles` says that it can take minutes to come true after a change.

    Words in braces stand for what is known: "{site_domain} resolves".
    """

    name: str
    test: Callable[[Sight], Iterable[str] | None]
    claim: str
    how: str
    todo: str
    needs: tuple[str, ...] = ()
    settles: bool = False


@dataclass(frozen=True)
class Outcome:
    name: str
    part: str
    outcome: str
    claim: str
    how: str
    reasons: tuple[str, ...]
    todo: str
    seconds: float


def from_preflight(findings: Findings) -> Wrong:
    """A check before the first write, asked again: its faults; what is only good to know stays there."""
    yield from (finding.wrong for finding in findings if isinstance(finding, Fault))


def outcome(check: Check, part: str, look: Sight, found: Mapping[str, Outcome]) -> Outcome:
    """What comes of a check, given what came of those before it."""
    began = time.monotonic()
    verdict, reasons, todo = _judged(check, look, found)
    known = spelled(look.known)
    words = [text.format_map(known) for text in (check.claim, check.how, todo)]
    return Outcome(check.name, part, verdict, *words[:2], reasons, words[2], round(time.monotonic() - began, 2))


def spelled(known: Mapping[str, Any]) -> dict[str, Any]:
    """What is known, for the words in braces."""
    return {name: join(value) if isinstance(value, list) else value for name, value in known.items()}


def _judged(check: Check, look: Sight, found: Mapping[str, Outcome]) -> tuple[str, tuple[str, ...], str]:
    for need in check.needs:
        if found[need].outcome != OK:
            return SKIPPED, (f"needs {need}, which {'failed' if found[need].outcome == FAILED else 'was skipped'}",), ""
    try:
        wrong = tuple(check.test(look) or ())
        return (FAILED, wrong, check.todo) if wrong else (OK, (), "")
    except Skipped as reason:
        return SKIPPED, (str(reason),), ""
    except DeniedError as right:
        return FAILED, (f"it could not be tested: the right {right} is missing",), f"Give who runs this {right}."
    except (BotoCoreError, ClientError, OSError, http.client.HTTPException) as error:
        return FAILED, (f"it could not be tested: {str(error).rstrip('.') or type(error).__name__}",), check.todo
    except Exception as error:  # an answer that nobody thought of must not keep the other checks from running
        return FAILED, (f"it could not be tested: {type(error).__name__} {error}",), check.todo


def run(
    parts: Mapping[str, Iterable[Check]], look: Sight, wait: float = 0, sleep: Callable[[float], None] = time.sleep
) -> list[Outcome]:
    """All outcomes, in order. What failed and may still come true is looked at again for `wait` seconds."""
    checks = {check.name: (check, part) for part, listed in parts.items() for check in listed}
    deadline = time.monotonic() + wait
    found = _pass(checks, look, {})
    while _unsettled(checks, found) and time.monotonic() + PAUSE <= deadline:
        sleep(PAUSE)
        look.forget()
        found = _pass(checks, look, found)
    return list(found.values())


def _pass(checks: Mapping[str, tuple[Check, str]], look: Sight, before: Mapping[str, Outcome]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for name, (check, part) in checks.items():
        held = before.get(name)
        found[name] = held if held and held.outcome == OK else outcome(check, part, look, found)
    return found


def _unsettled(checks: Mapping[str, tuple[Check, str]], found: Mapping[str, Outcome]) -> bool:
    return any(found[name].outcome == FAILED for name, (check, _other) in checks.items() if check.settles)
