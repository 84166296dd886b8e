"""The cookie job as the host runs it, with the real nginx, while something is wrong.

After each fault the site answers and hands out the last good cookies, one line says why, and the next run goes well.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.emulators import free_port
from tests.unit.roles.oidc_tokens import in_background
from tests.unit.roles.real_nginx import Site, running

PROGRAM = Path(__file__).parents[3] / "roles" / "signed_cookies" / "files" / "signed_cookies.py"
sys.path.insert(0, str(PROGRAM.parent))

import signed_cookies as job  # noqa: E402

KEY = (
    rsa.generate_private_key(65537, 2048)
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true"}
# As AWS words them (Systems Manager API Reference, "GetParameter" and "Common Errors").
THROTTLED = ("ThrottlingException", "Rate exceeded")
DENIED = ("AccessDeniedException", "not authorized to perform: ssm:GetParameter")
SKEWED = ("InvalidSignatureException", "Signature expired: 20261122T000000Z is now earlier than 20261122T010000Z")
GONE = ("ParameterNotFound", "")


class ParameterStore(ThreadingHTTPServer):
    """Systems Manager, as far as the job asks it. `refusals` are given first, one for each request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.restore()

    def restore(self) -> None:
        self.refusals: list[tuple[str, str]] = []
        self.value, self.ahead, self.slowness = KEY, 0.0, 0.0


class Answers(BaseHTTPRequestHandler):
    server: ParameterStore

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.slowness)
        if self.server.refusals:
            code, message = self.server.refusals.pop(0)
            return self._reply(400, {"__type": code, "message": message})
        return self._reply(200, {"Parameter": {"Name": "/lab/k1", "Type": "SecureString", "Value": self.server.value}})

    def _reply(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + self.server.ahead, usegmt=True))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments: Any) -> None:
        """Quiet."""


class Host:
    """nginx, the job's configuration and what the job asks."""

    def __init__(self, site: Site, store: ParameterStore) -> None:
        self.site, self.store = site, store
        self.config = site.folder / "signed-cookies.json"
        self.set_up()

    def set_up(self, **changes: Any) -> None:
        settings = {
            "resource": "https://data.example.org/*",
            "domain": "example.org",
            "key_pair_id": "K2JCJMDEHXQW5F",
            "parameter_name": "/lab/k1",
            "region": "us-east-1",
            "endpoint_url": f"http://127.0.0.1:{self.store.server_port}",
            "lifetime": 3600,
            "hash_algorithm": "SHA1",
            "same_site": "Lax",
            "include_path": str(self.site.include),
            "check_command": self.site.command("-t", "-q"),
            "reload_command": self.site.command("-s", "reload"),
        }
        self.config.write_text(json.dumps({**settings, **changes}))

    def start(self, *prefix: str) -> subprocess.Popen[str]:
        command = [*prefix, sys.executable, str(PROGRAM), str(self.config)]
        environment = {**os.environ, **CREDENTIALS, "NO_PROXY": "127.0.0.1"}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def run(self, *prefix: str) -> tuple[int, dict[str, Any]]:
        """Status and journal line of a run."""
        return finished(self.start(*prefix))

    def handed_out(self) -> tuple[int, list[str]]:
        answer = self.site.ask("/session", [("x-amzn-oidc-identity", "ada")])
        return answer.status, answer.cookies()

    def files(self) -> dict[str, str]:
        names = [self.site.include.name + suffix for suffix in ("", ".new", ".old")]
        return {name: (self.site.folder / name).read_text() for name in names if (self.site.folder / name).exists()}

    def settle(self) -> None:
        """Let nginx's new workers take over, after a reload that nobody waits for."""
        self.site.reload()


