"""cloudfront_signing_key: the pair is one pair, made once, and its private key is told to nobody."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import is_unknown
from cryptography.hazmat.primitives import serialization

from tests import modules
from tests.unit.strict.aws import Killed

NAME = "/lab/keys/k1"
PUBLIC = f"{NAME}.pub"
ARGUMENTS = {"name": NAME, "kms_key_id": "alias/lab", "signs": "cookies of data.lab.example.org", "tags": {"a": "b"}}


def run(account, **arguments):
    account.settle()
    result = modules.run("cloudfront_signing_key", **{**ARGUMENTS, **arguments})
    assert "PRIVATE" not in json.dumps(result)
    return result


def values(account):
    return {name: record["value"] for name, record in account.ssm.parameters.items()}


def is_pair(account):
    private = serialization.load_pem_private_key(values(account)[NAME].encode(), None)
    public = serialization.load_pem_public_key(values(account)[PUBLIC].encode())
    assert (private.key_size, private.public_key()) == (2048, public)
    return True


def test_a_pair_is_made_as_asked_and_stays(account):
    made = run(account)
    assert is_pair(account)
    assert made["signing_key"]["public_key"] == values(account)[PUBLIC]
    private, public = (account.ssm.parameters[name]["config"] for name in (NAME, PUBLIC))
    assert (private["Type"], private["KeyId"], public["Type"]) == ("SecureString", "alias/lab", "String")
    assert private["Description"] == "Private key that signs the cookies of data.lab.example.org"
    assert public["Description"] == "Public key that the cookies of data.lab.example.org are checked with"
    before = values(account)
    again = run(account, kms_key_id="alias/other", signs="URLs")
    assert (again["changed"], again["signing_key"]["public_key"]) == (False, before[PUBLIC])
    assert values(account) == before


def test_nothing_is_deciphered_to_look(account, monkeypatch):
    answer, asked = account.answer, []
    monkeypatch.setattr(account, "answer", lambda *call: asked.append(call[1:]) or answer(*call))
    for arguments in ({}, {}, {"state": "absent"}):
        run(account, **arguments)
    assert {request["WithDecryption"] for operation, request in asked if operation == "GetParameter"} == {False}


@pytest.mark.parametrize("lost", [NAME, PUBLIC])
def test_an_incomplete_pair_is_made_anew(account, lost):
    run(account)
    before = values(account)
    del account.ssm.parameters[lost]
    held = values(account)
    foreseen = run(account, check_mode=True)
    assert (foreseen["changed"], is_unknown(foreseen["signing_key"]["public_key"])) == (True, True)
    assert values(account) == held
    healed = run(account)
    assert (healed["changed"], healed["diff"]) == (True, foreseen["diff"])
    assert is_pair(account)
    assert not values(account).items() & before.items()
    assert {str(record["tags"]) for record in account.ssm.parameters.values()} == {"{'a': 'b'}"}
    assert not run(account)["changed"]


@pytest.mark.parametrize("lost", [None, NAME, PUBLIC])
@pytest.mark.parametrize("killed", [1, 2, 3])
def test_a_run_that_dies_leaves_no_half_that_is_taken_for_a_whole(account, lost, killed):
    if lost:
        run(account)
        del account.ssm.parameters[lost]
    account.killed = killed
    try:
        run(account)
    except Killed:
        run(account)
    account.killed = 0
    assert is_pair(account)
    assert not run(account)["changed"]


def test_what_another_run_made_a_moment_ago_is_not_replaced(account, monkeypatch):
    run(account)
    answer, before = account.answer, values(account)

    def blind(client, operation, request):
        if operation == "GetParameter":
            request = {**request, "Name": "/none"}
        return answer(client, operation, request)

    monkeypatch.setattr(account, "answer", blind)
    refused = modules.run("cloudfront_signing_key", **ARGUMENTS)
    assert "ParameterAlreadyExists" in refused["msg"]
    assert values(account) == before


def test_a_public_key_that_is_seen_late_becomes_that_of_the_new_pair(account):
    account.lag = 9
    run(account)
    assert modules.run("cloudfront_signing_key", **ARGUMENTS)["changed"]
    assert is_pair(account)


@pytest.mark.parametrize("lost", [NAME, PUBLIC])
def test_what_is_left_of_a_pair_goes_too(account, lost):
    run(account)
    del account.ssm.parameters[lost]
    assert run(account, state="absent")["changed"]
    assert not account.ssm.parameters
