"""Broken inventories: every fault of each is named in its sentence, all at once, and nothing is written."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import re
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
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
CASES = yaml.safe_load((viewer.ROOT / "tests" / "e2e" / "broken_inventories.yml").read_text())
# Public DNS in which somebody else answers for a zone.
OTHER_DNS = ("127.0.0.1", 5355)
SECRET = "hunter2-hunter2"
# These are played too, each by a process of its own, whenever tests run; the others at night.
PLAYED = {"Nothing is right", "The Google client the other way round"}
CASES_PLAYED = [name if name in PLAYED else pytest.param(name, marks=pytest.mark.nightly) for name in CASES]


@pytest.fixture(scope="module")
def ids(account) -> Iterator[dict[str, str]]:
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


@pytest.fixture(scope="module")
def folders(ids, tmp_path_factory) -> dict[str, pathlib.Path]:
    root = tmp_path_factory.mktemp("inventories")
    found = {name: root / name.replace(" ", "-") for name in CASES}
    for name, folder in found.items():
        write_inventory(folder, CASES[name], ids)
    return found


@pytest.fixture(scope="module")
def log_before(ids) -> int:
    return settings.REQUEST_LOG.stat().st_size


@pytest.fixture(scope="module")
def results(folders, log_before) -> dict[str, dict[str, Any]]:
    """What the task says of each, all in one process."""
    command = [sys.executable, "-m", "tests.e2e.preflights", *map(str, folders.values())]
    done = subprocess.run(command, cwd=viewer.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    return {name: said[str(folder)] for name, folder in folders.items()}


def run(folder: pathlib.Path) -> subprocess.CompletedProcess:
    command = ["ansible-playbook", "-i", str(folder), "playbooks/preflight.yml"]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, cwd=viewer.ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def play(folders, log_before) -> Callable[[str], subprocess.CompletedProcess]:
    """Run the playbook with the inventory of a case, once."""
    return functools.cache(lambda name: run(folders[name]))


def told(output: str) -> list[str]:
    """The sentences of the one message."""
    message = re.search(r"nothing was written:\n((?:- .*(?:\n|$))+)", output)
    return [line.removeprefix("- ") for line in message[1].splitlines()] if message else []


@pytest.mark.parametrize("name", CASES)
def test_every_fault_is_told_in_one_sentence(name, results, ids):
    assert sorted(told(results[name]["msg"])) == sorted(filled_in(CASES[name]["faults"], ids))
    assert results[name]["failed"]


@pytest.mark.parametrize("name", CASES_PLAYED)
def test_so_does_a_run_of_the_playbook(name, play, ids):
    done = play(name)
    expected = filled_in(CASES[name]["faults"], ids)
    assert sorted(told(done.stdout + done.stderr)) == sorted(expected), done.stdout[-3000:] + done.stderr[-2000:]
    assert done.returncode == 2
    assert SECRET not in done.stdout + done.stderr


def test_no_secret_is_told(results):
    assert [name for name, result in results.items() if SECRET in json.dumps(result)] == []
    assert [name for name, case in CASES.items() if "$secret" in json.dumps(case)]


def test_nothing_is_written(results, play, log_before):
    for name in PLAYED:
        play(name)
    with settings.REQUEST_LOG.open() as log:
        log.seek(log_before)
        calls = [json.loads(line) for line in log]
    ours = [call for call in calls if call["caller"] == settings.ACCESS_KEY]
    assert len(ours) > 10 * len(CASES), "the log has what the runs asked"
    assert recorder.writing([call["action"] for call in ours]) == []


def test_the_sandbox_itself_has_no_fault(account):
    done = run(SANDBOX)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    login = f"https://{settings.PROJECT}.auth.{settings.REGION}.amazoncognito.com"
    assert f"{login}/oauth2/idpresponse" in done.stdout
