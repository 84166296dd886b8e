"""Security groups as the rules of a packet filter: text for nft, to be loaded in one's own network namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox import settings
from sandbox.edge import permissions
from sandbox.edge.permissions import Permission

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
    """What a rule is for, but for the other side's address."""
    protocol = permission["IpProtocol"]
    first, last = permission.get("FromPort", -1), permission.get("ToPort", -1)
    match protocol:
        case permissions.ALL:
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
    yield from permissions.networks(permission)
    for group in permissions.groups(permission):
        yield from sorted(members.get(group, ()))


def _accepted(allowed: Iterable[Permission], side: str, members: Members) -> Iterator[str]:
    for permission in allowed:
        for peer in _peers(permission, members):
            yield f"ip {side} {peer} {_traffic(permission)}".rstrip()


def ingress(allowed: Iterable[Permission], members: Members) -> list[str]:
    """What may come in, as nft's matches."""
    return [*_accepted(allowed, "saddr", members)]


def egress(allowed: list[Permission], members: Members, package_ports: Iterable[int]) -> list[str]:
    """What may go out, as nft's matches. HTTPS to anywhere takes in what here stands at other ports."""
    elsewhere = [API, *(f"tcp dport {port}" for port in package_ports)]
    everywhere = permissions.let(allowed, HTTPS, permissions.ANYWHERE)
    return [*NEVER_FILTERED, *_accepted(allowed, "daddr", members), *(elsewhere if everywhere else ())]


def _chain(name: str, hook: str, loopback: str, accepted: Iterable[str]) -> str:
    always = (f'{loopback} "lo"', "ct state established,related")
    rules = "".join(f"    {each} accept\n" for each in dict.fromkeys((*always, *accepted)))
    return f"  chain {name} {{\n    type filter hook {hook} priority filter; policy drop;\n{rules}  }}\n"


def render(coming: Iterable[str], going: Iterable[str]) -> str:
    """The whole filter, put in the place of an older one in one step."""
    chains = _chain("ingress", "input", "iif", coming) + _chain("egress", "output", "oif", going)
    return f"table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n{chains}}}\n"


def of_groups(names: Iterable[str], groups: Mapping[str, Any], members: Members, package_ports: Iterable[int]) -> str:
    """The filter of an interface that is in these groups: of the rules of all of them together."""
    own = [groups[name] for name in names if name in groups]
    coming = [rule for group in own for rule in group["IpPermissions"]]
    going = [rule for group in own for rule in group["IpPermissionsEgress"]]
    return render(ingress(coming, members), egress(going, members, package_ports))
