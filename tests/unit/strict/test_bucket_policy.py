"""s3_bucket_policy_statement: policies that S3 tells of late, or loses."""

from __future__ import annotations

import pytest

from tests import modules
from tests.unit.strict.tables.s3_bucket_policy_statement import LIST, READ, before


def run(**asked):
    result = modules.run("s3_bucket_policy_statement", bucket="data", **asked)
    assert "msg" not in result, result["msg"]
    return result


@pytest.fixture
def sids(account):
    before(account)

    def held():
        return [statement["Sid"] for statement in account.s3.policies["data"]["config"]["Statement"]]

    return held


@pytest.mark.parametrize("lag", [1, 3, 6])
def test_one_statement_right_after_the_other(account, sids, lag):
    account.lag = lag
    run(sid="Read", statement=READ)
    run(sid="List", statement=LIST)
    assert sids() == ["TlsOnly", "Read", "List"]
    for sid in ("Read", "List"):
        run(sid=sid, state="absent")
    assert sids() == ["TlsOnly"]


def test_a_write_that_is_lost_is_made_again(account, sids, monkeypatch):
    real, lost = account.s3.put_bucket_policy, []

    def put(request):
        if lost:
            real(request)
        lost.append(request)

    monkeypatch.setattr(account.s3, "put_bucket_policy", put)
    run(sid="Read", statement=READ)
    assert (sids(), len(lost)) == (["TlsOnly", "Read"], 2)


def test_a_write_that_is_lost_again_is_told(account, sids, monkeypatch):
    monkeypatch.setattr(account.s3, "put_bucket_policy", lambda request: None)
    failed = modules.run("s3_bucket_policy_statement", bucket="data", sid="Read", statement=READ)
    assert "S3 took it twice, and tells of it after neither." in failed["msg"]


def test_several_are_written_at_once(account, sids):
    both = {"Read": READ, "List": LIST}
    assert run(statements=both)["bucket_policy_statement"] == {"bucket": "data", "statements": both}
    assert (sids(), account.calls.count("PutBucketPolicy")) == (["TlsOnly", "Read", "List"], 1)
    assert not run(statements=both)["changed"]
    run(sid="List", state="absent")
    assert run(statements=both)["changed"], "one of them is missing"
    gone = run(statements=both, state="absent")
    assert (gone["changed"], sids(), account.calls.count("PutBucketPolicy")) == (True, ["TlsOnly"], 4)
    assert not run(statements=both, state="absent")["changed"]
