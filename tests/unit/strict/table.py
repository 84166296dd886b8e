"""What the tables in tables/ are made of, and where things stand in the API's state."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

ENGINE = frozenset({"state", "wait", "wait_timeout", "purge_tags"})  # the engine's own, tested there


def as_asked(value: Any) -> Any:
    return value


def as_text(value: bool) -> str:
    return str(value).lower()


@dataclass(frozen=True)
class Row:
    """An option: two values, and where in the API's state they stand.

    `told` is the API's form of the option's value; `also` are places that AWS keeps in step.
    """

    first: Any
    second: Any
    path: str
    told: Callable[[Any], Any] = as_asked
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One module, as it is used in one way; dotted names reach into suboptions, and into a list's first element."""

    module: str
    kind: str  # the stand-in's name for what the module manages
    asked: dict[str, Any]  # the least that makes one
    rows: dict[str, Row]
    before: Callable[[Any], None]  # what must be there, and what is there of others
    identity: frozenset[str]  # options that say which one is meant
    use: str = ""  # of several tables of one module
    key: str = ""  # of the record, where it is known beforehand
    twin: str = ""  # key of a second record, which is kept as the first
    fixed: dict[str, tuple[Any, str]] = field(default_factory=dict)  # another value, and how it is refused
    acts: frozenset[str] = frozenset()  # options that say what to do, not how it should be; they have their own tests
    update: str = ""  # the operation whose members are all managed, or
    theirs: dict[str, Any] = field(default_factory=dict)  # set by others and left alone, or
    apart: frozenset[str] = frozenset()  # known to be neither
    absent: dict[str, Any] = field(default_factory=dict)  # what else deletion is asked with

    @property
    def title(self) -> str:
        return f"{self.module} {self.use}".strip()

    def full(self, **changed: Any) -> dict[str, Any]:
        """Arguments with the first value of each option, but for those given."""
        arguments = json.loads(json.dumps(self.asked))  # what a table says twice becomes two
        for option, value in {**{name: row.first for name, row in self.rows.items()}, **changed}.items():
            lay(arguments, option, value)
        return arguments

    def least(self) -> dict[str, Any]:
        """What makes one, with the values that it has."""
        return laid_over(self.asked, self.full())

    def all_second(self) -> dict[str, Any]:
        return self.full(**{name: row.second for name, row in self.rows.items()})

    def gone(self) -> dict[str, Any]:
        named = {name: self.asked[name] for name in self.identity if name in self.asked}
        return {**named, **self.absent, "state": "absent"}

    def left_alone(self) -> dict[str, Any]:
        """What others set, without what an option of this table manages."""
        mine = [row.path for row in self.rows.values()]
        return {path: value for path, value in self.theirs.items() if not any(related(path, own) for own in mine)}


def laid_over(least: Any, full: Any) -> Any:
    """The values of one side for all that the other names."""
    if isinstance(least, dict):
        return {name: laid_over(item, full[name]) for name, item in least.items()}
    if isinstance(least, list) and any(isinstance(item, dict) for item in least):
        return [laid_over(*pair) for pair in zip(least, full, strict=True)]
    return full


def related(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def options(spec: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All options with a value of their own, by dotted names."""
    for name, option in spec.items():
        if option.get("options"):
            yield from options(option["options"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", option


def lay(arguments: dict[str, Any], option: str, value: Any) -> None:
    *way, last = option.split(".")
    for name in way:
        held = arguments.setdefault(name, {})
        arguments = held[0] if isinstance(held, list) else held
    arguments[last] = copy.deepcopy(value)


def peek(record: dict[str, Any], path: str) -> Any:
    holder, last = place(record, path)
    held = holder[int(last)] if isinstance(holder, list) else holder.get(last)
    return held.get("Items", []) if isinstance(held, dict) and "Quantity" in held else held


def poke(record: dict[str, Any], path: str, value: Any) -> None:
    """Change what is held by hand."""
    holder, last = place(record, path)
    held = None if isinstance(holder, list) else holder.get(last)
    if isinstance(held, dict) and "Quantity" in held:
        switch = {"Enabled": bool(value)} if "Enabled" in held else {}
        rest = {name: item for name, item in held.items() if name != "Items"}
        holder[last] = {**rest, **switch, "Quantity": len(value), **({"Items": value} if value else {})}
    else:
        holder[int(last) if isinstance(holder, list) else last] = copy.deepcopy(value)


def place(record: dict[str, Any], path: str) -> tuple[Any, str]:
    """What holds the last part of a path: a dictionary, or a list with or without its count."""
    holder = record if path == "tags" else record["config"]
    *way, last = path.split(".")
    for name in way:
        holder = holder[int(name)] if isinstance(holder, list) else holder.setdefault(name, {})
        holder = holder["Items"] if isinstance(holder, dict) and holder.keys() == {"Quantity", "Items"} else holder
    return holder, last
