"""Load balancers, hosted login and CDN of the sandbox: packages/aws_edge, with the sandbox's settings.

Run as `python -m sandbox.network.edge`.
"""

from __future__ import annotations

import asyncio
import logging
import os

from aws_edge.config import Config, Switches
from aws_edge.edge import Edge
from aws_edge.run import run
from sandbox import settings
from sandbox.compute import hosts, load_balancers
from sandbox.process import ca, sockets


def configuration() -> Config:
    """The edge's configuration in the sandbox."""
    return Config(
        endpoint=settings.ENDPOINT,
        login_backend=settings.MINISTACK_URL,
        login_suffix=settings.LOGIN_SUFFIX,
        google_domain=settings.GOOGLE_DOMAIN,
        google_backend=settings.GOOGLE_URL,
        region=settings.REGION,
        cache_seconds=settings.EDGE_CACHE_SECONDS,
        log=settings.EDGE_LOG,
        functions=settings.FUNCTIONS,
        health=settings.TARGET_HEALTH,
        switches=Switches.from_environment(os.environ),
    )


def main() -> None:
    """Listen on ports 443 and 80 until SIGTERM."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    edge = Edge(configuration(), hosts.address, load_balancers.namespace)
    tls = [sockets.bind(each, settings.EDGE_TLS_PORT) for each in (settings.LOOPBACK, settings.GATEWAY_ADDRESS)]
    plain = [sockets.bind(settings.LOOPBACK, settings.EDGE_HTTP_PORT)]
    asyncio.run(run(edge, ca.issue, tls, plain))


if __name__ == "__main__":
    main()
