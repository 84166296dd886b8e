"""The sandbox's processes, recorded by pid and command line; a process is ended only when both still match."""

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
class Service:
    """A process: its command, the addresses on which it listens, its additional environment."""

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
    # moto_server.py verifies only what is signed with temporary credentials.
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
SERVICES = (
    Service("moto", _module("sandbox.api.moto_server"), ((settings.LOOPBACK, settings.MOTO_PORT),), MOTO_ENVIRONMENT),
    Service(
        "ministack",
        _module("sandbox.api.ministack_server"),
        ((settings.LOOPBACK, settings.MINISTACK_PORT),),
        MINISTACK_ENVIRONMENT,
    ),
    Service("control plane", _module("sandbox.api.gateway"), GATEWAY_PORTS),
    Service("instance metadata", _module("sandbox.compute.imds"), ((settings.GATEWAY_ADDRESS, settings.IMDS_PORT),)),
    Service("google", _module("sandbox.google.server"), ((settings.LOOPBACK, settings.GOOGLE_PORT),)),
    Service("dns", _module("sandbox.network.dns"), ((settings.LOOPBACK, settings.DNS_PORT),)),
    Service("edge", _module("sandbox.network.edge"), EDGE_PORTS),
)


def environment(service: Service) -> dict[str, str]:
    """The environment of a process: this one's without any account of AWS, so that nothing can reach a real one."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**inherited, "PYTHONPATH": str(settings.CHECKOUT), "PYTHONUNBUFFERED": "1", **service.environment}


def read_state() -> dict:
    """The state that the last `up` wrote; empty when the sandbox is down, or when the folder is not root's."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        if settings.STATE_DIR.stat().st_uid == 0:
            return json.loads(settings.STATE_FILE.read_text())
    return {}


def is_up() -> bool:
    """Whether all processes that the last `up` started still run."""
    entries = read_state().get("processes", {})
    return len(entries) == len(SERVICES) and all(is_running(entry) for entry in entries.values())


def write_state(state: dict) -> None:
    """Write the state file atomically."""
    draft = settings.STATE_FILE.with_suffix(".new")
    draft.write_text(json.dumps(state, indent=2) + "\n")
    draft.replace(settings.STATE_FILE)


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty when it has ended."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def _has_ended(pid: int) -> bool:
    """Whether a child of this process has ended; False for any other process."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return False


def is_running(entry: dict) -> bool:
    """Whether the recorded process still runs."""
    return not _has_ended(entry["pid"]) and command_of(entry["pid"]) == entry["command"]


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_listening(service: Service) -> bool:
    """Whether the process listens on its ports."""
    return not any(sockets.is_free(*port) for port in service.ports)


def _log(service: Service) -> pathlib.Path:
    return settings.LOGS / f"{service.name.replace(' ', '-')}.log"


def start(service: Service) -> dict:
    """Start a process; returns its entry for the state file at once, before it listens."""
    with _log(service).open("ab") as output:
        process = subprocess.Popen(
            service.command,
            cwd=settings.STATE_DIR,
            env=environment(service),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return {"pid": process.pid, "command": list(service.command)}


def wait_until_listening(service: Service, entry: dict) -> None:
    """Wait until the process, a child of this one, listens on its ports."""
    _wait(lambda: is_listening(service) or _has_ended(entry["pid"]), START_TIMEOUT)
    if not is_listening(service):
        raise RuntimeError(f"The sandbox's {service.name} did not start: see {_log(service)}")


def stop(entries: list[dict]) -> None:
    """End the recorded processes that still run."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = [entry for entry in entries if is_running(entry)]
        for entry in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(entry["pid"], number)
        if _wait(lambda: not any(is_running(entry) for entry in entries), STOP_TIMEOUT):
            return


def _owner(port: int) -> str:
    found = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=False).stdout
    name = re.search(r'"([^"]+)",pid=(\d+)', found)
    return f"{name[1]} (pid {name[2]})" if name else "another process"


def ports_in_use() -> list[str]:
    """The sandbox's ports that other processes use, each with the process."""
    ports = [port for service in SERVICES for port in service.ports]
    return [f"{address}:{port} by {_owner(port)}" for address, port in ports if not sockets.is_free(address, port)]
