"""All parts of the edge as one handler."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import httpx

from aws_edge.account.api import Api
from aws_edge.account.lambda_functions import Functions
from aws_edge.cdn.distributions import Cdn
from aws_edge.config import Config
from aws_edge.dispatch import Dispatch, Resolver
from aws_edge.http import proxy
from aws_edge.http.messages import Reply, Request, application
from aws_edge.load_balancer.authentication import Authenticator
from aws_edge.load_balancer.health import Health
from aws_edge.load_balancer.identity_provider import IdentityProvider
from aws_edge.load_balancer.load_balancer import LoadBalancer
from aws_edge.load_balancer.nodes import Nodes
from aws_edge.load_balancer.targets import Targets
from aws_edge.log import AccessLog
from aws_edge.login.external_provider import ExternalProvider
from aws_edge.login.login import Login
from aws_edge.login.triggers import Triggers


class Edge:
    """Load balancers, hosted logins and distributions of one account.

    `address_of` finds an instance, `namespace_of` the network namespace of a load balancer.
    """

    def __init__(
        self, config: Config, address_of: Callable[[str], str], namespace_of: Callable[[str], pathlib.Path | None]
    ) -> None:
        api = Api(config)
        # Load balancer calls hosted login, hosted login calls Google as any client of the edge would: it is logged too.
        internal = httpx.AsyncClient(transport=httpx.ASGITransport(application(self.handle)))
        login_backend = httpx.AsyncClient(base_url=config.login_backend, trust_env=False, timeout=30)
        self._authenticator = Authenticator(api, config, IdentityProvider(internal))
        self._plain_http = httpx.AsyncClient(trust_env=False)
        self._google_backend = config.google_backend
        self._api_address = config.endpoint
        nodes = Nodes(namespace_of)
        self._health = Health(api, nodes.for_checks, config.health)
        self._targets = Targets(api, self._health, nodes.for_requests, address_of)
        google = ExternalProvider(internal, f"https://{config.google_domain}")
        balancer = LoadBalancer(api, config, self._authenticator, self._targets)
        triggers = Triggers(api, Functions(api, config.functions))
        self.resolver = Resolver(api, config)
        parts = {
            "cdn": Cdn(api, config).handle,
            "google": self._google,
            "keys": self._load_balancer_key,
            "load_balancer": balancer.handle,
            "s3": self._s3,
            "login": Login(api, login_backend, google, triggers, config.switches).handle,
        }
        self._dispatch = Dispatch(self.resolver, parts, AccessLog(config.log))

    async def handle(self, request: Request) -> Reply:
        """Answer any request."""
        return await self._dispatch.handle(request)

    async def watch(self) -> None:
        """Run the health checks of targets until cancelled."""
        await self._health.run(self._targets)

    async def _google(self, request: Request, _nothing: None) -> Reply:
        return await proxy.forward_to(self._plain_http, request, self._google_backend, ())

    async def _s3(self, request: Request, _nothing: None) -> Reply:
        """S3 at its own name; the header X-Forwarded-Proto says whether the request came by TLS."""
        return await proxy.forward_to(self._plain_http, request, self._api_address, ())

    async def _load_balancer_key(self, request: Request, _nothing: None) -> Reply:
        """The public keys of load balancers, at public-keys.auth.elb.<region>.<suffix>."""
        signer = self._authenticator.signer
        if request.path != f"/{signer.key_id}":
            return Reply(404, reason="no such key")
        return Reply(200, (("Content-Type", "binary/octet-stream"),), signer.public_pem(), "public key")
