"""What a bucket policy allows to whom: enough of IAM's evaluation for requests of CloudFront and of strangers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .patterns import matches

Document = Mapping[str, Any]
CLOUDFRONT = "cloudfront.amazonaws.com"


@dataclass(frozen=True)
class Caller:
    """Who asks: a service, or nobody; with the condition keys of the request, their names in lower case."""

    service: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


def allows(policy: Document | None, caller: Caller, action: str, resource: str) -> bool:
    """Whether a statement allows it and none denies it. Without a policy nobody but the owner may do anything."""
    statements = [each for each in _list((policy or {}).get("Statement")) if _names(each, caller, action, resource)]
    if any(each["Effect"] == "Deny" and _conditions_hold(each, caller, unknown=True) for each in statements):
        return False
    return any(each["Effect"] == "Allow" and _conditions_hold(each, caller, unknown=False) for each in statements)


def _names(statement: Document, caller: Caller, action: str, resource: str) -> bool:
    return (
        _either(statement, "Principal", lambda value: _is_principal(value, caller))
        and _either(
            statement, "Action", lambda value: any(matches(each, action, ignore_case=True) for each in _list(value))
        )
        and _either(statement, "Resource", lambda value: any(matches(each, resource) for each in _list(value)))
    )


def _either(statement: Document, name: str, fits: Callable[[Any], bool]) -> bool:
    if f"Not{name}" in statement:
        return not fits(statement[f"Not{name}"])
    return name in statement and fits(statement[name])


def _is_principal(value: Any, caller: Caller) -> bool:
    if isinstance(value, str):
        return value == "*"
    services = _list(value.get("Service"))
    return "*" in _list(value.get("AWS")) or (bool(caller.service) and caller.service in services)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _conditions_hold(statement: Document, caller: Caller, *, unknown: bool) -> bool:
    conditions = (statement.get("Condition") or {}).items()
    tests = [(operator, key, wanted) for operator, keys in conditions for key, wanted in keys.items()]
    return all(_holds(operator, key, _list(wanted), caller.context, unknown) for operator, key, wanted in tests)


def _holds(operator: str, key: str, wanted: list[Any], context: Mapping[str, str], unknown: bool) -> bool:
    value = context.get(key.lower())
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
