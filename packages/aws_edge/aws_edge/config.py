"""Configuration: endpoints, output files, and behaviour where AWS is not documented."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args, get_type_hints

PREFIX = "SANDBOX_EDGE_"


@dataclass(frozen=True)
class Switches:
    """Behaviour that AWS does not document; README.md says what is known. The defaults are the stricter reading."""

    # Does a response headers policy also apply to the refusals that CloudFront makes itself?
    cors_on_refusals: Literal["no", "yes"] = "no"
    # Does CloudFront take standard base64 in signed cookies?
    plain_base64: Literal["refuse", "accept"] = "refuse"
    # Does CloudFront heed CloudFront-Hash-Algorithm?
    hash_cookie: Literal["heed", "ignore"] = "heed"
    # Which of two cookies of one name does CloudFront take?
    repeated_cookies: Literal["first", "last"] = "first"
    # Which status does a load balancer give when claims and access token exceed 11 K?
    large_claims_status: Literal["500", "401"] = "500"
    # Does a load balancer drop x-amzn-oidc-* of the client on requests that it did not authenticate?
    client_identity_headers: Literal["pass", "drop"] = "pass"
    # Does a load balancer that sends someone to the login replace the nonce of a login under way?
    nonce: Literal["keep", "renew"] = "keep"
    # Does the hosted login spare its page when a client's only provider is an external one?
    only_provider: Literal["page", "redirect"] = "page"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Switches:
        """Read SANDBOX_EDGE_<NAME>, refusing words that mean nothing."""
        hints = get_type_hints(cls)
        names = [each.name for each in dataclasses.fields(cls)]
        given = {name: environment[PREFIX + name.upper()] for name in names if PREFIX + name.upper() in environment}
        for name, value in given.items():
            if value not in get_args(hints[name]):
                raise SystemExit(
                    f"{PREFIX}{name.upper()} must be one of {', '.join(get_args(hints[name]))}, not {value!r}"
                )
        return cls(**given)


@dataclass(frozen=True)
class Config:
    """All other configuration."""

    # Empty: boto3's default (AWS_ENDPOINT_URL).
    endpoint: str
    # ministack, for forms, passwords, codes and tokens of the hosted login.
    login_backend: str
    login_suffix: str
    # The host name of Google's sign-in, and the URL of its stand-in.
    google_domain: str = ""
    google_backend: str = ""
    aws_suffix: str = "amazonaws.localhost"
    region: str = "us-east-1"
    # Identifies the edge in the log of the AWS API.
    access_key: str = "edge"
    secret_key: str = "edge"  # noqa: S105 (opens nothing outside the sandbox)
    cache_seconds: float = 1.0
    log: pathlib.Path | None = None
    # The folder with the code of Lambda functions, `<name>.zip`.
    functions: pathlib.Path | None = None
    # The results of the health checks are written to this file.
    health: pathlib.Path | None = None
    switches: Switches = field(default_factory=Switches)