def finished(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    said = "".join(process.communicate(timeout=60))
    (line,) = said.splitlines()
    assert not re.search(r"CloudFront-\w+=|PRIVATE", said)
    return process.returncode, json.loads(line)


@pytest.fixture(scope="module")
def host(tmp_path_factory) -> Iterator[Host]:
    settings = {"nginx_session_gate": ""}
    with (
        running(Site(tmp_path_factory.mktemp("nginx"), free_port(), **settings)) as site,
        ParameterStore() as store,
        in_background(store),
    ):
        yield Host(site, store)


@pytest.fixture
def good(host) -> Host:
    """With cookies in place that are a minute old, so that new ones differ."""
    host.store.restore()
    host.set_up()
    config, digest = job.load_config(host.config)
    job.run(config, digest, time.time(), lambda config: job.PrivateKey(KEY, time.time() - 60))
    host.settle()
    return host


@contextlib.contextmanager
def store_that(host: Host, **faults: Any) -> Iterator[tuple[str, ...]]:
    vars(host.store).update(faults)
    try:
        yield ()
    finally:
        host.store.restore()


@contextlib.contextmanager
def settings_with(host: Host, **changes: Any) -> Iterator[tuple[str, ...]]:
    host.set_up(**changes)
    try:
        yield ()
    finally:
        host.set_up()


@contextlib.contextmanager
def broken_nginx_settings(host: Host) -> Iterator[tuple[str, ...]]:
    path = host.site.folder / "nginx.conf"
    text = path.read_text()
    path.write_text(f"{text}\nno_such_directive;\n")
    try:
        yield ()
    finally:
        path.write_text(text)


@contextlib.contextmanager
def no_room(host: Host) -> Iterator[tuple[str, ...]]:
    """After 100 bytes of a file."""
    yield ("prlimit", "--fsize=100")


@contextlib.contextmanager
def another_run(host: Host) -> Iterator[tuple[str, ...]]:
    """One that has the lock and waits for AWS."""
    host.store.slowness = 3.0
    first = host.start()
    deadline = time.monotonic() + 20
    while not is_locked(host.site.include) and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        yield ()
    finally:
        first.kill()
        first.communicate()
        host.store.restore()


def is_locked(include: Path) -> bool:
    try:
        with job.exclusive_lock(include):
            return False
    except job.JobError:
        return True


Fault = Callable[[Host], contextlib.AbstractContextManager[tuple[str, ...]]]
FAULTS: dict[str, tuple[Fault, str]] = {
    "two runs at once": (another_run, r"Another run is writing .*cookies\.conf"),
    "a full disk": (no_room, "File too large"),
    "a key that may not be read": (lambda host: store_that(host, refusals=[DENIED]), "AccessDeniedException"),
    "a key that is gone": (lambda host: store_that(host, refusals=[GONE]), "ParameterNotFound"),
    "a key that is none": (lambda host: store_that(host, value="no key"), "no private key in PEM form"),
    "AWS throttles for good": (lambda host: store_that(host, refusals=[THROTTLED] * 9), "ThrottlingException"),
    "a clock set back": (lambda host: store_that(host, ahead=3600), "clock is (3599|3600|3601) seconds behind AWS's"),
    "a clock set forward": (lambda host: store_that(host, ahead=-3600), "clock is .* seconds ahead of AWS's"),
    "a clock that AWS refuses": (lambda host: store_that(host, refusals=[SKEWED]), "Signature expired"),
    "nginx -t fails": (broken_nginx_settings, 'unknown directive "no_such_directive"'),
    "no nginx to ask": (lambda host: settings_with(host, check_command=["/nonexistent"]), "/nonexistent did not run"),
    "settings that are wrong": (lambda host: settings_with(host, hash_algorithm="MD5"), "hash_algorithm is MD5"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_last_good_cookies_stay(good, name):
    fault, reason = FAULTS[name]
    before, files = good.handed_out(), good.files()
    assert before[0] == 204
    with fault(good) as prefix:
        status, line = good.run(*prefix)
        assert (status, line["event"]) == (1, "failed")
        assert re.search(reason, line["reason"]), line
        assert line["seconds"] >= 0
        if "key_pair_id" in line:
            assert line["current_cookies_expire"] == job.iso(int(job.HEADER.match(files["cookies.conf"])[2]))
        assert good.files() == files
        assert good.handed_out() == before
    assert_mended(good, before)


def assert_mended(host: Host, before: tuple[int, list[str]]) -> None:
    """The next run goes well, and its cookies are other ones."""
    status, line = host.run()
    assert (status, line["event"]) == (0, "cookies written"), line
    host.settle()
    now = host.handed_out()
    assert now[0] == 204
    assert now != before
    assert list(host.files()) == ["cookies.conf"]


def test_nginx_that_is_not_told_goes_on_with_the_last_good_cookies(good):
    before = good.handed_out()
    with settings_with(good, reload_command=["false"]):
        status, line = good.run()
    assert (status, line["reason"]) == (1, "false failed with status 1: ")
    assert good.handed_out() == before
    assert_mended(good, before)


def test_throttling_that_ends_is_waited_for(good):
    good.store.refusals = [THROTTLED, THROTTLED]
    status, line = good.run()
    assert (status, line["event"]) == (0, "cookies written")


def test_small_differences_of_clocks_are_made_up_for(good):
    good.store.ahead = 200
    _status, line = good.run()
    end = int(job.HEADER.match(good.files()["cookies.conf"])[2])
    assert line["expires"] == job.iso(end)
    assert abs(end - (time.time() + 200 + 3600)) < 10


def count_down(steps: Iterator[int]) -> None:
    """End this process, as a kill does, when there is no step left."""
    if next(steps, None) is None:
        os._exit(9)


def is_cut_off(config: job.Config, step: int) -> bool:
    """Whether a run came to its nth call of the system, as Python's audit hooks count them, where it is killed."""
    child = os.fork()
    if child == 0:
        left = iter(range(step))
        try:
            sys.addaudithook(lambda *_event: count_down(left))
            job.run(config, "abc", time.time(), lambda config: job.PrivateKey(KEY, time.time()))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_killed_at_any_moment(good):
    config, _digest = job.load_config(good.config)
    before = good.files()["cookies.conf"]
    seen, step = set(), 0
    while is_cut_off(config, step):
        step += 1
        files = good.files()
        seen.add(tuple(files))
        assert files["cookies.conf"] == before or is_whole(files["cookies.conf"]), step
        assert good.handed_out()[0] == 204
        subprocess.run(good.site.command("-t", "-q"), check=True, capture_output=True)
        with pytest.raises(job.JobError, match="no key"):
            job.run(config, "later", time.time(), no_key)
        assert list(good.files()) == ["cookies.conf"]
    assert seen >= {("cookies.conf", "cookies.conf.new"), ("cookies.conf", "cookies.conf.old")}
    assert step > 10


def is_whole(text: str) -> bool:
    return (
        bool(job.HEADER.match(text)) and text.endswith("{ set $session_ready 1; }\n") and text.count("Set-Cookie") == 4
    )


def no_key(config: job.Config) -> job.PrivateKey:
    raise job.JobError("no key")
