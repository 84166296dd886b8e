"""Run the edge: `python -m sandbox.edge`."""

from __future__ import annotations

import asyncio
import logging
import os

from sandbox import settings
from sandbox.compute import hosts, load_balancers
from sandbox.edge.config import Config, Switches
from sandbox.edge.edge import Edge
from sandbox.edge.http.messages import application
from sandbox.edge.http.server import Certificates, serve, server
from sandbox.process import ca, sockets


def main() -> None:
    """Listen on 443 and 80 until the process is told to stop."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    config = Config(
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
    asyncio.run(run(Edge(config, hosts.address, load_balancers.namespace)))


async def run(edge: Edge) -> None:
    """Serve both sockets while the targets' health is watched."""
    app = application(edge.handle)
    front = Certificates(edge.names.certificate_names, ca.issue).front()
    watch = asyncio.create_task(edge.watch())
    secure = sockets.bind(settings.LOOPBACK, settings.EDGE_TLS_PORT)
    for_hosts = sockets.bind(settings.GATEWAY_ADDRESS, settings.EDGE_TLS_PORT)
    plain = sockets.bind(settings.LOOPBACK, settings.EDGE_HTTP_PORT)
    await serve({secure: server(app, front), for_hosts: server(app, front), plain: server(app)})
    watch.cancel()


if __name__ == "__main__":
    main()
