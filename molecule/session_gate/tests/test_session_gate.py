"""The gate under systemd: after each fault the site answers, nobody gets in who should not, and somebody is told."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from tests.scenario import SIGNER, Signer, host_of, serve_key, signed_in

testinfra_hosts = [f"podman://{host_of('session-gate')}"]
GATE, WATCH = "session-gate.service", "session-gate-watch.service"
FAILS, WORKS = f"lab: {WATCH} fails", f"lab: {WATCH} works again"
ASK = "curl --silent --insecure --max-time 25 --output /dev/null --write-out '%{http_code}' https://127.0.0.1:8443"
DROP_IN = "/run/systemd/system/session-gate.service.d/soon.conf"
# More connections than it has file descriptors for, on which nothing is said.
CROWD = (
    "import socket, time; held = [socket.socket(socket.AF_UNIX) for _ in range(60)]; "
    '[one.connect("/run/session-gate.sock") for one in held]; time.sleep(60)'
)


def session(host: Any, signer: Signer = SIGNER, **claims: Any) -> str:
    """The status for somebody who has signed in."""
    return host.check_output(f"{ASK}/session {signed_in(signer, **claims)}")


def until(check: Any, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def mails(host: Any) -> list[str]:
    """Subjects, when whoever sends them has ended."""
    until(lambda: not host.check_output("systemctl list-jobs --no-legend 'failure-notice@*'"))
    return host.run("cat /var/lib/aws-mails").stdout.splitlines()


def watched(host: Any) -> dict[str, Any]:
    """What the one that looks after the gate says now."""
    # systemd refuses the sixth start within ten seconds.
    host.run(f"systemctl reset-failed {WATCH}; systemctl start {WATCH}")
    return json.loads(host.check_output("journalctl --identifier session-gate-watch --output cat --no-pager --lines 1"))


@pytest.fixture
def well(host):
    """The gate runs, and its keys are there."""
    # The timer does not come in between, and a gate that hangs is noticed sooner.
    host.check_output("mkdir -p /run/systemd/system/session-gate.service.d && systemctl stop session-gate-watch.timer")
    host.check_output(f"printf '[Service]\\nWatchdogSec=8\\n' > {DROP_IN}")
    host.check_output(f"systemctl daemon-reload && systemctl start keys.service && systemctl restart {GATE}")
    serve_key(host)
    watched(host)
    assert session(host) == "204"
    assert watched(host).get("well")
    mails(host)
    return host


@pytest.mark.parametrize("unit", [GATE, WATCH, f"failure-notice@{WATCH}"])
def test_units_are_hardened(host, unit):
    done = host.run(f"systemd-analyze security --no-pager --threshold=30 {unit}")
    assert done.rc == 0, done.stdout[-300:]


def test_files_are_root_s(host):
    programs = [f"/usr/local/lib/session_gate{suffix}.py" for suffix in ("", "_allow_list", "_watch")]
    for path in programs:
        assert (host.file(path).user, host.file(path).mode) == ("root", 0o644)
    people = host.file("/etc/session-gate.json")
    assert (people.user, people.group, people.mode) == ("root", "session-gate-readers", 0o640)
    socket = host.file("/run/session-gate.sock")
    assert (socket.user, socket.group, socket.mode) == ("root", "www-data", 0o660)


def test_no_token_is_in_the_journal(well):
    said = well.check_output(f"journalctl --no-pager --output cat; systemctl show {GATE}")
    # The start of a token alone also stands in checksums of packages, which Ansible writes into the journal.
    assert not re.search(r"eyJ[\w=-]+\.eyJ[\w=-]+", said)


def test_killed_it_comes_again_and_that_is_told(well):
    told = mails(well)
    well.check_output(f"systemctl kill --signal=KILL {GATE}")
    assert session(well, email="ada@elsewhere.org") in {"403", "503"}
    assert until(lambda: session(well) == "204")
    assert "ended 1 time" in watched(well)["reason"]
    assert mails(well) == [*told, FAILS]
    assert watched(well).get("well")
    assert mails(well) == [*told, FAILS, WORKS]


def test_hung_it_is_started_anew_and_meanwhile_people_wait(well):
    told = mails(well)
    well.check_output(f"systemctl kill --kill-who=main --signal=STOP {GATE}")
    assert session(well, email="ada@elsewhere.org") in {"403", "503"}
    assert until(lambda: session(well) == "204", 40)
    assert "Watchdog timeout" in well.check_output(f"journalctl --unit {GATE} --no-pager --lines 30")
    assert "ended 1 time" in watched(well)["reason"]
    assert mails(well)[-1] == FAILS
    assert len(mails(well)) == len(told) + 1


def test_without_file_descriptors_it_lets_nobody_in(well):
    told = mails(well)
    well.check_output(f"printf '[Service]\\nWatchdogSec=0\\nLimitNOFILE=16\\n' > {DROP_IN}")
    well.check_output(f"systemctl daemon-reload && systemctl restart {GATE}")
    assert session(well) == "204"
    well.check_output(f"systemd-run --unit=crowd python3 -c '{CROWD}' && sleep 1")
    assert "nothing answers" in watched(well)["reason"]
    assert session(well) == "503"
    assert mails(well) == [*told, FAILS]
    well.check_output("systemctl stop crowd")
    assert until(lambda: session(well) == "204")


def test_without_the_keys_those_it_knows_count_and_others_wait(well):
    well.check_output("systemctl stop keys.service")
    other, told = Signer(), mails(well)
    assert session(well) == "204"
    assert session(well, other) == "503"
    assert "could not fetch the load balancer's public key" in watched(well)["reason"]
    assert mails(well) == [*told, FAILS]
    well.check_output(f"systemctl restart {GATE}")
    assert session(well) == "503", "none is known at the start"
    well.check_output("systemctl start keys.service")
    assert until(lambda: session(well) == "204"), "it asks again"


def test_settings_that_are_wrong_are_refused_and_the_old_ones_go_on(well):
    path, told = "/etc/session-gate.json", mails(well)
    well.check_output(
        f"cp --archive {path} /root/good && sed --in-place 's,https://localhost,http://localhost,' {path}"
    )
    refused = well.run(f"python3 /usr/local/lib/session_gate.py {path} --check")
    assert refused.rc == 1, "as the role has it checked before it puts it in place"
    assert "keys_url does not start with https://" in refused.stderr
    assert session(well) == "204", "the one that runs has read the old ones"
    well.run(f"systemctl restart {GATE}")
    assert until(lambda: session(well) == "503", 5)
    assert watched(well)["event"] == "failed"
    assert "keys_url" in well.check_output(f"journalctl --unit {GATE} --no-pager --lines 20")
    well.check_output(f"mv /root/good {path}")
    assert until(lambda: session(well) == "204")
    watched(well)
    assert watched(well).get("well")
    assert mails(well) == [*told, FAILS, WORKS]
