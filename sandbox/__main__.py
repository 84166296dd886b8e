"""`python -m sandbox up|status|down`: AWS on one machine, started, looked at, taken away."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator

from sandbox import seed, settings
from sandbox.compute import containers, hosts, load_balancers
from sandbox.network import etc_hosts
from sandbox.process import ca, supervisor

PROGRAMS = ("podman", "mmdebstrap", "nft", "nsenter", "ss")


@contextlib.contextmanager
def phase(name: str) -> Iterator[None]:
    """Say how long a step took."""
    start = time.monotonic()
    yield
    print(f"{name:<20}{time.monotonic() - start:6.1f} s", flush=True)


def require_root() -> None:
    """Podman's hosts and the ports 80 and 443 need root."""
    if os.geteuid() != 0:
        raise SystemExit("The sandbox boots containers and listens on port 443: run it as root (sudo -E).")


def require_programs() -> None:
    """What `make setup` installs must be there."""
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        raise SystemExit(f"Not installed: {', '.join(missing)}. Run `make setup`.")


def require_ports() -> None:
    """The sandbox's ports are fixed: say which is taken rather than fail half-way."""
    if taken := supervisor.ports_in_use():
        raise SystemExit(f"In use: {'; '.join(taken)}. End what listens there, then run `up` again.")


def report() -> dict[str, bool]:
    """Each part of the sandbox and whether it is well."""
    entries = supervisor.read_state().get("processes", {})
    found = {
        service.name: service.name in entries
        and supervisor.is_running(entries[service.name])
        and supervisor.is_listening(service)
        for service in supervisor.SERVICES
    }
    found["network"] = containers.network_exists()
    found["certificates"] = ca.is_valid()
    found["/etc/hosts"] = etc_hosts.is_present()
    return found


def is_ours() -> bool:
    """Whether the sandbox that runs was started from this checkout."""
    return supervisor.read_state().get("checkout") == str(settings.CHECKOUT)


def clear() -> None:
    """Take away all that a sandbox of any checkout left, but the image of the hosts."""
    supervisor.stop(list(supervisor.read_state().get("processes", {}).values()))
    if shutil.which("podman"):
        containers.remove_all()
    etc_hosts.remove()
    shutil.rmtree(settings.STATE_DIR, ignore_errors=True)


def prepare() -> None:
    """The files that the processes read."""
    for folder in (settings.STATE_DIR, settings.LOGS):
        folder.mkdir(mode=0o755)
    ca.create()
    seed.write_machine_images()


def start() -> None:
    """Start the processes, one after the other; each is written down before the next."""
    state = {"checkout": str(settings.CHECKOUT), "processes": {}}
    for service in supervisor.SERVICES:
        with phase(service.name):
            entry = state["processes"][service.name] = supervisor.start(service)
            supervisor.write_state(state)
            supervisor.wait_until_listening(service, entry)


def up() -> None:
    """A sandbox that is well, whatever was there before."""
    require_root()
    require_programs()
    if is_ours() and all(report().values()):
        print(f"The sandbox is up already: {settings.ENDPOINT}")
        return
    with phase("clear"):
        clear()
    require_ports()
    with phase("prepare"):
        prepare()
    with phase("image of the hosts"):
        hosts.build_image()
    with phase("network"):
        containers.create_network()
    start()
    with phase("seed"):
        seed.seed()
    etc_hosts.add()
    print(f"The sandbox is up: {settings.ENDPOINT}")


def status() -> int:
    """Print the parts, and the hosts; 0 when all parts are well."""
    require_root()
    require_programs()
    parts = report()
    for name, well in parts.items():
        print(f"{name:<20}{'well' if well else 'DOWN'}")
    for name in containers.names(load_balancers.KIND):
        print(f"{name:<20}{'running' if hosts.is_running(name) else 'not running'}")
    for name in hosts.names():
        print(f"{name:<20}{'booted' if hosts.is_booted(name) else 'not running'}")
    return 0 if all(parts.values()) else 1


def down(purge: bool) -> None:
    """Leave nothing; with `purge` not even the image of the hosts."""
    require_root()
    with phase("down"):
        clear()
        if purge and shutil.which("podman"):
            hosts.remove_images()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="python -m sandbox", description="AWS on one machine, to build and test against."
    )
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start it, or repair it; says so when it is up and well")
    commands.add_parser("status", help="list its parts; exit code 1 when one is down")
    commands.add_parser("down", help="take it away").add_argument(
        "--purge", action="store_true", help="the cached image of the hosts too (it is made in half a minute)"
    )
    return top


def main() -> int:
    """Run one command."""
    arguments = parser().parse_args()
    try:
        match arguments.command:
            case "up":
                up()
            case "status":
                return status()
            case "down":
                down(arguments.purge)
    except RuntimeError as error:
        raise SystemExit(str(error)) from error
    return 0


if __name__ == "__main__":
    sys.exit(main())
