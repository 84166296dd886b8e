"""A host that keeps itself secure."""

from __future__ import annotations

import pytest

testinfra_hosts = ["podman://molecule-os-updates"]


@pytest.mark.parametrize("unit", ["apt-daily.timer", "apt-daily-upgrade.timer"])
def test_it_looks_for_updates_every_day(host, unit):
    service = host.service(unit)
    assert (service.is_running, service.is_enabled) == (True, True)


def test_security_updates_alone_come_by_themselves(host):
    told = host.check_output("unattended-upgrade --dry-run --debug")
    (line,) = [line for line in told.splitlines() if line.startswith("Allowed origins are: ")]
    assert "label=Debian-Security" in line
    assert "label=Debian," not in line
    assert not line.endswith("label=Debian")


def test_it_reboots_at_night_if_it_must(host):
    settings = host.check_output("apt-config dump Unattended-Upgrade::Automatic-Reboot")
    assert 'Automatic-Reboot "true"' in settings
    assert 'Automatic-Reboot-Time "04:30"' in host.check_output("apt-config dump | grep Automatic-Reboot-Time")


def test_services_are_restarted_without_a_question_but_the_agent_that_ansible_talks_through(host):
    rule = 'map { "$_=$nrconf{override_rc}{$_}" } grep { /ssm/ } keys %{$nrconf{override_rc}}'
    command = f'perl -e \'do "/etc/needrestart/needrestart.conf"; print "$nrconf{{restart}} ", {rule}\''
    told = host.check_output(command)
    assert told.startswith("a ")
    assert "amazon-ssm-agent" in told
    assert told.endswith("=0")
