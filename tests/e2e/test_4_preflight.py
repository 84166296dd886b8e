"""Broken inventories: every fault of each is named in its sentence, all at once, and nothing is written."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import re
import string
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml

from sandbox import settings
from sandbox.demo import viewer
from sandbox.network import dns as public_dns
from tests import recorder
from tests.e2e import broken_account

SANDBOX = viewer.ROOT / "inventories" / "sandbox"
CASES = yaml.safe_load(pathlib.Path(__file__).with_name("broken_inventories.yml").read_text())
# Public DNS in which somebody else answers for a zone.
OTHER_DNS = ("127.0.0.1", 5355)
SECRET = "hunter2-hunter2"


@pytest.fixture(scope="module")
def ids(deployment) -> Iterator[dict[str, str]]:
    account = broken_account.Account()
    servers = public_dns.serve(OTHER_DNS, broken_account.Elsewhere())
    with account.undo:
        account.build()
        yield {**account.ids, "boto3": boto3.__version__, "secret": SECRET}
    for server in servers:
        server.shutdown()
        server.server_close()


def filled_in(value: Any, ids: dict[str, str]) -> Any:
    return json.loads(string.Template(json.dumps(value)).safe_substitute(ids))


def write_inventory(folder: pathlib.Path, case: dict[str, Any], ids: dict[str, str]) -> None:
    """The sandbox's inventory with what the case changes."""
    (folder / "group_vars").mkdir(parents=True)
    (folder / "sandbox.yml").write_text((SANDBOX / "sandbox.yml").read_text())
    given = {
        **yaml.safe_load((SANDBOX / "group_vars" / "all.yml").read_text()),
        "allowed_email_domains": [settings.DOMAIN],
        "failure_emails": [f"admin@{settings.DOMAIN}"],
    }
    # No lab has to set them, and here they are made of others: what is wrong with those would be told again.
    for name in ("login_domain", "igv_login_domain", "igv_user_pool_domain_prefix"):
        del given[name]
    kept = {} if case.get("alone") else {name: given[name] for name in given if name not in case.get("without", [])}
    changed = filled_in(case.get("with", {}), ids)
    (folder / "group_vars" / "all.yml").write_text(yaml.safe_dump({**kept, **changed}) + case.get("verbatim", ""))
    (folder / "group_vars" / "web.yml").write_text(yaml.safe_dump(case.get("web", {})))


def run(folder: pathlib.Path) -> subprocess.CompletedProcess:
    command = ["ansible-playbook", "-i", str(folder), "playbooks/preflight.yml"]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, cwd=viewer.ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def log_before(ids) -> int:
    return settings.REQUEST_LOG.stat().st_size


@pytest.fixture(scope="module")
def runs(ids, log_before, tmp_path_factory) -> dict[str, subprocess.CompletedProcess]:
    """All of them, two at a time."""
    root = tmp_path_factory.mktemp("inventories")
    folders = {name: root / name.replace(" ", "-") for name in CASES}
    for name, folder in folders.items():
        write_inventory(folder, CASES[name], ids)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(CASES, pool.map(run, folders.values()), strict=True))


def told(output: str) -> list[str]:
    """The sentences of the one message."""
    message = re.search(r"nothing was written:\n((?:- .*\n)+)", output)
    return [line.removeprefix("- ") for line in message[1].splitlines()] if message else []


@pytest.mark.parametrize("name", CASES)
def test_every_fault_is_told_in_one_sentence(name, runs, ids):
    done = runs[name]
    expected = filled_in(CASES[name]["faults"], ids)
    assert sorted(told(done.stdout + done.stderr)) == sorted(expected), done.stdout[-3000:] + done.stderr[-2000:]
    assert done.returncode == 2


def test_no_secret_is_told(runs):
    assert [name for name, done in runs.items() if SECRET in done.stdout + done.stderr] == []


def test_nothing_is_written(runs, log_before):
    with settings.REQUEST_LOG.open() as log:
        log.seek(log_before)
        calls = [json.loads(line) for line in log]
    ours = [call for call in calls if call["caller"] == settings.ACCESS_KEY]
    assert len(ours) > 10 * len(CASES), "the log has what the runs asked"
    assert recorder.writing([call["action"] for call in ours]) == []


def test_the_sandbox_itself_has_no_fault(deployment):
    done = run(SANDBOX)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    login = f"https://{settings.PROJECT}.auth.{settings.REGION}.amazoncognito.com"
    assert f"{login}/oauth2/idpresponse" in done.stdout
