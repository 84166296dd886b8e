"""The builds: each check finds what it needs, and no resource with checks is in no build."""

from __future__ import annotations

import ast
import inspect
import pathlib

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import builds
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.modules import preflight, verify

FOLDER = pathlib.Path(builds.__file__).parent
# What the module makes of its options.
MADE = {"region", "network", "dns_by_hand", "own_user_pool", "shared_user_pool"}

each_build = pytest.mark.parametrize("build", BUILDS)


@each_build
def test_what_a_check_before_the_first_write_needs_is_given_or_found_before(build):
    known = {*preflight.OPTIONS, *MADE}
    for check in [check for part in BUILDS[build].preflight for check in part.CHECKS]:
        assert set(check.needs) <= known, check.name
        known |= {*check.provides}


def is_provide(node):
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "provide"


@each_build
def test_a_check_provides_what_it_says(build):
    for check in [check for part in BUILDS[build].preflight for check in part.CHECKS]:
        calls = [
            node for node in ast.walk(ast.parse(inspect.getsource(inspect.unwrap(check.test)))) if is_provide(node)
        ]
        provided = {keyword.arg for call in calls for keyword in call.keywords}
        assert provided == {*check.provides}, check.name


@each_build
def test_what_a_claim_needs_is_tested_before(build):
    known = set()
    for check in [check for part in BUILDS[build].verify for check in part.CHECKS]:
        assert set(check.needs) <= known, check.name
        assert check.claim, check.name
        assert check.todo, check.name
        known |= {check.name}


@each_build
@pytest.mark.parametrize("phase", ["preflight", "verify"])
def test_names_are_unique(build, phase):
    names = [check.name for part in getattr(BUILDS[build], phase) for check in part.CHECKS]
    assert len(set(names)) == len(names)


def test_every_part_is_in_a_build():
    used = {inspect.getfile(part) for build in BUILDS.values() for phase in build for part in phase}
    found = {path for kind in builds.Build._fields for path in FOLDER.glob(f"*/{kind}*.py")}
    assert {pathlib.Path(path).resolve() for path in used} == {path.resolve() for path in found}


def test_old_names_of_options_still_work():
    aliases = {alias for option in verify.OPTIONS.values() for alias in option.get("aliases", [])}
    assert {"name", "tell_only", "least_days", "hsts_max_age", "cookie_life", "protect_instance"} <= aliases
