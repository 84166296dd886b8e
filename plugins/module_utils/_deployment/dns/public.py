# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public DNS, as a resolver sees it. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.values import split_address

try:
    import dns.exception
    import dns.rdtypes.ANY.CAA
    import dns.resolver

    HAS_DNS = True
except ImportError:
    HAS_DNS = False
SECONDS = 6


class UnansweredError(OSError):
    """No name server answered."""


class PublicDns:
    """Public DNS as a resolver sees it: this machine's, or the one at `address` ("192.0.2.1" or "192.0.2.1:53")."""

    def __init__(self, address: str = "") -> None:
        self.through = address or "this machine's resolver"
        self._resolver = dns.resolver.Resolver(configure=not address)
        self._resolver.lifetime = SECONDS
        if address:
            host, port = split_address(address)
            self._resolver.nameservers, self._resolver.port = [host], port

    def records(self, name: str, kind: str) -> list:
        """The records of a name; none if there is no such name."""
        try:
            answer = self._resolver.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            kind = type(error).__name__
            what = (
                f"does not answer within {SECONDS} seconds"
                if kind == "LifetimeTimeout"
                else f"gives no answer ({kind})"
            )
            raise UnansweredError(f"{self.through} {what} to what is asked of {name}") from error
        return list(answer.rrset or [])

    def name_servers(self, zone: str) -> list[str]:
        return sorted(str(record.target).rstrip(".").lower() for record in self.records(zone, "NS"))

    def zone_of(self, name: str) -> str:
        """The zone that answers for a name; empty if public DNS knows none below the top-level domain."""
        return next((zone for zone in climbing(name) if self.name_servers(zone)), "")


def climbing(name: str) -> Iterator[str]:
    """The name and its parents, down to two labels."""
    labels = name.split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])
