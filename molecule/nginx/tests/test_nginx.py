"""The web server on a host of its own."""

from __future__ import annotations

testinfra_hosts = ["podman://molecule-nginx"]


def test_it_serves_at_each_start_of_the_host(host):
    service = host.service("nginx")
    assert service.is_running
    assert service.is_enabled
