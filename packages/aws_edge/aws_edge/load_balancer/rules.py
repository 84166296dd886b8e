"""Evaluation of listener rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from aws_edge.http.messages import Request
from aws_edge.http.patterns import matches

Condition = dict[str, Any]


def select(rules: Iterable[dict[str, Any]], request: Request) -> dict[str, Any]:
    """The first rule whose conditions all hold; the default rule, which comes last, has none."""
    return next(rule for rule in rules if all(holds(condition, request) for condition in rule["Conditions"]))


def holds(condition: Condition, request: Request) -> bool:
    """Whether one condition holds; one that the sandbox doesn't know is an error, never a guess."""
    field = condition["Field"]
    if field not in FIELDS:
        raise NotImplementedError(f"listener rule condition {field}")
    name, test = FIELDS[field]
    config = condition.get(name) or {}
    return test(config.get("Values") or condition.get("Values", []), config, request)


def _path(values: list[str], _config: Condition, request: Request) -> bool:
    # As received: nothing is decoded or normalized before a rule is chosen.
    return any(matches(value, request.path) for value in values)


def _host(values: list[str], _config: Condition, request: Request) -> bool:
    return any(matches(value, request.domain(), ignore_case=True) for value in values)


def _method(values: list[str], _config: Condition, request: Request) -> bool:
    return request.method in values


def _header(values: list[str], config: Condition, request: Request) -> bool:
    name = config["HttpHeaderName"].lower()
    sent = [value for key, value in request.headers if key == name]
    return any(matches(value, each, ignore_case=True) for value in values for each in sent)


def _query(values: list[Any], _config: Condition, request: Request) -> bool:
    pairs = [pair.partition("=") for pair in request.query.split("&") if pair]
    return any(_pair_fits(wanted, name, value) for wanted in values for name, _other, value in pairs)


def _pair_fits(wanted: dict[str, str], name: str, value: str) -> bool:
    key = wanted.get("Key")
    return (key is None or matches(key, name, ignore_case=True)) and matches(wanted["Value"], value, ignore_case=True)


def _source(values: list[str], _config: Condition, request: Request) -> bool:
    address = ipaddress.ip_address(request.client)
    return any(address in ipaddress.ip_network(value, strict=False) for value in values)


FIELDS: dict[str, tuple[str, Callable[[list[Any], Condition, Request], bool]]] = {
    "path-pattern": ("PathPatternConfig", _path),
    "host-header": ("HostHeaderConfig", _host),
    "http-request-method": ("HttpRequestMethodConfig", _method),
    "http-header": ("HttpHeaderConfig", _header),
    "query-string": ("QueryStringConfig", _query),
    "source-ip": ("SourceIpConfig", _source),
}
