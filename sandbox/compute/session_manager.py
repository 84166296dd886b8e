"""Stands in for AWS's session-manager-plugin: a shell of ssm-user on the host, in a terminal, as the agent gives it.

Called as: session_manager_plugin <StartSession's answer> <region> StartSession <profile> <parameters> <endpoint>
"""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import termios
import tty

SHELL = ("podman", "exec", "--interactive", "--tty", "--user=ssm-user")


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`."""
    while content:
        content = content[os.write(descriptor, content) :]


def read(descriptor: int) -> bytes:
    """What there is to read; empty at the end. A terminal's end is an error on Linux."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def copy(terminal: int) -> None:
    """Carry what is typed to the shell and what it prints back, until it ends."""
    sources = [0, terminal]
    while True:
        for ready in select.select(sources, [], [])[0]:
            content = read(ready)
            if ready == terminal and not content:
                return
            if content:
                write_all(terminal if ready == 0 else 1, content)
            else:
                sources.remove(0)


def main() -> int:
    """Run one session; returns the shell's exit code."""
    session, target = json.loads(sys.argv[1])["SessionId"], json.loads(sys.argv[5])["Target"]
    child, terminal = pty.fork()
    if child == 0:
        # No job control: at its start dash and podman race for the terminal, and the loser complains in the output.
        os.execvp(SHELL[0], [*SHELL, target, "/bin/sh", "+m"])  # noqa: S606
    # The host's own terminal echoes: this one, in between, may not. Set before the line below, after which the caller
    # goes on typing.
    tty.setraw(terminal, termios.TCSANOW)
    write_all(1, f"\nStarting session with SessionId: {session}\n".encode())
    copy(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
