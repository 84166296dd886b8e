"""Where a load balancer's connections come from, and what its own security groups let through."""

from __future__ import annotations

import pathlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from aws_edge.account import security_groups
from aws_edge.load_balancer import load_balancer, nodes
from aws_edge.load_balancer.nodes import Nodes
from balancer import Balancer, forward, rule
from fakes import BALANCER, LOOP, request

NAMESPACE = pathlib.Path("/run/netns/of-the-load-balancer")


def tcp(first: int, last: int, *cidrs: str) -> dict:
    return {
        "IpProtocol": "tcp",
        "FromPort": first,
        "ToPort": last,
        "IpRanges": [{"CidrIp": each} for each in cidrs],
    }


LET = [
    (tcp(443, 443, "0.0.0.0/0"), "127.0.0.1", True),
    (tcp(1, 1024, "192.0.2.0/24", "127.0.0.0/8"), "127.0.0.1", True),
    (tcp(443, 443, "192.0.2.0/24"), "127.0.0.1", False),
    (tcp(80, 80, "0.0.0.0/0"), "127.0.0.1", False),
    (tcp(443, 443, "10.0.0.0/8"), "0.0.0.0/0", False),
    ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, "0.0.0.0/0", True),
    ({**tcp(443, 443, "0.0.0.0/0"), "IpProtocol": "udp"}, "127.0.0.1", False),
    ({**tcp(443, 443), "UserIdGroupPairs": [{"GroupId": "sg-1"}]}, "127.0.0.1", False),
]


@pytest.mark.conformance
@pytest.mark.parametrize(("permission", "network", "expected"), LET)
def test_what_a_rule_lets_through(permission, network, expected):
    assert security_groups.allows([permission], 443, network) is expected


@pytest.mark.conformance
@pytest.mark.parametrize(("scheme", "status"), [("https", 200), ("http", 404)])
def test_clients_come_in_where_a_security_group_lets_them(monkeypatch, scheme, status):
    monkeypatch.setattr(load_balancer, "SILENCE", 0)
    balancer = Balancer([rule("/*", [forward()])])
    balancer.api.permissions_["IpPermissions"] = [tcp(443, 443, "127.0.0.0/8")]
    reply = balancer.ask(replace(request("/"), scheme=scheme))
    assert reply.status == status
    assert len(balancer.seen) == (status == 200)
    assert status == 200 or "no security group allows 127.0.0.1" in reply.reason


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        content = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def target() -> Iterator[str]:
    """A target that answers with the port that its client has."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def entered(monkeypatch) -> list[pathlib.Path]:
    """The namespaces that sockets were asked of; they are this machine's own, for no test may change that."""
    asked: list[pathlib.Path] = []

    def make(namespace: pathlib.Path) -> socket.socket:
        asked.append(namespace)
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)

    monkeypatch.setattr(nodes, "socket_in", make)
    return asked


def ports(client: httpx.AsyncClient, url: str, count: int) -> list[str]:
    async def ask() -> list[str]:
        return [(await client.get(url)).text for _turn in range(count)]

    return LOOP.run(ask())


def test_connections_start_in_the_namespace_and_only_checks_make_new_ones(target, entered):
    found = Nodes(lambda arn: NAMESPACE if arn == BALANCER else None)
    assert len(set(ports(found.for_requests(BALANCER), target, 2))) == 1
    assert len(set(ports(found.for_checks(BALANCER), target, 2))) == 2
    assert entered == [NAMESPACE] * 3


def test_a_load_balancer_without_a_namespace_reaches_nothing_until_it_has_one(target, entered):
    namespaces = [None, NAMESPACE]
    client = Nodes(lambda _arn: namespaces.pop(0)).for_requests(BALANCER)
    with pytest.raises(httpx.ConnectError, match="no address yet"):
        ports(client, target, 1)
    assert ports(client, target, 1)
    assert entered == [NAMESPACE]


def test_a_namespace_that_is_gone_is_a_failed_connection_and_looked_for_again(tmp_path, target):
    asked: list[str] = []
    client = Nodes(lambda arn: asked.append(arn) or tmp_path / "gone").for_requests(BALANCER)
    for _turn in range(2):
        with pytest.raises(httpx.ConnectError):
            ports(client, target, 1)
    assert len(asked) == 2


def test_silence_is_a_time_out(entered):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        client = Nodes(lambda _arn: NAMESPACE).for_requests(BALANCER)
        with socket.create_connection(full.getsockname()), pytest.raises(httpx.ConnectTimeout):
            LOOP.run(client.get(url, timeout=0.3))
