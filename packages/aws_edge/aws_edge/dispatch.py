"""Resolves a host name to a load balancer, a distribution or a login, as DNS would; logs every request."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aws_edge.account.api import Api
from aws_edge.config import Config
from aws_edge.http import pages
from aws_edge.http.messages import Reply, Request
from aws_edge.log import AccessLog

LOG = logging.getLogger(__name__)
LABEL = r"[a-z0-9-]+"


@dataclass(frozen=True)
class Destination:
    """A part of the edge, and the AWS resource for it."""

    part: str
    resource: Any = None


class Resolver:
    """Resolves host names by Route 53. Its methods block."""

    def __init__(self, api: Api, config: Config) -> None:
        self._api = api
        self._login = re.compile(rf"({LABEL})\.auth\.{LABEL}\.{re.escape(config.login_suffix)}")
        self._google = config.google_domain
        self._keys = re.compile(rf"public-keys\.auth\.elb\.{LABEL}\.{re.escape(config.aws_suffix)}")
        self._storage = re.compile(rf"s3\.{LABEL}\.{re.escape(config.aws_suffix)}")

    def resolve(self, name: str) -> Destination | None:
        """The destination of a host name; None for NXDOMAIN."""
        if login := self._login.fullmatch(name):
            return Destination("login", login[1])
        if self._keys.fullmatch(name):
            return Destination("keys")
        if self._storage.fullmatch(name):
            return Destination("s3")
        if name and name == self._google:
            return Destination("google")
        # Aliases of the zone; AWS's own names are not in it.
        target = self._api.aliases().get(name, name)
        if balancer := self._api.load_balancers().get(target):
            return Destination("load_balancer", balancer)
        enabled = (each for each in self._api.distributions() if each["Enabled"])
        summary = next((each for each in enabled if each["DomainName"].lower() == target), None)
        return Destination("cdn", summary) if summary else None

    def certificate_names(self, name: str) -> tuple[str, ...]:
        """The names in the certificate for a connection to `name`; empty without a certificate."""
        destination = self.resolve(name)
        if destination is None:
            return ()
        arns = self._certificates(destination)
        if arns is None:
            # Names of AWS's and Google's own, with certificates of their own.
            return (name,)
        choices = [self._api.certificate_names(arn) for arn in arns]
        fitting = [names for names in choices if any(covers(each, name) for each in names)]
        # Like AWS: the certificate that matches, else the first one.
        return next(iter([*fitting, *choices]), ())

    def _certificates(self, destination: Destination) -> list[str] | None:
        if destination.part == "load_balancer":
            listeners = self._api.listeners(destination.resource["LoadBalancerArn"])
            secure = [each["ListenerArn"] for each in listeners if each["Protocol"] == "HTTPS"]
            return [arn for each in secure for arn in self._api.listener_certificates(each)]
        if destination.part == "cdn":
            arn = (self._api.distribution(destination.resource["Id"]).get("ViewerCertificate") or {}).get(
                "ACMCertificateArn"
            )
            return [arn] if arn else None
        return None


def covers(pattern: str, name: str) -> bool:
    """Whether a name in a certificate matches a host name."""
    return pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])


Part = Callable[[Request, Any], Awaitable[Reply]]


class Dispatch:
    """The whole edge as one handler."""

    def __init__(self, names: Resolver, parts: dict[str, Part], log: AccessLog) -> None:
        self._map = names
        self._parts = parts
        self._log = log

    async def handle(self, request: Request) -> Reply:
        """Answer a request by the part that its host name resolves to."""
        part, reply = "none", Reply(404, reason="no record leads from this name to anything; AWS would not answer")
        try:
            destination = await asyncio.to_thread(self._map.resolve, request.server_name or request.domain())
            if destination:
                part = destination.part
                reply = await self._parts[part](request, destination.resource)
        except ConnectionResetError as error:
            reply = Reply(400, reason=str(error))
        except Exception as error:
            LOG.exception("%s %s", request.method, request.url())
            reply = pages.load_balancer_error(500, f"the sandbox's edge failed: {error!r}")
        self._log.write(part, request, reply)
        return reply
