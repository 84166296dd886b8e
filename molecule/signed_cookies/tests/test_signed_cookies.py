"""The cookie job under systemd: what it may do, what is left of a fault, and who is told."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenario import COOKIES, TOGETHER, host_of, serve_key, signed_in

NAME = host_of("signed-cookies")
testinfra_hosts = [f"podman://{NAME}"]
INCLUDE = COOKIES
# Where there is no gate, whoever says who they are is believed.
PERSON = signed_in() if TOGETHER else "--header 'x-amzn-oidc-identity: ada'"
SESSION = f"curl --silent --insecure --include {PERSON} https://127.0.0.1:8443/session"
UNIT = "signed-cookies.service"
# systemd refuses the sixth start within ten seconds, which no host sees but this one.
START = f"systemctl reset-failed {UNIT}; systemctl start {UNIT}"


def journal(host: Any, unit: str = UNIT) -> dict[str, Any]:
    """The last line of a unit's program."""
    lines = host.check_output(f"journalctl --unit {unit} --output cat --no-pager --identifier {unit[:14]} --lines 1")
    return json.loads(lines.splitlines()[-1])


def mails(host: Any) -> list[str]:
    """Subjects, when whoever sends them has ended."""
    for _try in range(60):
        if not host.check_output("systemctl list-jobs --no-legend 'failure-notice@*'"):
            break
        time.sleep(0.25)
    return host.run("cat /var/lib/aws-mails").stdout.splitlines()


def handed_out(host: Any) -> tuple[str, list[str]]:
    answer = host.check_output(SESSION).splitlines()
    return answer[0].split()[1], [line for line in answer if line.lower().startswith("set-cookie")]


@pytest.fixture(scope="module", autouse=True)
def keys(host) -> None:
    if TOGETHER:
        serve_key(host)


@pytest.mark.parametrize("unit", [UNIT, f"failure-notice@{UNIT}"])
def test_units_are_hardened(host, unit):
    done = host.run(f"systemd-analyze security --no-pager --threshold=30 {unit}")
    assert done.rc == 0, done.stdout[-300:]


@pytest.mark.parametrize(
    ("path", "mode"),
    {
        "/etc/signed-cookies.json": 0o600,
        INCLUDE: 0o600,
        "/usr/local/lib/signed_cookies.py": 0o644,
        "/etc/failure-notice.json": 0o644,
    }.items(),
)
def test_files_are_root_s_and_no_more_open_than_they_must(host, path, mode):
    file = host.file(path)
    assert (file.user, file.group, file.mode) == ("root", "root", mode)


def test_no_secret_is_in_arguments_environment_or_journal(host):
    said = host.check_output(f"systemctl show {UNIT} 'failure-notice@{UNIT}'; journalctl --no-pager --output cat")
    key = host.check_output("cat /etc/signing-key.pem").splitlines()[1:-1]
    signature = host.check_output(f"grep --only-matching 'Signature=[^;]*' {INCLUDE}")
    assert len(key) > 20
    assert not [secret for secret in [*key, signature.partition("=")[2]] if secret in said]


def wait_until_new(host: Any, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if host.run(f"grep -q '^# settings=' {INCLUDE}").rc == 0:
            return True
        time.sleep(1)
    return False


def test_a_host_that_was_off_for_a_day_catches_up(host):
    """The timer waits up to half a minute, so that hosts don't come all at once; its next time is minutes away."""
    host.check_output(f"systemctl stop signed-cookies.timer && printf '# of yesterday\\n' > {INCLUDE}")
    host.check_output("touch --date=yesterday /var/lib/systemd/timers/stamp-signed-cookies.timer")
    subprocess.run(["podman", "restart", "--time", "5", NAME], check=True, capture_output=True)
    assert wait_until_new(host, 55)
    assert handed_out(host)[0] == "204"


@pytest.fixture
def good(host):
    """Good cookies, and nobody has to be told of a failure."""
    host.run("rm -f /run/aws-refusal")
    host.check_output(START)
    mails(host)
    return host


@contextlib.contextmanager
def refusal(host: Any, what: str) -> Iterator[None]:
    host.check_output(f"echo {what} > /run/aws-refusal")
    yield
    host.check_output("rm /run/aws-refusal")


@contextlib.contextmanager
def full_disk(host: Any) -> Iterator[None]:
    """A disk of its own for the cookies, with no byte left."""
    place = INCLUDE.rpartition("/")[0]
    host.check_output(f"cp -a {place} /root/kept && mount -t tmpfs -o size=16k tmpfs {place}")
    host.check_output(f"cp -a /root/kept/. {place} && rm -r /root/kept && cp {INCLUDE} /root/cookies.conf")
    host.run(f"cat /dev/zero > {place}/filler")
    yield
    host.check_output(f"umount {place}")


@contextlib.contextmanager
def bad_nginx(host: Any) -> Iterator[None]:
    host.check_output("echo 'no_such_directive;' > /etc/nginx/modules-enabled/99-bad.conf")
    yield
    host.check_output("rm /etc/nginx/modules-enabled/99-bad.conf")


FAULTS = {
    "a full disk": (full_disk, "No space left on device"),
    "a key that may not be read": (lambda host: refusal(host, "AccessDeniedException"), "AccessDeniedException"),
    "nginx -t fails": (bad_nginx, "no_such_directive"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_site_stays_up_and_the_failure_is_told_once(good, name):
    fault, reason = FAULTS[name]
    before, text, told = handed_out(good), good.file(INCLUDE).content_string, mails(good)
    assert before[0] == "204"
    with fault(good):
        for _turn in range(2):
            assert good.run(START).rc != 0
            assert reason in journal(good)["reason"]
            assert mails(good) == [*told, f"lab: {UNIT} fails"]
        assert handed_out(good) == before
        assert good.file(INCLUDE).content_string == text
    good.check_output(START)
    assert mails(good) == [*told, f"lab: {UNIT} fails", f"lab: {UNIT} works again"]
    assert journal(good)["event"] == "cookies written"


def test_a_run_that_is_killed_is_told_and_leaves_the_cookies(good):
    before, told = handed_out(good), mails(good)
    with refusal(good, "20"):
        good.check_output(f"{START} --no-block && sleep 2 && systemctl kill --signal=KILL {UNIT}")
        assert mails(good) == [*told, f"lab: {UNIT} fails"]
    assert handed_out(good) == before
    good.check_output(START)
    assert mails(good)[-1] == f"lab: {UNIT} works again"
