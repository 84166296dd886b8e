"""Who reaches whom: a third container does not reach the host, the load balancer does, and rules of the API decide."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from aws_edge.load_balancer import nodes
from sandbox import settings
from sandbox.compute import containers, hosts, load_balancers
from sandbox.demo import viewer
from tests.e2e import inside
from tests.e2e.waiting import wait_until

ANSWERS, SILENT = "answers", "silent"
PORT = 8443


def reach(name: str, address: str, port: int) -> str:
    """What a container finds at a port of another; without a filter it would be refused where nothing listens."""
    command = ["curl", "--silent", "--insecure", "--connect-timeout", "1", "--max-time", "5", "--output", "/dev/null"]
    scheme = "https" if port == PORT else "http"
    done = subprocess.run(["podman", "exec", name, *command, f"{scheme}://{address}:{port}/"], check=False)
    return {0: ANSWERS, 28: SILENT}.get(done.returncode, f"curl's exit code is {done.returncode}")


@pytest.fixture(scope="module")
def host(deployment) -> str:
    return inside.instance()


@pytest.fixture(scope="module")
def balancer(deployment) -> dict[str, Any]:
    return settings.client("elbv2").describe_load_balancers(Names=[settings.PROJECT])["LoadBalancers"][0]


@pytest.fixture(scope="module")
def stranger(deployment) -> Iterator[str]:
    """A third container on the network of the host."""
    name = "stranger"
    containers.remove(name)
    containers.podman(*containers.creation(name, "stranger", "run", "--detach"), hosts.IMAGE, "sleep", "600")
    yield name
    containers.remove(name)


# Ends when its input does.
SERVER = """
import http.server, sys, threading
server = http.server.ThreadingHTTPServer(("", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
"""


@contextlib.contextmanager
def listening(name: str, port: int) -> Iterator[None]:
    """Something that answers in a container."""
    command = ["podman", "exec", "--interactive", name, "python3", "-c", SERVER, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        wait_until(lambda: reach(name, settings.LOOPBACK, port), ANSWERS)
        yield
        server.stdin.close()


@contextlib.contextmanager
def rule(group: str, direction: str, port: int, peer: str) -> Iterator[None]:
    """A rule of a security group, for a while."""
    ec2 = settings.client("ec2")
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": f"{peer}/32"}]}
    getattr(ec2, f"authorize_security_group_{direction}")(GroupId=group, IpPermissions=[permission])
    try:
        yield
    finally:
        getattr(ec2, f"revoke_security_group_{direction}")(GroupId=group, IpPermissions=[permission])


def group_of(host: str) -> dict[str, Any]:
    """The security group of the instance."""
    ec2 = settings.client("ec2")
    instance = ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]
    (group,) = instance["SecurityGroups"]
    return ec2.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"][0]


@pytest.mark.hostile
@pytest.mark.parametrize("port", [PORT, 22, 80])
def test_a_third_container_does_not_reach_the_host(host, stranger, port):
    assert reach(stranger, hosts.address(host), port) == SILENT


@pytest.mark.hostile
def test_neither_does_this_machine(host):
    with pytest.raises(TimeoutError):
        socket.create_connection((hosts.address(host), PORT), timeout=2)


@pytest.mark.parametrize(("port", "expected"), [(PORT, ANSWERS), (22, SILENT)])
def test_the_load_balancer_reaches_the_service_and_nothing_else(host, balancer, port, expected):
    container = load_balancers.name_of(balancer["LoadBalancerArn"])
    assert reach(container, hosts.address(host), port) == expected


def test_a_port_that_a_rule_opens_for_one_address(host, stranger, balancer):
    address, peer = hosts.address(host), containers.interfaces(stranger)[stranger].address
    with listening(host, 22):
        assert reach(stranger, address, 22) == SILENT
        with rule(group_of(host)["GroupId"], "ingress", 22, peer):
            wait_until(lambda: reach(stranger, address, 22), ANSWERS)
            assert reach(stranger, address, PORT) == SILENT
        wait_until(lambda: reach(stranger, address, 22), SILENT)


def test_the_host_gets_out_by_its_rules_too(host, stranger):
    peer = containers.interfaces(stranger)[stranger].address
    with listening(stranger, 8080):
        assert reach(host, peer, 8080) == SILENT
        with rule(group_of(host)["GroupId"], "egress", 8080, peer):
            wait_until(lambda: reach(host, peer, 8080), ANSWERS)
        wait_until(lambda: reach(host, peer, 8080), SILENT)


TOKEN = f"{settings.IMDS_URL}/latest/api/token"


def test_metadata_is_for_hosts_only(host, stranger):
    ask = [
        "curl",
        "--silent",
        "--fail",
        "--request",
        "PUT",
        "--header",
        "X-aws-ec2-metadata-token-ttl-seconds: 60",
        TOKEN,
    ]
    assert hosts.execute(host, *ask)
    assert hosts.execute(stranger, *ask, check=False) == ""


@pytest.fixture
def target(balancer) -> Iterator[str]:
    """The ARN of the site's target group, checked often, and reached under /healthz without signing in."""
    elbv2 = settings.client("elbv2")
    arn = balancer["LoadBalancerArn"]
    (group,) = elbv2.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    (listener,) = [each["ListenerArn"] for each in listeners if each["Protocol"] == "HTTPS"]
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/healthz"]}}
    action = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
    made = elbv2.create_rule(ListenerArn=listener, Priority=3, Conditions=[path], Actions=[action])["Rules"][0]
    names = ("HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "UnhealthyThresholdCount")
    often = dict(zip(names, (5, 2, 2), strict=True))
    elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], **often)
    yield group["TargetGroupArn"]
    elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], **{name: group[name] for name in names})
    elbv2.delete_rule(RuleArn=made["RuleArn"])


def state(target: str) -> str:
    """The health of the only target."""
    answer = settings.client("elbv2").describe_target_health(TargetGroupArn=target)
    (description,) = answer["TargetHealthDescriptions"]
    return description["TargetHealth"]["State"]


def test_without_its_rule_the_site_is_down_and_with_it_back(host, balancer, target, http):
    """Sessions of Systems Manager need no open port, so they go on."""
    ec2, group = settings.client("ec2"), group_of(host)
    container, address = load_balancers.name_of(balancer["LoadBalancerArn"]), hosts.address(host)
    url = f"{viewer.SITE}/healthz"
    wait_until(lambda: http.get(url).status_code, 200)
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    try:
        wait_until(lambda: reach(container, address, PORT), SILENT)
        # What was let in before the change goes on until nobody uses it any more.
        time.sleep(nodes.KEEPALIVE_SECONDS)
        assert http.get(url).status_code == 504
        wait_until(lambda: state(target), "unhealthy")
        asked = [{"Key": "InstanceIds", "Values": [host]}]
        (known,) = settings.client("ssm").describe_instance_information(Filters=asked)["InstanceInformationList"]
        assert (known["InstanceId"], known["PingStatus"]) == (host, "Online")
    finally:
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    wait_until(lambda: state(target), "healthy")
    assert http.get(url).status_code == 200
