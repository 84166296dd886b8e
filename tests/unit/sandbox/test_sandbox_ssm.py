"""Who is online, and what the calls of Systems Manager answer."""

from __future__ import annotations

import datetime

import pytest

from sandbox.api import latencies, ssm
from sandbox.compute import hosts, instances
from sandbox.iam import authorization

RUNNING = {"State": {"Name": "running"}, "LaunchTime": datetime.datetime.now(datetime.UTC)}


@pytest.fixture
def world(monkeypatch):
    """One instance that is online; each test takes something away."""
    monkeypatch.setattr(ssm, "_booted_hosts", set())
    monkeypatch.setattr(instances, "describe", lambda instance_id: RUNNING)
    monkeypatch.setattr(instances, "role_name", lambda instance: "role")
    monkeypatch.setattr(instances, "trusts_ec2", lambda role: True)
    monkeypatch.setattr(authorization, "allows_all", lambda role, actions: True)
    monkeypatch.setattr(hosts, "is_running", lambda name: True)
    monkeypatch.setattr(hosts, "is_booted", lambda name: True)
    monkeypatch.setattr(hosts, "names", lambda: ["i-1", "i-2"])
    monkeypatch.setattr(hosts, "address", lambda name: "10.89.77.2")
    return monkeypatch


def test_all_is_well(world):
    assert ssm.is_online("i-1")


def test_one_that_was_launched_just_now_takes_its_time(world):
    world.setattr(latencies, "SECONDS", {"instance": 3600})
    assert not ssm.is_online("i-1")


@pytest.mark.parametrize(
    ("module", "function", "answer"),
    [
        (instances, "describe", None),
        (instances, "describe", {"State": {"Name": "stopped"}}),
        (instances, "role_name", None),
        (instances, "trusts_ec2", False),
        (authorization, "allows_all", False),
        (hosts, "is_running", False),
        (hosts, "is_booted", False),
    ],
)
def test_what_keeps_an_instance_offline(world, module, function, answer):
    world.setattr(module, function, lambda *arguments: answer)
    assert not ssm.is_online("i-1")
    with pytest.raises(ssm.ServiceError, match="i-1 is not connected"):
        ssm.start_session({"Target": "i-1"})


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, ["i-1", "i-2"]),
        ({"Filters": [{"Key": "InstanceIds", "Values": ["i-2"]}]}, ["i-2"]),
        ({"InstanceInformationFilterList": [{"key": "InstanceIds", "valueSet": ["i-1"]}]}, ["i-1"]),
        ({"Filters": [{"Key": "PingStatus", "Values": ["ConnectionLost"]}]}, []),
        ({"Filters": [{"Key": "PlatformTypes", "Values": ["Linux"]}]}, ["i-1", "i-2"]),
        ({"Filters": [{"Key": "InstanceIds", "Values": ["i-9"]}]}, []),
    ],
)
def test_filters(world, request_, expected):
    found = ssm.describe_instance_information(request_)["InstanceInformationList"]
    assert [entry["InstanceId"] for entry in found] == expected


def test_an_unknown_filter_is_refused(world):
    with pytest.raises(ssm.ServiceError, match="ActivationIds"):
        ssm.describe_instance_information({"Filters": [{"Key": "ActivationIds", "Values": ["x"]}]})


def test_a_stopped_host_must_boot_again(world):
    assert ssm.is_online("i-1")
    world.setattr(hosts, "is_running", lambda name: False)
    assert not ssm.is_online("i-1")
    world.setattr(hosts, "is_running", lambda name: True)
    world.setattr(hosts, "is_booted", lambda name: False)
    assert not ssm.is_online("i-1")
