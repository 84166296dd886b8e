"""What policies allow to whom: enough of IAM's evaluation for those of buckets, functions and roles."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.edge.http.patterns import matches

Document = Mapping[str, Any]
CLOUDFRONT = "cloudfront.amazonaws.com"
# A key may have several values: `amr` of a token has.
Context = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Caller:
    """Who asks: a service, whom a provider vouches for, or nobody; the names of condition keys are in lower case."""

    service: str = ""
    context: Context = field(default_factory=dict)
    provider: str = ""


def allows(policy: Document | None, caller: Caller, action: str, resource: str) -> bool:
    """Whether a resource's policy allows it. Without a policy nobody but the owner may do anything."""
    named = (each for each in _statements(policy) if _is_for(each, caller))
    return _agree([each for each in named if _names(each, action) and _has(each, resource)], caller.context)


def trusts(policy: Document, caller: Caller, action: str) -> bool:
    """Whether a role's trust policy, which names no resource, lets the caller take the role."""
    named = (each for each in _statements(policy) if _is_for(each, caller))
    return _agree([each for each in named if _names(each, action)], caller.context)


def permits(policies: Iterable[Document], context: Context, action: str, resource: str) -> bool:
    """Whether the policies of a role, which name no principal, allow it together."""
    statements = [each for policy in policies for each in _statements(policy)]
    return _agree([each for each in statements if _names(each, action) and _has(each, resource)], context)


def _agree(statements: list[Document], context: Context) -> bool:
    """Whether a statement allows it and none denies it."""
    if any(each["Effect"] == "Deny" and _conditions_hold(each, context, unknown=True) for each in statements):
        return False
    return any(each["Effect"] == "Allow" and _conditions_hold(each, context, unknown=False) for each in statements)


def _statements(policy: Document | None) -> list[Document]:
    return _list((policy or {}).get("Statement"))


def _is_for(statement: Document, caller: Caller) -> bool:
    return _either(statement, "Principal", lambda value: _is_principal(value, caller))


def _names(statement: Document, action: str) -> bool:
    return _either(
        statement, "Action", lambda value: any(matches(each, action, ignore_case=True) for each in _list(value))
    )


def _has(statement: Document, resource: str) -> bool:
    return _either(statement, "Resource", lambda value: any(matches(each, resource) for each in _list(value)))


def _either(statement: Document, name: str, fits: Callable[[Any], bool]) -> bool:
    if f"Not{name}" in statement:
        return not fits(statement[f"Not{name}"])
    return name in statement and fits(statement[name])


def _is_principal(value: Any, caller: Caller) -> bool:
    if isinstance(value, str):
        return value == "*"
    named = (caller.service, "Service"), (caller.provider, "Federated")
    return "*" in _list(value.get("AWS")) or any(name and name in _list(value.get(kind)) for name, kind in named)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _conditions_hold(statement: Document, context: Context, *, unknown: bool) -> bool:
    conditions = (statement.get("Condition") or {}).items()
    tests = [(operator, key, wanted) for operator, keys in conditions for key, wanted in keys.items()]
    return all(_holds(operator, key, _list(wanted), context, unknown) for operator, key, wanted in tests)


def _holds(operator: str, key: str, wanted: list[Any], context: Context, unknown: bool) -> bool:
    value = context.get(key.lower())
    kind, _colon, plain = operator.rpartition(":")
    if kind in OF_SEVERAL:
        return OF_SEVERAL[kind](_holds(plain, key, wanted, {key.lower(): each}, unknown) for each in _list(value))
    if isinstance(value, tuple):
        # AWS wants a set operator for a key with several values.
        return unknown
    if operator == "Null":
        return (value is None) == (str(wanted[0]).lower() == "true")
    name = operator.removesuffix("IfExists")
    if value is None and operator.endswith("IfExists"):
        return True
    negated = name.replace("Not", "", 1) in OPERATORS and name not in OPERATORS
    test = OPERATORS.get(name.replace("Not", "", 1) if negated else name)
    if test is None:
        # An operator that the sandbox doesn't know never opens anything.
        return unknown
    return negated != (value is not None and any(test(str(each), value) for each in wanted))


def _same(wanted: str, value: str) -> bool:
    return wanted == value


def _same_ignoring_case(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _like(wanted: str, value: str) -> bool:
    return matches(wanted, value)


def _in_network(wanted: str, value: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)


# What they want of the values of a key that may have several.
OF_SEVERAL: dict[str, Callable[[Iterable[bool]], bool]] = {"ForAnyValue": any, "ForAllValues": all}
# Each has a negated form with `Not` in it: StringNotEquals, NotIpAddress.
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _same,
    "StringEqualsIgnoreCase": _same_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _same_ignoring_case,
    "IpAddress": _in_network,
}
