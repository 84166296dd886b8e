"""Security groups as a packet filter: which rules of the API become which rules of nft."""

from __future__ import annotations

import asyncio

import pytest

from sandbox import settings
from sandbox.api import overrides
from sandbox.compute import hosts, load_balancers
from sandbox.network import packet_filter, security_groups

MEMBERS = {"sg-lb": {"10.89.77.9", "10.89.77.8"}, "sg-self": {"10.89.77.2"}}
GATEWAY = settings.GATEWAY_ADDRESS
ALWAYS_OUT = [f"ip daddr {GATEWAY} udp dport 53", f"ip daddr {GATEWAY} tcp dport {{ 53, 1338 }}"]
API = f"ip daddr {GATEWAY} tcp dport 4566"


def rule(protocol: str, ports: tuple[int, int] | None = None, cidrs: tuple[str, ...] = (), *groups: str) -> dict:
    between = {"FromPort": ports[0], "ToPort": ports[1]} if ports else {}
    peers = {
        "IpRanges": [{"CidrIp": each} for each in cidrs],
        "UserIdGroupPairs": [{"GroupId": each} for each in groups],
    }
    return {"IpProtocol": protocol, **between, **peers}


ANYWHERE = ("0.0.0.0/0",)
INGRESS = {
    "a group's members, each": (
        rule("tcp", (8443, 8443), (), "sg-lb"),
        ["ip saddr 10.89.77.8 tcp dport 8443-8443", "ip saddr 10.89.77.9 tcp dport 8443-8443"],
    ),
    "a group without members": (rule("tcp", (22, 22), (), "sg-empty"), []),
    "a rule without peers": (rule("tcp", (22, 22)), []),
    "networks, as they are usually written": (
        rule("tcp", (80, 443), ("10.1.2.3/8", "192.0.2.1/32")),
        ["ip saddr 10.0.0.0/8 tcp dport 80-443", "ip saddr 192.0.2.1/32 tcp dport 80-443"],
    ),
    "all protocols": (rule("-1", None, ANYWHERE), ["ip saddr 0.0.0.0/0"]),
    "UDP": (rule("udp", (53, 53), ANYWHERE), ["ip saddr 0.0.0.0/0 udp dport 53-53"]),
    "TCP by its number": (rule("6", (22, 22), ANYWHERE), ["ip saddr 0.0.0.0/0 tcp dport 22-22"]),
    "all of ICMP": (rule("icmp", (-1, -1), ANYWHERE), ["ip saddr 0.0.0.0/0 ip protocol icmp"]),
    "a ping": (rule("icmp", (8, 0), ANYWHERE), ["ip saddr 0.0.0.0/0 icmp type 8 icmp code 0"]),
    "another protocol": (rule("50", None, ANYWHERE), ["ip saddr 0.0.0.0/0 meta l4proto 50"]),
    "IPv6 alone": ({"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, []),
}


@pytest.mark.parametrize("case", INGRESS)
def test_ingress(case):
    permission, expected = INGRESS[case]
    assert packet_filter.ingress([permission], MEMBERS) == expected


EGRESS = {
    "nothing but what AWS never filters": ([], []),
    "HTTPS to anywhere takes in the API and the package sources": (
        [rule("tcp", (443, 443), ANYWHERE)],
        ["ip daddr 0.0.0.0/0 tcp dport 443-443", API, "tcp dport 3128"],
    ),
    "so does everything": ([rule("-1", None, ANYWHERE)], ["ip daddr 0.0.0.0/0", API, "tcp dport 3128"]),
    "HTTP does not": ([rule("tcp", (80, 80), ANYWHERE)], ["ip daddr 0.0.0.0/0 tcp dport 80-80"]),
    "HTTPS to somewhere does not": (
        [rule("tcp", (443, 443), ("10.0.0.0/8",))],
        ["ip daddr 10.0.0.0/8 tcp dport 443-443"],
    ),
    "to a group": ([rule("tcp", (8443, 8443), (), "sg-self")], ["ip daddr 10.89.77.2 tcp dport 8443-8443"]),
}


@pytest.mark.parametrize("case", EGRESS)
def test_egress(case):
    permissions, expected = EGRESS[case]
    assert packet_filter.egress(permissions, MEMBERS, [3128]) == [*ALWAYS_OUT, *expected]


SSH = rule("tcp", (22, 22), ("192.0.2.1/32",))
GROUPS = {
    "sg-web": {"IpPermissions": [rule("tcp", (8443, 8443), (), "sg-lb")], "IpPermissionsEgress": []},
    "sg-self": {"IpPermissions": [rule("tcp", (22, 22), (), "sg-self")], "IpPermissionsEgress": [SSH]},
}


def accepted(text: str, chain: str) -> list[str]:
    body = text.partition(f"chain {chain} {{")[2].partition("}\n")[0]
    return [line.strip().removesuffix(" accept") for line in body.splitlines() if line.endswith(" accept")]


BY_GROUPS = {
    (): [],
    ("sg-gone",): [],
    ("sg-self",): ["ip saddr 10.89.77.2 tcp dport 22-22"],
    ("sg-self", "sg-web"): [
        "ip saddr 10.89.77.2 tcp dport 22-22",
        "ip saddr 10.89.77.8 tcp dport 8443-8443",
        "ip saddr 10.89.77.9 tcp dport 8443-8443",
    ],
}


@pytest.mark.parametrize("names", BY_GROUPS)
def test_an_interface_has_the_rules_of_all_its_groups(names):
    text = packet_filter.of_groups(names, GROUPS, MEMBERS, [])
    assert accepted(text, "ingress") == ['iif "lo"', "ct state established,related", *BY_GROUPS[names]]
    out = ["ip daddr 192.0.2.1/32 tcp dport 22-22"] if "sg-self" in names else []
    assert accepted(text, "egress") == ['oif "lo"', "ct state established,related", *ALWAYS_OUT, *out]


def test_the_rest_is_dropped_and_an_older_filter_replaced_in_one_step():
    text = packet_filter.of_groups((), {}, {}, [])
    assert text.count("policy drop;") == 2
    assert text.index("delete table inet security_groups") < text.index("chain ingress")


PACKAGE_SOURCES = {
    "https://user:secret@packages.example:8443/simple http://other.example/": [8443],
    "http://proxy.example:3128": [3128],
    "localhost,10.0.0.1:99": [],
}


@pytest.mark.parametrize("value", PACKAGE_SOURCES)
def test_the_ports_of_package_sources(monkeypatch, value):
    for name in hosts.PASSED_ON:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", value)
    assert security_groups.package_ports() == PACKAGE_SOURCES[value]


def test_a_load_balancer_is_known_by_the_end_of_its_arn():
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/lab-viewer/26ee4edea242fe6f"
    assert load_balancers.name_of(arn) == "app-lab-viewer-26ee4edea242fe6f"


def test_a_change_that_could_not_be_followed_is_followed_later(monkeypatch):
    tried = []

    def follow() -> None:
        tried.append(len(tried))
        if len(tried) == 1:
            raise RuntimeError("a container has just gone")

    async def change() -> None:
        await overrides._sync_network()
        await asyncio.gather(*overrides._background_tasks)

    monkeypatch.setattr(security_groups, "sync", follow)
    monkeypatch.setattr(overrides, "RETRY_SECONDS", 0)
    asyncio.run(change())
    assert tried == [0, 1]
