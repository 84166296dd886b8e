"""What AWS refuses for a moment: as boto understands it, a few times, and only in a young account."""

from __future__ import annotations

import pytest

from sandbox.api import young_account
from tests.unit.sandbox.boto_error import boto_error

REFUSALS = [
    (*operation, number) for operation, passing in young_account.PASSING.items() for number in range(len(passing))
]


@pytest.fixture
def young(monkeypatch):
    monkeypatch.setattr(young_account, "IS_ON", True)
    monkeypatch.setattr(young_account, "_refused", {})


@pytest.mark.parametrize(("service", "action", "number"), REFUSALS)
def test_a_refusal_is_one_that_boto_understands(young, service, action, number):
    for _time in range(number):
        young_account.refusal(service, action, "/", b"")
    answer = young_account.refusal(service, action, "/", b"")
    error = boto_error(service, answer)
    passing = young_account.PASSING[service, action][number]
    assert (error["Code"], error["Message"]) == (passing.code, passing.message)


def test_the_same_request_is_answered_in_the_end(young):
    asked = ("lambda", "CreateFunction", "/2015-03-31/functions")
    refused = [young_account.refusal(*asked, b"{}") is not None for _time in range(4)]
    assert refused == [True, True, False, False]
    assert young_account.refusal(*asked, b'{"FunctionName": "other"}'), "each function for itself"


def test_a_token_that_is_new_each_time_makes_no_other_request(young):
    asked = ("ec2", "RunInstances", "/")
    assert young_account.refusal(*asked, b"Action=RunInstances&ClientToken=one&ImageId=ami-1")
    assert not young_account.refusal(*asked, b"Action=RunInstances&ClientToken=two&ImageId=ami-1")


def test_an_old_account_is_refused_nothing():
    assert not young_account.refusal("lambda", "CreateFunction", "/", b"{}")
