"""Every module where things go wrong: the controller dies, AWS is busy or broken, what was written is not seen yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests import modules
from tests.unit.strict.aws import Killed
from tests.unit.strict.life import TABLES, Life, spec_of
from tests.unit.strict.table import Table

each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
OF_CLOUDFRONT = [table for table in TABLES if table.module.startswith("cloudfront") and table.kind != "Parameter"]
each_of_cloudfront = pytest.mark.parametrize("table", OF_CLOUDFRONT, ids=lambda table: table.title)


def patient(table: Table, arguments: dict[str, Any]) -> dict[str, Any]:
    """With `wait`, where there is something to wait for."""
    waits = "wait" in spec_of(table.module)
    return {**arguments, **({"wait": True} if waits else {})}


def stages(table: Table) -> dict[str, dict[str, Any]]:
    return {"make": table.full(), "change": table.all_second(), "delete": table.gone()}


@pytest.mark.parametrize("stage", ["make", "change", "delete"])
@each_table
def test_killed_after_each_writing_call(account, table, stage):
    life, arguments = Life(account, table), stages(table)[stage]
    if stage != "make":
        life.made()
    start = account.keep()
    account.back_to(start)
    life.run(**arguments)
    expected, writes = account.state(), account.writes
    assert writes
    for number in range(1, writes + 1):
        account.back_to(start)
        account.killed = number
        with pytest.raises(Killed):
            modules.run(table.module, **arguments)
        life.run(**arguments)
        assert account.state() == expected, f"killed after write {number}"
        assert not life.run(**arguments)["changed"]


def whole_life(life: Life) -> None:
    table = life.table
    life.run(**table.least())
    life.run(**table.full())
    life.others_set_theirs()
    for stage in (table.all_second(), table.full(), table.gone()):
        arguments = patient(table, stage)
        assert life.run(**arguments)["changed"]
        held = life.account.state()
        assert not life.run(**arguments)["changed"]
        assert life.account.state() == held
    assert life.account.state() == life.others


@pytest.mark.parametrize("clock", range(5))
@each_table
def test_every_fifth_call_is_throttled_and_every_twentieth_fails(account, table, clock):
    life = Life(account, table)
    account.clock, account.throttled, account.failing = clock, 5, 20
    whole_life(life)


@pytest.mark.parametrize("lag", [1, 3])
@each_table
def test_what_was_written_is_seen_late(account, table, lag):
    life = Life(account, table)
    account.lag = lag
    whole_life(life)


@each_of_cloudfront
def test_what_another_run_made_moments_ago_is_not_made_again(account, table):
    life = Life(account, table)
    account.lag = 5
    life.run(**table.full())
    changed = table.all_second()
    assert modules.run(table.module, **changed)["changed"], "no list has it yet"
    account.settle()
    assert len(account.held[table.kind]) == len(life.others[table.kind]) + 1
    assert not life.run(**changed)["changed"]


@each_of_cloudfront
def test_what_was_deleted_is_made_again_and_found(account, table):
    """AWS remembers the caller reference of what is gone."""
    life = Life(account, table)
    for _time in range(2):
        assert life.run(**table.full())["changed"]
        assert not life.run(**table.full())["changed"]
        assert life.run(**table.gone())["changed"]
    assert account.state() == life.others


@each_of_cloudfront
def test_what_somebody_else_writes_again_and_again_is_not_overwritten(account, table, monkeypatch):
    life = Life(account, table)
    life.made()
    answer, held = account.answer, account.state()

    def before_theirs(client, operation, request):
        result = answer(client, operation, request)
        if operation == f"Get{table.kind}" and result[table.kind]["Id"] not in life.others[table.kind]:
            life.record()["etag"] = f"theirs{account.clock}"
        return result

    monkeypatch.setattr(account, "answer", before_theirs)
    refused = modules.run(table.module, **table.all_second())
    assert "PreconditionFailed" in refused["msg"]
    assert account.state() == held
