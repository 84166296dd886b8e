"""A target of the deployment's load balancer that tells what it is told: the signed claims of who asks for /claims."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from aws_edge.load_balancer.nodes import socket_in
from sandbox import settings
from sandbox.compute import load_balancers
from tests.e2e.waiting import wait_until

PATH = "/claims"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The header fields that only a load balancer sets."""
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def behind_the_load_balancer() -> Iterator[dict[str, Any]]:
    """The load balancer's sign-in settings and ARN, while a rule of their kind leads to such a target."""
    elbv2 = settings.client("elbv2")
    balancer = elbv2.describe_load_balancers(Names=[settings.PROJECT])["LoadBalancers"][0]
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (listener,) = [each for each in listeners if each["Protocol"] == "HTTPS"]
    with contextlib.ExitStack() as undo:
        group = target_group(undo, elbv2, balancer)
        sign_in = listener["DefaultActions"][0]
        rule = elbv2.create_rule(
            ListenerArn=listener["ListenerArn"],
            Priority=2,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [PATH]}}],
            Actions=[sign_in, {"Type": "forward", "Order": 2, "TargetGroupArn": group}],
        )["Rules"][0]
        undo.callback(elbv2.delete_rule, RuleArn=rule["RuleArn"])
        # Until the edge has read the rule.
        time.sleep(2 * settings.EDGE_CACHE_SECONDS)
        yield {"arn": balancer["LoadBalancerArn"], **sign_in["AuthenticateCognitoConfig"]}


def target_group(undo: contextlib.ExitStack, elbv2: Any, balancer: dict[str, Any]) -> str:
    """The ARN of a target group whose target is a server of this process, which the load balancer can reach."""
    server = undo.enter_context(http.server.ThreadingHTTPServer((settings.GATEWAY_ADDRESS, 0), Handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    undo.callback(server.shutdown)
    let_out(undo, balancer["SecurityGroups"][0], server.server_port)
    made = elbv2.create_target_group(
        Name="claims", Protocol="HTTP", Port=server.server_port, VpcId=balancer["VpcId"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    undo.callback(elbv2.delete_target_group, TargetGroupArn=made)
    target = {"Id": settings.GATEWAY_ADDRESS, "Port": server.server_port}
    elbv2.register_targets(TargetGroupArn=made, Targets=[target])
    wait_until(lambda: is_let_through(balancer["LoadBalancerArn"], server.server_port), True)
    return made


def let_out(undo: contextlib.ExitStack, security_group: str, port: int) -> None:
    """Let the group's members reach this machine at the port."""
    ec2 = settings.client("ec2")
    ranges = [{"CidrIp": f"{settings.GATEWAY_ADDRESS}/32"}]
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges}
    ec2.authorize_security_group_egress(GroupId=security_group, IpPermissions=[rule])
    undo.callback(ec2.revoke_security_group_egress, GroupId=security_group, IpPermissions=[rule])


def is_let_through(arn: str, port: int) -> bool:
    """Whether the packet filter has followed the rule."""
    with socket_in(load_balancers.namespace(arn)) as made:
        made.settimeout(1)
        with contextlib.suppress(TimeoutError):
            made.connect((settings.GATEWAY_ADDRESS, port))
            return True
    return False
