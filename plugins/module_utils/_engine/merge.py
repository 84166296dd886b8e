# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine does with data: spelling of names, merging, masking. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict

# What tells the objects of a list apart, in the order in which it is looked for.
NAMES = ("Id", "PathPattern", "Name", "EventType", "ErrorCode", "HeaderName", "Header")


@dataclass(frozen=True)
class Found:
    """A resource as AWS holds it: `config` can be asked for, `facts` is what AWS adds; both in the API's shape."""

    config: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    etag: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Spelling:
    """Option names to API names and back.

    `table` lists only the names that Ansible's helpers get wrong: {"acm_certificate_arn": "ACMCertificateArn"}.
    `verbatim` lists the API names whose content is the user's own and stays as it is.
    """

    table: Mapping[str, str] = field(default_factory=dict)
    verbatim: frozenset[str] = frozenset()

    def api(self, options: Any) -> Any:
        """The API's shape of options; an option that is None was not asked for."""
        return self._respell(options, self._camel)

    def snake(self, config: Any) -> Any:
        """The API's shape in the words of the options."""
        return self._respell(config, self._snake)

    def _camel(self, option: str) -> str:
        return self.table.get(option) or next(iter(snake_dict_to_camel_dict({option: None}, capitalize_first=True)))

    def _snake(self, name: str) -> str:
        back = {name: option for option, name in self.table.items()}
        return back.get(name) or next(iter(camel_dict_to_snake_dict({name: None})))

    def _respell(self, value: Any, spell: Callable[[str], str]) -> Any:
        if isinstance(value, list):
            return [self._respell(item, spell) for item in value]
        if not isinstance(value, dict):
            return value
        named = [(key, spell(key), item) for key, item in value.items() if item is not None]
        return {to: v if {key, to} & self.verbatim else self._respell(v, spell) for key, to, v in named}


def merge(held: Any, asked: Any) -> Any:
    """Lay what was asked for over what is there: what was not asked for keeps its value."""
    if isinstance(held, dict) and isinstance(asked, dict):
        return {**held, **{key: merge(held.get(key), value) for key, value in asked.items()}}
    if isinstance(held, list) and isinstance(asked, list):
        return _merge_lists(held, asked)
    return asked


def _merge_lists(held: list, asked: list) -> list:
    if not any(isinstance(item, (dict, list)) for item in [*held, *asked]):
        return held if set(held) == set(asked) else asked
    for key in NAMES:
        if all(isinstance(item, dict) and key in item for item in [*held, *asked]):
            return _merge_objects(key, held, asked)
    return asked


def _merge_objects(key: str, held: list[dict], asked: list[dict]) -> list[dict]:
    before = {item[key]: item for item in held}
    after = {item[key]: merge(before.get(item[key]), item) for item in asked}
    keeps_order = key != "PathPattern" and before.keys() == after.keys()  # of path patterns the first that fits wins
    return [after[name] for name in (before if keeps_order else after)]


def masked(value: Any, secret: frozenset[str]) -> Any:
    """The value with the content of every key in `secret` hidden, at any depth."""
    if isinstance(value, list):
        return [masked(item, secret) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: "(hidden)" if key in secret else masked(item, secret) for key, item in value.items()}


def dig(config: Mapping[str, Any] | None, path: str) -> Any:
    """What stands at a dotted path, or None."""
    for key in path.split("."):
        config = (config or {}).get(key)
    return config
