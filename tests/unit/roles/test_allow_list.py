"""The list of people as roles and playbooks judge it: by the rule of the function and the gate."""

from __future__ import annotations

import pytest
from ansible_collections.bioviewers.aws.plugins.filter.allow_list import FilterModule
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.allow_list import AllowList
from ansible_collections.bioviewers.aws.plugins.test.sts_session_name import TestModule as SessionName

allow_list = FilterModule().filters()["allow_list"]
is_session_name = SessionName().tests()["sts_session_name"]


def test_what_can_be_read_is_not_odd():
    found = allow_list(["Lab.example.org", "xn--bcher-kva.example"], ["ada+x@lab.example.org"])
    assert (found["invalid_domains"], found["invalid_emails"]) == ([], [])
    assert found["size"] <= found["max_size"]


@pytest.mark.parametrize("domain", ["*.example.org", "@example.org", "example", "b\u00fccher.example", "a.b\n", 1])
def test_no_domain(domain):
    assert allow_list([domain], [])["invalid_domains"] == [domain]


@pytest.mark.parametrize(
    "email", ["ada", "ada@example", "\u0430da@example.org", "a@b.example\n", f"a@{'b.' * 130}c", 1]
)
def test_no_address(email):
    assert allow_list([], [email])["invalid_emails"] == [email]


def test_a_list_that_is_too_long():
    found = allow_list([], [f"somebody-{number}@lab.example.org" for number in range(150)])
    assert found["size"] > found["max_size"]


@pytest.mark.parametrize(("required", "admitted"), [(True, False), (False, True)])
def test_an_empty_list(required, admitted):
    assert AllowList([], []).admits("ada@example.org", required) is admitted
    assert AllowList(["example.org"], []).admits("ada@example.org", required)
    assert not AllowList(["example.org"], []).admits("ada@elsewhere.example", required)


@pytest.mark.parametrize(("text", "fits"), [("ada@uni.edu", True), ("o'neill@uni.edu", False), ("a" * 65, False)])
def test_names_of_sessions(text, fits):
    assert is_session_name(text) is fits
