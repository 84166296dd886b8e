"""What public DNS says, asked of a server of the test's own; and the sandbox's stand-in for it."""

from __future__ import annotations

import socket

import dns.name
import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.certificate import preflight as certificate
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import preflight as dns_preflight
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import public
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.values import split_address

from sandbox.network import dns as stand_in
from tests.unit.deployment.preflight_account import context_with, sentences

SERVERS = ["ns1.here.example.", "ns2.here.example."]


def record(name, kind, *values):
    return {"Name": f"{name}.", "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}


class World:
    """All of public DNS: {zone: records}."""

    def __init__(self, **zones):
        self.held = {dns.name.from_text(name.replace("_", ".")): records for name, records in zones.items()}

    def zones(self):
        return self.held


@pytest.fixture(scope="module")
def servers():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    started = stand_in.serve(address, World())
    yield started
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture
def serve(servers):
    """Let the servers answer for a world; their address."""

    def start(world):
        for server in servers:
            server.zonefile = world
        return "{}:{}".format(*servers[0].server_address)

    return start


def told(address, **known):
    context, _other = context_with({"domain": "lab.uni.edu", "dns_resolver": address, **known})
    return sentences([*dns_preflight.CHECKS, *certificate.CHECKS], context)


def zone(*more):
    return [record("uni.edu", "NS", *SERVERS), *more]


def in_route53(own=()):
    plain = [name.rstrip(".") for name in SERVERS]
    return {"hosted_zone": "uni.edu", "zone_name_servers": plain, "zone_answers": [set(plain), set(own)]}


CAA = {
    "none": ([], []),
    "amazon": ([record("lab.uni.edu", "CAA", '0 issue "amazon.com"')], []),
    "another name of amazon": ([record("uni.edu", "CAA", '0 issue "awstrust.com"', '0 issue "sectigo.com"')], []),
    "with parameters": ([record("uni.edu", "CAA", '0 issue "amazontrust.com; validationmethods=dns-01"')], []),
    "only who to tell": ([record("uni.edu", "CAA", '0 iodef "mailto:it@uni.edu"')], []),
    "the closest counts": (
        [record("lab.uni.edu", "CAA", '0 issue "amazon.com"'), record("uni.edu", "CAA", '0 issue ";"')],
        [],
    ),
    "a stranger": (
        [record("uni.edu", "CAA", '0 issue "sectigo.com"')],
        ["of uni.edu let only sectigo.com issue certificates for it", "only sectigo.com issue certificates for every"],
    ),
    "nobody": ([record("lab.uni.edu", "CAA", '0 issue ";"')], ["lab.uni.edu let nobody issue", "let nobody"]),
    "no wildcards": (
        [record("uni.edu", "CAA", '0 issue "amazon.com"', '0 issuewild "sectigo.com"')],
        ['add the CAA record 0 issuewild "amazon.com" to uni.edu'],
    ),
    "only wildcards": (
        [record("uni.edu", "CAA", '0 issue "sectigo.com"', '0 issuewild "amazonaws.com"')],
        ['add the CAA record 0 issue "amazon.com" to uni.edu'],
    ),
}


@pytest.mark.parametrize("name", CAA)
def test_who_may_issue_certificates(serve, name):
    records, expected = CAA[name]
    faults, notes = told(serve(World(uni_edu=zone(*records))))
    assert len(faults) == len(expected)
    assert all(part in fault for part, fault in zip(expected, faults, strict=True))
    assert notes == []


def test_a_cname_does_not_lead_away_from_the_domain(serve):
    moved = record("lab.uni.edu", "CNAME", "host.elsewhere.example.")
    assert told(serve(World(uni_edu=zone(moved))))[0] == []


def test_the_zone_is_answered_for_by_route_53(serve):
    assert told(serve(World(uni_edu=zone())), **in_route53()) == ([], [])


def test_the_owner_may_name_the_servers(serve):
    own = record("uni.edu", "NS", "ns1.uni.edu.", "ns2.uni.edu.")
    address = serve(World(uni_edu=[own]))
    assert told(address, **in_route53({"ns1.uni.edu", "ns2.uni.edu"})) == ([], [])
    faults, _other = told(address, **in_route53())
    assert "public DNS says that ns1.uni.edu and ns2.uni.edu answer for it" in faults[0]
    assert "enter ns1.here.example and ns2.here.example as its name servers" in faults[0]


def test_half_a_delegation_is_none(serve):
    half = record("uni.edu", "NS", SERVERS[0], "ns.elsewhere.example.")
    assert len(told(serve(World(uni_edu=[half])), **in_route53())[0]) == 1


def test_a_zone_that_nobody_knows(serve):
    faults, _other = told(serve(World()), **in_route53())
    assert "public DNS knows no name servers of that zone; enter ns1.here.example" in faults[0]


def test_a_zone_in_between_hides_the_records(serve):
    between = [record("lab.uni.edu", "NS", "ns1.lab.example.")]
    faults, _other = told(serve(World(uni_edu=zone(), lab_uni_edu=between)), **in_route53())
    assert "lab.uni.edu is a zone of its own in public DNS" in faults[0]


def test_by_hand_the_zone_is_named(serve):
    faults, notes = told(serve(World(uni_edu=zone())), dns_by_hand=True)
    assert faults == []
    assert "which you make in the zone uni.edu (it is on ns1.here.example and ns2.here.example)" in notes[0]
    assert "knows no zone that holds it" in told(serve(World()), dns_by_hand=True)[0][0]


def test_a_resolver_that_is_silent_is_a_fault_only_if_somebody_chose_it(monkeypatch):
    monkeypatch.setattr(public, "SECONDS", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert told(address)[0][0].startswith(f"dns_resolver is '{address}': {address} does not answer within")
        monkeypatch.setattr(dns_preflight, "_ask", lambda _context: public.PublicDns(address))
        faults, notes = told("")
    assert faults == []
    assert "To ask another server, set dns_resolver." in notes[0]


@pytest.mark.parametrize(
    ("address", "pair"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
    ],
)
def test_addresses(address, pair):
    assert split_address(address) == pair


def test_the_stand_in_answers_for_the_zones_of_the_account(client, serve):
    route53 = client("route53")
    zone_id = route53.create_hosted_zone(Name="lab.localhost", CallerReference="1")["HostedZone"]["Id"]
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d1.cloudfront.net.", "EvaluateTargetHealth": False}
    wild = {"Name": "*.lab.localhost", "Type": "TXT", "TTL": 5, "ResourceRecords": [{"Value": '"hello"'}]}
    sets = [{"Name": "data.lab.localhost", "Type": "A", "AliasTarget": alias}, wild]
    changes = [{"Action": "CREATE", "ResourceRecordSet": one} for one in sets]
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    resolver = public.PublicDns(serve(stand_in.HostedZones(route53)))
    assert [str(found) for found in resolver.records("data.lab.localhost", "A")] == ["127.0.0.1"]
    assert resolver.records("data.lab.localhost", "AAAA") == []
    assert resolver.name_servers("lab.localhost")[0] == "ns-2048.awsdns-64.com"
    assert resolver.records("uni.edu", "A") == []
    assert resolver.zone_of("data.lab.localhost") == "lab.localhost"
