"""Containers on the sandbox's network: hosts, and the network interfaces of load balancers."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import resource
import subprocess
from collections.abc import Iterator

from sandbox import settings

# Every container of the sandbox has this label; its value is the kind.
LABEL = "org.bioviewers.sandbox"


@dataclasses.dataclass(frozen=True)
class Interface:
    """Where a running container is: its address, and the file that stands for its network namespace."""

    address: str
    namespace: pathlib.Path


def podman(*arguments: str, check: bool = True) -> str:
    """Run podman; returns what it prints. Its words are in the exception when it fails."""
    command = ["podman", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise RuntimeError(f"podman {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def exists(kind: str, name: str) -> bool:
    """Whether podman has an image, a network, a container of that name."""
    return subprocess.run(["podman", kind, "exists", name], check=False).returncode == 0


def create_network() -> None:
    """Make the sandbox's network unless it is there."""
    if not exists("network", settings.NETWORK):
        where = (f"--subnet={settings.SUBNET}", f"--gateway={settings.GATEWAY_ADDRESS}")
        where = (*where, f"--ip-range={settings.OTHER_ADDRESSES}")
        podman("network", "create", *where, settings.NETWORK)


def network_exists() -> bool:
    """Whether the sandbox's network is there."""
    return exists("network", settings.NETWORK)


def remove_all() -> None:
    """Remove all containers and their network."""
    remove(*names())
    if network_exists():
        podman("network", "rm", "--force", settings.NETWORK)


def remove(*wanted: str) -> None:
    """Remove containers with their volumes."""
    if wanted:
        podman("rm", "--force", "--ignore", "--volumes", "--time=2", *wanted)


def names(kind: str = "") -> list[str]:
    """Every container of one kind or, without it, of any, running or not."""
    label = f"{LABEL}={kind}" if kind else LABEL
    return podman("ps", "--all", f"--filter=label={label}", "--format={{.Names}}").split()


def interfaces(*wanted: str) -> dict[str, Interface]:
    """The interfaces of those containers that run, or are about to (`podman init`)."""
    if not wanted:
        return {}
    # podman fails when one has been removed meanwhile, but still prints the others.
    found = json.loads(podman("container", "inspect", *wanted, check=False) or "[]")
    return {each["Name"]: interface for each in found if (interface := _interface(each["NetworkSettings"]))}


def _interface(network: dict) -> Interface | None:
    address = network["Networks"].get(settings.NETWORK, {}).get("IPAddress", "")
    return Interface(address, pathlib.Path(network["SandboxKey"])) if address and network["SandboxKey"] else None


def _limit(kind: int, ceiling: int) -> str:
    hard = resource.getrlimit(kind)[1]
    value = ceiling if hard == resource.RLIM_INFINITY else min(hard, ceiling)
    return f"{value}:{value}"


def _runtime() -> list[str]:
    """crun, podman's default, refuses cgroup v1 and the hybrid layout."""
    unified = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return [] if unified else ["--runtime=runc"]


def machine(name: str, *verb: str) -> Iterator[str]:
    """The beginning of the command `podman run` or `podman create`, with what this machine needs for any container."""
    yield from _runtime()
    yield from (*verb, f"--name={name}", f"--hostname={name}")
    yield f"--ulimit=nofile={_limit(resource.RLIMIT_NOFILE, 1048576)}"
    yield f"--ulimit=nproc={_limit(resource.RLIMIT_NPROC, 32768)}"


def creation(name: str, kind: str, *verb: str) -> Iterator[str]:
    """The same for a container of the sandbox."""
    yield from machine(name, *verb)
    yield f"--label={LABEL}={kind}"
    # Its own hosts file and resolver: this machine's names point to 127.0.0.1, which there is the container itself.
    yield from (f"--network={settings.NETWORK}", "--no-hosts")
