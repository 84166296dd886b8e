"""Every module in the strict account: check, make, again, change each option, delete, again; then drift.

The cases come from the modules' argument specs: an option without a row in its table fails the first test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import unknown

from tests import modules
from tests.unit.strict.life import FILES, ROWS, TABLES, Life, all_in_order, flat, spec_of, told, within
from tests.unit.strict.table import ENGINE, options

each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
each_row = pytest.mark.parametrize(("table", "option"), ROWS, ids=[f"{table.title}-{option}" for table, option in ROWS])
UNFORESEEN = {"acm_certificate": {"resource_records": unknown("certificate")}}  # AWS makes them up
TAGGED = [table for table in TABLES if "tags" in table.rows]
FIXED = [(table, option) for table in TABLES for option in table.fixed]


def free(option: dict[str, Any]) -> bool:
    return len(option.get("choices", [0, 1])) > 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__.rpartition(".")[2])
def test_every_option_is_in_the_table(file):
    module = file.__name__.rpartition(".")[2]
    known = set()
    for table in file.TABLES:
        assert table.module == module
        known |= {*table.rows, *table.identity, *table.fixed, *table.acts}
    taken = {name for name, option in options(spec_of(module)) if free(option)} - ENGINE
    assert taken == known - ENGINE


def unsaid(shape: Any, known: set[str], path: str) -> Iterator[str]:
    """Members of the API's shape of which nothing is known."""
    if {"Items", "Quantity"} <= shape.members.keys() and f"{path}Items" not in known:
        shape = shape.members["Items"].member
        path = f"{path}0."
    known = {*known, f"{path}Quantity"}
    for name, member in shape.members.items():
        inner = member.member if member.type_name == "list" else member
        if f"{path}{name}" in known:
            continue
        partly = any(item.startswith(f"{path}{name}.") for item in known)
        if partly and inner.type_name == "structure":
            yield from unsaid(inner, known, f"{path}{name}.{'0.' if inner is not member else ''}")
        elif not partly:
            yield f"{path}{name}"


@pytest.mark.parametrize("table", [table for table in TABLES if table.update], ids=lambda table: table.title)
def test_every_setting_of_the_api_is_managed_or_somebody_elses(table):
    service = {"cloudfront": "cloudfront", "cognito_identity_pool": "cognito-identity"}
    service = service.get(table.module, service.get(table.module.partition("_")[0], "cognito-idp"))
    shape = botocore.session.get_session().get_service_model(service).operation_model(table.update).input_shape
    config = shape.members.get(f"{table.kind}Config", shape)
    named = {"UserPoolId", "ClientId", "ClientName", "ProviderName", "Domain", "Name", "CallerReference", "IfMatch"}
    known = {*(row.path for row in table.rows.values()), *table.theirs, *table.apart, *named}
    known |= {"Origins.0.Id"} | ({"Name"} if table.kind != "UserPool" else set())
    assert list(unsaid(config, known, "")) == []


@each_table
def test_life(account, table):
    life = Life(account, table)
    foreseen = life.run(check_mode=True, **table.full())
    assert foreseen["changed"]
    assert account.state() == life.others
    made = life.run(**table.full())
    assert (made["changed"], made["diff"]) == (True, foreseen["diff"])
    held = account.state()
    assert {name: life.peek(row) for name, row in table.rows.items()} == {
        name: all_in_order(row.told(row.first)) for name, row in table.rows.items()
    }
    again = life.run(**table.full())
    assert not again["changed"]
    assert within(foreseen["diff"]["after"], again["diff"]["before"])
    assert within({**told(foreseen), **UNFORESEEN.get(table.module, {})}, told(again))
    assert not life.run(**table.least())["changed"], "what is not asked for keeps its value"
    assert account.state() == held

    assert life.run(check_mode=True, **table.gone())["changed"]
    assert account.state() == held
    gone = life.run(**table.gone())
    assert (gone["changed"], gone["diff"]["after"]) == (True, {})
    assert within(gone["diff"]["before"], again["diff"]["before"]), "some is looked at only when it is asked for"
    assert gone["diff"]["before"]
    assert account.state() == life.others
    assert not life.run(**table.gone())["changed"]


@each_row
def test_update(account, table, option):
    life, row = Life(account, table), table.rows[option]
    held = life.made()
    asked = table.full(**{option: row.second})
    foreseen = life.run(check_mode=True, **asked)
    assert foreseen["changed"]
    assert account.state() == held
    done = life.run(**asked)
    assert (done["changed"], done["diff"]) == (True, foreseen["diff"])
    again = life.run(**asked)
    assert not again["changed"]
    assert flat(again["diff"]["before"]) == flat(done["diff"]["after"])
    assert all_in_order(told(again)).keys() == all_in_order(told(done)).keys()
    assert life.peek(row) == all_in_order(row.told(row.second))
    life.poke(row, row.first)
    assert flat(account.state()) == flat(held), "nothing else changed"


@each_row
def test_drift(account, table, option):
    life, row = Life(account, table), table.rows[option]
    held = life.made()
    assert not life.run(**table.full())["changed"]
    life.poke(row, row.second)
    drifted = account.state()
    assert drifted != held
    seen = life.run(check_mode=True, **table.full())
    assert seen["changed"]
    assert account.state() == drifted
    repaired = life.run(**table.full())
    assert (repaired["changed"], repaired["diff"]) == (True, seen["diff"])
    assert flat(account.state()) == flat(held), "repaired, and what others set is as it was"


@pytest.mark.parametrize("table", TAGGED, ids=lambda table: table.title)
def test_tags_of_others_stay_unless_they_are_to_go(account, table):
    """An organization tags what is made in its accounts."""
    life, row = Life(account, table), table.rows["tags"]
    life.made()
    life.poke(row, {**row.first, "CostCenter": "7"})
    assert not life.run(**table.full())["changed"]
    life.run(**table.all_second())
    assert life.peek(row) == {**row.second, "CostCenter": "7"}
    assert life.run(**table.all_second(), purge_tags=True)["changed"]
    assert life.peek(row) == row.second


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(("table", "option"), FIXED, ids=[f"{table.title}-{option}" for table, option in FIXED])
def test_what_can_not_change_is_refused(account, table, option, check_mode):
    life = Life(account, table)
    held = life.made()
    other, words = table.fixed[option]
    refused = modules.run(table.module, check_mode=check_mode, **table.full(**{option: other}))
    assert refused["failed"]
    assert words in refused["msg"]
    assert account.state() == held
