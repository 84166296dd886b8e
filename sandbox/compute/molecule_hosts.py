"""`python -m sandbox.compute.molecule_hosts create|remove`: hosts on which Molecule runs the roles. AWS is not there.

They are made by the sandbox's recipe, but are no part of it: both can be on one machine at a time.
"""

from __future__ import annotations

import argparse
import os
import time

from sandbox.compute import containers, hosts

# Another image than ours, such as one of Ubuntu. It boots systemd and has python3, python3-apt, sudo, curl, openssl
# and ca-certificates.
FOREIGN_IMAGE = "MOLECULE_IMAGE"
BOOT_SECONDS = 60


def image(suite: str) -> str:
    """The image to boot; ours is made if it is missing."""
    if name := os.environ.get(FOREIGN_IMAGE):
        return name
    hosts.build_image(suite)
    return hosts.image_name(suite)


def create(name: str, suite: str) -> None:
    """Boot a new host."""
    options = (*containers.machine(name, "run", "--detach"), *hosts.booting(), *hosts.passed_on())
    containers.podman(*options, image(suite))
    end = time.monotonic() + BOOT_SECONDS
    while not hosts.is_booted(name):
        if time.monotonic() > end:
            raise SystemExit(f"{name} has not booted within {BOOT_SECONDS} s")
        time.sleep(0.2)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.compute.molecule_hosts")
    commands = parser.add_subparsers(dest="command", required=True)
    creation = commands.add_parser("create")
    creation.add_argument("name")
    creation.add_argument("suite", help="the release of Debian, such as bookworm")
    commands.add_parser("remove").add_argument("name")
    asked = parser.parse_args()
    try:
        create(asked.name, asked.suite) if asked.command == "create" else containers.remove(asked.name)
    except RuntimeError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
