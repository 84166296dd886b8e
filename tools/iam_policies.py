"""meta/iam/permissions.yml, what a run may ask of AWS, as policies: for the documentation and the sandbox's runs."""

from __future__ import annotations

import functools
import json
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

FILE = pathlib.Path(__file__).parents[1] / "meta" / "iam" / "permissions.yml"
# What a managed policy may hold, white space aside (IAM User Guide, "IAM and AWS STS quotas").
LONGEST = 6144

Statement = dict[str, Any]


@functools.cache
def written() -> dict[str, Any]:
    """The file."""
    return yaml.safe_load(FILE.read_text())


def purposes() -> list[str]:
    """The names of the sets of policies."""
    return list(written()["purposes"])


def purpose_of(playbook: str) -> str | None:
    """What a playbook is run for; the last one that names it is the narrowest."""
    named = [name for name, purpose in written()["purposes"].items() if playbook in purpose["playbooks"]]
    return named[-1] if named else None


def actions(group: dict[str, Any], purpose: str) -> list[str]:
    """What a group of the file allows for a purpose. A key names one purpose or several."""
    return sorted(action for key, listed in group["actions"].items() if purpose in key.split() for action in listed)


def _statement(group: dict[str, Any], purpose: str) -> Statement:
    condition = {"Condition": group["condition"]} if "condition" in group else {}
    allowed = {"Effect": "Allow", "Action": actions(group, purpose), "Resource": group["resources"]}
    return {"Sid": group["sid"], **allowed, **condition}


def statements(purpose: str) -> list[Statement]:
    """What is allowed for a purpose, with placeholders such as <project>."""
    return [_statement(group, purpose) for group in written()["statements"] if actions(group, purpose)]


def filled(text: str, values: dict[str, str]) -> str:
    """A text with its placeholders filled in."""
    return re.sub(r"<(\w+)>", lambda found: values[found[1]], text)


def document(listed: Iterable[Statement]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(listed)}


def length(policy: dict[str, Any]) -> int:
    """How much IAM counts, with placeholders filled with the longest that they may be."""
    longest = {name: "x" * value["longest"] for name, value in written()["placeholders"].items()}
    return len(filled(json.dumps(policy, separators=(",", ":")), longest))


def _packed(listed: list[Statement]) -> Iterator[list[Statement]]:
    taken: list[Statement] = []
    for statement in listed:
        if length(document([*taken, statement])) > LONGEST:
            yield taken
            taken = []
        taken.append(statement)
    yield taken


def policies(purpose: str) -> list[dict[str, Any]]:
    """The policies of a purpose, none longer than IAM takes."""
    return [document(listed) for listed in _packed(statements(purpose))]


def allowed(purpose: str) -> set[str]:
    """All actions of a purpose."""
    return {action for statement in statements(purpose) for action in statement["Action"]}


def named(service: str, operation: str) -> str:
    """The action that allows an operation of the API."""
    prefix, names = written()["prefixes"].get(service, service), written()["named"].get(service, {})
    return f"{prefix}:{names.get(operation, operation)}"


def seldom(purpose: str) -> set[str]:
    """What no run of the tests calls; a row with `for` speaks of those purposes alone."""
    rows = [row for row in written()["seldom"] if purpose in row.get("for", purpose).split()]
    return {action for row in rows for action in row["actions"]}


def implied(action: str) -> list[str]:
    """What AWS asks for besides, when this is called."""
    return [needed for row in written()["implied"] if action in row["calls"] for needed in row["needs"]]
