"""A table's resource through its life, in the strict account."""

from __future__ import annotations

import copy
import importlib
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import STATE, Resource
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import is_unknown

from tests import modules
from tests.unit.strict.aws import Aws
from tests.unit.strict.cloudfront import DEFAULTS, completed
from tests.unit.strict.table import Row, Table, peek, poke
from tests.unit.strict.tables import (
    acm_certificate,
    cloudfront_distribution,
    cloudfront_key_group,
    cloudfront_origin_access_control,
    cloudfront_public_key,
    cloudfront_response_headers_policy,
    cloudfront_signing_key,
    cognito_identity_pool,
    cognito_identity_provider,
    cognito_user,
    cognito_user_pool,
    cognito_user_pool_client,
    cognito_user_pool_domain,
    iam_role,
    lambda_function,
    s3_bucket_policy_statement,
    sns_topic,
)

FILES = (
    acm_certificate,
    cloudfront_distribution,
    cloudfront_key_group,
    cloudfront_origin_access_control,
    cloudfront_public_key,
    cloudfront_response_headers_policy,
    cloudfront_signing_key,
    cognito_identity_pool,
    cognito_identity_provider,
    cognito_user,
    cognito_user_pool,
    cognito_user_pool_client,
    cognito_user_pool_domain,
    iam_role,
    lambda_function,
    s3_bucket_policy_statement,
    sns_topic,
)
TABLES: list[Table] = [table for file in FILES for table in file.TABLES]
ROWS = [(table, option) for table in TABLES for option in table.rows]
RESULT = frozenset({"changed", "diff", "invocation", "failed", "warnings", "deprecations"})
_made: dict[str, Any] = {}


def spec_of(module: str) -> dict[str, Any]:
    loaded = importlib.import_module(f"ansible_collections.bioviewers.aws.plugins.modules.{module}")
    kinds = [kind for kind in vars(loaded).values() if isinstance(kind, type) and issubclass(kind, Resource)]
    return {**STATE, **next(kind for kind in kinds if kind.__module__ == loaded.__name__).options}


class Life:
    def __init__(self, account: Aws, table: Table) -> None:
        self.account, self.table = account, table
        table.before(account)
        self.others = account.state()

    def run(self, *, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
        """A run some time after the last; it must not fail."""
        self.account.settle()
        result = modules.run(self.table.module, check_mode=check_mode, **arguments)
        assert "msg" not in result, result["msg"]
        return result

    def made(self) -> dict[str, Any]:
        """All options have their first values, and others set theirs."""
        if self.table.title not in _made:
            self.run(**self.table.full())
            self.others_set_theirs()
            _made[self.table.title] = copy.deepcopy(self.account.held)
        self.account.held = copy.deepcopy(_made[self.table.title])
        return self.account.state()

    def others_set_theirs(self) -> None:
        for path, value in self.table.left_alone().items():
            poke(self.record(), path, value)
        if self.table.kind in DEFAULTS:
            self.record()["config"] = completed(self.table.kind, self.record()["config"])

    def record(self) -> dict[str, Any]:
        held = self.account.held[self.table.kind]
        if self.table.key:
            return held[self.table.key]
        (key,) = held.keys() - self.others.get(self.table.kind, {}).keys()
        return held[key]

    def peek(self, row: Row) -> Any:
        return in_order(peek(self.record(), row.path))

    def poke(self, row: Row, value: Any) -> None:
        twin = [self.account.held[self.table.kind][self.table.twin]] if self.table.twin else []
        for record in (self.record(), *twin):
            for path in (row.path, *row.also):
                poke(record, path, row.told(value))


def in_order(value: Any) -> Any:
    """Lists of texts mean sets."""
    return sorted(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else value


def all_in_order(value: Any) -> Any:
    """Lists of texts mean sets, and an empty list is as good as none."""
    if isinstance(value, dict):
        return {key: all_in_order(item) for key, item in value.items() if item != []}
    return in_order([all_in_order(item) for item in value]) if isinstance(value, list) else value


def flat(state: Any, path: str = "") -> dict[str, Any]:
    """The same by dotted paths, so that a difference can be read."""
    state = all_in_order(state)
    if isinstance(state, dict) and state:
        items = state.items()
    elif isinstance(state, list) and state:
        items = enumerate(state)
    else:
        return {path: state}
    return {name: value for key, item in items for name, value in flat(item, f"{path}.{key}").items()}


def told(result: dict[str, Any]) -> dict[str, Any]:
    """What a result says of the resource."""
    (noun,) = result.keys() - RESULT
    return result[noun]


def within(part: Any, whole: Any) -> bool:
    """Whether all that one side says the other says too."""
    if isinstance(part, dict) and isinstance(whole, dict):
        shown = {key: item for key, item in part.items() if item != "(hidden)"}  # AWS may keep a secret to itself
        return all(key in whole and within(item, whole[key]) for key, item in shown.items())
    if isinstance(part, list) and isinstance(whole, list) and any(isinstance(item, dict) for item in part):
        return len(part) == len(whole) and all(map(within, part, whole))
    return is_unknown(part) or in_order(part) == in_order(whole)  # a stand-in for what AWS has yet to give
