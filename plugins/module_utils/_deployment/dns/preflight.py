# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what public DNS says. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import (
    Check,
    Fault,
    Findings,
    Look,
    Note,
    join,
)

try:
    import dns.exception
    import dns.rdtypes.ANY.CAA
    import dns.resolver

    HAS_DNS = True
except ImportError:
    HAS_DNS = False

# ACM User Guide, "(Optional) Configure a CAA record".
AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
SECONDS = 6


class UnansweredError(Exception):
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


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`."""
    if address.startswith("["):
        host, _mark, port = address[1:].partition("]")
        return host, int(port[1:] or 53)
    host, _mark, port = address.partition(":")
    return (address, 53) if ":" in port else (host, int(port or 53))


def climbing(name: str) -> Iterator[str]:
    """The name and its parents, down to two labels."""
    labels = name.split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])


def _ask(look: Look) -> PublicDns:
    return PublicDns(look.known.get("dns_resolver", ""))


def _unanswered(look: Look, error: UnansweredError) -> Fault | Note:
    if look.known.get("dns_resolver"):
        return look.fault("dns_resolver", str(error), "write the address of a DNS server that answers for public names")
    return Note(f"Public DNS was not checked: {error}. To ask another server, set dns_resolver.")


def answers(look: Look) -> Findings:
    """The DNS server"""
    try:
        _ask(look).records(look.known["domain"].rpartition(".")[2], "SOA")
    except UnansweredError as error:
        yield _unanswered(look, error)
    else:
        look.learn(public_dns=_ask(look))


def _while_answered(check):
    """One name that nobody answers for must not hide the other checks."""

    def guarded(look: Look) -> Findings:
        try:
            yield from check(look)
        except UnansweredError as error:
            yield Note(f"{check.__doc__} could not be checked: {error}.")

    guarded.__doc__ = check.__doc__
    return guarded


@_while_answered
def delegation(look: Look) -> Findings:
    """The name servers of the zone"""
    public, zone = look.known["public_dns"], look.known["hosted_zone"]
    told, wanted = set(public.name_servers(zone)), look.known["zone_name_servers"]
    if not told:
        wrong = "public DNS knows no name servers of that zone"
    elif told in look.known["zone_answers"]:
        yield from _cut_off(look, public)
        return
    else:
        wrong = (
            f"public DNS says that {join(sorted(told))} answer for it, and Route 53's zone of that name is on others"
        )
    yield look.fault(
        "hosted_zone", wrong, f"enter {join(wanted)} as its name servers at the registrar or in the parent zone"
    )


def _cut_off(look: Look, public: PublicDns) -> Findings:
    """Whether a zone of its own stands between the hosted zone and the domain: records in the first would be unseen."""
    zone, domain = look.known["hosted_zone"], look.known.get("domain", "")
    between = public.zone_of(domain) if domain else zone
    if between and between != zone and between.endswith(f".{zone}"):
        wrong = f"{between} is a zone of its own in public DNS, so that records for {domain} in {zone} are not seen"
        yield look.fault("hosted_zone", wrong, f"write {between}, if Route 53 holds it, or set dns to manual")


@_while_answered
def zone_by_hand(look: Look) -> Findings:
    """The zone in which records are made by hand"""
    public, domain = look.known["public_dns"], look.known["domain"]
    zone = public.zone_of(domain)
    if not zone:
        yield look.fault(
            "domain", "public DNS knows no zone that holds it", "register the domain, or write one that exists"
        )
        return
    servers = join(public.name_servers(zone))
    yield Note(f"dns is manual: the run prints records, which you make in the zone {zone} (it is on {servers}).")


@_while_answered
def authorities(look: Look) -> Findings:
    """The CAA records of the domain"""
    public, domain = look.known["public_dns"], look.known["domain"]
    # RFC 8659, 3: the records of the closest name that has any, climbing to the top.
    names = (*climbing(domain), domain.rpartition(".")[2])
    where, records = next(((name, found) for name in names if (found := public.records(name, "CAA"))), ("", []))
    for what, tag in (("certificates for it", "issue"), ("certificates for every name below it", "issuewild")):
        allowed = allowed_by(records, tag)
        if allowed is not None and allowed.isdisjoint(AMAZON):
            who = f"only {join(sorted(allowed))}" if allowed else "nobody"
            wrong = (
                f"the CAA records of {where} let {who} issue {what}, and ACM would never issue the one that is needed"
            )
            yield look.fault("domain", wrong, f'add the CAA record 0 {tag} "amazon.com" to {where}')


def allowed_by(records: list[dns.rdtypes.ANY.CAA.CAA], tag: str) -> set[str] | None:
    """Who may issue; None for everybody. Without issuewild, issue speaks of wildcards too (RFC 8659, 4.3)."""
    pairs = [(record.tag.decode().lower(), record.value.decode()) for record in records]
    tags = {name for name, _other in pairs}
    decisive = tag if tag in tags else "issue"
    if decisive not in tags:
        return None
    names = {value.partition(";")[0].strip().lower() for name, value in pairs if name == decisive}
    return names - {""}


CHECKS = (
    Check(answers, ("domain",), "dns_resolver"),
    Check(delegation, ("public_dns", "zone_name_servers"), "hosted_zone"),
    Check(zone_by_hand, ("public_dns", "dns_by_hand"), "domain"),
    Check(authorities, ("public_dns",), "domain"),
)
