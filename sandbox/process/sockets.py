"""Ports of the sandbox: taking one, and seeing whether one is taken."""

from __future__ import annotations

import socket

# Linux's IP_FREEBIND, which Python's socket module does not name.
IP_FREEBIND = 15


def bind(address: str, port: int) -> socket.socket:
    """A socket bound to an address. The network's gateway address need not exist yet: it comes with the first host."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    try:
        taken.bind((address, port))
    except OSError:
        taken.close()
        raise
    return taken


def is_free(address: str, port: int) -> bool:
    """Whether nothing listens there."""
    try:
        bind(address, port).close()
    except OSError:
        return False
    return True
