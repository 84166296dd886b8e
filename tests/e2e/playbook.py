"""Playbooks, run as a lab runs them."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import time
from collections.abc import Iterator

from sandbox.demo import viewer

INVENTORY = viewer.ROOT / "inventories" / "sandbox"
COMMAND = ("ansible-playbook", "-i", str(INVENTORY))


def run(arguments: list[str], **environment: str) -> str:
    """Run to the end, without a failure; what was said."""
    return run_with(INVENTORY, arguments, **environment)


def run_with(inventory: pathlib.Path, arguments: list[str], **environment: str) -> str:
    """The same with another inventory."""
    done = subprocess.run(
        ["ansible-playbook", "-i", str(inventory), *arguments],
        cwd=viewer.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@contextlib.contextmanager
def started(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A run whose words can be read as they come, in a process group of its own."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=viewer.ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


def read_up_to(task: str, process: subprocess.Popen[str]) -> str:
    """What a run says until a task begins, or to its end."""
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("TASK [") and task in line:
            break
    return said


def kill_at(task: str, arguments: list[str], after: float = 1) -> str:
    """Start a run, kill it and all its children `after` seconds into a task; what was said until then."""
    with started(arguments) as process:
        said = read_up_to(task, process)
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
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
