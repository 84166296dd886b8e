"""An account in memory, in the shape in which the edge reads the real one, and keys to sign with."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from aws_edge.cache import Cache
from aws_edge.http.messages import Handler, Reply, Request

SITE, DATA, BUCKET = "neuroglancer.lab.localhost", "data.lab.localhost", "lab-private-data"
REGION, ACCOUNT = "us-east-1", "123456789012"
LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/lb/1/2"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/lb/1"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/tg/1"
POOL = f"{REGION}_pool"
POOL_ARN = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{POOL}"
ISSUER = f"https://cognito-idp.{REGION}.amazonaws.com/{POOL}"
DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
SUMMARY = {"Id": "E1", "ARN": DISTRIBUTION, "DomainName": "d111.cloudfront.net", "Enabled": True}
# One event loop for all tests: connections that are kept belong to theirs.
LOOP = asyncio.Runner()
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def open_security_group() -> dict[str, list[Any]]:
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return {"IpPermissions": [everything], "IpPermissionsEgress": [everything]}


@dataclass
class FakeApi:
    """Has the methods of aws_edge.account.api.Api (a test compares them), with answers that tests fill in."""

    cache: Cache = field(default_factory=lambda: Cache(0))
    aliases_: dict[str, str] = field(default_factory=dict)
    load_balancers_: dict[str, Any] = field(default_factory=dict)
    permissions_: dict[str, list[Any]] = field(default_factory=open_security_group)
    listeners_: list[Any] = field(default_factory=list)
    rules_: list[Any] = field(default_factory=list)
    target_groups_: dict[str, Any] = field(default_factory=dict)
    targets_: list[tuple[str, int]] = field(default_factory=list)
    certificates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    distribution_: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    headers_policy: dict[str, Any] = field(default_factory=dict)
    access_control: dict[str, Any] = field(default_factory=lambda: {"SigningBehavior": "always"})
    policy: dict[str, Any] | None = None
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, region: str = "") -> Any:
        raise NotImplementedError

    def aliases(self) -> dict[str, str]:
        return self.aliases_

    def load_balancers(self) -> dict[str, Any]:
        return self.load_balancers_

    def permissions(self, direction: str, *security_groups: str) -> list[Any]:
        return self.permissions_[direction]

    def listeners(self, load_balancer_arn: str) -> list[Any]:
        return self.listeners_

    def rules(self, listener_arn: str) -> list[Any]:
        return self.rules_

    def listener_certificates(self, listener_arn: str) -> list[str]:
        return list(self.certificates)

    def target_groups(self) -> dict[str, Any]:
        return self.target_groups_

    def targets(self, target_group_arn: str) -> list[tuple[str, int]]:
        return self.targets_

    def certificate_names(self, arn: str) -> tuple[str, ...]:
        return self.certificates.get(arn, ())

    def distributions(self) -> list[Any]:
        return [SUMMARY]

    def distribution(self, distribution_id: str) -> dict[str, Any]:
        return self.distribution_

    def trusted_keys(self, key_group_ids: tuple[str, ...]) -> dict[str, str]:
        return self.keys

    def response_headers_policy(self, policy_id: str) -> dict[str, Any]:
        return self.headers_policy

    def cache_policy(self, policy_id: str) -> dict[str, Any]:
        return {"ParametersInCacheKeyAndForwardedToOrigin": {"EnableAcceptEncodingGzip": True}}

    def origin_access_control(self, control_id: str) -> dict[str, Any]:
        return self.access_control

    def bucket_policy(self, bucket: str) -> dict[str, Any] | None:
        return self.policy

    def object(self, method: str, **arguments: Any) -> dict[str, Any]:
        raise NotImplementedError

    def list_objects(self, bucket: str) -> dict[str, Any]:
        raise NotImplementedError

    def user_pool_of_domain(self, prefix: str) -> str | None:
        return POOL if prefix == "lab" else None

    def user_pool_client(self, pool_id: str, client_id: str) -> dict[str, Any] | None:
        return self.clients.get(client_id)

    def identity_provider(self, pool_id: str, name: str) -> dict[str, Any] | None:
        return None

    def user_pool(self, pool_id: str) -> dict[str, Any]:
        return {"Id": pool_id, "Arn": POOL_ARN}

    def has_user(self, pool_id: str, username: str) -> bool:
        return True

    def function(self, arn: str) -> dict[str, Any] | None:
        return None

    def user(self, pool_id: str, username: str) -> dict[str, Any] | None:
        return {"Username": username}


def request(path: str = "/", method: str = "GET", host: str = SITE, **headers: str) -> Request:
    """A request; underscores in the names of headers stand for hyphens."""
    target, _mark, query = path.partition("?")
    named = tuple((name.replace("_", "-").lower(), value) for name, value in headers.items())
    return Request(method, host, target, query, (("host", host), *named))


def with_cookies(asked: Request, cookies: dict[str, str]) -> Request:
    pairs = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return replace(asked, headers=(*asked.headers, ("cookie", pairs))) if pairs else asked


def ask(handler: Handler, asked: Request) -> Reply:
    """The reply of a handler with its whole body."""

    async def whole() -> Reply:
        reply = await handler(asked)
        if isinstance(reply.body, bytes):
            return reply
        return replace(reply, body=b"".join([part async for part in reply.body]))

    return LOOP.run(whole())


def set_cookies(reply: Reply) -> dict[str, str]:
    """Names and values of the cookies that a reply sets."""
    lines = [value.partition(";")[0] for name, value in reply.headers if name == "Set-Cookie"]
    return dict(line.split("=", 1) for line in lines)


def cookie_policy(resource: str = f"https://{DATA}/*", until: int = 2_000_000_000, **conditions: Any) -> str:
    condition = {"DateLessThan": {"AWS:EpochTime": until}, **conditions}
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))


def key_pair(kind: str = "RSA") -> tuple[str, str]:
    """Private and public PEM text."""
    if kind == "RSA":
        key: Any = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(PEM, PKCS8, serialization.NoEncryption()).decode(), public.decode()
