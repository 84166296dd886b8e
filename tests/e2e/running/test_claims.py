"""verify: all claims hold of what site.yml built, and of each fault that is put in the right lines say so."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import signed_cookies as jar
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import verify as doors

from sandbox import settings
from sandbox.demo import viewer
from tests import modules
from tests.e2e import injected

# Of these the machine that tests may have nothing to tell.
MAY_BE_SKIPPED = {"site-tls", "data-tls", "instance-closed"}
TASK = "Verify every claim"
CREDENTIALS = ("access_key", "secret_key", "session_token")
# Python warns of the old versions of TLS, which are offered to see them refused.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


def playbook(*arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    command = ["ansible-playbook", "-i", "inventories/sandbox", "playbooks/verify.yml", *arguments]
    command += ["-e", json.dumps(variables)]
    place = {**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    return subprocess.run(command, cwd=viewer.ROOT, env=place, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> Any:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def run(deployment, reports) -> subprocess.CompletedProcess[str]:
    """The playbook as somebody runs it who may read all, with a user to sign in as; it tells all that it does."""
    user = {"verify_test_user": deployment.user, "verify_test_password": deployment.password}
    return playbook("-vvv", verify_report_dir=str(reports), **user)


@pytest.fixture(scope="module")
def told(run) -> dict[str, Any]:
    """What the module said, and what the playbook gave it."""
    found = re.search(rf"TASK \[{TASK}.*?\n\w+: \[localhost\] => (\{{.*?\n\}})", run.stdout, re.DOTALL)
    assert found, run.stdout[-4000:] + run.stderr[-1000:]
    return json.loads(found[1])


def failed(told: dict[str, Any]) -> set[str]:
    return {check["name"] for check in told["checks"] if check["outcome"] == "failed"}


def test_every_claim_holds(run, told):
    assert run.returncode == 0, run.stdout[-4000:]
    assert failed(told) == set()
    assert {check["name"] for check in told["checks"] if check["outcome"] == "skipped"} <= MAY_BE_SKIPPED
    assert len(told["checks"]) > 60
    assert "changed=0" in run.stdout


def test_no_secret_is_told(run, deployment, reports):
    key = settings.client("ssm").get_parameter(Name=f"/{settings.PROJECT}/cookie-signing-keys/k1", WithDecryption=True)
    line = key["Parameter"]["Value"].splitlines()[10]
    texts = [run.stdout, run.stderr, *(path.read_text() for path in reports.iterdir())]
    assert not [text for text in texts if line in text or "CloudFront-Signature=" in text]
    # The password was given on the command line, which -vvv does not show.
    assert not [text for text in texts if deployment.password in text]


def test_the_report(run, told, reports):
    held = json.loads((reports / "verify.json").read_text())
    assert held["checks"] == told["checks"]
    assert held["counts"]["failed"] == 0
    page = (reports / "verify.html").read_text()
    assert all(f'id="{check["name"]}"' in page for check in told["checks"])
    assert told["lines"][-1] in page


def test_a_claim_that_does_not_hold_ends_the_run(deployment):
    with injected.FAULTS["port 22 opened"].make():
        run = playbook()
    assert run.returncode != 0
    assert "One claim does not hold:" in run.stdout
    assert re.search(
        r"- instance-doors: it also lets in tcp 22 of 0\.0\.0\.0/0\. What to do: Run site\.yml", run.stdout
    )
    assert "ok      bucket-block" in run.stdout, "all others were tested too"
    assert "It usually means" not in run.stdout


@pytest.fixture(scope="module")
def arguments(told) -> dict[str, Any]:
    """What the playbook gives to the module, but no report, nobody to sign in as, and none of its run's rights."""
    given = told["invocation"]["module_args"]
    left_out = ("test_", "report_", *CREDENTIALS)
    return {name: given[name] for name in given if given[name] is not None and not name.startswith(left_out)}


@pytest.fixture(scope="module")
def verify(in_the_sandbox) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The module in this process, which does once what takes long."""
    in_the_sandbox.setattr(doors, "KNOCK_SECONDS", 0.2)
    in_the_sandbox.setattr(jar, "throw_away", functools.cache(jar.throw_away))
    return verified


def verified(arguments: dict[str, Any]) -> dict[str, Any]:
    time.sleep(settings.EDGE_CACHE_SECONDS + 0.2)
    return modules.run("verify", **arguments)


@pytest.mark.parametrize("name", injected.SEEN_OUTSIDE)
def test_the_right_lines_name_it(arguments, verify, name):
    fault = injected.FAULTS[name]
    with fault.make():
        told = verify(arguments)
    assert fault.lines <= failed(told) <= fault.lines | fault.may, told.get("msg")
    assert all(f"- {line}: " in told["msg"] for line in fault.lines)


def test_each_line_names_its_own(arguments, verify):
    """All faults at once that have one line each, and no consequences for another."""
    with contextlib.ExitStack() as stack:
        for fault in injected.ONLY_TOLD.values():
            stack.enter_context(fault.make())
        told = verify(arguments)
    reasons = {check["name"]: "; ".join(check["reasons"]) for check in told["checks"] if check["outcome"] == "failed"}
    assert reasons.keys() == {line for fault in injected.ONLY_TOLD.values() for line in fault.lines}, told["msg"]
    named = {name: fault.words in reasons[line] for name, fault in injected.ONLY_TOLD.items() for line in fault.lines}
    assert [name for name in named if not named[name]] == [], told["msg"]


def test_all_is_well_again_but_for_what_would_be_asked_of_certificates(arguments, verify):
    told = verify({**arguments, "min_certificate_days": 1000})
    assert failed(told) == {"site-certificate", "data-certificate", "certificates"}, told["msg"]
