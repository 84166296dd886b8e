"""Policy evaluation, as far as policies of buckets, functions and roles need it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_edge.http.patterns import matches

Document = Mapping[str, Any]
CLOUDFRONT = "cloudfront.amazonaws.com"
# Multivalued keys are tuples, such as `amr` of a token.
Context = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Caller:
    """The principal of a request: a service, a federated identity or anonymous; condition keys in lower case."""

    service: str = ""
    context: Context = field(default_factory=dict)
    provider: str = ""


def allows(policy: Document | None, caller: Caller, action: str, resource: str) -> bool:
    """Whether a resource policy allows it; without a policy only the owner is allowed."""
    named = (each for each in _statements(policy) if _matches_principal(each, caller))
    return _evaluate(
        [each for each in named if _matches_action(each, action) and _matches_resource(each, resource)], caller.context
    )


def trusts(policy: Document, caller: Caller, action: str) -> bool:
    """Whether a role's trust policy, which has no Resource, allows the caller to assume the role."""
    named = (each for each in _statements(policy) if _matches_principal(each, caller))
    return _evaluate([each for each in named if _matches_action(each, action)], caller.context)


def permits(policies: Iterable[Document], context: Context, action: str, resource: str) -> bool:
    """Whether the identity policies of a role, which have no Principal, allow it together."""
    statements = [each for policy in policies for each in _statements(policy)]
    return _evaluate(
        [each for each in statements if _matches_action(each, action) and _matches_resource(each, resource)], context
    )


def _evaluate(statements: list[Document], context: Context) -> bool:
    """Whether a statement allows it and none denies it."""
    if any(each["Effect"] == "Deny" and _conditions_met(each, context, default=True) for each in statements):
        return False
    return any(each["Effect"] == "Allow" and _conditions_met(each, context, default=False) for each in statements)


def _statements(policy: Document | None) -> list[Document]:
    return _list((policy or {}).get("Statement"))


def _matches_principal(statement: Document, caller: Caller) -> bool:
    return _matches_element(statement, "Principal", lambda value: _is_principal(value, caller))


def _matches_action(statement: Document, action: str) -> bool:
    return _matches_element(
        statement, "Action", lambda value: any(matches(each, action, ignore_case=True) for each in _list(value))
    )


def _matches_resource(statement: Document, resource: str) -> bool:
    return _matches_element(statement, "Resource", lambda value: any(matches(each, resource) for each in _list(value)))


def _matches_element(statement: Document, name: str, fits: Callable[[Any], bool]) -> bool:
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


def _conditions_met(statement: Document, context: Context, *, default: bool) -> bool:
    conditions = (statement.get("Condition") or {}).items()
    tests = [(operator, key, wanted) for operator, keys in conditions for key, wanted in keys.items()]
    return all(_condition_met(operator, key, _list(wanted), context, default) for operator, key, wanted in tests)


def _condition_met(operator: str, key: str, wanted: list[Any], context: Context, default: bool) -> bool:
    value = context.get(key.lower())
    kind, _colon, plain = operator.rpartition(":")
    if kind in OF_SEVERAL:
        return OF_SEVERAL[kind](
            _condition_met(plain, key, wanted, {key.lower(): each}, default) for each in _list(value)
        )
    if isinstance(value, tuple):
        # AWS requires a set operator for a multivalued key.
        return default
    if operator == "Null":
        return (value is None) == (str(wanted[0]).lower() == "true")
    name = operator.removesuffix("IfExists")
    if value is None and operator.endswith("IfExists"):
        return True
    negated = name.replace("Not", "", 1) in OPERATORS and name not in OPERATORS
    test = OPERATORS.get(name.replace("Not", "", 1) if negated else name)
    if test is None:
        # An unsupported operator never allows anything.
        return default
    return negated != (value is not None and any(test(str(each), value) for each in wanted))


def _same(wanted: str, value: str) -> bool:
    return wanted == value


def _same_ignoring_case(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _like(wanted: str, value: str) -> bool:
    return matches(wanted, value)


def _in_network(wanted: str, value: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)


# Set operators for multivalued keys.
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
