"""lambda_function: its archive, and a role that IAM has just made."""

from __future__ import annotations

import io
import os
import zipfile

import pytest
from ansible_collections.bioviewers.aws.plugins.modules.lambda_function import digest, packed

from tests import modules
from tests.unit.strict.functions import CANNOT_ASSUME, CANNOT_GRANT
from tests.unit.strict.tables.lambda_function import ROLE, TABLES

# Of the archive of an earlier release: another digest would change every function there is.
DIGEST = "ubdAtexex7p3MCo06q/IX+D/akisn8FzbftP+cyLQ0Y="


def test_the_archive_is_that_of_earlier_releases(tmp_path):
    source = tmp_path / "sign_in.py"
    source.write_text("def handler(event, _context):\n    return event\n")
    archives = []
    for time in (1_000_000_000, 2_000_000_000):
        os.utime(source, (time, time))
        archives.append(packed([str(source)]))
    assert archives[0] == archives[1]
    assert digest(archives[0]) == DIGEST
    with zipfile.ZipFile(io.BytesIO(archives[0])) as opened:
        assert opened.namelist() == ["sign_in.py"]
        assert opened.read("sign_in.py") == source.read_bytes()
        assert opened.infolist()[0].external_attr >> 16 == 0o100644


@pytest.mark.parametrize("said", [CANNOT_ASSUME, CANNOT_GRANT])
def test_lambda_learns_late_of_a_role(account, said):
    account.functions.roles_seen_late, account.functions.unknown_role = 3, said
    assert modules.run("lambda_function", **TABLES[0].full())["changed"]
    account.settle()
    assert not modules.run("lambda_function", **TABLES[0].full())["changed"]


def test_lambda_learns_late_of_another_role(account):
    modules.run("lambda_function", **TABLES[0].full())
    account.settle()
    account.functions.roles_seen_late = 3
    assert modules.run("lambda_function", **{**TABLES[0].full(), "role": f"{ROLE}other"})["changed"]


def test_another_wrong_parameter_is_not_waited_for(account):
    account.functions.roles_seen_late, account.functions.unknown_role = 1, "The runtime is no longer supported."
    assert "no longer supported" in modules.run("lambda_function", **TABLES[0].full())["msg"]


def test_a_role_that_stays_unknown_is_told(account):
    account.functions.roles_seen_late = 99
    said = modules.run("lambda_function", **TABLES[0].full())["msg"]
    assert "Failed to create function lab-sign-in: An error occurred (InvalidParameterValueException)" in said


def test_what_a_new_function_needs_is_told(account):
    said = modules.run("lambda_function", name="lab")["msg"]
    assert "To make a function, more is needed: Role, Runtime, Handler, CodeSha256." in said
