"""What a run of a playbook took, play by play."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.demo import viewer

# JSON at the end of the run, with the beginning and the end of each play and task.
CALLBACK = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}


@dataclass(frozen=True)
class Task:
    name: str
    seconds: float


@dataclass(frozen=True)
class Play:
    name: str
    hosts: frozenset[str]
    tasks: tuple[Task, ...]

    @property
    def seconds(self) -> float:
        """The time of its tasks; between them next to nothing happens."""
        return sum(task.seconds for task in self.tasks)


@dataclass(frozen=True)
class Run:
    plays: tuple[Play, ...]
    changed: int

    @property
    def seconds(self) -> float:
        """The time of all plays."""
        return sum(play.seconds for play in self.plays)

    def slowest(self, number: int, plays: tuple[Play, ...]) -> list[Task]:
        """The tasks of some plays that took longest."""
        return sorted((task for play in plays for task in play.tasks), key=lambda task: -task.seconds)[:number]


def _seconds(duration: dict[str, str]) -> float:
    start, end = (datetime.datetime.fromisoformat(duration[name]) for name in ("start", "end"))
    return (end - start).total_seconds()


def _tasks(told: list[dict[str, Any]]) -> Iterator[Task]:
    for task in told:
        if any(not result.get("skipped") for result in task["hosts"].values()):
            yield Task(task["task"]["name"], _seconds(task["task"]["duration"]))


def _play(told: dict[str, Any]) -> Play:
    hosts = frozenset(host for task in told["tasks"] for host in task["hosts"])
    return Play(told["play"]["name"], hosts, tuple(_tasks(told["tasks"])))


def run(playbook: str | pathlib.Path, *options: str, inventory: object = "inventories/sandbox", **more: str) -> Run:
    """Run a playbook in the sandbox; `more` is for its environment."""
    command = ["ansible-playbook", "-i", str(inventory), *options, str(playbook)]
    done = subprocess.run(
        command, cwd=viewer.ROOT, env={**os.environ, **CALLBACK, **more}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout[-5000:]}\n{playbook} failed")
    told = json.loads(done.stdout)
    return Run(tuple(map(_play, told["plays"])), sum(host["changed"] for host in told["stats"].values()))
