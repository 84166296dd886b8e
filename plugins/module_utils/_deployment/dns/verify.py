# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two names as a visitor meets them: DNS, certificate, versions of TLS, plain HTTP. PRIVATE."""

from __future__ import annotations

import datetime
import functools
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons

OLD = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1}
NEW = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
MOVED = (301, 302, 307, 308)


def resolves(context: Context, host: str) -> Reasons:
    name = context.inputs[host]
    try:
        socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        yield f"{name} does not resolve: {error.strerror}"


def days_left(certificate: Mapping[str, Any], now: float) -> int:
    return int((ssl.cert_time_to_seconds(certificate["notAfter"]) - now) // 86400)


def certificate(context: Context, host: str) -> Reasons:
    name, least = context.inputs[host], context.inputs["min_certificate_days"]
    try:
        held = web.handshake(name)
    except ssl.SSLError as error:
        yield f"TLS with {name} fails: {getattr(error, 'verify_message', '') or error.reason or error}"
        return
    days = days_left(held, datetime.datetime.now(datetime.UTC).timestamp())
    if days < least:
        yield f"the certificate of {name} ends in {days} days"


def accepts(name: str, version: ssl.TLSVersion) -> bool:
    try:
        web.handshake(name, web.only(version))
    except (ssl.SSLError, ConnectionError):
        return False
    return True


def versions(context: Context, host: str) -> Reasons:
    name = context.inputs[host]
    for told, version in NEW.items():
        if not accepts(name, version):
            yield f"{name} does not speak TLS {told}"
    offered = {told: version for told, version in OLD.items() if web.speaks(version)}
    for told, version in offered.items():
        if accepts(name, version):
            yield f"{name} still speaks TLS {told}"
    if not offered:
        raise Skipped(
            f"this machine's {ssl.OPENSSL_VERSION} can't offer TLS {join(OLD)}, so nobody can say it is refused"
        )


def redirected(context: Context, host: str) -> Reasons:
    name = context.inputs[host]
    answer = web.ask(f"http://{name}/index.html?a=b")
    location = answer.header("Location").replace(f"https://{name}:443/", f"https://{name}/")
    if answer.status not in MOVED or location != f"https://{name}/index.html?a=b":
        yield f"http://{name} answers {answer.status}{' to ' if location else ''}{location}"


def both(test: Callable[[Context, str], Reasons], line: str, needs: tuple[str, ...] = (), **words: Any) -> list[Check]:
    """A check for the name of the site, and one for that of the data."""
    return [
        Check(
            f"{side}-{line}",
            functools.partial(test, host=f"{side}_domain"),
            needs=tuple(f"{side}-{need}" for need in needs),
            settles=True,
            **{name: text.replace("{host}", f"{{{side}_domain}}") for name, text in words.items()},
        )
        for side in ("site", "data")
    ]


PART = "The names"
CHECKS = (
    *both(
        resolves,
        "name",
        claim="{host} resolves.",
        how="A look-up by this machine's resolver",
        todo="See that the record is in public DNS; a new one can take a quarter of an hour to be known.",
    ),
    *both(
        certificate,
        "certificate",
        ("name",),
        claim=(
            "The certificate of {host} is good for that name, by a known authority, for "
            "{min_certificate_days} days or more."
        ),
        how="A TLS connection that checks chain and name",
        todo="See the line certificates; ACM renews by the validation record, which must still be in DNS.",
    ),
    *both(
        versions,
        "tls",
        ("certificate",),
        claim="{host} speaks TLS 1.2 and 1.3 and nothing older.",
        how="A TLS connection in each version",
        todo="Run site.yml: it sets the TLS policy of the load balancer and the least version of the distribution.",
    ),
    *both(
        redirected,
        "http",
        ("name",),
        claim="http://{host} only leads to https.",
        how="One request to port 80, redirect not followed",
        todo="Run site.yml; see the lines listener-http and distribution-viewers.",
    ),
)
