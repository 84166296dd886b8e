# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Deny statements of a bucket's policy deny a reader, as far as can be told beforehand. PRIVATE.

IAM User Guide, "IAM JSON policy elements: Condition" and "AWS global condition context keys"; Service Authorization
Reference, "Condition keys for Amazon S3".
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import Statement, as_list

# How much of what a reader asks for: nothing, all, some objects; or what depends on what only a request can show.
NOTHING, ALL, SOME, UNKNOWN = "nothing", "all", "some", "unknown"
# What no reading of a bucket by its own name carries.
ABSENT_IN_READS = (
    "s3:(dataaccesspoint|accesspoint|x-amz-|versionid|prefix|delimiter|max-keys|locationconstraint|object-lock).*"
)
# An organization's own id, in which whoever wrote the policy is, too: only others are meant to be kept out.
OWN_ORGANIZATION = re.compile("aws:(source|resource)org(id|paths)")
OBJECT_TAG = "s3:existingobjecttag/"


@dataclass(frozen=True)
class Reader:
    """By which names a policy can mean it, and what its requests carry: condition keys in small letters."""

    principals: frozenset[str]
    values: Mapping[str, str]
    absent: str
    folders: tuple[str, ...] = ("",)

    def carries(self, key: str) -> bool | None:
        """None where that can't be told."""
        if key in self.values:
            return True
        return False if re.fullmatch(f"{self.absent}|{ABSENT_IN_READS}", key) else None


def denied(statement: Statement, bucket: str, reader: Reader) -> str:
    """How much of a bucket a statement denies a reader."""
    if statement.get("Effect") != "Deny" or not _means(statement, reader):
        return NOTHING
    parts = [_reach(statement, bucket, reader), *_conditions(statement, reader)]
    return next((part for part in (NOTHING, UNKNOWN, SOME) if part in parts), ALL)


def keys(statement: Statement) -> list[str]:
    """The condition keys of a statement, as they are written."""
    return sorted({key for tests in (statement.get("Condition") or {}).values() for key in tests})


def _means(statement: Statement, reader: Reader) -> bool:
    if "NotPrincipal" in statement:
        return reader.principals.isdisjoint(_names(statement["NotPrincipal"]))
    return not {"*", *reader.principals}.isdisjoint(_names(statement.get("Principal")))


def _names(principal: Any) -> Iterator[str]:
    for names in principal.values() if isinstance(principal, dict) else [principal]:
        yield from as_list(names)


def _reach(statement: Statement, bucket: str, reader: Reader) -> str:
    """Of the objects; a statement on nothing but the right to list denies all of that."""
    place = f"arn:aws:s3:::{bucket}"
    folders = reader.folders if _acts(statement, "getobject") else ()
    shares = {_share(statement, f"{place}/{folder}") for folder in folders}
    if shares == {ALL}:
        return ALL
    if shares & {ALL, SOME}:
        return SOME
    listed = _acts(statement, "listbucket") and _share(statement, place, whole=False) == ALL
    return ALL if listed else NOTHING


def _acts(statement: Statement, read: str) -> bool:
    patterns = as_list(statement.get("Action") or statement.get("NotAction"))
    matched = any(fnmatch.fnmatchcase(f"s3:{read}", pattern.lower()) for pattern in patterns)
    return matched != ("NotAction" in statement)


def _share(statement: Statement, place: str, whole: bool = True) -> str:
    """How much of what begins with an ARN, or of that ARN alone, a statement is about."""
    named = as_list(statement.get("Resource") or statement.get("NotResource"))
    covered = any(_covers(pattern, place) if whole else fnmatch.fnmatchcase(place, pattern) for pattern in named)
    touched = covered or (whole and any(_touches(pattern, place) for pattern in named))
    if "NotResource" in statement:
        return NOTHING if covered else SOME if touched else ALL
    return ALL if covered else SOME if touched else NOTHING


def _covers(pattern: str, beginning: str) -> bool:
    return pattern.endswith("*") and fnmatch.fnmatchcase(beginning, pattern)


def _touches(pattern: str, beginning: str) -> bool:
    literal = re.split(r"[*?]|\$\{", pattern, maxsplit=1)[0]
    return literal.startswith(beginning) or (literal != pattern and beginning.startswith(literal))


def _conditions(statement: Statement, reader: Reader) -> Iterator[str]:
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, wanted in tests.items():
            values = [str(value).lower() for value in as_list(wanted)]
            yield _held(operator.lower(), key.lower(), values, reader)


def _held(operator: str, key: str, values: list[str], reader: Reader) -> str:
    quantifier, _mark, operator = operator.rpartition(":")
    carried = reader.carries(key)
    if key.startswith(OBJECT_TAG):
        return SOME
    if carried is None:
        return NOTHING if OWN_ORGANIZATION.fullmatch(key) and "not" in operator else UNKNOWN
    if operator == "null":
        return _truth(str(not carried).lower() in values)
    if carried:
        return _compared(operator.removesuffix("ifexists"), reader.values[key], values)
    return _truth(_holds_without_key(quantifier, operator))


def _holds_without_key(quantifier: str, operator: str) -> bool:
    if quantifier:
        return quantifier == "forallvalues"
    return "not" in operator or operator.endswith("ifexists")


def _truth(holds: bool) -> str:
    return ALL if holds else NOTHING


def _compared(operator: str, held: str, values: Iterable[str]) -> str:
    if any("${" in value for value in values):
        return UNKNOWN
    if operator == "numericlessthan":  # of the TLS version, of which the least is known
        return NOTHING if all(value <= held for value in values) else UNKNOWN
    if not operator.startswith(("string", "arn", "bool")):
        return UNKNOWN
    return _truth(any(fnmatch.fnmatchcase(held, value) for value in values) != ("not" in operator))
