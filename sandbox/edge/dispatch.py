"""From a host name to what stands behind it, as DNS would lead there, and one log line for every request."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.edge.aws import Api
from sandbox.edge.config import Config
from sandbox.edge.http import pages
from sandbox.edge.http.messages import Reply, Request
from sandbox.edge.log import AccessLog

LOG = logging.getLogger(__name__)
LABEL = r"[a-z0-9-]+"


@dataclass(frozen=True)
class Place:
    """What a name leads to: a part of the edge, and the resource that this part plays."""

    part: str
    resource: Any = None


class Map:
    """The way from names to places. Its methods block."""

    def __init__(self, api: Api, config: Config) -> None:
        self._api = api
        self._login = re.compile(rf"({LABEL})\.auth\.{LABEL}\.{re.escape(config.login_suffix)}")
        self._google = config.google_domain
        self._keys = re.compile(rf"public-keys\.auth\.elb\.{LABEL}\.{re.escape(config.aws_suffix)}")
        self._storage = re.compile(rf"s3\.{LABEL}\.{re.escape(config.aws_suffix)}")

    def find(self, name: str) -> Place | None:
        """The place of a host name, or None where DNS would know nothing."""
        if login := self._login.fullmatch(name):
            return Place("login", login[1])
        if self._keys.fullmatch(name):
            return Place("keys")
        if self._storage.fullmatch(name):
            return Place("s3")
        if name and name == self._google:
            return Place("google")
        # A name of the zone leads on; AWS's own names stand for themselves.
        target = self._api.aliases().get(name, name)
        if balancer := self._api.load_balancers().get(target):
            return Place("load_balancer", balancer)
        enabled = (each for each in self._api.distributions() if each["Enabled"])
        summary = next((each for each in enabled if each["DomainName"].lower() == target), None)
        return Place("cdn", summary) if summary else None

    def certificate_names(self, name: str) -> tuple[str, ...]:
        """The names of the certificate that is shown to a client who connects to `name`; none when there is none."""
        place = self.find(name)
        if place is None:
            return ()
        arns = self._certificates(place)
        if arns is None:
            # Names of AWS's and Google's own, with certificates of their own.
            return (name,)
        choices = [self._api.certificate_names(arn) for arn in arns]
        fitting = [names for names in choices if any(covers(each, name) for each in names)]
        # Like AWS: the certificate that fits, else the first one, whatever the client makes of it.
        return next(iter([*fitting, *choices]), ())

    def _certificates(self, place: Place) -> list[str] | None:
        if place.part == "load_balancer":
            listeners = self._api.listeners(place.resource["LoadBalancerArn"])
            secure = [each["ListenerArn"] for each in listeners if each["Protocol"] == "HTTPS"]
            return [arn for each in secure for arn in self._api.listener_certificates(each)]
        if place.part == "cdn":
            arn = (self._api.distribution(place.resource["Id"]).get("ViewerCertificate") or {}).get("ACMCertificateArn")
            return [arn] if arn else None
        return None


def covers(pattern: str, name: str) -> bool:
    """Whether a name in a certificate is good for a host name."""
    return pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])


Part = Callable[[Request, Any], Awaitable[Reply]]


class Dispatch:
    """The whole edge as one handler."""

    def __init__(self, names: Map, parts: dict[str, Part], log: AccessLog) -> None:
        self._map = names
        self._parts = parts
        self._log = log

    async def handle(self, request: Request) -> Reply:
        """Answer a request with the part that its name leads to."""
        part, reply = "none", Reply(404, reason="no record leads from this name to anything; AWS would not answer")
        try:
            place = await asyncio.to_thread(self._map.find, request.server_name or request.domain())
            if place:
                part = place.part
                reply = await self._parts[part](request, place.resource)
        except ConnectionResetError as error:
            reply = Reply(400, reason=str(error))
        except Exception as error:
            LOG.exception("%s %s", request.method, request.url())
            reply = pages.load_balancer_error(500, f"the sandbox's edge failed: {error!r}")
        self._log.write(part, request, reply)
        return reply
