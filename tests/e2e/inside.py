"""A deployment from behind: its instances by AWS's word, and what its host says of itself."""

from __future__ import annotations

import json
from typing import Any

from sandbox import settings
from sandbox.compute import hosts

ALIVE = ["pending", "running", "shutting-down", "stopping", "stopped"]


def instances(project: str = settings.PROJECT) -> list[str]:
    """The ids of a project's instances that are not gone."""
    filters = [{"Name": "tag:Project", "Values": [project]}, {"Name": "instance-state-name", "Values": ALIVE}]
    found = settings.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [instance["InstanceId"] for reservation in found for instance in reservation["Instances"]]


def instance() -> str:
    """The deployment's one instance, and the name of its container."""
    (found,) = instances()
    return found


def on_the_host(*command: str, check: bool = True) -> str:
    """What a command of root's prints there."""
    return hosts.execute(instance(), *command, check=check)


def access_log() -> list[dict[str, Any]]:
    """What nginx noted lately."""
    return [json.loads(line) for line in on_the_host("tail", "-n", "300", "/var/log/nginx/access.log").splitlines()]


def files_with(text: str, *folders: str) -> list[str]:
    return ["grep", "--recursive", "--files-with-matches", "--devices=skip", "--fixed-strings", "-e", text, *folders]
