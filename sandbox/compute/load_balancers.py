"""A network interface for each load balancer: that of a container which only sleeps.

The edge does a load balancer's work, but makes the connections to targets from the container's network namespace: so
they come from an address of its own, which the packet filter can match.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

from sandbox.compute import containers, hosts

KIND = "load-balancer"


def name_of(arn: str) -> str:
    """The container of a load balancer, named by the end of its ARN: app/<name>/<id>."""
    return "-".join(arn.split("/")[1:])


def sync(arns: Iterable[str]) -> None:
    """Create a container for each of these load balancers, remove all others."""
    wanted, existing = set(map(name_of, arns)), set(containers.names(KIND))
    containers.remove(*(existing - wanted))
    for name in wanted - existing:
        # Any image will do; that of the hosts is there.
        creation = containers.creation(name, KIND, "run", "--detach", "--cap-drop=all", "--stop-signal=SIGKILL")
        containers.podman(*creation, hosts.IMAGE, "sleep", "infinity")


def namespace(arn: str) -> pathlib.Path | None:
    """The network namespace of a load balancer; None while it has none."""
    name = name_of(arn)
    interface = containers.interfaces(name).get(name)
    return interface.namespace if interface else None
