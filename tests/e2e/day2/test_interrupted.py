"""A run that is killed at any long wait, again and again, is finished by the next; here with records made by hand."""

from __future__ import annotations

import pytest

from tests.e2e import interrupted


def test_killed_in_the_middle_a_run_goes_on_where_it_was(second_lab):
    """All of it is asserted while the second lab is built, which fails here if it failed."""


@pytest.mark.nightly
def test_killed_at_each_long_wait_a_run_goes_on_where_it_was(second_lab):
    """The same of all seven kills: they take the place of the two where this test is wanted."""


def test_nothing_is_there_twice(second_lab):
    there = interrupted.everything()
    assert {kind: len(names) for kind, names in there.items()} == dict.fromkeys(there, 1)
