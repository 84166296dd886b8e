# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A visitor without a browser: requests that go out exactly as written, and TLS handshakes. PRIVATE."""

from __future__ import annotations

import functools
import http.client
import os
import socket
import ssl
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECONDS = 20
MOST = 4_000_000  # bytes of a body that are looked at
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    def header(self, name: str) -> str:
        return ", ".join(value for held, value in self.headers if held.lower() == name.lower())

    @property
    def cookies(self) -> list[str]:
        """The Set-Cookie headers."""
        return [value for name, value in self.headers if name.lower() == "set-cookie"]


def ask(url: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: str | None = None) -> Answer:
    """What is answered to one request; its path is not tidied up, and redirects are not followed."""
    scheme, _mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    connection, target = connect(scheme, host, slash + path or "/")
    try:
        connection.request(method, target, body=body, headers={"User-Agent": "bioviewers-verify", **(headers or {})})
        got = connection.getresponse()
        return Answer(got.status, tuple(got.getheaders()), got.read(MOST).decode("utf-8", "replace"))
    finally:
        connection.close()


def connect(
    scheme: str, host: str, target: str = "/", context: ssl.SSLContext | None = None
) -> tuple[http.client.HTTPConnection, str]:
    """A connection that is not open yet, and what to ask for on it; through a proxy if the environment names one."""
    name, _mark, given = host.partition(":")
    port = int(given or PORTS[scheme])
    proxy = "" if urllib.request.proxy_bypass(name) else urllib.request.getproxies().get(scheme, "")
    through = urllib.parse.urlsplit(proxy)
    if scheme == "http":
        address = (through.hostname, through.port) if proxy else (name, port)
        return http.client.HTTPConnection(*address, timeout=SECONDS), f"http://{host}{target}" if proxy else target
    address = (through.hostname, through.port) if proxy else (name, port)
    connection = http.client.HTTPSConnection(*address, timeout=SECONDS, context=context or trusting())
    if proxy:
        connection.set_tunnel(name, port)
    return connection, target


def trusting() -> ssl.SSLContext:
    """A context that believes this machine's authorities; reading them takes longer than a request."""
    return _trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.cache
def _trusting(*_places: str | None) -> ssl.SSLContext:
    return ssl.create_default_context()


def handshake(host: str, context: ssl.SSLContext | None = None) -> dict[str, Any]:
    """The certificate that a host shows, once TLS with it is agreed on. Raises OSError, ssl.SSLError among them."""
    connection, _other = connect("https", host, context=context)
    try:
        connection.connect()
        return connection.sock.getpeercert() or {}
    finally:
        connection.close()


def only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A context that speaks one version of TLS, and believes any certificate: of that, another check speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL 3 has the old versions at no higher level
    return context


def speaks(version: ssl.TLSVersion) -> bool:
    """Whether this machine's OpenSSL can offer a version at all: it then says hello in it."""
    out = ssl.MemoryBIO()
    try:
        only(version).wrap_bio(ssl.MemoryBIO(), out, server_hostname="example.org").do_handshake()
    except ssl.SSLWantReadError:
        return out.pending > 0
    except (ssl.SSLError, ValueError):
        return False
    return False


def answers(address: str, port: int, seconds: float) -> bool:
    """Whether a TCP connection is accepted, without any proxy."""
    try:
        socket.create_connection((address, port), timeout=seconds).close()
    except OSError:
        return False
    return True
