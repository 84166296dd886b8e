"""Public DNS of the sandbox: the public hosted zones of Route 53, and nothing else.

Answers for the public zones of the account as a resolver would, over UDP and TCP: with their records, with addresses
for alias records, with NXDOMAIN for all the rest of the world. Run as `python -m sandbox.network.dns`.
"""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
import time
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from sandbox import settings

Record = dict[str, Any]
Zones = dict[dns.name.Name, list[Record]]
TTL = 60


def _canonical(text: str) -> dns.name.Name:
    return dns.name.from_text(text.encode().decode("unicode_escape")).canonicalize()


def read_zones(route53: Any) -> Zones:
    """The public zones with their records. Of two zones with one name the first is delegated to."""
    zones: Zones = {}
    for zone in route53.list_hosted_zones()["HostedZones"]:
        if not zone["Config"]["PrivateZone"] and _canonical(zone["Name"]) not in zones:
            pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
            zones[_canonical(zone["Name"])] = [record for page in pages for record in page["ResourceRecordSets"]]
    return zones


class HostedZones:
    """The zones, cached for a second."""

    def __init__(self, route53: Any) -> None:
        self._route53, self._lock = route53, threading.Lock()
        self._zones: Zones = {}
        self._until = 0.0

    def zones(self) -> Zones:
        with self._lock:
            if time.monotonic() > self._until:
                self._zones = read_zones(self._route53)
                self._until = time.monotonic() + settings.EDGE_CACHE_SECONDS
            return self._zones


def _rrset(record: Record, kind: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    """A record set of the API in DNS's form; None if it has nothing of the kind."""
    name = _canonical(record["Name"])
    if "AliasTarget" in record:
        # Load balancers and distributions are all played by the edge, which listens on one address.
        texts = [settings.LOOPBACK] if kind == dns.rdatatype.A == dns.rdatatype.from_text(record["Type"]) else []
    elif record["Type"] in (dns.rdatatype.to_text(kind), "CNAME") and record["Type"] != "SOA":  # moto's is broken
        texts = [value["Value"] for value in record.get("ResourceRecords", [])]
    else:
        texts = []
    # A last dot is often left out in the API; names in values are never relative.
    root = {"origin": dns.name.root, "relativize": False}
    return (
        dns.rrset.from_text_list(name, record.get("TTL", TTL), "IN", record["Type"], texts, **root) if texts else None
    )


def answer(query: dns.message.Message, zones: Zones) -> dns.message.Message:
    """What a resolver of the whole world would answer."""
    reply = dns.message.make_response(query, recursion_available=True)
    question = query.question[0]
    name = question.name.canonicalize()
    apexes = sorted((apex for apex in zones if name.is_subdomain(apex)), key=len, reverse=True)
    if not apexes:
        reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply
    records = [record for record in zones[apexes[0]] if _canonical(record["Name"]) == name]
    reply.answer += [rrset for record in records if (rrset := _rrset(record, question.rdtype))]
    below = any(_canonical(record["Name"]).is_subdomain(name) for record in zones[apexes[0]])
    if not records and not below:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply


def respond(wire: bytes, zonefile: Any) -> bytes:
    query = dns.message.from_wire(wire)
    try:
        reply = answer(query, zonefile.zones())
    except Exception:
        # As a resolver that cannot reach the authoritative servers.
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.SERVFAIL)
    return reply.to_wire()


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, socket = self.request
        with contextlib.suppress(dns.exception.DNSException):
            socket.sendto(respond(wire, self.server.zonefile), self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        head = self.rfile.read(2)
        if len(head) == 2:
            reply = respond(self.rfile.read(*struct.unpack("!H", head)), self.server.zonefile)
            self.wfile.write(struct.pack("!H", len(reply)) + reply)


class _UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    allow_reuse_address = True


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def serve(address: tuple[str, int], zonefile: Any) -> list[socketserver.BaseServer]:
    """Both servers, each in a thread of its own."""
    servers: list[socketserver.BaseServer] = [_UdpServer(address, _Udp), _TcpServer(address, _Tcp)]
    for server in servers:
        server.zonefile = zonefile
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return servers


if __name__ == "__main__":
    serve((settings.LOOPBACK, settings.DNS_PORT), HostedZones(settings.client("route53")))
    threading.Event().wait()
