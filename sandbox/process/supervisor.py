"""The sandbox's processes: remembered by pid and command line, and ended only when both still fit."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from sandbox import settings
from sandbox.process import sockets

START_TIMEOUT = 30
STOP_TIMEOUT = 5


@dataclasses.dataclass(frozen=True)
class Part:
    """A process: its command, what it adds to the environment, and where it listens."""

    name: str
    command: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


MOTO_ENVIRONMENT = {
    "MOTO_AMIS_PATH": str(settings.IMAGES_FILE),
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ACM_VALIDATION_WAIT": "1",
    # Refuse images and instance types that do not exist, as EC2 does.
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    # Buckets are in the path there, not in the name.
    "MOTO_S3_CUSTOM_ENDPOINTS": f"https://{settings.S3_DOMAIN}",
    # moto_server.py then lets pass what is not signed with temporary credentials.
    "INITIAL_NO_AUTH_ACTION_COUNT": "0",
}
MINISTACK_ENVIRONMENT = {
    "BIND_HOST": settings.LOOPBACK,
    "GATEWAY_PORT": str(settings.MINISTACK_PORT),
    "MINISTACK_ACCOUNT_ID": settings.ACCOUNT,
    # With `cryptography` installed it would listen on all interfaces for devices.
    "IOT_MTLS_ENABLED": "0",
    "TMPDIR": str(settings.STATE_DIR),
}
GATEWAY_PORTS = ((settings.LOOPBACK, settings.GATEWAY_PORT), (settings.GATEWAY_ADDRESS, settings.GATEWAY_PORT))
EDGE_PORTS = (
    (settings.LOOPBACK, settings.EDGE_TLS_PORT),
    (settings.GATEWAY_ADDRESS, settings.EDGE_TLS_PORT),
    (settings.LOOPBACK, settings.EDGE_HTTP_PORT),
)
# In the order of their start.
PARTS = (
    Part("moto", _module("sandbox.api.moto_server"), ((settings.LOOPBACK, settings.MOTO_PORT),), MOTO_ENVIRONMENT),
    Part(
        "ministack",
        _module("sandbox.api.ministack_server"),
        ((settings.LOOPBACK, settings.MINISTACK_PORT),),
        MINISTACK_ENVIRONMENT,
    ),
    Part("control plane", _module("sandbox.api.gateway"), GATEWAY_PORTS),
    Part("instance metadata", _module("sandbox.compute.imds"), ((settings.GATEWAY_ADDRESS, settings.IMDS_PORT),)),
    Part("google", _module("sandbox.google.server"), ((settings.LOOPBACK, settings.GOOGLE_PORT),)),
    Part("dns", _module("sandbox.network.dns"), ((settings.LOOPBACK, settings.DNS_PORT),)),
    Part("edge", _module("sandbox.edge"), EDGE_PORTS),
)


def environment(part: Part) -> dict[str, str]:
    """The environment of a process: this one's without any account of AWS, so that nothing can reach a real one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "PYTHONPATH": str(settings.CHECKOUT), "PYTHONUNBUFFERED": "1", **part.environment}


def read_state() -> dict:
    """What the last `up` wrote down; empty when the sandbox is down, or when it was not root who wrote."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        if settings.STATE_DIR.stat().st_uid == 0:
            return json.loads(settings.STATE_FILE.read_text())
    return {}


def is_up() -> bool:
    """Whether all processes that the last `up` started still run."""
    entries = read_state().get("processes", {})
    return len(entries) == len(PARTS) and all(runs(entry) for entry in entries.values())


def write_state(state: dict) -> None:
    """Write down what runs; whole or not at all."""
    draft = settings.STATE_FILE.with_suffix(".new")
    draft.write_text(json.dumps(state, indent=2) + "\n")
    draft.replace(settings.STATE_FILE)


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty when it has ended."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def _has_ended(pid: int) -> bool:
    """Whether a child of this process has ended; of another's child nothing is known."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return False


def runs(entry: dict) -> bool:
    """Whether the process that was written down is still that process."""
    return not _has_ended(entry["pid"]) and command_of(entry["pid"]) == entry["command"]


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def listens(part: Part) -> bool:
    """Whether the process listens on its ports."""
    return not any(sockets.is_free(*port) for port in part.ports)


def _log(part: Part) -> pathlib.Path:
    return settings.LOGS / f"{part.name.replace(' ', '-')}.log"


def start(part: Part) -> dict:
    """Start a process; returns what is to be written down, before anything can go wrong."""
    with _log(part).open("ab") as output:
        process = subprocess.Popen(
            part.command,
            cwd=settings.STATE_DIR,
            env=environment(part),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return {"pid": process.pid, "command": list(part.command)}


def await_listening(part: Part, entry: dict) -> None:
    """Wait until the process, a child of this one, listens."""
    _wait(lambda: listens(part) or _has_ended(entry["pid"]), START_TIMEOUT)
    if not listens(part):
        raise RuntimeError(f"The sandbox's {part.name} did not start: see {_log(part)}")


def stop(entries: list[dict]) -> None:
    """End the processes that were written down, as far as they are still those."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = [entry for entry in entries if runs(entry)]
        for entry in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(entry["pid"], number)
        if _wait(lambda: not any(runs(entry) for entry in entries), STOP_TIMEOUT):
            return


def _owner(port: int) -> str:
    found = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=False).stdout
    name = re.search(r'"([^"]+)",pid=(\d+)', found)
    return f"{name[1]} (pid {name[2]})" if name else "another process"


def taken_ports() -> list[str]:
    """For each port of ours that is not free: which, and by whom."""
    ports = [port for part in PARTS for port in part.ports]
    return [f"{address}:{port} by {_owner(port)}" for address, port in ports if not sockets.is_free(address, port)]
