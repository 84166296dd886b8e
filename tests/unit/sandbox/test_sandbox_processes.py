"""Processes: only ours are ended, and none sees an account of AWS."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from sandbox import settings
from sandbox.api import target_health
from sandbox.process import supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper():
    with subprocess.Popen(SLEEP) as process:
        while supervisor.command_of(process.pid) != SLEEP:
            time.sleep(0.01)
        yield process
        process.kill()


def test_ours_is_ended(sleeper):
    entry = {"pid": sleeper.pid, "command": SLEEP}
    assert supervisor.is_running(entry)
    supervisor.stop([entry])
    assert not supervisor.is_running(entry)


def test_another_process_with_the_pid_is_left_alone(sleeper):
    supervisor.stop([{"pid": sleeper.pid, "command": ["something", "else"]}])
    assert sleeper.poll() is None


def test_no_account_of_aws_is_handed_on(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HOME", "/somewhere")
    found = supervisor.environment(supervisor.SERVICES[0])
    assert not [name for name in found if name.startswith("AWS_")]
    assert found["HOME"] == "/somewhere"


def test_a_taken_port_is_named(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(supervisor, "SERVICES", [supervisor.Service("x", (), (("127.0.0.1", port),))])
        assert supervisor.ports_in_use()[0].startswith(f"127.0.0.1:{port} by ")
    assert supervisor.ports_in_use() == []


def test_a_state_that_root_did_not_write_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "STATE_DIR", tmp_path)
    monkeypatch.setattr(settings, "STATE_FILE", tmp_path / "state.json")
    settings.STATE_FILE.write_text(json.dumps({"processes": {}}))
    if os.geteuid() == 0:
        assert supervisor.read_state() == {"processes": {}}
        os.chown(tmp_path, 65534, 65534)
    assert supervisor.read_state() == {}


ANSWER = b"""<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
<DescribeTargetHealthResult><TargetHealthDescriptions><member><HealthCheckPort>traffic-port</HealthCheckPort>
<TargetHealth><State>healthy</State></TargetHealth><Target><Port>8443</Port><Id>i-1</Id></Target></member>
</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>"""


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"i-1:8443": {"State": "healthy"}}, b"<TargetHealth><State>healthy</State></TargetHealth>"),
        ({"i-1:8443": {"State": "unhealthy", "Reason": "x"}}, b"<State>unhealthy</State><Reason>x</Reason>"),
        ({"i-1:80": {"State": "healthy"}}, b"<State>unused</State><Reason>Target.NotInUse</Reason>"),
        ({}, b"<State>unused</State>"),
    ],
)
def test_target_health_is_what_the_checks_found(states, expected):
    assert expected in target_health.replace_states(ANSWER, states)
