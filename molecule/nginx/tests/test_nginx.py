"""The web server, after it was given settings that it refused."""

from __future__ import annotations

import json

import pytest

from tests.scenario import SIGNER, TOGETHER, host_of, serve_key, signed_in

testinfra_hosts = [f"podman://{host_of('nginx')}"]
ASK = "curl --silent --insecure --output /dev/null --write-out '%{http_code}' https://127.0.0.1:8443"
# Without a gate it believes whoever says who they are.
PERSON = signed_in(SIGNER) if TOGETHER else "--header 'x-amzn-oidc-identity: somebody'"
ANSWERS = {
    "/": "200",
    "/assets/part-2.js": "404",
    "/healthz": "200",
    "/session": "401" if TOGETHER else "403",
    f"/session {PERSON}": "204",
    f"/login {PERSON}": "302",
    "/nothing": "404",
}
ANSWERS |= {} if TOGETHER else {"/assets/part-1.js": "200"}


def test_it_serves_at_each_start_of_the_host(host):
    service = host.service("nginx")
    assert service.is_running
    assert service.is_enabled


@pytest.fixture(scope="module", autouse=True)
def keys(host) -> None:
    if TOGETHER:
        serve_key(host)


@pytest.mark.parametrize(("path", "status"), ANSWERS.items(), ids=[path[:12] for path in ANSWERS])
def test_it_answers(host, path, status):
    assert host.check_output(f"{ASK}{path}") == status


def test_it_listens_on_one_port(host):
    listening = host.check_output("ss --listening --tcp --numeric --processes --no-header")
    assert [line.split()[3] for line in listening.splitlines() if "nginx" in line] == ["0.0.0.0:8443"]


def test_only_root_reads_its_key(host):
    key = host.file("/etc/nginx/tls/server.key")
    assert (key.user, key.mode) == ("root", 0o600)


def test_its_log_is_rotated_and_goes_on(host):
    host.check_output("logrotate --force /etc/logrotate.d/nginx")
    assert host.check_output(f"{ASK}/after-the-rotation") == "404"
    # nginx opens its files anew when a signal reaches it.
    lines = host.check_output("sleep 1; cat /var/log/nginx/access.log /var/log/nginx/access.log.1").splitlines()
    assert "/after-the-rotation" in [json.loads(line)["uri"] for line in lines]
    assert host.check_output(f"{ASK}/later") == "404"
    assert "/later" in host.file("/var/log/nginx/access.log").content_string


def test_killed_it_comes_again(host):
    host.check_output("systemctl kill --kill-who=main --signal=KILL nginx.service; sleep 5")
    assert host.service("nginx").is_running
    assert host.check_output(f"{ASK}/") == "200"


def test_who_looks_after_it_is_well_and_hardened(host):
    assert host.service("nginx-watch.timer").is_enabled
    host.check_output("systemctl start nginx-watch.service")
    last = host.check_output("journalctl --identifier nginx-watch --output cat --no-pager --lines 1")
    assert json.loads(last) == {"event": "watched", "well": True}
    done = host.run("systemd-analyze security --no-pager --threshold=30 nginx-watch.service")
    assert done.rc == 0, done.stdout[-300:]
