"""site.yml in check mode before there is anything: the first thing that somebody who fears for an account would run."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from sandbox import settings
from sandbox.demo import viewer
from tests import recorder
from tests.e2e.conftest import REUSE
from tests.e2e.playbook import recap, run

pytestmark = pytest.mark.skipif(REUSE, reason="needs an account that holds nothing of ours")

SECRET = yaml.safe_load(settings.GOOGLE_CLIENT_FILE.read_text())["google_client_secret"]
REPORTED = """
the record of lab.localhost that answers ACM's question
the bucket lab-viewer-ssm-123456789012-us-east-1
the instance lab-viewer
the target group lab-viewer-https-8443
the load balancer lab-viewer and its listeners
"""
# What modules of ours show in their diffs: the policies of two roles, the names of the key pair's halves.
SHOWN = [
    "logs:PutLogEvents",
    "ssm:GetParameter",
    "/lab-viewer/cookie-signing-keys/k1",
    "/lab-viewer/cookie-signing-keys/k1.pub",
]


@pytest.fixture(scope="module")
def log_before(account) -> int:
    return settings.REQUEST_LOG.stat().st_size


@pytest.fixture(scope="module")
def said(log_before) -> str:
    return run(["playbooks/site.yml", "--check", "--diff", *viewer.WITH_GOOGLE])


@pytest.fixture(scope="module")
def words(said) -> str:
    """The same, white space made plain."""
    return " ".join(said.split())


def test_it_comes_to_its_end(said):
    hosts = recap(said)
    assert hosts.keys() == {"localhost"}
    assert (hosts["localhost"]["failed"], hosts["localhost"]["rescued"]) == (0, 0)
    assert hosts["localhost"]["changed"] > len(REPORTED.splitlines())
    assert "Report the deployment" in said


@pytest.mark.parametrize("what", REPORTED.strip().splitlines())
def test_it_says_what_it_would_create(words, what):
    assert f"would create {what}" in words


@pytest.mark.parametrize("what", SHOWN)
def test_its_diffs_show_what_modules_would_create(words, what):
    assert what in words


def test_it_says_what_it_leaves_out(words):
    assert "This dry run skips that" in words
    assert "would look at site-name" in words


def test_our_own_modules_show_all_of_it_but_no_secret(words):
    assert re.search(r"user_pool_id\W+\(known after apply: user pool lab-viewer\)", words)
    assert "(known after apply: signing key /lab-viewer/cookie-signing-keys/k1)" in words
    assert "AmazonSSMManagedInstanceCore" in words, "what the instance may do"
    assert SECRET not in words


def test_nothing_is_written(said, log_before):
    with settings.REQUEST_LOG.open() as log:
        log.seek(log_before)
        calls = [json.loads(line) for line in log]
    actions = [call["action"] for call in calls if (call["role"] or "").startswith("deploy-")]
    assert len(actions) > 50, "the log has what the run asked"
    assert recorder.writing(actions) == []
