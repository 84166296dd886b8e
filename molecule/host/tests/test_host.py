"""All roles together on one host: what a person and the load balancer find there."""

from __future__ import annotations

import pytest

testinfra_hosts = ["podman://molecule-host-12", "podman://molecule-host-13"]
ASK = "curl --silent --insecure --output /dev/null --write-out '%{http_code}' https://127.0.0.1:8443"


UNITS = ["nginx.service", "nginx-watch.timer", "session-gate.socket", "session-gate.service", "signed-cookies.timer"]
ANSWERS = {"/healthz": "200", "/": "200", "/session": "401", "/settings.json": "401", "/nothing": "404"}


@pytest.mark.parametrize("unit", UNITS)
def test_it_runs_and_starts_with_the_host(host, unit):
    service = host.service(unit)
    assert (service.is_running, service.is_enabled) == (True, True)


@pytest.mark.parametrize(("path", "status"), ANSWERS.items())
def test_it_answers(host, path, status):
    assert host.check_output(f"{ASK}{path}") == status
