"""site.yml in check mode before there is anything: the first thing that somebody who fears for an account would run."""

from __future__ import annotations

import json

import pytest

from sandbox import settings
from tests import recorder
from tests.e2e.conftest import REUSE
from tests.e2e.test_1_site import recap, run

pytestmark = pytest.mark.skipif(REUSE, reason="needs an account that holds nothing of ours")


@pytest.fixture(scope="module")
def calls_before(account) -> int:
    return settings.REQUEST_LOG.stat().st_size


@pytest.fixture(scope="module")
def said(calls_before) -> str:
    return run(["playbooks/site.yml", "--check", "--diff"])


@pytest.fixture(scope="module")
def words(said) -> str:
    """The same, white space made plain."""
    return " ".join(said.split())


def test_it_comes_to_its_end(said):
    hosts = recap(said)
    assert hosts.keys() == {"localhost"}
    assert (hosts["localhost"]["failed"], hosts["localhost"]["rescued"]) == (0, 0)
    assert hosts["localhost"]["changed"] > 20, hosts
    assert "What there is now" in said


def test_it_says_what_it_would_do_and_what_it_leaves_out(words):
    for what in ("instance", "load balancer", "target group", "key pair", "bucket"):
        assert f"would create the {what} " in words
    assert "This dry run skips that" in words
    assert "would look at site-name" in words


def test_nothing_is_written(said, calls_before):
    with settings.REQUEST_LOG.open() as log:
        log.seek(calls_before)
        calls = [json.loads(line) for line in log]
    ours = [call["action"] for call in calls if call["caller"] == settings.ACCESS_KEY]
    assert len(ours) > 50, "the log has what the run asked"
    assert recorder.writing(ours) == []
