# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks before the first write and of a finished deployment: what one is, what it goes by, how they are run. PRIVATE.

A check yields what is wrong: a Problem (or a Note, which stops nothing) before the first write, a sentence of a
finished deployment. It raises Skipped for what it does without, such as a key that nobody gave it. Any other exception
is a failure too, since what can't be tested is not proven.
"""

from __future__ import annotations

import copy
import http.client
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import (
    AccessDeniedError,
    BotoCoreError,
    ClientError,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.reader import AwsReader
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join, quote
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note, Problem, Reasons

OK, FAILED, SKIPPED = "ok", "failed", "skipped"
PAUSE = 10  # seconds between two tests of what takes time to be known everywhere
# What says that a test could not be made, as opposed to a fault in a check.
EXPECTED = (BotoCoreError, ClientError, OSError, http.client.HTTPException)


class Skipped(Exception):  # noqa: N818  (no error: the check says why it leaves its claim open)
    """Why a claim is left open."""


class Context:
    """What a check goes by: what was asked for, what earlier checks found, the names of what we make, and AWS."""

    def __init__(
        self,
        inputs: Mapping[str, Any],
        client: Callable[..., Any],
        names: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.inputs = {name: value for name, value in inputs.items() if value not in (None, "")}
        self.found: dict[str, Any] = {}
        self.names, self._variables = names, variables or {}
        self.aws = AwsReader(client, self.inputs.get("region", ""))

    def provide(self, **found: Any) -> None:
        """What later checks need. A check names it in `provides`."""
        self.found.update(found)

    def having(self, **found: Any) -> Context:
        """The same, with more that is found."""
        other = copy.copy(self)
        other.found = {**self.found, **found}
        return other

    def knows(self, name: str) -> bool:
        return name in self.inputs or name in self.found

    def problem(self, option: str, wrong: str, instead: str) -> Problem:
        """What is wrong with an option, under the name by which the caller knows it."""
        return Problem(self._variables.get(option, option), quote(self.inputs.get(option)), wrong, instead)


@dataclass(frozen=True)
class Check:
    """It runs once all is there that it `needs`: inputs, what earlier checks `provide`, or earlier checks that hold.

    Of a finished deployment it has a claim, how that is tested and what to do if it does not hold; words in braces
    stand for inputs ("{site_domain} resolves"), and `settles` says that it can take minutes to come true.

    Before the first write it has the option to blame if AWS does not answer; if that is not `strict`, a note is enough.
    """

    name: str
    test: Callable[[Context], Iterable[Problem | Note | str] | None]
    needs: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    claim: str = ""
    how: str = ""
    todo: str = ""
    settles: bool = False
    option: str = ""
    strict: bool = True

    def unanswered(self, context: Context, reason: str, instead: str) -> Problem | Note | str:
        if not self.option:
            return f"it could not be tested: {reason}"
        if not self.strict:
            return Note(f"{self.name} could not be checked: {reason}.")
        wrong = f"{self.name[0].lower()}{self.name[1:]} could not be checked, {reason}"
        return context.problem(self.option, wrong, instead)


@dataclass(frozen=True)
class Outcome:
    name: str
    part: str
    outcome: str
    claim: str
    how: str
    reasons: tuple[str | Problem, ...]
    todo: str
    seconds: float
    notes: tuple[Note, ...] = ()


Parts = Mapping[str, Iterable[Check]]


def reasons_of(findings: Findings) -> Reasons:
    """A check before the first write, asked of a finished deployment: its notes stay there."""
    yield from (finding.wrong for finding in findings if isinstance(finding, Problem))


def words(context: Context) -> dict[str, Any]:
    """What stands for the words in braces."""
    given = {name: join(value) if isinstance(value, list) else value for name, value in context.inputs.items()}
    return {**given, "names": context.names}


def evaluate(check: Check, part: str, context: Context, before: Mapping[str, Outcome]) -> Outcome:
    """What comes of a check, given what came of those before it."""
    began = time.monotonic()
    verdict, found, todo = _judge(check, context, before)
    reasons = tuple(each for each in found if not isinstance(each, Note))
    notes = tuple(each for each in found if isinstance(each, Note))
    claim, how, todo = [text.format_map(words(context)) for text in (check.claim, check.how, todo)]
    return Outcome(check.name, part, verdict, claim, how, reasons, todo, round(time.monotonic() - began, 2), notes)


def _judge(check: Check, context: Context, before: Mapping[str, Outcome]) -> tuple[str, list[Any], str]:
    if missing := _missing(check, context, before):
        return SKIPPED, [missing], ""
    found: list[Any] = []
    todo = check.todo
    try:
        found.extend(check.test(context) or ())
    except Skipped as reason:
        if not found:
            return SKIPPED, [str(reason)], ""
    except AccessDeniedError as denied:
        found.append(
            check.unanswered(
                context, f"the IAM permission {denied} is missing", "give the deploying identity that permission"
            )
        )
        todo = f"Give who runs this {denied}."
    except Exception as error:  # an answer that nobody thought of must not keep the other checks from running
        kind, text = type(error).__name__, str(error).strip(" .:")
        said = text if isinstance(error, EXPECTED) else f"{kind} {text}".strip()
        instead = "run again, or see what AWS says of it"
        found.append(check.unanswered(context, said or kind, instead))
    failed = any(not isinstance(each, Note) for each in found)
    return (FAILED, found, todo) if failed else (OK, found, "")


def _missing(check: Check, context: Context, before: Mapping[str, Outcome]) -> str:
    for need in check.needs:
        outcome = before[need].outcome if need in before else OK if context.knows(need) else SKIPPED
        if outcome != OK:
            return f"needs {need}, which {'failed' if outcome == FAILED else 'was skipped'}"
    return ""


def run(
    parts: Parts,
    context: Context,
    wait: float = 0,
    sleep: Callable[[float], None] = time.sleep,
    at_once: int = 1,
) -> list[Outcome]:
    """All outcomes, in order. What failed and may still come true is tested again for `wait` seconds.

    Several can be tested `at_once` where each names all that it needs.
    """
    checks = {check.name: (check, part) for part, listed in parts.items() for check in listed}
    deadline = time.monotonic() + wait
    found = _pass(checks, context, {}, at_once)
    while _unsettled(checks, found) and time.monotonic() + PAUSE <= deadline:
        sleep(PAUSE)
        context.aws.forget()
        found = _pass(checks, context, found, at_once)
    return list(found.values())


def _pass(
    checks: Mapping[str, tuple[Check, str]], context: Context, before: Mapping[str, Outcome], at_once: int
) -> dict[str, Outcome]:
    found: dict[str, Future[Outcome]] = {}

    def after(needed: Mapping[str, Future[Outcome]], check: Check, part: str) -> Outcome:
        # Threads begin in the order of the checks, and a check needs earlier ones only: so none waits for ever.
        return evaluate(check, part, context, {name: one.result() for name, one in needed.items()})

    with ThreadPoolExecutor(at_once) as pool:
        for name, (check, part) in checks.items():
            held = before.get(name)
            needed = {need: found[need] for need in check.needs if need in found}
            if held and held.outcome == OK:
                found[name] = pool.submit(lambda outcome: outcome, held)
            else:
                found[name] = pool.submit(after, needed, check, part)
    return {name: one.result() for name, one in found.items()}


def _unsettled(checks: Mapping[str, tuple[Check, str]], found: Mapping[str, Outcome]) -> bool:
    return any(found[name].outcome == FAILED for name, (check, _other) in checks.items() if check.settles)


def required(found: Any, what: str, check: str) -> Any:
    """What is there. Where it is not, only the check that says so fails; all others leave their claims open."""
    if found is None:
        raise Skipped(f"there is no {what}, see {check}")
    return found
