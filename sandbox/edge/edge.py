"""The parts of the edge, put together."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from . import proxy
from .authentication import Authenticator
from .aws import Api
from .cdn import Cdn
from .config import Config
from .dispatch import Dispatch, Map
from .health import Health
from .identity_provider import IdentityProvider
from .load_balancer import LoadBalancer
from .log import AccessLog
from .login import Login
from .messages import Reply, Request, application
from .targets import Targets


class Edge:
    """Load balancers, hosted logins and distributions of one account; `address_of` finds an instance."""

    def __init__(self, config: Config, address_of: Callable[[str], str]) -> None:
        api = Api(config)
        # The load balancer calls the hosted login as any client of the edge would: these calls are logged too.
        inward = httpx.AsyncClient(transport=httpx.ASGITransport(application(self.handle)))
        login_backend = httpx.AsyncClient(base_url=config.login_backend, trust_env=False, timeout=30)
        self._authenticator = Authenticator(api, config, IdentityProvider(inward))
        outward = proxy.client()
        self._health = Health(api, outward, config.health)
        self._targets = Targets(api, self._health, outward, address_of)
        balancer = LoadBalancer(api, config, self._authenticator, self._targets)
        self.names = Map(api, config)
        parts = {
            "cdn": Cdn(api, config).handle,
            "keys": self._key,
            "load_balancer": balancer.handle,
            "login": Login(api, login_backend).handle,
        }
        self._dispatch = Dispatch(self.names, parts, AccessLog(config.log))

    async def handle(self, request: Request) -> Reply:
        """Answer any request."""
        return await self._dispatch.handle(request)

    async def watch(self) -> None:
        """Check the health of targets for ever."""
        await self._health.run(self._targets)

    async def _key(self, request: Request, _nothing: None) -> Reply:
        """The public keys of load balancers, at public-keys.auth.elb.<region>.<suffix>."""
        signer = self._authenticator.signer
        if request.path != f"/{signer.key_id}":
            return Reply(404, reason="no such key")
        return Reply(200, (("Content-Type", "binary/octet-stream"),), signer.public_pem(), "public key")
