"""Playbooks, run as a lab runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from sandbox.demo import viewer

COMMAND = ("ansible-playbook", "-i", "inventories/sandbox")


def run(arguments: list[str], **environment: str) -> str:
    """Run to the end, without a failure; what was said."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=viewer.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def kill_at(task: str, arguments: list[str], after: float = 1) -> str:
    """Start a run, kill it and all its children `after` seconds into a task; what was said until then."""
    said = ""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=viewer.ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stdout:
            said += line
            if line.startswith("TASK [") and task in line:
                time.sleep(after)
                os.killpg(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL, said[-4000:]
    return said


def recap(output: str) -> dict[str, dict[str, int]]:
    """The closing lines of ansible-playbook as {host: {ok, changed, failed, ...}}."""
    hosts = {}
    for line in output.partition("PLAY RECAP")[2].splitlines():
        host, found, counts = line.partition(" : ")
        if found:
            hosts[host.strip()] = {name: int(n) for name, n in (pair.split("=") for pair in counts.split())}
    return hosts
