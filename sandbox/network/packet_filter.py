"""Security groups as the rules of a packet filter: text for nft, to be loaded in one's own network namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aws_edge.account import security_groups
from aws_edge.account.security_groups import Permission
from sandbox import settings

TABLE = "inet security_groups"
# Addresses of the members of each security group.
Members = Mapping[str, Iterable[str]]
# AWS filters neither its name server nor the metadata.
NEVER_FILTERED = (
    f"ip daddr {settings.GATEWAY_ADDRESS} udp dport 53",
    f"ip daddr {settings.GATEWAY_ADDRESS} tcp dport {{ 53, {settings.IMDS_PORT} }}",
)
HTTPS = 443
# AWS's API is at port 443 of the internet; here it is at this.
API = f"ip daddr {settings.GATEWAY_ADDRESS} tcp dport {settings.GATEWAY_PORT}"


def _traffic(permission: Permission) -> str:
    """Protocol and ports of a rule, as an nft match."""
    protocol = permission["IpProtocol"]
    first, last = permission.get("FromPort", -1), permission.get("ToPort", -1)
    match protocol:
        case security_groups.ALL:
            return ""
        case "tcp" | "6":
            return f"tcp dport {first}-{last}"
        case "udp" | "17":
            return f"udp dport {first}-{last}"
        case "icmp" | "1":
            kind = "ip protocol icmp" if first == -1 else f"icmp type {first}"
            return kind if last == -1 else f"{kind} icmp code {last}"
    return f"meta l4proto {protocol}"


def _peers(permission: Permission, members: Members) -> Iterator[str]:
    yield from security_groups.networks(permission)
    for group in security_groups.groups(permission):
        yield from sorted(members.get(group, ()))


def _accepted(allowed: Iterable[Permission], side: str, members: Members) -> Iterator[str]:
    for permission in allowed:
        for peer in _peers(permission, members):
            yield f"ip {side} {peer} {_traffic(permission)}".rstrip()


def ingress(allowed: Iterable[Permission], members: Members) -> list[str]:
    """The nft matches of ingress rules."""
    return [*_accepted(allowed, "saddr", members)]


def egress(allowed: list[Permission], members: Members, package_ports: Iterable[int]) -> list[str]:
    """The nft matches of egress rules. HTTPS to anywhere includes what has other ports here."""
    elsewhere = [API, *(f"tcp dport {port}" for port in package_ports)]
    everywhere = security_groups.allows(allowed, HTTPS, security_groups.ANYWHERE)
    return [*NEVER_FILTERED, *_accepted(allowed, "daddr", members), *(elsewhere if everywhere else ())]


def _chain(name: str, hook: str, loopback: str, accepted: Iterable[str]) -> str:
    always = (f'{loopback} "lo"', "ct state established,related")
    rules = "".join(f"    {each} accept\n" for each in dict.fromkeys((*always, *accepted)))
    return f"  chain {name} {{\n    type filter hook {hook} priority filter; policy drop;\n{rules}  }}\n"


def render(coming: Iterable[str], going: Iterable[str]) -> str:
    """The nft table; loading it replaces the previous one atomically."""
    chains = _chain("ingress", "input", "iif", coming) + _chain("egress", "output", "oif", going)
    return f"table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n{chains}}}\n"


def of_groups(names: Iterable[str], groups: Mapping[str, Any], members: Members, package_ports: Iterable[int]) -> str:
    """The nft table of an interface in these security groups, with the rules of all of them."""
    own = [groups[name] for name in names if name in groups]
    coming = [rule for group in own for rule in group["IpPermissions"]]
    going = [rule for group in own for rule in group["IpPermissionsEgress"]]
    return render(ingress(coming, members), egress(going, members, package_ports))
