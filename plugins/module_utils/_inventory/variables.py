# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables an inventory can set, and what those are made of that it does not set. PRIVATE to this collection."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Problem

WORD = re.compile(r"[A-Za-z_]\w*")
EXPRESSION = re.compile(r"{[{%].*?[}%]}", re.DOTALL)
# A misspelt name differs by a letter or two; a name of someone's own differs by more.
LIKENESS = 0.8


def words(template: Any) -> list[str]:
    """The names in the expressions of a template, or of templates in a list or mapping, in order."""
    # The map `igv` has the inventory's variables of that prefix without it.
    parts = [part.replace("igv.", "igv_") for text in _texts(template) for part in EXPRESSION.findall(text)]
    return list(dict.fromkeys(word for part in parts for word in WORD.findall(part)))


def _texts(value: Any) -> Iterator[str]:
    """All text in a value but what a vault holds."""
    if isinstance(value, str) and not hasattr(value, "_ciphertext"):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))


def sources(template: Any, names: Iterable[str], deployment: Mapping[str, Any]) -> list[str]:
    """The inventory's variables that a template is made of; what stands in `deployment` is made of others in turn."""
    found: list[str] = []
    for word in words(template):
        if word in names:
            found.append(word)
        elif word in deployment:
            found += [inner for inner in words(deployment[word]) if inner in names]
    return list(dict.fromkeys(found))


def set_by_playbooks(
    name: str, template: Any, names: Iterable[str], deployment: Mapping[str, Any], value: str
) -> Problem:
    """A role's variable that the inventory sets, and the playbooks too: the inventory's value would have no effect."""
    made_of = sources(template, names, deployment)
    out = f"take {name} out"
    if not made_of:
        return Problem(name, value, "the playbooks set it themselves", out)
    return Problem(
        name,
        value,
        f"the playbooks set it from {join(made_of)}",
        f"set {'that' if len(made_of) == 1 else 'those'}, and {out}",
    )


def resembling(name: str, given: Mapping[str, Any], known: Iterable[str]) -> str:
    """A variable of the inventory that is nobody's and is spelt almost as `name`; empty if there is none."""
    strangers = _strangers(given, set(known))
    return next(iter(difflib.get_close_matches(name, strangers, 1, LIKENESS)), "")


def _strangers(given: Mapping[str, Any], known: set[str]) -> list[str]:
    """What is nobody's: not ours, not Ansible's, not used by another variable, as an indirection is; nor what an
    earlier playbook of the same run has registered."""
    used = {word for name, value in given.items() for word in words(value) if word != name}
    return [
        name
        for name in given
        if name not in known and name not in used and not name.startswith(("ansible_", "vault_", "__"))
    ]


def misspelt(given: Mapping[str, Any], known: Iterable[str]) -> dict[str, str]:
    """{name: what is probably meant} for the strangers that look like a variable that is not given."""
    names = [name for name in known if name not in given]
    found = {name: difflib.get_close_matches(name, names, 1, LIKENESS) for name in _strangers(given, set(known))}
    return {name: close[0] for name, close in found.items() if close}
